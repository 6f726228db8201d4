// SPDX-License-Identifier: Apache-2.0
/**
 * The speed of the library, as ratios to a bare loop over the same engine.
 *
 * <p>{@link io.github.attribution4j.benchmarks.Ratios} measures the library and the bare loop in turns, pair by pair,
 * in one JVM, and prints the median of the ratios. Quote this figure, because machines are noisy and drift. The JMH
 * classes measure the same operations one by one, with JMH's profilers, to find out where time goes.
 * {@link io.github.attribution4j.benchmarks.BareLoop} is what a user would write with DJL alone.
 */
@NullMarked
package io.github.attribution4j.benchmarks;

import org.jspecify.annotations.NullMarked;
