// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Provenance;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.Json;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.status.Experimental;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * What a metric found: a score for each example, and where it comes from. Immutable; holds no tensors.
 */
@Experimental
public final class Judgement {
    private final double[] scores;
    private final boolean higherIsBetter;
    private final List<Curve> curves;
    private final Counts counts;
    private final Duration elapsed;
    private final List<String> notices;
    private final Provenance provenance;
    private final Provenance explained;

    Judgement(
            double[] scores,
            boolean higherIsBetter,
            List<Curve> curves,
            Counts counts,
            Duration elapsed,
            List<String> notices,
            Provenance provenance,
            Provenance explained) {
        this.scores = scores;
        this.higherIsBetter = higherIsBetter;
        this.curves = curves;
        this.counts = counts;
        this.elapsed = elapsed;
        this.notices = notices;
        this.provenance = provenance;
        this.explained = explained;
    }

    /**
     * A curve: what the model's score becomes while features are changed.
     *
     * @param shares of the features that are changed, ascending, from 0 to 1; of an {@link InformationCurve}, of the
     *     information
     * @param scores of the model, one for each share
     */
    @SuppressWarnings("ArrayRecordComponent") // copied, never compared
    public record Curve(double[] shares, double[] scores) {
        /** Copies the arrays. */
        public Curve {
            shares = shares.clone();
            scores = scores.clone();
        }

        /** Returns the shares; a copy. */
        @Override
        public double[] shares() {
            return shares.clone();
        }

        /** Returns the scores; a copy. */
        @Override
        public double[] scores() {
            return scores.clone();
        }

        /** Returns shares and scores by name, as JSON has them. */
        public Map<String, Object> toMap() {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("shares", Json.numbers(shares));
            map.put("scores", Json.numbers(scores));
            return map;
        }

        /** Returns the curve of numbers by name, as {@link #toMap} has them. */
        public static Curve of(Function<String, double[]> numbers) {
            return new Curve(numbers.apply("shares"), numbers.apply("scores"));
        }

        /** Returns the score at a share, linear between points; beyond the ends that of the nearest. */
        public double at(double share) {
            int next = 0;
            while (next < shares.length && shares[next] <= share) {
                next++;
            }
            if (next == 0 || next == shares.length) {
                return scores[Math.max(0, next - 1)];
            }
            double part = (share - shares[next - 1]) / (shares[next] - shares[next - 1]);
            return scores[next - 1] + part * (scores[next] - scores[next - 1]);
        }

        /**
         * Returns the median of curves: at each of some equally distant shares that of their scores. The papers of
         * information curves report its area.
         *
         * @param curves at least one that has points; those of examples that were not judged have none
         * @param points at least 2, from share 0 to 1
         */
        public static Curve median(List<Curve> curves, int points) {
            List<Curve> judged =
                    curves.stream().filter(curve -> curve.shares.length > 0).toList();
            if (judged.isEmpty() || points < 2) {
                throw new IllegalArgumentException("median of " + judged.size() + " curves at " + points
                        + " points: there must be at least 1 curve and 2 points");
            }
            double[] shares = new double[points];
            double[] scores = new double[points];
            for (int i = 0; i < points; i++) {
                double share = i / (points - 1.0);
                double[] all = judged.stream()
                        .mapToDouble(curve -> curve.at(share))
                        .sorted()
                        .toArray();
                shares[i] = share;
                scores[i] = (all[(all.length - 1) / 2] + all[all.length / 2]) / 2;
            }
            return new Curve(shares, scores);
        }

        /** Returns the area under the curve by the trapezoid rule, divided by the length of its range. */
        public double area() {
            double area = 0;
            for (int i = 1; i < scores.length; i++) {
                area += (shares[i] - shares[i - 1]) * (scores[i] + scores[i - 1]) / 2;
            }
            double length = shares[shares.length - 1] - shares[0];
            return length == 0 ? scores[0] : area / length;
        }
    }

    /**
     * Returns the judgement of a metric. For metrics of your own.
     *
     * @param evaluator ran the model for it
     * @param scores one for each example; a copy is made
     * @param curves one for each example, or none
     * @param explained where the explanation comes from that was judged
     */
    public static Judgement of(
            Evaluator evaluator, Metric metric, double[] scores, List<Curve> curves, Provenance explained) {
        Judgement judgement = new Judgement(
                scores.clone(),
                metric.higherIsBetter(),
                List.copyOf(curves),
                evaluator.counts(),
                Duration.ofNanos(evaluator.run().elapsedNanos()),
                evaluator.notices(),
                Provenance.of(evaluator),
                explained);
        evaluator.run().finished(metric.name());
        return judgement;
    }

    /** Returns this judgement with the cost and the notices of the explanation, made for it just before. */
    Judgement after(Explanation explanation) {
        Set<String> all = new LinkedHashSet<>(explanation.notices());
        all.addAll(notices);
        return new Judgement(
                scores,
                higherIsBetter,
                curves,
                explanation.counts().plus(counts),
                elapsed,
                new ArrayList<>(all),
                provenance,
                explained);
    }

    /** Returns the name of the metric. */
    public String metric() {
        return provenance.method();
    }

    /**
     * Returns the score of each example; a copy. NaN where the metric does not judge the example, for which a notice
     * has the reason.
     */
    public double[] scores() {
        return scores.clone();
    }

    /** Returns whether a higher score is better. */
    public boolean higherIsBetter() {
        return higherIsBetter;
    }

    /** Returns the mean score over the examples that were judged; NaN if there are none. */
    public double mean() {
        return Arrays.stream(judged()).average().orElse(Double.NaN);
    }

    private double[] judged() {
        return Arrays.stream(scores).filter(score -> !Double.isNaN(score)).toArray();
    }

    /**
     * Returns the standard error of the {@link #mean}: the standard deviation of the scores divided by the root of
     * their number. NaN for one example.
     */
    public double standardError() {
        double[] judged = judged();
        double mean = mean();
        double squares = Arrays.stream(judged)
                .map(score -> (score - mean) * (score - mean))
                .sum();
        return judged.length < 2 ? Double.NaN : Math.sqrt(squares / (judged.length - 1) / judged.length);
    }

    /** Returns the curve of each example, for a metric that has one; else none. One of no points was not judged. */
    public List<Curve> curves() {
        return curves;
    }

    /** Returns what the judgement cost, with the explanation if it was made for it. */
    public Counts counts() {
        return counts;
    }

    /** Returns the wall time. */
    public Duration elapsed() {
        return elapsed;
    }

    /** Returns the notices of the metric, and of the explanation if it was made for it. */
    public List<String> notices() {
        return List.copyOf(notices);
    }

    /** Returns where the judgement comes from: the metric is its {@link Provenance#method}. */
    public Provenance provenance() {
        return provenance;
    }

    /** Returns where the explanation comes from that was judged. */
    public Provenance explained() {
        return explained;
    }

    /**
     * Returns the judgement as JSON, format {@code attribution4j/judgement} version 1. Numbers keep every bit, and
     * {@link #fromJson} gives back an equal judgement.
     */
    public String toJson() {
        return Json.write(JudgementJson.write(this));
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws IllegalArgumentException if the text is not such JSON, or of an unknown version
     */
    public static Judgement fromJson(String json) {
        return JudgementJson.read(json);
    }

    /** Returns the metric, the mean, and which way is better. */
    @Override
    public String toString() {
        return metric() + " of " + explained.method() + ": " + mean() + " over " + judged().length + " examples ("
                + (higherIsBetter ? "higher" : "lower") + " is better)";
    }
}
