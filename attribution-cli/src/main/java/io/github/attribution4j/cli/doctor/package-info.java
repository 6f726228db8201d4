// SPDX-License-Identifier: Apache-2.0
/** Finds out what works with a model, and why other things do not. */
@NullMarked
package io.github.attribution4j.cli.doctor;

import org.jspecify.annotations.NullMarked;
