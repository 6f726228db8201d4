// SPDX-License-Identifier: Apache-2.0
/**
 * The tensor facade: about thirty eager operations, none optional, that every backend offers alike.
 *
 * <p>Start with {@link io.github.attribution4j.tensor.Tensor} (a value that cannot be changed) and {@link
 * io.github.attribution4j.tensor.Tensors} (where tensors come from). {@link
 * io.github.attribution4j.tensor.TensorScope} frees what was created inside it, {@link
 * io.github.attribution4j.tensor.Tensor.Lifetime} counts what was not freed. {@link
 * io.github.attribution4j.tensor.ArrayTensors} is the plain-Java backend. A new backend implements {@code Tensor}
 * and {@code Tensors}, keeps one {@link io.github.attribution4j.tensor.Tensor.Lifetime} per tensor, and extends the
 * testkit's contract tests.
 */
@NullMarked
package io.github.attribution4j.tensor;

import org.jspecify.annotations.NullMarked;
