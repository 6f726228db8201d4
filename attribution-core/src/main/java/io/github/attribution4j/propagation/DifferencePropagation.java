// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.Baseline;
import io.github.attribution4j.Evaluator;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Problems;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.RuleSet;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Multipliers times differences from references: what {@link DeepLift}, of one reference for each example, and {@link
 * DeepLiftShap}, of many, share. Rules, the completeness that is judged, and its tolerance are described at {@link DeepLift}.
 */
public abstract sealed class DifferencePropagation extends Propagation permits DeepLift, DeepLiftShap {
    private static final double NEAR = 1e-10;
    private static final double TOLERANCE = 1e-3;
    private final Baseline baseline;
    private final DeepLift.Rule rule;
    private final boolean multiplyByInputs;
    private final double near;
    private final double tolerance;
    private final boolean allowIncomplete;
    private final boolean unknownAsGradient;
    private final RuleSet rules;

    DifferencePropagation(Builder<?> builder) {
        this.baseline = builder.baseline;
        this.rule = builder.rule;
        this.multiplyByInputs = builder.multiplyByInputs;
        this.near = builder.near;
        this.tolerance = builder.tolerance;
        this.allowIncomplete = builder.allowIncomplete;
        this.unknownAsGradient = builder.unknownAsGradient;
        this.rules = ComparisonRules.of(rule == DeepLift.Rule.REVEAL_CANCEL, near, unknownAsGradient);
    }

    /** Adds what is wrong with the references. */
    abstract void checkReferences(Problems problems);

    /** Adds the settings that only this method has. */
    abstract void describe(Map<String, Object> settings);

    final Baseline baseline() {
        return baseline;
    }

    /** Returns the baseline for inputs to compare with: if they are those of a tail, what the head makes of the model's own. */
    final Baseline baselineOf(Inputs inputs) {
        return inputs.origin()
                .map(origin -> baselineOf(origin.inputs()).throughHead())
                .orElse(baseline);
    }

    @Override
    public final RuleSet rules() {
        return rules;
    }

    @Override
    final void check(Inputs inputs, Problems problems) {
        checkReferences(problems);
        baselineOf(inputs).check(inputs, problems);
    }

    /** Returns m · (values − those at the references), or the multipliers m alone if the user wants those; row by row. */
    final List<Tensor> contributions(
            List<Tensor> multipliers, Supplier<List<Tensor>> values, Supplier<List<Tensor>> atReferences) {
        if (!multiplyByInputs) {
            return multipliers;
        }
        List<Tensor> here = values.get();
        List<Tensor> there = atReferences.get();
        List<Tensor> contributions = new ArrayList<>(multipliers.size());
        for (int i = 0; i < multipliers.size(); i++) {
            contributions.add(multipliers.get(i).mul(here.get(i).sub(there.get(i))));
        }
        return contributions;
    }

    /** Starts the explanation, and judges whether contributions add up. */
    final Explanation.Builder judged(RuledRun run, List<Tensor> attributions, double[] scoresAtReference) {
        Evaluator evaluator = run.evaluator();
        Explanation.Builder explanation = evaluator.explain(attributions);
        if (!multiplyByInputs) {
            return explanation.baselineScores(scoresAtReference);
        }
        if (!allowIncomplete && !run.atLayers()) {
            SummationCheck.require(name(), tolerance, attributions, evaluator.scores(), scoresAtReference);
        }
        return explanation.completeTo(scoresAtReference);
    }

    @Override
    public final Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("baseline", baseline.describe());
        describe(settings);
        settings.put("rule", rule == DeepLift.Rule.RESCALE ? "rescale" : "reveal-cancel");
        settings.put("multiply-by-inputs", multiplyByInputs);
        settings.put("near", near);
        settings.put("tolerance", tolerance);
        settings.put("allow-incomplete", allowIncomplete);
        settings.put("unknown-as-gradient", unknownAsGradient);
        return settings;
    }

    /**
     * Collects the settings that both methods share. Not thread-safe.
     *
     * @param <B> the builder itself
     */
    public abstract static class Builder<B extends Builder<B>> {
        private Baseline baseline;
        private DeepLift.Rule rule = DeepLift.Rule.RESCALE;
        private boolean multiplyByInputs = true;
        private double near = NEAR;
        private double tolerance = TOLERANCE;
        private boolean allowIncomplete;
        private boolean unknownAsGradient;

        Builder(Baseline baseline) {
            this.baseline = baseline;
        }

        abstract B self();

        final B compareWith(Baseline references) {
            baseline = references;
            return self();
        }

        /** Sets the rule of element-wise operations; default {@link DeepLift.Rule#RESCALE}. */
        public B rule(DeepLift.Rule newRule) {
            rule = newRule;
            return self();
        }

        /** Sets whether multipliers are multiplied by x − x′; default yes. If not, there is no completeness gap. */
        public B multiplyByInputs(boolean multiply) {
            multiplyByInputs = multiply;
            return self();
        }

        /**
         * Sets below which |Δx| an operation's derivative stands for Δy / Δx; default 1e-10.
         *
         * @param smallest in the unit of the operation's operand, 0 or more
         */
        public B near(double smallest) {
            near = smallest;
            return self();
        }

        /**
         * Sets how far the sum may be off; default 1e-3.
         *
         * @param fraction of |F(x) − F(x′)|, 0 or more
         */
        public B tolerance(double fraction) {
            if (!(fraction >= 0)) {
                throw new IllegalArgumentException("tolerance " + fraction + ": must be 0 or more");
            }
            tolerance = fraction;
            return self();
        }

        /** Takes attributions whose sum is off, with the gap in the explanation. */
        public B allowIncomplete() {
            allowIncomplete = true;
            return self();
        }

        /** Treats operations that have no rule as their derivative, which need not add up; see {@link #allowIncomplete}. */
        public B unknownAsGradient() {
            unknownAsGradient = true;
            return self();
        }
    }
}
