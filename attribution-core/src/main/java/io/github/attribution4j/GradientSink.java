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
package io.github.attribution4j;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;

/** Takes gradients as they are computed. */
@FunctionalInterface
public interface GradientSink {
    /**
     * Takes the gradients of a range of rows. Ranges come in order and without gaps, split as {@link Rows#group()} says.
     *
     * @param batch owns the gradients and whatever is computed here, and ends afterwards; {@link TensorScope#keep} hands
     *     on what must live longer
     * @param from first row, inclusive
     * @param to last row, exclusive
     * @param scores the target's score of each row
     * @param gradients for each attributed input the gradient of the score, axis 0 counts the rows
     */
    void accept(TensorScope batch, long from, long to, double[] scores, List<Tensor> gradients);
}
