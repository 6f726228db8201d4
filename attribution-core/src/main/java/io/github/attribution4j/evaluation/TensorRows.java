// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Rows of given tensors: row = example.
 *
 * @param tensors for each attributed input a tensor of {@code count} rows, or of one row for all
 */
record TensorRows(List<Tensor> tensors, long count) implements Rows {
    @Override
    public long example(long row) {
        return row;
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        List<Tensor> rows = new ArrayList<>(tensors.size());
        for (Tensor tensor : tensors) {
            rows.add(rows(tensor, from, to));
        }
        return rows;
    }

    private static Tensor rows(Tensor tensor, long from, long to) {
        long own = tensor.shape().dim(0);
        if (own == to - from) {
            return tensor;
        }
        return own == 1 ? tensor.broadcast(tensor.shape().withRows(to - from)) : tensor.rows(from, to);
    }
}
