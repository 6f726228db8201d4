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
 * The tensor facade: about thirty eager operations, none optional, that every backend offers alike.
 *
 * <p>Start with {@link io.github.attribution4j.tensor.Tensor} (a value that cannot be changed) and {@link
 * io.github.attribution4j.tensor.Tensors} (where tensors come from). {@link
 * io.github.attribution4j.tensor.TensorScope} frees what was created inside it, {@link
 * io.github.attribution4j.tensor.LiveTensors} counts what was not freed. {@link
 * io.github.attribution4j.tensor.ArrayTensors} is the plain-Java backend. A new backend implements {@code Tensor}
 * and {@code Tensors}, keeps one {@link io.github.attribution4j.tensor.Lifetime} per tensor, and extends the
 * testkit's contract tests.
 */
@NullMarked
package io.github.attribution4j.tensor;

import org.jspecify.annotations.NullMarked;
