// SPDX-License-Identifier: Apache-2.0
/**
 * Methods compared by metrics over a data set: {@link io.github.attribution4j.benchmark.Benchmark} makes a
 * {@link io.github.attribution4j.benchmark.BenchmarkTable}.
 */
@NullMarked
package io.github.attribution4j.benchmark;

import org.jspecify.annotations.NullMarked;
