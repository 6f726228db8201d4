// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import java.util.Arrays;

/** Correlations of two lists of numbers. */
public final class Correlation {
    private Correlation() {}

    /** Returns Pearson's correlation; NaN if the numbers of a list are all equal. */
    public static double pearson(double[] x, double[] y) {
        double meanX = Arrays.stream(x).average().orElse(0);
        double meanY = Arrays.stream(y).average().orElse(0);
        double xx = 0;
        double xy = 0;
        double yy = 0;
        boolean variesX = false;
        boolean variesY = false;
        for (int i = 0; i < x.length; i++) {
            variesX |= x[i] != x[0];
            variesY |= y[i] != y[0];
            xx += (x[i] - meanX) * (x[i] - meanX);
            xy += (x[i] - meanX) * (y[i] - meanY);
            yy += (y[i] - meanY) * (y[i] - meanY);
        }
        return variesX && variesY ? Math.max(-1, Math.min(1, xy / Math.sqrt(xx) / Math.sqrt(yy))) : Double.NaN;
    }

    /** Returns Spearman's correlation: Pearson's of the ranks, where equal numbers have the mean of theirs. */
    public static double spearman(double[] x, double[] y) {
        return pearson(ranks(x), ranks(y));
    }

    /** Returns the rank of each number from 0; equal numbers have the mean of theirs. */
    public static double[] ranks(double[] values) {
        int[] order = Sorting.ascending(values);
        double[] ranks = new double[values.length];
        for (int from = 0; from < order.length; ) {
            int to = from + 1;
            while (to < order.length && values[order[to]] == values[order[from]]) {
                to++;
            }
            for (int i = from; i < to; i++) {
                ranks[order[i]] = (from + to - 1) / 2.0;
            }
            from = to;
        }
        return ranks;
    }
}
