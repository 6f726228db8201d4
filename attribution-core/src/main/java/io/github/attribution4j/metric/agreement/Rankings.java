// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric.agreement;

import io.github.attribution4j.internal.numeric.Sorting;
import java.util.Arrays;

/** What the order of two lists of numbers has in common. */
final class Rankings {
    private Rankings() {}

    /**
     * Returns Kendall's τ-b: pairs in the same order less pairs in opposite orders, divided by the root of the product
     * of the numbers of pairs that differ in each list. NaN if the numbers of a list are all equal. By Knight's method,
     * in n log n steps.
     */
    static double kendall(double[] x, double[] y) {
        int n = x.length;
        int[] byY = Sorting.ascending(y);
        int[] order = Arrays.stream(Sorting.ascending(
                        Arrays.stream(byY).mapToDouble(i -> x[i]).toArray()))
                .map(i -> byY[i])
                .toArray();
        long pairs = (long) n * (n - 1) / 2;
        long equalX = 0;
        long equalBoth = 0;
        long runX = 0;
        long runBoth = 0;
        double[] byX = new double[n];
        for (int i = 0; i < n; i++) {
            byX[i] = y[order[i]];
            boolean sameX = i > 0 && x[order[i]] == x[order[i - 1]];
            runX = sameX ? runX + 1 : 0;
            runBoth = sameX && byX[i] == byX[i - 1] ? runBoth + 1 : 0;
            equalX += runX;
            equalBoth += runBoth;
        }
        long swaps = sort(byX, new double[n], 0, n);
        long equalY = 0;
        long runY = 0;
        for (int i = 1; i < n; i++) {
            runY = byX[i] == byX[i - 1] ? runY + 1 : 0;
            equalY += runY;
        }
        double differ = Math.sqrt((double) (pairs - equalX)) * Math.sqrt((double) (pairs - equalY));
        return differ == 0 ? Double.NaN : (pairs - equalX - equalY + equalBoth - 2.0 * swaps) / differ;
    }

    /** Sorts a range, and returns how many pairs of it were in the wrong order. */
    private static long sort(double[] values, double[] spare, int from, int to) {
        if (to - from < 2) {
            return 0;
        }
        int middle = (from + to) >>> 1;
        long swaps = sort(values, spare, from, middle) + sort(values, spare, middle, to);
        int left = from;
        int right = middle;
        for (int at = from; at < to; at++) {
            if (right == to || (left < middle && values[left] <= values[right])) {
                spare[at] = values[left++];
            } else {
                spare[at] = values[right++];
                swaps += middle - left;
            }
        }
        System.arraycopy(spare, from, values, from, to - from);
        return swaps;
    }

    /** Returns the numbers of the k values of the largest magnitude, largest first; of equal ones the first first. */
    static int[] top(double[] values, int k) {
        double[] opposite = Arrays.stream(values).map(value -> -Math.abs(value)).toArray();
        return Arrays.copyOf(Sorting.ascending(opposite), k);
    }

    /**
     * Returns the share of the k largest magnitudes that both lists have.
     *
     * @param sameRank whether they count only at the same rank
     * @param sameSign whether they count only with the same sign
     */
    static double common(double[] x, double[] y, int k, boolean sameRank, boolean sameSign) {
        int[] first = top(x, k);
        int[] second = top(y, k);
        int[] places = new int[x.length];
        Arrays.fill(places, -1);
        for (int place = 0; place < k; place++) {
            places[second[place]] = place;
        }
        int count = 0;
        for (int place = 0; place < k; place++) {
            int feature = first[place];
            boolean common = places[feature] >= 0
                    && (!sameRank || places[feature] == place)
                    && (!sameSign || Math.signum(x[feature]) == Math.signum(y[feature]));
            count += common ? 1 : 0;
        }
        return (double) count / k;
    }
}
