// SPDX-License-Identifier: Apache-2.0
/**
 * How fast the library is, as ratios to a bare loop over the same engine.
 *
 * <p>{@link io.github.attribution4j.benchmarks.Ratios} measures ours and the bare loop in turns, pair by pair, in one JVM,
 * and prints the median of the ratios: the figure to quote, because machines are noisy and drift. The JMH classes measure
 * the same operations one by one, with JMH's care and profilers, to find out where time goes. {@link
 * io.github.attribution4j.benchmarks.BareLoop} is what a user would write against DJL alone.
 */
@NullMarked
package io.github.attribution4j.benchmarks;

import org.jspecify.annotations.NullMarked;
