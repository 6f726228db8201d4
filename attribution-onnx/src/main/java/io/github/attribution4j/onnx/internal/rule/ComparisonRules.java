// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.onnx.internal.gradient.RecurrentRules;
import io.github.attribution4j.onnx.internal.gradient.Rules;
import io.github.attribution4j.onnx.internal.gradient.Rules.Rule;
import io.github.attribution4j.onnx.internal.gradient.Step;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.rule.Slopes.Pair;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * DeepLIFT: multipliers in place of derivatives, which add up for every operator, row by row: the sum of m · Δx is Δy,
 * where Δ is the difference between the run and the run of the references.
 *
 * <p>An operator that is linear in what depends on the attributed values keeps its derivative, as long as its other
 * operands are the same in both runs. All others have a rule here, or are refused by name.
 */
final class ComparisonRules implements Family {
    /** Operators that round or tell signs: their derivative is zero, and their multiplier is not. */
    private static final Set<String> STEPS = Set.of("Sign", "Floor", "Ceil", "Round");

    /** Rules of operators for each distance below which derivatives count. */
    private final Map<Double, Map<String, Rule>> tables = new HashMap<>();

    private final Map<String, Rule> always = new HashMap<>();

    ComparisonRules() {
        Conditions.addTo(always);
        Products.addPlacedTo(always);
    }

    private Map<String, Rule> table(double near) {
        return tables.computeIfAbsent(near, any -> {
            Map<String, Rule> table = new HashMap<>();
            new Slopes(near).addTo(table);
            new Maxima(near).addTo(table);
            new Norms(near).addTo(table);
            Products.addTo(table);
            RecurrentRules.addTo(
                    table,
                    (s, x, y, derivative) -> Slopes.slope(
                            s,
                            new Pair(s.like(x.now(), s.x()), x.then()),
                            new Pair(y.now(), y.then()),
                            derivative,
                            near));
            return table;
        });
    }

    @Override
    public @Nullable String objection(BackwardRule rule, Operation operation) {
        return rule instanceof BackwardRule.Gradient || operation.kind() != Operation.Kind.UNKNOWN
                ? null
                : "how it compares with a reference is not known";
    }

    @Override
    public boolean cuts(Node node) {
        return Rules.cuts(node) && !STEPS.contains(node.type()) && !Conditions.OPERATORS.contains(node.type());
    }

    @Override
    public boolean carriesTruth() {
        return true;
    }

    @Override
    public @Nullable Rule always(Node node) {
        return node.domain().isEmpty() ? always.get(node.type()) : null;
    }

    @Override
    public @Nullable Rule of(Place place, Around around) {
        BackwardRule rule = Objects.requireNonNull(place.rule());
        Node end = place.group().end();
        if (rule instanceof BackwardRule.Gradient) {
            // Weights may depend on what is attributed too.
            return place.kind() == Operation.Kind.WEIGHTED && place.group().isOne() ? Products::bilinear : null;
        }
        boolean reveal = rule instanceof BackwardRule.RevealCancel;
        double near =
                rule instanceof BackwardRule.RevealCancel given ? given.near() : ((BackwardRule.Rescale) rule).near();
        Rule own = table(near).get(end.type());
        if (place.kind() != Operation.Kind.ACTIVATION) {
            return own != null
                    ? own
                    : s -> {
                        throw s.refuse("how it compares with a reference is not known; treat it as a gradient, or cut"
                                + " the model at a layer after it");
                    };
        }
        // A maximum of a value and a number is a function of the value.
        Rule ordinary = own == null || !place.group().isOne() || end.is("Max") || end.is("Min")
                ? s -> new Slopes(near).elementwise(s, place.group())
                : own;
        return reveal ? new RevealCancel(near).or(place.group(), around, ordinary) : ordinary;
    }

    /** The derivative's rule of a node. */
    static Rule derivative(Step s) {
        Rule rule = Rules.of(s.node());
        if (rule == null) {
            throw s.refuse("no rule is known for it");
        }
        return rule;
    }
}
