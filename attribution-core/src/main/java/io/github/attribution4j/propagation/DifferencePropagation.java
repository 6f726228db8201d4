// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Multipliers times differences from references: the common part of {@link DeepLift}, with one reference for each
 * example, and {@link DeepLiftShap}, with many. {@link DeepLift} describes the rules, the check of completeness, and
 * its tolerance.
 *
 * @param <S> the method itself
 */
abstract sealed class DifferencePropagation<S extends DifferencePropagation<S>> extends Propagation<S>
        permits DeepLift, DeepLiftShap {
    static final Setting<Baseline> BASELINE = Setting.of(
            "baseline",
            Baseline.KIND,
            Baseline.zeros(),
            "what every activation is compared with, such as samples:FILE for a distribution");

    @SuppressWarnings("ClassInitializationDeadlock") // A nested enum does not initialize DeepLift.
    static final Setting<DeepLift.Rule> RULE = Setting.of(
            "rule",
            Kind.choice(DeepLift.Rule.class),
            DeepLift.Rule.RESCALE,
            "what element-wise activations follow; reveal-cancel gives positive and negative parts of a difference"
                    + " multipliers of their own");

    static final Setting<Boolean> MULTIPLY = Setting.of(
            "multiply-by-inputs",
            Kind.FLAG,
            true,
            "whether multipliers are multiplied by input - baseline; if not: a sensitivity");
    static final Setting<Double> NEAR =
            Setting.of("near", Kind.NUMBER, 1e-10, "differences below it are replaced by the derivative");
    static final Setting<Double> TOLERANCE = Setting.of(
                    "tolerance", Kind.NUMBER, 1e-3, "how far the sum may be off, as a fraction of what it should be")
            .where("0 or more", fraction -> fraction >= 0);
    static final Setting<Boolean> INCOMPLETE =
            Setting.of("allow-incomplete", Kind.FLAG, false, "whether a sum that is further off is no error");
    static final Setting<Boolean> UNKNOWN = Setting.of(
            "unknown-as-gradient",
            Kind.FLAG,
            false,
            "whether operations without a rule keep their derivative instead of refusing");

    private final RuleSet rules;

    DifferencePropagation(Settings<S> settings) {
        super(settings);
        rules = ComparisonRules.of(
                settings.get(RULE) == DeepLift.Rule.REVEAL_CANCEL, settings.get(NEAR), settings.get(UNKNOWN));
    }

    /** Returns a copy that compares with other references of the inputs. */
    public final S baseline(Baseline baseline) {
        return with(BASELINE, baseline);
    }

    /** Returns a copy whose element-wise operations follow another rule; default {@link DeepLift.Rule#RESCALE}. */
    public final S rule(DeepLift.Rule rule) {
        return with(RULE, rule);
    }

    /**
     * Returns a copy whose multipliers are multiplied by x − x′, the default, or not. If not, there is no completeness
     * gap.
     */
    public final S multiplyByInputs(boolean multiply) {
        return with(MULTIPLY, multiply);
    }

    /**
     * Returns a copy in which the derivative replaces Δy / Δx below another |Δx|; default 1e-10.
     *
     * @param smallest in the unit of the operation's operand, 0 or more
     */
    public final S near(double smallest) {
        return with(NEAR, smallest);
    }

    /**
     * Returns a copy with another tolerance for the sum; default 1e-3.
     *
     * @param fraction of |F(x) − F(x′)|, 0 or more
     */
    public final S tolerance(double fraction) {
        return with(TOLERANCE, fraction);
    }

    /** Returns a copy that accepts attributions whose sum deviates; the explanation holds the gap. */
    public final S allowIncomplete() {
        return with(INCOMPLETE, true);
    }

    /** Returns a copy that treats operations without a rule as their derivative; see {@link #allowIncomplete}. */
    public final S unknownAsGradient() {
        return with(UNKNOWN, true);
    }

    /** Adds the problems of the references. */
    abstract void checkReferences(Problems problems);

    final Baseline baseline() {
        return value(BASELINE);
    }

    /**
     * Returns the baseline for inputs. For the inputs of a tail it is what the head computes from the model's own
     * baseline.
     */
    final Baseline baselineOf(Inputs inputs) {
        return inputs.origin()
                .map(origin -> baselineOf(origin.inputs()).throughHead())
                .orElse(value(BASELINE));
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

    /**
     * Returns m · (values − those at the references), or the multipliers m alone if the user wants those; row by row.
     */
    final List<Tensor> contributions(
            List<Tensor> multipliers, Supplier<List<Tensor>> values, Supplier<List<Tensor>> atReferences) {
        if (!value(MULTIPLY)) {
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

    /** Returns attributions, after a check that they add up. */
    final Outcome judged(RuledRun run, List<Tensor> attributions, double[] scoresAtReference) {
        Evaluator evaluator = run.evaluator();
        Outcome outcome = Outcome.of(attributions);
        if (!value(MULTIPLY)) {
            return outcome.baselineScores(scoresAtReference);
        }
        if (!value(INCOMPLETE) && !run.atLayers()) {
            SummationCheck.require(name(), value(TOLERANCE), attributions, evaluator.scores(), scoresAtReference);
        }
        return outcome.completeTo(scoresAtReference);
    }
}
