// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.Operation.Kind;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.onnx.internal.gradient.Rules;
import io.github.attribution4j.onnx.internal.gradient.Rules.Rule;
import io.github.attribution4j.onnx.internal.gradient.Weaver.Ways;
import io.github.attribution4j.onnx.internal.graph.Constants;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What each node of a graph does on the way back under a set of rules: the place where a rule takes effect. */
public final class RuledWays implements Ways {
    private final RuleSet rules;
    private final Family family;
    private final Operations operations;
    private final UnaryOperator<String> original;
    private final Set<String> exposed;
    private final Map<String, String> references;
    /** By the result. Graphs inside nodes are read again whenever they are asked for, with other nodes. */
    private final Map<String, Place> byValue = new HashMap<>();

    /**
     * Finds the operations of a graph that was edited.
     *
     * @param operations those of the model
     * @param graph the model's, with some values replaced or looked at, and with a run of the references if rules
     *     compare
     * @param types of its values
     * @param original the name that a value had before the graph was edited
     * @param exposed the values that the way back starts from and ends at
     * @param references for each value that differs in the run of the references, its name there
     */
    public RuledWays(
            RuleSet rules,
            Operations operations,
            Graph graph,
            Map<String, ValueType> types,
            UnaryOperator<String> original,
            Collection<String> exposed,
            Map<String, String> references) {
        this.rules = rules;
        this.references = withWords(graph, references);
        this.family = Family.of(rules.family());
        this.operations = operations;
        this.original = original;
        this.exposed = new HashSet<>(exposed);
        Operations.visit(graph, new Constants(graph), types::get, exposed, (group, constants) -> add(group));
    }

    /**
     * Returns references of the values, too, that only the words of an operator have, in which the way back sees it.
     * Where a value and its reference are computed by the same operator, their operands belong together too.
     */
    private static Map<String, String> withWords(Graph graph, Map<String, String> references) {
        Map<String, Node> producers = new HashMap<>();
        if (!references.isEmpty()) {
            graph.nodes().forEach(node -> node.outputs().forEach(value -> producers.put(value, node)));
        }
        Map<String, String> all = new HashMap<>(references);
        Deque<String> open = new ArrayDeque<>(references.keySet());
        while (!open.isEmpty()) {
            String value = open.pop();
            Node here = producers.get(value);
            Node there = producers.get(all.get(value));
            if (here == null
                    || there == null
                    || !here.type().equals(there.type())
                    || here.inputs().size() != there.inputs().size()) {
                continue;
            }
            for (int i = 0; i < here.inputs().size(); i++) {
                String operand = here.input(i);
                boolean computed = producers.containsKey(operand) && producers.containsKey(there.input(i));
                if (computed && !operand.equals(there.input(i)) && all.putIfAbsent(operand, there.input(i)) == null) {
                    open.add(operand);
                }
            }
        }
        return all;
    }

    private void add(Group group) {
        String value = original.apply(Operations.result(group.end()));
        Operation listed = operations.of(value);
        if (listed == null || listed.kind() != group.kind()) {
            // A node that the model does not list, such as one of several that a cut has separated.
            listed = new Operation(
                    value, "", group.name(), group.kind(), operations.all().size());
        }
        Place place =
                new Place(listed, group, rules.ruleFor(listed, operations.all()).orElse(null));
        byValue.put(Operations.result(group.end()), place);
    }

    /**
     * Checks that operations can follow their rules.
     *
     * @throws UnsupportedModelException if one cannot, if a rule is for a place that does not exist, or if no operation
     *     follows rules for ReLUs
     */
    public static void check(RuleSet rules, List<Operation> all) {
        Family family = Family.of(rules.family());
        rules.requirePlaces(all, "its exporter recorded no modules; choose operations by kind, by name or by address");
        boolean followed = false;
        for (Operation operation : all) {
            Optional<BackwardRule> chosen = rules.ruleFor(operation, all);
            if (chosen.isPresent() && operation.kind() != Kind.RESHAPE) {
                String objection = family.objection(chosen.get(), operation);
                if (objection != null) {
                    throw new UnsupportedModelException("rule " + chosen.get() + " at operation '"
                            + operation.address() + "' (" + operation.kind() + "): " + objection
                            + "; give the operation another rule");
                }
                followed |= !(chosen.get() instanceof BackwardRule.Gradient);
            }
        }
        if (rules.family() == BackwardRule.Family.GUIDED && !followed) {
            throw rules.followedByNone(all);
        }
    }

    @Override
    public @Nullable Rule of(Node node) {
        Rule always = family.always(node);
        if (always != null) {
            return always;
        }
        Place place = byValue.get(Operations.result(node));
        if (place == null || place.kind() == Kind.RESHAPE) {
            return place == null || place.rule() == null ? Rules.of(node) : passing(place);
        }
        return place.rule() == null || !mayPass(place) ? null : passing(place);
    }

    private @Nullable Rule passing(Place place) {
        Rule rule = family.of(place, this::before);
        return rule != null ? rule : derivative(place.group());
    }

    private static @Nullable Rule derivative(Group group) {
        return group.isOne() ? Rules.of(group.end()) : s -> Derivatives.pass(s, group, s.g());
    }

    /** Whether the derivative of a place was meant if it is its rule. */
    private boolean mayPass(Place place) {
        return !(place.rule() instanceof BackwardRule.Gradient)
                || family.derivative(place.operation())
                || rules.assignments().stream()
                        .anyMatch(assignment -> assignment.selector().selects(place.operation(), operations.all()));
    }

    private @Nullable Place before(String value) {
        return exposed.contains(value) ? null : byValue.get(value);
    }

    @Override
    public boolean cuts(Node node) {
        Place place = byValue.get(Operations.result(node));
        if (place != null && place.rule() instanceof BackwardRule.Stop && place.kind() != Kind.RESHAPE) {
            return true;
        }
        return family.cuts(node) && (place == null || !(place.rule() instanceof BackwardRule.Pass));
    }

    @Override
    public boolean carriesTruth() {
        return family.carriesTruth();
    }

    @Override
    public String reference(String value) {
        return references.getOrDefault(value, value);
    }

    @Override
    public String where(Node node) {
        Place place = byValue.get(Operations.result(node));
        return place == null ? Ways.DERIVATIVES.where(node) : place.described();
    }

    @Override
    public String remedy(Node node) {
        Place place = byValue.get(Operations.result(node));
        if (place == null) {
            return Ways.DERIVATIVES.remedy(node);
        }
        if (place.rule() != null && !mayPass(place)) {
            return "a recurrent layer in one operator has no " + rules.family()
                    + " rule, and a gradient has to pass it; cut the model at a layer after it";
        }
        if (place.rule() != null) {
            return "its derivative is not known; cut the model at a layer after it";
        }
        return "there is no " + rules.family() + " rule for it, and a gradient has to pass it; give it one"
                + " (RuleSet.of(selector, rule)), treat it as a gradient (otherwise(new BackwardRule.Gradient())),"
                + " or cut the model at a layer after it";
    }
}
