// SPDX-License-Identifier: Apache-2.0
/**
 * The command line: {@code attribution explain | methods | layers | view | doctor | survey | batch | demo}, a thin
 * layer over the public API, with which Java code can do the same. Start at
 * {@link io.github.attribution4j.cli.command.AttributionCli}.
 *
 * <p>Each package uses only those after it: {@code command} reads options and prints; {@code doctor} tries every
 * method; {@code answer} explains and shows the explanation; {@code question} reads the model, the inputs and the
 * target. Methods and their settings come from their descriptions. This package has what all of them need: how a
 * failure is reported to the user.
 */
@NullMarked
package io.github.attribution4j.cli;

import org.jspecify.annotations.NullMarked;
