/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
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
