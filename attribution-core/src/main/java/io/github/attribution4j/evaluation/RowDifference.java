// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The difference of two rows of values.
 *
 * <p>Engines use different kernels for different numbers of rows, so independent rows differ by rounding: by about 1e-6
 * of the largest value in float32, deep networks included, and by 1e-15 in float64. Differences are divided by the
 * largest value of the row, so that outputs of any size are judged alike.
 *
 * @param verdict what the difference means
 * @param text where it is and how large, in words
 */
record RowDifference(Verdict verdict, String text) {
    /** Ten times the rounding that was measured in float32. */
    private static final double ROUNDING_FLOAT = 1e-5;

    private static final double ROUNDING_DOUBLE = 1e-9;
    /**
     * No type that models compute in rounds more: a step of bfloat16 is 1/256 of a value, a step of int8 is 1/127 of
     * the range.
     */
    private static final double ANY_ROUNDING = 0.05;

    /**
     * Properties of a row: its numbers vary; other rows have larger values; its sum has the sign opposite to that of
     * the batch.
     */
    private static final int VARIED = 4;

    private static final int EXCEEDED = 2;
    private static final int OPPOSED = 1;

    /** What a difference means. */
    enum Verdict {
        /** Rounding of this type. */
        SAME,
        /** Rounding of a coarser type inside the model, or a small influence. */
        CLOSE,
        /** More than rounding. */
        DIFFERENT
    }

    /** Compares a row of values with a row of other values; only the numbers of rows may differ. */
    static RowDifference between(List<Tensor> values, long row, List<Tensor> others, long otherRow) {
        Verdict verdict = Verdict.SAME;
        String text = "";
        for (int i = 0; i < values.size(); i++) {
            RowDifference found = between(
                    one(values.get(i), row),
                    one(others.get(i), otherRow),
                    values.get(i).dataType());
            if (found.verdict.compareTo(verdict) > 0) {
                verdict = found.verdict;
                text = found.text;
            }
        }
        return new RowDifference(verdict, text);
    }

    private static double[] one(Tensor tensor, long row) {
        try (Tensor slice = tensor.rows(row, row + 1)) {
            return slice.toDoubleArray();
        }
    }

    private static RowDifference between(double[] a, double[] b, DataType type) {
        if (a.length != b.length) {
            return new RowDifference(Verdict.DIFFERENT, a.length + " values and " + b.length);
        }
        double scale = 0;
        double largest = 0;
        int where = 0;
        for (int i = 0; i < a.length; i++) {
            scale = Math.max(scale, Math.max(finite(a[i]), finite(b[i])));
            double apart = Double.compare(a[i], b[i]) == 0 ? 0 : Math.abs(a[i] - b[i]);
            // Only one of them is NaN, or they are infinite with different signs.
            apart = Double.isFinite(apart) ? apart : Double.POSITIVE_INFINITY;
            if (apart > largest) {
                largest = apart;
                where = i;
            }
        }
        double rounding = type == DataType.FLOAT64 ? ROUNDING_DOUBLE : type.isFloating() ? ROUNDING_FLOAT : 0;
        Verdict verdict = largest <= rounding * scale
                ? Verdict.SAME
                : largest <= ANY_ROUNDING * scale ? Verdict.CLOSE : Verdict.DIFFERENT;
        return new RowDifference(
                verdict,
                verdict == Verdict.SAME
                        ? ""
                        : "its value " + where + " is " + (float) b[where] + " beside others and " + (float) a[where]
                                + " alone");
    }

    private static double finite(double value) {
        return Double.isFinite(value) ? Math.abs(value) : 0;
    }

    /**
     * Chooses the rows of a batch whose comparison with themselves alone shows most.
     *
     * <p>The numbers of the row vary: a row of zeros, divided by any norm of the batch, remains zero. Other rows have
     * larger values: the row with the largest values sets the range of the batch, alone or not. Its sum has the sign
     * opposite to that of the batch, so that a branch on the sum shows. It is neither the first nor the last row, so
     * that a loop over the rows, in either direction, has passed others before; a loop traced for one row computes the
     * first row right. If the best row is the last, the first is compared too, or a row with the properties that the
     * best lacks. Equal rows do not show how others change them, but their places may matter: the last and the first
     * are compared.
     */
    static Chosen choose(Inputs inputs) {
        List<double[]> attributed = values(inputs, Inputs.Role.ATTRIBUTED);
        List<double[]> all = new ArrayList<>(attributed);
        all.addAll(values(inputs, Inputs.Role.FIXED));
        int rows = Math.toIntExact(inputs.rows());
        int last = rows - 1;
        if (IntStream.range(1, rows).noneMatch(row -> differ(all, rows, 0, row))) {
            return new Chosen(List.of(last, 0), Telling.NOTHING);
        }
        int[] ranks = ranks(attributed, rows);
        int best = last;
        for (int row = last - 1; row > 0; row--) {
            best = ranks[row] >= ranks[best] ? row : best;
        }
        int missing = Arrays.stream(ranks).reduce(0, (a, b) -> a | b) & ~ranks[best];
        int second = best == last ? 0 : best;
        for (int row = 0; row < rows && missing != 0; row++) {
            second = (ranks[row] & missing) > (ranks[second] & missing) ? row : second;
        }
        int seen = ranks[best] | ranks[second];
        return new Chosen(
                best == second ? List.of(best) : List.of(best, second),
                (seen & (VARIED | EXCEEDED)) == (VARIED | EXCEEDED) ? Telling.ALL : Telling.SOMETHING);
    }

    private static int[] ranks(List<double[]> values, int rows) {
        double[] sums = new double[rows];
        double[] largest = new double[rows];
        for (int row = 0; row < rows; row++) {
            for (double[] all : values) {
                int width = all.length / rows;
                for (int i = row * width; i < (row + 1) * width; i++) {
                    sums[row] += all[i];
                    largest[row] = Math.max(largest[row], Math.abs(all[i]));
                }
            }
        }
        double total = Arrays.stream(sums).sum();
        double range = Arrays.stream(largest).max().orElse(0);
        int[] ranks = new int[rows];
        for (int row = 0; row < rows; row++) {
            ranks[row] = (flat(values, rows, row) ? 0 : VARIED + (largest[row] < range ? EXCEEDED : 0))
                    + (sums[row] * total < 0 ? OPPOSED : 0);
        }
        return ranks;
    }

    private static List<double[]> values(Inputs inputs, Inputs.Role role) {
        return inputs.all().stream()
                .filter(input -> input.role() == role)
                .map(input -> input.rowsFirst().tensor().toDoubleArray())
                .toList();
    }

    /** What a comparison can show. */
    enum Telling {
        /** Nothing: all rows are equal. */
        NOTHING,
        /** That rows do not change each other in some of these ways. */
        SOMETHING,
        /** That rows do not change each other in any of these ways. */
        ALL
    }

    /** Rows to compare, and what it shows if they agree. */
    record Chosen(List<Integer> rows, Telling telling) {}

    private static boolean differ(List<double[]> values, int rows, int a, int b) {
        return values.stream().anyMatch(all -> {
            int width = all.length / rows;
            return !Arrays.equals(all, a * width, (a + 1) * width, all, b * width, (b + 1) * width);
        });
    }

    private static boolean flat(List<double[]> values, int rows, int row) {
        return values.stream().allMatch(all -> {
            int width = all.length / rows;
            return Arrays.stream(all, row * width, (row + 1) * width).allMatch(value -> value == all[row * width]);
        });
    }
}
