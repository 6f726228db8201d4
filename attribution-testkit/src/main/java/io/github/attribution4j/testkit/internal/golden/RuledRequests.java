// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import com.google.gson.JsonObject;
import io.github.attribution4j.Attribution;
import io.github.attribution4j.cam.GuidedGradCam;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.BackwardRule.BiasPart;
import io.github.attribution4j.model.rule.BackwardRule.Group;
import io.github.attribution4j.model.rule.BackwardRule.InputPart;
import io.github.attribution4j.model.rule.BackwardRule.Term;
import io.github.attribution4j.model.rule.BackwardRule.WeightPart;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.DeepLiftShap;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.propagation.Rules;
import java.util.List;

/** The methods of {@code golden/propagation}. */
public record RuledRequests(Requests requests, GoldenCase given) {
    /** What Captum gives to pools, norms and additions. */
    private static final double EPSILON = 1e-9;

    /** Returns the method of a case, at its layer or towards its unit if it has one. */
    public Attribution<? super RuledModel> method() {
        if (given.method().equals("guided-grad-cam")) {
            return new GuidedGradCam(given.layer());
        }
        Attribution.Ruled method = propagation();
        if (!given.isInside()) {
            return method;
        }
        return given.has("unit") ? method.towards(given.layer(), given.unit()) : method.at(given.layers());
    }

    private Attribution.Ruled propagation() {
        return switch (given.method()) {
            case "guided-backprop" -> new GuidedBackprop();
            case "deconvolution" -> GuidedBackprop.deconvolution();
            case "deep-lift" ->
                new DeepLift()
                        .baseline(requests.unlifted())
                        .multiplyByInputs(given.options().flag("multiply-by-inputs", true));
            case "deep-lift-shap" -> new DeepLiftShap(requests.samples());
            case "lrp" -> new Lrp(rules(given.options().objects("rules")));
            default -> throw new IllegalArgumentException(given.id() + ": method " + given.method() + " is unknown");
        };
    }

    /** Returns Captum's rules: those of the case for what has weights, its defaults for the rest. */
    private static RuleSet rules(List<JsonObject> weighted) {
        BackwardRule.Norm norm = new BackwardRule.Norm(EPSILON);
        RuleSet rules = RuleSet.of(
                        Operation.Selector.kind(Operation.Kind.ACTIVATION, Operation.Kind.MAX_POOLING), Rules.pass())
                .rule(Operation.Selector.kind(Operation.Kind.LINEAR, Operation.Kind.AVERAGE_POOLING), norm)
                .rule(
                        Operation.Selector.kind(Operation.Kind.NORMALIZATION),
                        new BackwardRule.ConstantDeviation(EPSILON));
        for (JsonObject one : weighted) {
            Operation.Selector selector = Operation.Selector.kind(Operation.Kind.WEIGHTED);
            if (one.has("module")) {
                String start = one.get("module").getAsString();
                selector = selector.and(Operation.Selector.where(
                        "modules " + start + "*",
                        operation -> operation.module().startsWith(start)));
            }
            rules = rules.rule(selector, rule(one));
        }
        return rules;
    }

    private static BackwardRule rule(JsonObject rule) {
        double epsilon = rule.get("epsilon").getAsDouble();
        boolean biased = rule.has("bias") && rule.get("bias").getAsString().equals("value");
        return switch (rule.get("rule").getAsString()) {
            case "epsilon" -> Rules.epsilon(epsilon);
            case "gamma" ->
                weighted(WeightPart.RAISED, biased, epsilon, rule.get("gamma").getAsDouble());
            case "positive-weights" -> weighted(WeightPart.POSITIVE, biased, epsilon, 0);
            default -> throw new IllegalArgumentException("rule " + rule);
        };
    }

    /** Captum changes weights and nothing else: the bias stays as it is, or is left out. */
    private static BackwardRule weighted(WeightPart weights, boolean biased, double epsilon, double gamma) {
        Term term = new Term(1, InputPart.VALUE, weights, biased ? BiasPart.VALUE : BiasPart.ZERO);
        return new BackwardRule.Weighted(
                "captum-" + weights, List.of(new Group(1, term)), epsilon, gamma, List.of(), List.of());
    }
}
