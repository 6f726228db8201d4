// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

/**
 * Distances of a row from the example, over the elements of all attributed inputs.
 *
 * @param cosine one minus the cosine of the angle between them
 * @param euclidean the length of their difference
 */
record Distances(double cosine, double euclidean) {
    static final Distances UNKNOWN = new Distances(0, 0);

    /**
     * Computes them.
     *
     * @param own for each group whether its elements are those of the example
     * @param samples for each other group the sample of the baseline that its elements are those of
     * @param products see {@link io.github.attribution4j.mask.Coalitions#products}
     */
    static Distances of(boolean[] own, int[] samples, double[][] products) {
        double xx = 0;
        double xs = 0;
        double ss = 0;
        double difference = 0;
        for (int group = 0; group < own.length; group++) {
            double square = products[0][group];
            double mixed = own[group] ? square : products[1 + 2 * samples[group]][group];
            double other = own[group] ? square : products[2 + 2 * samples[group]][group];
            xx += square;
            xs += mixed;
            ss += other;
            difference += own[group] ? 0 : square - 2 * mixed + other;
        }
        double lengths = Math.sqrt(xx) * Math.sqrt(ss);
        // A row of zeros has no direction: its cosine counts as 0.
        return new Distances(lengths == 0 ? 1 : 1 - xs / lengths, Math.sqrt(Math.max(0, difference)));
    }
}
