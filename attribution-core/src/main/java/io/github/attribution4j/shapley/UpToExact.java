// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.numeric.Estimate;
import java.util.Arrays;

/**
 * A sample that gives way to exact values once it would cost as many evaluations as they do. What was evaluated for the
 * sample is not evaluated again.
 */
final class UpToExact implements CoalitionDesign {
    private final int groups;
    private final CoalitionDesign sample;
    private final CoalitionDesign exact;
    private final CoalitionNumbers numbers = new CoalitionNumbers();
    /** Coalitions of the sample that have a number, which is their own. */
    private int drawn;
    /** The number of each coalition of the exact design; none as long as there is only a sample. */
    private int[] places = {};

    private boolean isExact;

    /**
     * Creates a design.
     *
     * @param groups M, at most 64
     * @param sample draws coalitions, each once
     * @param exact has all of its coalitions from the start
     */
    UpToExact(int groups, CoalitionDesign sample, CoalitionDesign exact) {
        this.groups = groups;
        this.sample = sample;
        this.exact = exact;
    }

    @Override
    public long enough() {
        return Math.min(sample.enough(), exact.count());
    }

    @Override
    public void grow(long evaluations) {
        if (isExact) {
            return;
        }
        if (evaluations >= exact.count()) {
            isExact = true;
            places = new int[exact.count()];
            Arrays.setAll(places, i -> numbers.of(coalition(exact, i)));
            return;
        }
        sample.grow(evaluations);
        for (; drawn < sample.count(); drawn++) {
            numbers.of(coalition(sample, drawn));
        }
    }

    private long coalition(CoalitionDesign design, int number) {
        boolean[] kept = new boolean[groups];
        design.fill(number, kept);
        long coalition = 0;
        for (int group = 0; group < groups; group++) {
            coalition |= kept[group] ? 1L << group : 0;
        }
        return coalition;
    }

    @Override
    public boolean isExhausted() {
        return isExact || sample.isExhausted();
    }

    @Override
    public int count() {
        return numbers.count();
    }

    @Override
    public void fill(int coalition, boolean[] kept) {
        ExactShapley.fill(numbers.coalition(coalition), kept);
    }

    @Override
    public Estimate estimate(double empty, double[] scores, double full) {
        if (!isExact) {
            return sample.estimate(empty, scores, full);
        }
        double[] ordered =
                Arrays.stream(places).mapToDouble(number -> scores[number]).toArray();
        return exact.estimate(empty, ordered, full);
    }
}
