// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Rows, followed by other rows of the same examples. */
record RowSequence(Rows first, Rows second) implements Rows {
    @Override
    public long count() {
        return first.count() + second.count();
    }

    @Override
    public long example(long row) {
        return row < first.count() ? first.example(row) : second.example(row - first.count());
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        long border = first.count();
        if (to <= border) {
            return first.attributed(from, to);
        }
        if (from >= border) {
            return second.attributed(from - border, to - border);
        }
        List<Tensor> before = first.attributed(from, border);
        List<Tensor> after = second.attributed(0, to - border);
        List<Tensor> joined = new ArrayList<>(before.size());
        for (int i = 0; i < before.size(); i++) {
            joined.add(before.get(i).tensors().concat(List.of(before.get(i), after.get(i)), 0));
        }
        return joined;
    }
}
