// SPDX-License-Identifier: Apache-2.0
/** Every method with its settings, as the command line offers them. */
@NullMarked
package io.github.attribution4j.cli.method;

import org.jspecify.annotations.NullMarked;
