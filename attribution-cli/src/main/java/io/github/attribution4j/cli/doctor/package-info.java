// SPDX-License-Identifier: Apache-2.0
/** What works with a model, and why not the rest. */
@NullMarked
package io.github.attribution4j.cli.doctor;

import org.jspecify.annotations.NullMarked;
