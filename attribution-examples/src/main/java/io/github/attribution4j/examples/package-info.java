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
 * Runnable examples, each a {@code main} of its own: {@link io.github.attribution4j.examples.TenLines} explains a digit,
 * {@link io.github.attribution4j.examples.TableRow} a patient's row, {@link io.github.attribution4j.examples.AnyScorer} a
 * plain Java function, {@link io.github.attribution4j.examples.LayerAndNeuron} looks inside, and {@link
 * io.github.attribution4j.examples.Service} serves many threads. The command line is the package {@code cli}.
 */
@NullMarked
package io.github.attribution4j.examples;

import org.jspecify.annotations.NullMarked;
