// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmark;

import io.github.attribution4j.internal.numeric.StudentT;
import io.github.attribution4j.metric.Judgement.Curve;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.status.Experimental;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a {@link Benchmark} found: a cell for each method and metric, with the score of each example. Immutable; holds
 * no tensors.
 *
 * <p>Means have intervals that hold the mean over all examples of the kind with a confidence of 95 %, by Student's t.
 * For a choice between two methods look at {@link #difference}: both judged the same examples, so that what makes an
 * example hard for both falls out, and a difference can be sure where the intervals of the two means overlap.
 */
@Experimental
public final class BenchmarkTable {
    private static final double MISSES = 0.05;

    private final List<String> methods;
    private final List<String> metrics;
    private final List<Cell> cells;
    private final Origin origin;

    BenchmarkTable(List<String> methods, List<String> metrics, List<Cell> cells, Origin origin) {
        this.methods = List.copyOf(methods);
        this.metrics = List.copyOf(metrics);
        this.cells = List.copyOf(cells);
        this.origin = origin;
    }

    /**
     * Where a table comes from.
     *
     * @param model that was explained
     * @param inputs SHA-256, in hexadecimal, over the digests of all inputs
     * @param targets in words, without repetition
     * @param seed of the run
     * @param batching of the run
     * @param library version of attribution4j
     */
    public record Origin(
            Model.Identity model, String inputs, List<String> targets, long seed, String batching, String library) {
        /** Copies the list. */
        public Origin {
            targets = List.copyOf(targets);
        }
    }

    /**
     * One method judged by one metric.
     *
     * @param method label of the method
     * @param metric label of the metric
     * @param higherIsBetter whether a higher score is better
     * @param scores one for each example, in order; none after a failure
     * @param curves one for each example, for a metric that has one
     * @param counts what the metric cost, without the explanations that it was given
     * @param notices of the metric, and of the method if the metric explained with it
     * @param metricInWords the metric with all of its settings; absent if it judged nothing
     * @param methodInWords the method with all of its settings; absent if nothing was judged
     * @param failure why there are no scores
     */
    @SuppressWarnings("ArrayRecordComponent") // copied, never compared
    public record Cell(
            String method,
            String metric,
            boolean higherIsBetter,
            double[] scores,
            List<Curve> curves,
            Counts counts,
            List<String> notices,
            Optional<String> metricInWords,
            Optional<String> methodInWords,
            Optional<String> failure) {
        /** Copies the array and the lists. */
        public Cell {
            scores = scores.clone();
            curves = List.copyOf(curves);
            notices = List.copyOf(notices);
        }

        /** Returns the scores; a copy. */
        @Override
        public double[] scores() {
            return scores.clone();
        }

        /** Returns the mean score with its interval; NaN after a failure. */
        public Interval mean() {
            return Interval.of(scores);
        }
    }

    /**
     * A mean and the interval that holds it with a confidence of 95 %.
     *
     * @param mean of the examples
     * @param low lower end; −∞ for one example
     * @param high upper end; ∞ for one example
     */
    public record Interval(double mean, double low, double high) {
        /**
         * Returns the mean of numbers with its interval by Student's t. NaN, the score of an example that was not
         * judged, is left out.
         */
        public static Interval of(double... numbers) {
            double[] judged = Arrays.stream(numbers)
                    .filter(number -> !Double.isNaN(number))
                    .toArray();
            int count = judged.length;
            double mean = Arrays.stream(judged).average().orElse(Double.NaN);
            double squares = Arrays.stream(judged)
                    .map(number -> (number - mean) * (number - mean))
                    .sum();
            double half = count < 2
                    ? Double.POSITIVE_INFINITY
                    : squares == 0
                            ? 0
                            : StudentT.quantile(MISSES, count - 1) * Math.sqrt(squares / (count - 1) / count);
            return new Interval(mean, mean - half, mean + half);
        }

        /** Returns whether 0 is outside, so that the sign of the mean is no accident of the examples. */
        public boolean excludesZero() {
            return low > 0 || high < 0;
        }
    }

    /** Returns the labels of the methods, in order. */
    public List<String> methods() {
        return methods;
    }

    /** Returns the labels of the metrics, in order. */
    public List<String> metrics() {
        return metrics;
    }

    /** Returns all cells, method by method. */
    public List<Cell> cells() {
        return cells;
    }

    /** Returns where the table comes from. */
    public Origin origin() {
        return origin;
    }

    /**
     * Returns the cell of a method and a metric.
     *
     * @throws IllegalArgumentException naming those that there are, if there is no such method or metric
     */
    public Cell cell(String method, String metric) {
        return cells.get(index("method", methods, method) * metrics.size() + index("metric", metrics, metric));
    }

    private static int index(String kind, List<String> all, String label) {
        int index = all.indexOf(label);
        if (index < 0) {
            throw new IllegalArgumentException(kind + " '" + label + "': the table has " + String.join(", ", all));
        }
        return index;
    }

    /**
     * Returns the mean of the differences of two methods' scores, example by example, with its interval.
     *
     * @return score of {@code one} minus score of {@code other}; NaN if either failed
     */
    public Interval difference(String metric, String one, String other) {
        double[] ofOne = cell(one, metric).scores;
        double[] ofOther = cell(other, metric).scores;
        double[] differences = new double[Math.min(ofOne.length, ofOther.length)];
        Arrays.setAll(differences, i -> ofOne[i] - ofOther[i]);
        return Interval.of(differences);
    }

    /** Returns whether a method is better than another by a metric, with a difference whose interval excludes 0. */
    public boolean isBetter(String metric, String one, String other) {
        Interval difference = difference(metric, one, other);
        return difference.excludesZero()
                && difference.mean() > 0 == cell(one, metric).higherIsBetter();
    }

    /**
     * Returns the rank of a method by a metric: 1 and the number of methods with a better mean. None after a failure,
     * or if the mean is NaN.
     */
    public OptionalInt rank(String method, String metric) {
        double mean = goodness(cell(method, metric));
        if (Double.isNaN(mean)) {
            return OptionalInt.empty();
        }
        return OptionalInt.of(1
                + (int) methods.stream()
                        .filter(other -> goodness(cell(other, metric)) > mean)
                        .count());
    }

    private static double goodness(Cell cell) {
        double mean = cell.mean().mean();
        return cell.higherIsBetter() ? mean : -mean;
    }

    /** Returns the method of rank 1 by a metric, the first of them if there are several; none if all failed. */
    public Optional<String> best(String metric) {
        return methods.stream()
                .filter(method -> rank(method, metric).equals(OptionalInt.of(1)))
                .findFirst();
    }

    /** Returns the table as CSV: a line for each cell, with mean, interval, rank, and difference from the best. */
    public String toCsv() {
        return BenchmarkText.csv(this);
    }

    /**
     * Returns the table as JSON, format {@code attribution4j/benchmark} version 1, with the scores and curves of all
     * examples. Numbers keep every bit, and {@link #fromJson} gives back an equal table.
     */
    public String toJson() {
        return BenchmarkJson.write(this);
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws IllegalArgumentException if the text is not such JSON, or of an unknown version
     */
    public static BenchmarkTable fromJson(String json) {
        return BenchmarkJson.read(json);
    }

    /**
     * Returns the table as text: a line for each method, a column for each metric, with mean, half of the interval, and
     * rank. A star marks methods that are not surely worse than the best. Failures follow below.
     */
    @Override
    public String toString() {
        return BenchmarkText.table(this);
    }

    /** Returns whether a method has scores and the best is not surely better by a metric. */
    public boolean isAmongBest(String method, String metric) {
        return rank(method, metric).isPresent()
                && best(metric).filter(best -> !isBetter(metric, best, method)).isPresent();
    }
}
