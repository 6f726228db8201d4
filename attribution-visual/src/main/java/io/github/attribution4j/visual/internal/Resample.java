// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal;

/** Resizes values on a grid, row-major. */
public final class Resample {

    private Resample() {}

    public static double[] nearest(double[] values, int columns, int rows, int newColumns, int newRows) {
        double[] out = new double[Math.multiplyExact(newColumns, newRows)];
        for (int y = 0; y < newRows; y++) {
            int from = (int) ((2L * y + 1) * rows / (2L * newRows));
            for (int x = 0; x < newColumns; x++) {
                out[y * newColumns + x] = values[from * columns + (int) ((2L * x + 1) * columns / (2L * newColumns))];
            }
        }
        return out;
    }

    /**
     * Bilinear if it grows, weighted averages of all covered cells if it shrinks. A convex mean: nothing overshoots.
     */
    public static double[] smooth(double[] values, int columns, int rows, int newColumns, int newRows) {
        double[] wide = new double[Math.multiplyExact(newColumns, rows)];
        Weights horizontal = Weights.of(columns, newColumns);
        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < newColumns; x++) {
                wide[y * newColumns + x] = horizontal.mean(values, y * columns, 1, x);
            }
        }
        double[] out = new double[Math.multiplyExact(newColumns, newRows)];
        Weights vertical = Weights.of(rows, newRows);
        for (int y = 0; y < newRows; y++) {
            for (int x = 0; x < newColumns; x++) {
                out[y * newColumns + x] = vertical.mean(wide, x, newColumns, y);
            }
        }
        return out;
    }

    /** For each new cell the first old cell that counts, and the weights from it on; each row sums to 1. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, used for one resize
    private record Weights(int[] first, double[][] weights) {

        static Weights of(int size, int newSize) {
            int[] first = new int[newSize];
            double[][] weights = new double[newSize][];
            double ratio = (double) size / newSize;
            double reach = Math.max(1, ratio);
            for (int i = 0; i < newSize; i++) {
                double center = (i + 0.5) * ratio - 0.5;
                int low = Math.max(0, (int) Math.ceil(center - reach));
                int high = Math.min(size - 1, (int) Math.floor(center + reach));
                double[] row = new double[high - low + 1];
                double sum = 0;
                for (int j = low; j <= high; j++) {
                    row[j - low] = Math.max(0, 1 - Math.abs(j - center) / reach);
                    sum += row[j - low];
                }
                for (int j = 0; j < row.length; j++) {
                    row[j] /= sum;
                }
                first[i] = low;
                weights[i] = row;
            }
            return new Weights(first, weights);
        }

        double mean(double[] values, int offset, int stride, int index) {
            double[] row = weights[index];
            double sum = 0;
            for (int j = 0; j < row.length; j++) {
                sum += row[j] * values[offset + (first[index] + j) * stride];
            }
            return sum;
        }
    }
}
