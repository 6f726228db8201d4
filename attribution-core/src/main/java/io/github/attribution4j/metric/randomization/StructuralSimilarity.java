// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric.randomization;

import java.util.Arrays;
import java.util.List;

/** Structural similarity (Wang, Bovik, Sheikh and Simoncelli, 2004) of maps, with windows of equal weights. */
final class StructuralSimilarity {
    private static final int WINDOW = 7;
    private static final double LUMINANCE = 0.01;
    private static final double CONTRAST = 0.03;

    private StructuralSimilarity() {}

    static double of(List<Maps.Part> left, List<Maps.Part> right, boolean magnitudes) {
        double range = magnitudes ? 1 : 2;
        double leftScale = scale(left);
        double rightScale = scale(right);
        double sum = 0;
        long count = 0;
        for (int i = 0; i < left.size(); i++) {
            Maps.Part part = left.get(i);
            int plane = part.height() * part.width();
            for (int from = 0; from < part.values().length; from += plane) {
                Windows windows = new Windows(part, right.get(i), from, leftScale, rightScale, range);
                sum += windows.sum();
                count += windows.count();
            }
        }
        return count == 0 ? 1 : sum / count;
    }

    private static double scale(List<Maps.Part> parts) {
        double largest = parts.stream()
                .flatMapToDouble(part -> Arrays.stream(part.values()))
                .map(Math::abs)
                .max()
                .orElse(0);
        return largest == 0 ? 1 : largest;
    }

    /** The windows of one plane. */
    private record Windows(
            Maps.Part left, Maps.Part right, int from, double leftScale, double rightScale, double range) {
        private int rows() {
            return Math.min(WINDOW, left.height());
        }

        private int columns() {
            return Math.min(WINDOW, left.width());
        }

        long count() {
            return (long) (left.height() - rows() + 1) * (left.width() - columns() + 1);
        }

        double sum() {
            double sum = 0;
            for (int row = 0; row + rows() <= left.height(); row++) {
                for (int column = 0; column + columns() <= left.width(); column++) {
                    sum += at(row, column);
                }
            }
            return sum;
        }

        private double at(int row, int column) {
            int n = rows() * columns();
            double meanX = 0;
            double meanY = 0;
            for (int i = 0; i < n; i++) {
                meanX += x(row, column, i) / n;
                meanY += y(row, column, i) / n;
            }
            double varianceX = 0;
            double varianceY = 0;
            double covariance = 0;
            int free = Math.max(1, n - 1);
            for (int i = 0; i < n; i++) {
                double dx = x(row, column, i) - meanX;
                double dy = y(row, column, i) - meanY;
                varianceX += dx * dx / free;
                varianceY += dy * dy / free;
                covariance += dx * dy / free;
            }
            double c = LUMINANCE * range * LUMINANCE * range;
            double d = CONTRAST * range * CONTRAST * range;
            return (2 * meanX * meanY + c)
                    * (2 * covariance + d)
                    / ((meanX * meanX + meanY * meanY + c) * (varianceX + varianceY + d));
        }

        private double x(int row, int column, int i) {
            return left.values()[place(row, column, i)] / leftScale;
        }

        private double y(int row, int column, int i) {
            return right.values()[place(row, column, i)] / rightScale;
        }

        private int place(int row, int column, int i) {
            return from + (row + i / columns()) * left.width() + column + i % columns();
        }
    }
}
