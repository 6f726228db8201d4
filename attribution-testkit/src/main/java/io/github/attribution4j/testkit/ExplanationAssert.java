// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.benchmark.BenchmarkTable.Interval;
import io.github.attribution4j.benchmark.RandomAttribution;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.Metric;
import io.github.attribution4j.metric.agreement.Agreement;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.target.Target;
import java.util.stream.IntStream;
import org.assertj.core.api.AbstractAssert;

/**
 * Assertions for explanations: a gate in a build, which fails when an explanation of your model is no longer to be
 * trusted. A failure says what was measured, the limit, and what helps.
 *
 * <pre>{@code
 * assertThat(explanation)
 *         .isCompleteWithin(0.05)
 *         .of(model, inputs, target)
 *         .isMoreFaithfulThan(random(), PerturbationCurve.deletion());
 * }</pre>
 */
@Experimental
public final class ExplanationAssert extends AbstractAssert<ExplanationAssert, Explanation> {
    /** What rounding in single precision leaves of a sum, relative to its terms. */
    private static final double ROUNDING = 1e-6;

    private ExplanationAssert(Explanation actual) {
        super(actual, ExplanationAssert.class);
    }

    /** Starts an assertion. */
    public static ExplanationAssert assertThat(Explanation actual) {
        return new ExplanationAssert(actual);
    }

    /** Returns the attributions that know nothing, to compare with; see {@link RandomAttribution}. */
    public static RandomAttribution random() {
        return new RandomAttribution();
    }

    /**
     * Checks that the attributions of each example add up to what the score changed by from the baseline.
     *
     * @param share of that change by which their sum may miss it, such as 0.05
     */
    public ExplanationAssert isCompleteWithin(double share) {
        isNotNull();
        String method = actual.provenance().method();
        if (!actual.hasCompletenessGap()) {
            failWithMessage(
                    "%s does not claim that attributions add up to the score, so it cannot be complete; use a method"
                            + " that does, such as integrated-gradients or shapley-sampling",
                    method);
        }
        double[] gaps = actual.completenessGap();
        double[] scores = actual.scores();
        double[] baselines = actual.baselineScores().orElseGet(() -> new double[scores.length]);
        for (int example = 0; example < gaps.length; example++) {
            double change = Math.abs(scores[example] - baselines[example]);
            double limit =
                    Math.max(share * change, ROUNDING * (Math.abs(scores[example]) + Math.abs(baselines[example])));
            if (!(Math.abs(gaps[example]) <= limit)) {
                failWithMessage(
                        "example %s: the attributions of %s miss the change of the score (%s) by %s, limit %s (%s of"
                                + " the change); evaluate more steps or samples, or allow more",
                        example, method, change, gaps[example], limit, share);
            }
        }
        return this;
    }

    /**
     * Checks that the features of each example are ranked as in another explanation: Spearman's correlation of the
     * contributions.
     *
     * @param other of the same examples and features; not closed
     * @param least correlation, at most 1
     */
    public ExplanationAssert agreesWith(Explanation other, double least) {
        isNotNull();
        int examples = actual.scores().length;
        if (other.scores().length != examples) {
            failWithMessage(
                    "expected an explanation of %s examples, and the other has %s; explain the same examples",
                    examples, other.scores().length);
        }
        for (int example = 0; example < examples; example++) {
            int mine = actual.features(example).size();
            int others = other.features(example).size();
            if (mine != others) {
                failWithMessage(
                        "example %s: has %s features, and that of %s %s; give both methods the same mask",
                        example, mine, other.provenance().method(), others);
            }
        }
        double[] correlations = Agreement.spearman().between(actual, other);
        for (int example = 0; example < examples; example++) {
            double correlation = correlations[example];
            if (!(correlation >= least)) {
                failWithMessage(
                        "example %s: the ranks of the features by %s and by %s have a correlation of %s, at least %s is"
                                + " wanted; judge both with metrics to find which one the model agrees with",
                        example,
                        actual.provenance().method(),
                        other.provenance().method(),
                        correlation,
                        least);
            }
        }
        return this;
    }

    /**
     * Goes on with assertions that ask the model.
     *
     * @param model that was explained
     * @param inputs that were explained; not closed
     * @param target the score that was explained
     */
    public <M extends Model> Judged<M> of(M model, Inputs inputs, Target target) {
        isNotNull();
        return new Judged<>(model, inputs, target, Run.defaults());
    }

