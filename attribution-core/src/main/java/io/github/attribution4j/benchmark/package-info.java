// SPDX-License-Identifier: Apache-2.0
/**
 * Comparisons: of methods by metrics over a data set, for which {@link io.github.attribution4j.benchmark.Benchmark}
 * makes a {@link io.github.attribution4j.benchmark.BenchmarkTable}, and of two models that should be the same, for
 * which {@link io.github.attribution4j.benchmark.ConversionCheck} makes a
 * {@link io.github.attribution4j.benchmark.ConversionReport}.
 */
@NullMarked
package io.github.attribution4j.benchmark;

import org.jspecify.annotations.NullMarked;
