// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

/** The definition of the Shapley value, for a game whose every coalition has been evaluated. */
final class ExactShapley {
    private ExactShapley() {}

    /** Fills in the coalition of a number whose bit g says whether group g is kept. */
    static void fill(long coalition, boolean[] kept) {
        for (long rest = coalition; rest != 0; rest &= rest - 1) {
            kept[Long.numberOfTrailingZeros(rest)] = true;
        }
    }

    /** Returns for each size of a coalition that a group may join its weight: s! (M − s − 1)! / M!. */
    static double[] weights(int groups) {
        double[] weights = new double[groups];
        double choices = 1;
        for (int size = 0; size < groups; size++) {
            weights[size] = 1 / (groups * choices);
            choices = choices * (groups - 1 - size) / (size + 1);
        }
        return weights;
    }

    /**
     * Returns the Shapley value of each group: Σ over S without g of |S|! (M − |S| − 1)! / M! · (v(S ∪ g) − v(S)).
     *
     * @param groups M
     * @param values v of the coalitions 0 to 2^M - 2, in bits
     * @param full v of all groups
     */
    static double[] values(int groups, double[] values, double full) {
        double[] weights = weights(groups);
        int last = (1 << groups) - 1;
        double[] shapley = new double[groups];
        for (int group = 0; group < groups; group++) {
            int bit = 1 << group;
            double sum = 0;
            for (int without = 0; without <= last; without++) {
                if ((without & bit) == 0) {
                    int with = without | bit;
                    double gain = (with == last ? full : values[with]) - values[without];
                    sum += weights[Integer.bitCount(without)] * gain;
                }
            }
            shapley[group] = sum;
        }
        return shapley;
    }
}
