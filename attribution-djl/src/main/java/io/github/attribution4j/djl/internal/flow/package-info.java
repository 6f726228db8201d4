// SPDX-License-Identifier: Apache-2.0
/**
 * Analyses of the values in a program: what it writes to ({@code Writes}), what it draws at random
 * ({@code RandomDraws}), how rows influence each other ({@code RowInfluence}), and where gradients get lost
 * ({@code GradientLosses}). Each reads the text only. Where the text is not certain, an analysis says nothing rather
 * than something wrong, except that it counts a possible write or influence as one. Internal: no compatibility is
 * promised.
 */
@NullMarked
package io.github.attribution4j.djl.internal.flow;

import org.jspecify.annotations.NullMarked;
