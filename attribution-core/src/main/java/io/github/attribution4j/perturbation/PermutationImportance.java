// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.internal.numeric.StudentT;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How much larger the loss of a model over a set of examples becomes when a group is shuffled between them. Made by
 * {@link FeaturePermutation#importance}. Immutable.
 */
public final class PermutationImportance {
    private final List<String> names;
    private final double loss;
    private final double[][] increases;

    PermutationImportance(List<String> names, double loss, double[][] increases) {
        this.names = List.copyOf(names);
        this.loss = loss;
        this.increases = increases;
    }

    /** Returns the names of the groups, in order; blank where none is known. */
    public List<String> names() {
        return names;
    }

    /** Returns the mean loss of the examples as they are. */
    public double loss() {
        return loss;
    }

    /** Returns for each group the increase of the mean loss, its mean over shuffles. */
    public double[] means() {
        return Arrays.stream(increases)
                .mapToDouble(each -> Arrays.stream(each).average().orElse(0))
                .toArray();
    }

    /**
     * Returns for each group the standard deviation of the increase over shuffles, with the unbiased variance; NaN with
     * a single shuffle.
     */
    public double[] spreads() {
        double[] means = means();
        return IntStream.range(0, increases.length)
                .mapToDouble(group -> {
                    double squares = Arrays.stream(increases[group])
                            .map(each -> (each - means[group]) * (each - means[group]))
                            .sum();
                    int shuffles = increases[group].length;
                    return shuffles < 2 ? Double.NaN : Math.sqrt(squares / (shuffles - 1));
                })
                .toArray();
    }

    /**
     * Returns for each group the ends of an interval that holds the mean over all possible shuffles with a confidence,
     * by Student's t; NaN with a single shuffle. It says how exact the {@link #means} are for these examples. Other
     * examples give other importances, which it does not cover.
     *
     * @param confidence more than 0 and less than 1, such as 0.95
     * @return {@code [group][0]} the lower end, {@code [group][1]} the upper
     */
    public double[][] intervals(double confidence) {
        if (!(confidence > 0 && confidence < 1)) {
            throw new IllegalArgumentException(
                    "confidence " + confidence + ": must be more than 0 and less than 1, such as 0.95");
        }
        double[] means = means();
        double[] spreads = spreads();
        double[][] intervals = new double[means.length][];
        for (int group = 0; group < means.length; group++) {
            int shuffles = increases[group].length;
            double reach = shuffles < 2
                    ? Double.NaN
                    : StudentT.quantile(1 - confidence, shuffles - 1) * spreads[group] / Math.sqrt(shuffles);
            intervals[group] = new double[] {means[group] - reach, means[group] + reach};
        }
        return intervals;
    }

    /** Returns for each group the increase of each shuffle; a copy. */
    public double[][] increases() {
        return Arrays.stream(increases).map(double[]::clone).toArray(double[][]::new);
    }

    /** Returns the groups by their mean increase, the largest first. */
    public int[] order() {
        double[] means = means();
        return IntStream.range(0, means.length)
                .boxed()
                .sorted(Comparator.comparingDouble(group -> -means[group]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /** Returns a line for each group, the most important first. */
    @Override
    public String toString() {
        double[] means = means();
        double[] spreads = spreads();
        return Arrays.stream(order())
                .mapToObj(group -> String.format(
                        Locale.ROOT,
                        "%s %+.4g ± %.2g",
                        names.get(group).isEmpty() ? "group " + group : names.get(group),
                        means[group],
                        spreads[group]))
                .collect(Collectors.joining("\n"));
    }
}
