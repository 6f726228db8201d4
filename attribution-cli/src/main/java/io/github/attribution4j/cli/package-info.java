// SPDX-License-Identifier: Apache-2.0
/**
 * The command line: {@code attribution explain | methods | layers | view | doctor | survey | batch | demo}, a thin layer over
 * the public API, so that a program can do all of it. Start at {@link
 * io.github.attribution4j.cli.command.AttributionCli}.
 *
 * <p>The rooms, each of which uses only those after it: {@code command} reads options and prints; {@code doctor} tries every
 * method; {@code answer} makes an explanation of options and shows it; {@code question} reads the model, the inputs and the
 * target. Methods and their settings are what they say of themselves. This package has what all rooms need: what a failure is
 * to the user.
 */
@NullMarked
package io.github.attribution4j.cli;

import org.jspecify.annotations.NullMarked;
