// SPDX-License-Identifier: Apache-2.0
/**
 * The command line: {@code attribution explain | methods | layers | doctor | batch | demo}.
 *
 * <p>A thin layer over the public API, so that a program can do all of it. Start at {@link
 * io.github.attribution4j.examples.cli.AttributionCli}; {@code Explainer} turns options into an explanation, {@code
 * MethodCatalog} knows every method with its settings.
 */
@NullMarked
package io.github.attribution4j.examples.cli;

import org.jspecify.annotations.NullMarked;