    /**
     * Assertions that ask the model.
     *
     * @param <M> the model
     */
    public final class Judged<M extends Model> {
        private final M model;
        private final Inputs inputs;
        private final Target target;
        private final Run run;

        private Judged(M model, Inputs inputs, Target target, Run run) {
            this.model = model;
            this.inputs = inputs;
            this.target = target;
            this.run = run;
        }

        /** Returns assertions with another run: seed, batches, deadline. */
        public Judged<M> with(Run newRun) {
            return new Judged<>(model, inputs, target, newRun);
        }

        /**
         * Checks that the explanation is better than another method's of the same examples, by a metric of
         * faithfulness. The mean of the differences, example by example, must be better with an interval of 95 % that
         * excludes 0.
         *
         * @param other such as {@link #random()}
         * @param metric judges single explanations, such as
         *     {@link io.github.attribution4j.metric.PerturbationCurve#deletion}
         */
        public Judged<M> isMoreFaithfulThan(Attribution<? super M> other, Metric metric) {
            if (inputs.rows() < 2) {
                failWithMessage(
                        "one example cannot tell chance from skill; explain several, 10 or more for a small interval");
            }
            Judgement mine = metric.judge(model, inputs, target, actual, run);
            Judgement others = metric.judge(model, inputs, target, other, run);
            double[] scores = mine.scores();
            double[] otherScores = others.scores();
            int sign = metric.higherIsBetter() ? 1 : -1;
            Interval better = Interval.of(IntStream.range(0, scores.length)
                    .mapToDouble(i -> sign * (scores[i] - otherScores[i]))
                    .toArray());
            if (!(better.low() > 0)) {
                failWithMessage(
                        "%s of %s is %s, and of %s %s (%s is better): better by %s on average over %s examples, and the"
                                + " interval of 95 %% from %s to %s must lie above 0; explain more examples if it is"
                                + " wide, else choose another method or baseline",
                        metric.name(),
                        actual.provenance().method(),
                        mine.mean(),
                        other.name(),
                        others.mean(),
                        metric.higherIsBetter() ? "higher" : "lower",
                        better.mean(),
                        scores.length,
                        better.low(),
                        better.high());
            }
            return this;
        }

        /**
         * Checks that the mean score of a metric is no worse than a limit.
         *
         * @param limit least mean where a higher score is better, else the largest
         * @param metric judges single explanations
         */
        public Judged<M> scoresNoWorseThan(double limit, Metric metric) {
            Judgement judgement = metric.judge(model, inputs, target, actual, run);
            double mean = judgement.mean();
            if (!(metric.higherIsBetter() ? mean >= limit : mean <= limit)) {
                failWithMessage(
                        "%s of %s is %s on average over %s examples, limit %s (%s is better); choose another method,"
                                + " more steps or samples, or another limit",
                        metric.name(),
                        actual.provenance().method(),
                        mean,
                        judgement.scores().length,
                        limit,
                        metric.higherIsBetter() ? "higher" : "lower");
            }
            return this;
        }

        /**
         * Checks that each example's score by a metric of robustness, for which a method explains changed inputs, is no
         * worse than a limit.
         *
         * @param limit largest score where a lower one is better, else the least
         * @param method the one that made the explanation
         * @param metric such as {@link io.github.attribution4j.metric.Sensitivity#max}
         */
        public Judged<M> isRobustWithin(double limit, Attribution<? super M> method, Metric metric) {
            String made = actual.provenance().method();
            if (!method.name().equals(made)) {
                failWithMessage("the explanation was made by %s, and not by %s; give that method", made, method.name());
            }
            if (metric.need() != Need.METHOD) {
                failWithMessage(
                        "%s judges single explanations, and does not explain changed inputs; choose a metric of"
                                + " robustness such as Sensitivity.max()",
                        metric.name());
            }
            double[] scores = metric.judge(model, inputs, target, method, run).scores();
            for (int example = 0; example < scores.length; example++) {
                if (!(metric.higherIsBetter() ? scores[example] >= limit : scores[example] <= limit)) {
                    failWithMessage(
                            "example %s: %s of %s is %s, limit %s (%s is better); average over noise with"
                                    + " NoiseTunnel.smoothGrad, evaluate more steps or samples, or allow more",
                            example,
                            metric.name(),
                            made,
                            scores[example],
                            limit,
                            metric.higherIsBetter() ? "higher" : "lower");
                }
            }
            return this;
        }
    }
}
