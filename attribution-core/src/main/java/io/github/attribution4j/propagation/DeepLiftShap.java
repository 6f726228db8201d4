/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.propagation;

import io.github.attribution4j.Baseline;
import io.github.attribution4j.Evaluator;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.GroupMoments;
import io.github.attribution4j.Problems;
import io.github.attribution4j.Rows;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.RuleSet;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * DeepSHAP: {@link DeepLift} against every reference of a distribution, averaged. It approximates SHAP values under the
 * assumption that input elements are independent and the model locally linear in them.
 *
 * <p>Attribution: the mean over references b of m(x, b) · (x − b); shape and type of the input. The explanation holds the
 * standard error of that mean over references for each element (two references or more). It sums to F(x) − mean F(b): the
 * completeness gap is the difference, and is judged as {@link DeepLift} judges its own.
 *
 * <p>Of {@link Baseline#samples} every one is used. From another distribution {@link Builder#draws} references are drawn for each
 * example, by (seed, example, draw).
 *
 * <p><b>Cost.</b> With B references for each example B backward rows and 3 B forward rows: for the pairs' inputs, their references,
 * and the references' scores. At a layer B more.
 *
 * <p><b>Paper.</b> Lundberg and Lee, <i>A Unified Approach to Interpreting Model Predictions</i>, 2017; Shrikumar et al. 2017.
 *
 * <p><b>Compared with Captum.</b> {@code DeepLiftShap}, and at layers and neurons {@code LayerDeepLiftShap} and {@code
 * NeuronDeepLiftShap}, where {@link DeepLift} agrees. Captum returns a delta for each pair and needs memory for all pairs at once;
 * here pairs go through in micro-batches.
 *
 * <p>Settings: those of {@link DeepLift}, and {@code draws}.
 */
public final class DeepLiftShap extends Propagation {
    private static final int DRAWS = 25;
    private final Baseline baseline;
    private final DeepLift.Rule rule;
    private final int draws;
    private final boolean multiplyByInputs;
    private final double near;
    private final double tolerance;
    private final boolean allowIncomplete;
    private final boolean unknownAsGradient;
    private final RuleSet rules;

    private DeepLiftShap(Builder builder) {
        this.baseline = builder.baseline;
        this.rule = builder.rule;
        this.draws = builder.draws;
        this.multiplyByInputs = builder.multiplyByInputs;
        this.near = builder.near;
        this.tolerance = builder.tolerance;
        this.allowIncomplete = builder.allowIncomplete;
        this.unknownAsGradient = builder.unknownAsGradient;
        this.rules = ComparisonRules.of(rule == DeepLift.Rule.REVEAL_CANCEL, near, unknownAsGradient);
    }

    /**
     * Creates the method with its defaults: rescale.
     *
     * @param baseline what references are taken from, such as {@link Baseline#samples}
     */
    public DeepLiftShap(Baseline baseline) {
        this(new Builder(baseline));
    }

    /**
     * Returns a builder that starts from the defaults.
     *
     * @param baseline what references are taken from, such as {@link Baseline#samples}
     */
    public static Builder builder(Baseline baseline) {
        return new Builder(baseline);
    }

    @Override
    public RuleSet rules() {
        return rules;
    }

    @Override
    void check(Inputs inputs, Problems problems) {
        problems.require(draws >= 1, "draws " + draws + ": must be at least 1");
        baseline.check(inputs, problems);
    }

    @Override
    Explanation.Builder explain(RuledRun run) {
        Evaluator evaluator = run.evaluator();
        PairedRows pairs = PairedRows.of(evaluator, baseline, draws);
        Rows references = pairs.references();
        double[] scoresAtReference = means(evaluator.scores(references), pairs.group());
        GroupMoments moments = GroupMoments.ofSecondOrder(pairs.group());
        run.propagateAgainst(pairs, references, (batch, from, to, scores, activations, multipliers) -> {
            List<Tensor> contributions = multipliers;
            if (multiplyByInputs) {
                List<Tensor> values = run.atLayers() ? activations : pairs.attributed(from, to);
                List<Tensor> atReference = run.valuesAtRows(references.range(from, to));
                contributions = new ArrayList<>(multipliers.size());
                for (int i = 0; i < multipliers.size(); i++) {
                    contributions.add(multipliers.get(i).mul(values.get(i).sub(atReference.get(i))));
                }
            }
            moments.add(batch, from, to, contributions);
        });
        List<Tensor> attributions = moments.means();
        Explanation.Builder explanation = evaluator.explain(attributions).standardErrors(moments.standardErrors());
        if (!multiplyByInputs) {
            return explanation.baselineScores(scoresAtReference);
        }
        if (!allowIncomplete && !run.atLayers()) {
            SummationCheck.require(name(), tolerance, attributions, evaluator.scores(), scoresAtReference);
        }
        return explanation.completeTo(scoresAtReference);
    }

    private static double[] means(double[] ofRows, long group) {
        double[] means = new double[Math.toIntExact(ofRows.length / group)];
        for (int r = 0; r < ofRows.length; r++) {
            means[(int) (r / group)] += ofRows[r] / group;
        }
        return means;
    }

    @Override
    public String name() {
        return "deep-lift-shap";
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("baseline", baseline.describe());
        settings.put("draws", draws);
        settings.put("rule", rule == DeepLift.Rule.RESCALE ? "rescale" : "reveal-cancel");
        settings.put("multiply-by-inputs", multiplyByInputs);
        settings.put("near", near);
        settings.put("tolerance", tolerance);
        settings.put("allow-incomplete", allowIncomplete);
        settings.put("unknown-as-gradient", unknownAsGradient);
        return settings;
    }

    /** Collects settings. Not thread-safe. */
    public static final class Builder {
        private final Baseline baseline;
        private DeepLift.Rule rule = DeepLift.Rule.RESCALE;
        private int draws = DRAWS;
        private boolean multiplyByInputs = true;
        private double near = DeepLift.NEAR;
        private double tolerance = DeepLift.TOLERANCE;
        private boolean allowIncomplete;
        private boolean unknownAsGradient;

        private Builder(Baseline baseline) {
            this.baseline = baseline;
        }

        /** Sets the rule of element-wise operations; default {@link DeepLift.Rule#RESCALE}. */
        public Builder rule(DeepLift.Rule newRule) {
            rule = newRule;
            return this;
        }

        /** Sets how many references are drawn for each example, where the baseline does not list all; default 25. */
        public Builder draws(int newDraws) {
            draws = newDraws;
            return this;
        }

        /** Sets whether multipliers are multiplied by x − b; default yes. If not, there is no completeness gap. */
        public Builder multiplyByInputs(boolean multiply) {
            multiplyByInputs = multiply;
            return this;
        }

        /** Sets below which |Δx| a derivative stands for Δy / Δx; default 1e-10; see {@link DeepLift.Builder#near}. */
        public Builder near(double smallest) {
            near = smallest;
            return this;
        }

        /** Sets how far the sum may be off, as a fraction; default 1e-3; see {@link DeepLift.Builder#tolerance}. */
        public Builder tolerance(double fraction) {
            if (!(fraction >= 0)) {
                throw new IllegalArgumentException("tolerance " + fraction + ": must be 0 or more");
            }
            tolerance = fraction;
            return this;
        }

        /** Takes attributions whose sum is off, with the gap in the explanation. */
        public Builder allowIncomplete() {
            allowIncomplete = true;
            return this;
        }

        /** Treats operations that have no rule as their derivative, which need not add up; see {@link #allowIncomplete}. */
        public Builder unknownAsGradient() {
            unknownAsGradient = true;
            return this;
        }

        /** Returns the method. */
        public DeepLiftShap build() {
            return new DeepLiftShap(this);
        }
    }
}
