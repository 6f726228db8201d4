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
import java.util.List;

/**
 * Rows of given tensors: row = example.
 *
 * @param tensors for each attributed input a tensor of {@code count} rows, or of one row that serves all
 */
record TensorRows(List<Tensor> tensors, long count) implements Rows {
    @Override
    public long example(long row) {
        return row;
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        return tensors.stream().map(tensor -> rows(tensor, from, to)).toList();
    }

    private static Tensor rows(Tensor tensor, long from, long to) {
        long own = tensor.shape().dim(0);
        if (own == to - from) {
            return tensor;
        }
        return own == 1 ? tensor.broadcast(tensor.shape().withRows(to - from)) : tensor.rows(from, to);
    }
}
