// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.internal.RowIndex;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Rows each of whose groups has the values of a sample of the baseline, each of one of its own.
 *
 * @param samples for each attributed input
 */
record MixedRows(List<Tensor> samples, Groups groups, RowIndex index, Coalitions.Mixing mixing) implements Rows {
    @Override
    public long count() {
        return index.count();
    }

    @Override
    public long example(long row) {
        return index.example(row);
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        int rows = Math.toIntExact(to - from);
        long[][] chosen = new long[samples.size()][];
        for (int input = 0; input < chosen.length; input++) {
            chosen[input] = new long[Math.multiplyExact(rows, size(input))];
        }
        int[] sampled = new int[groups.most()];
        List<long[]> numbers = List.of();
        int numbered = -1;
        for (int r = 0; r < rows; r++) {
            int example = index.example(from + r);
            if (example != numbered) {
                numbers = numbers(example);
                numbered = example;
            }
            mixing.fill(example, index.local(from + r), sampled);
            for (int input = 0; input < chosen.length; input++) {
                long[] own = numbers.get(input);
                for (int i = 0; i < own.length; i++) {
                    chosen[input][r * own.length + i] = (long) sampled[(int) own[i]] * own.length + i;
                }
            }
        }
        List<Tensor> attributed = new ArrayList<>();
        for (int input = 0; input < chosen.length; input++) {
            Tensor all = samples.get(input);
            Shape row = all.shape().row();
            attributed.add(
                    all.reshape(all.shape().size()).select(0, chosen[input]).reshape(row.prepend(rows)));
        }
        return attributed;
    }

    private int size(int input) {
        return Math.toIntExact(samples.get(input).shape().row().size());
    }

    private List<long[]> numbers(int example) {
        List<long[]> numbers = new ArrayList<>();
        for (int input = 0; input < samples.size(); input++) {
            numbers.add(groups.numbers(input, example));
        }
        return numbers;
    }
}
