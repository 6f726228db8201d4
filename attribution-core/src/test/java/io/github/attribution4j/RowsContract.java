// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;

/**
 * What every kind of {@link Rows} promises: a range has as many rows as it was asked for, the same whatever the range.
 */
public final class RowsContract {
    private RowsContract() {}

    /** Checks every range of whole groups, and every range within a group. */
    public static void check(Rows rows) {
        long count = rows.count();
        long group = rows.group();
        assertThat(count).isPositive();
        assertThat(count % group).isZero();
        try (TensorScope scope = TensorScope.open()) {
            List<List<double[]>> alone = new ArrayList<>();
            for (long row = 0; row < count; row++) {
                alone.add(values(rows.attributed(row, row + 1), 1, "row " + row));
            }
            for (long from = 0; from < count; from++) {
                for (long to = from + 1; to <= count; to++) {
                    boolean whole = from % group == 0 && to % group == 0;
                    if (whole || from / group == (to - 1) / group) {
                        checkRange(rows, from, to, alone);
                        checkRange(rows.range(from, to), 0, to - from, alone.subList((int) from, (int) to));
                    }
                }
            }
        }
    }

    private static void checkRange(Rows rows, long from, long to, List<List<double[]>> alone) {
        String range = rows.getClass().getSimpleName() + " [" + from + ", " + to + ")";
        for (long row = from; row < to; row++) {
            assertThat(rows.examples(from, to)[(int) (row - from)]).as(range).isEqualTo(rows.example(row));
        }
        List<double[]> together = values(rows.attributed(from, to), to - from, range);
        for (int input = 0; input < together.size(); input++) {
            double[] joined = together.get(input);
            int size = joined.length / (int) (to - from);
            for (int r = 0; r < to - from; r++) {
                double[] row = new double[size];
                System.arraycopy(joined, r * size, row, 0, size);
                assertThat(row)
                        .as(range)
                        .containsExactly(alone.get((int) from + r).get(input));
            }
        }
    }

    private static List<double[]> values(List<Tensor> tensors, long rows, String range) {
        for (Tensor tensor : tensors) {
            assertThat(tensor.shape().dim(0)).as(range).isEqualTo(rows);
        }
        return tensors.stream().map(Tensor::toDoubleArray).toList();
    }
}
