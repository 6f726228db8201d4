// SPDX-License-Identifier: Apache-2.0
/**
 * Runnable examples, each a {@code main} of its own: {@link io.github.attribution4j.examples.TenLines} explains a
 * digit, {@link io.github.attribution4j.examples.TableRow} a patient's row,
 * {@link io.github.attribution4j.examples.AnyScorer} a plain Java function,
 * {@link io.github.attribution4j.examples.LayerAndNeuron} looks inside, and
 * {@link io.github.attribution4j.examples.Service} serves many threads.
 */
@NullMarked
package io.github.attribution4j.examples;

import org.jspecify.annotations.NullMarked;
