// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

/** A share of a number of trials. */
public final class Proportion {
    private Proportion() {}

    /**
     * Returns the ends of the 95 % interval (Wilson, 1927), which stays within 0 and 1 and is right for few trials too.
     *
     * @param share that was found
     * @param trials in which it was found; NaN is returned for none
     */
    public static double[] interval(double share, int trials) {
        if (trials == 0) {
            return new double[] {Double.NaN, Double.NaN};
        }
        double z = StudentT.normal(0.025);
        double spread = z * z / trials;
        double middle = (share + spread / 2) / (1 + spread);
        double half = z * Math.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread);
        return new double[] {Math.max(0, middle - half), Math.min(1, middle + half)};
    }
}
