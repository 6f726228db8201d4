// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds activations that a program writes in several operators: GELU, SiLU and the like as the product of a value and a
 * function of the same value.
 *
 * <pre>
 * y = torch.mul(torch.mul(x, 0.5), torch.add(torch.tanh(...), 1.))
 * </pre>
 *
 * <p>Each element of y depends on the same element of x and nothing else. So for backward rules it is one activation,
 * whatever the operators are: split by the rules of products and sums, a part of the relevance would go to the 1.
 *
 * <p>All operators stand in one list of statements, no other statement reads what is inside, and the variables have one
 * value each.
 */
final class WrittenActivations {
    /** Activations are written in no more operators than this. */
    private static final int MOST = 12;

    private static final Set<String> ELEMENTWISE = Set.of(
            "abs",
            "add",
            "clamp",
            "clamp_max",
            "clamp_min",
            "clip",
            "div",
            "erf",
            "exp",
            "hardsigmoid",
            "hardtanh",
            "log",
            "log1p",
            "mul",
            "neg",
            "pow",
            "reciprocal",
            "relu",
            "relu6",
            "rsub",
            "sigmoid",
            "softplus",
            "sqrt",
            "square",
            "sub",
            "tanh");

    /** The name of x · f(x) by an operator in f; the first one counts. */
    private static final List<Map.Entry<String, String>> NAMES = List.of(
            Map.entry("erf", "gelu"),
            Map.entry("softplus", "mish"),
            Map.entry("tanh", "gelu"),
            Map.entry("hardsigmoid", "hardswish"),
            Map.entry("hardtanh", "hardswish"),
            Map.entry("clamp", "hardswish"),
            Map.entry("relu6", "hardswish"),
            Map.entry("sigmoid", "silu"));

    /**
     * A call of an activation.
     *
     * @param name of the activation for rules
     * @param source the variable that the activation is a function of
     * @param number tells it from other activations of the text
     * @param ends whether the call computes its result; else a value inside
     */
    record Part(String name, String source, int number, boolean ends) {}

    /** A variable that one statement gives its value. */
    private record Definition(int statement, Expr value) {}

    private final Map<String, Integer> assignments;
    private final Map<String, Integer> reads;
    private final Set<String> written;
    private final IdentityHashMap<Expr.Call, Part> found = new IdentityHashMap<>();

    /**
     * Searches a text.
     *
     * @param assignments how often each variable gets a value, parameters none
     * @param reads how often each variable is read
     * @param written variables whose memory operators write to
     */
    WrittenActivations(
            List<Stmt> body, Map<String, Integer> assignments, Map<String, Integer> reads, Set<String> written) {
        this.assignments = assignments;
        this.reads = reads;
        this.written = written;
        search(body);
    }

    /** Returns what a call is of an activation; null if it is of none. */
    @Nullable
    Part of(Expr.Call call) {
        return found.get(call);
    }

    private void search(List<Stmt> statements) {
        Map<String, Definition> definitions = new HashMap<>();
        for (int i = 0; i < statements.size(); i++) {
            Stmt statement = statements.get(i);
            Trees.blocks(statement).forEach(this::search);
            List<Expr> values = statement instanceof Stmt.Assign assign
                    ? assign.values()
                    : statement instanceof Stmt.Return result ? result.values() : List.of();
            for (Expr value : values) {
                products(value, definitions);
            }
            if (statement instanceof Stmt.Assign assign
                    && assign.targets().size() == 1
                    && assign.values().size() == 1
                    && assign.targets().get(0) instanceof Expr.Name name) {
                definitions.put(name.id(), new Definition(i, assign.values().get(0)));
            }
        }
    }

    /** Searches an expression, inner products first. */
    private void products(Expr expression, Map<String, Definition> definitions) {
        Trees.map(expression, part -> {
            if (part instanceof Expr.Call call && isOperator(call, "mul")) {
                product(call, definitions);
            }
            return part;
        });
    }

    private void product(Expr.Call last, Map<String, Definition> definitions) {
        List<Expr.Call> calls = new ArrayList<>();
        Map<String, Integer> open = new LinkedHashMap<>();
        boolean known = enter(last, calls, open);
        while (known && open.size() > 1) {
            String latest =
                    Collections.max(open.keySet(), Comparator.comparingInt(name -> statementOf(definitions.get(name))));
            Definition definition = definitions.get(latest);
            Integer read = open.remove(latest);
            known = definition != null
                    && isSettled(latest, 1)
                    && (definition.value() instanceof Expr.Attribute
                            || (Objects.equals(read, reads.get(latest)) && enter(definition.value(), calls, open)));
        }
        if (!known) {
            return;
        }
        String source = open.isEmpty() ? "" : open.keySet().iterator().next();
        boolean twice = open.getOrDefault(source, 0) > 1;
        if (!twice || !(isSettled(source, 1) || isSettled(source, 0))) {
            return;
        }
        for (Map.Entry<String, String> name : NAMES) {
            if (calls.stream().anyMatch(call -> isOperator(call, name.getKey()))
                    && calls.stream().noneMatch(found::containsKey)) {
                int number = found.size();
                calls.forEach(call -> found.put(call, new Part(name.getValue(), source, number, false)));
                found.put(last, new Part(name.getValue(), source, number, true));
                return;
            }
        }
    }

    private static int statementOf(@Nullable Definition definition) {
        return definition == null ? -1 : definition.statement();
    }

    /** Returns whether so many statements give a variable its value, and no operator writes to it. */
    private boolean isSettled(String variable, int times) {
        return assignments.getOrDefault(variable, 0) == times && !written.contains(variable);
    }

    /** Adds a call, those inside it and the variables that they read; returns whether all are elementwise. */
    private static boolean enter(Expr expression, List<Expr.Call> calls, Map<String, Integer> open) {
        if (expression instanceof Expr.Parens parens) {
            return enter(parens.value(), calls, open);
        }
        if (expression instanceof Expr.Name name) {
            open.merge(name.id(), 1, Integer::sum);
            return true;
        }
        if (!(expression instanceof Expr.Call call)) {
            return isNumber(expression);
        }
        calls.add(call);
        boolean known = call.keywords().stream().allMatch(keyword -> isNumber(keyword.value()));
        for (Expr argument : call.arguments()) {
            known = known && enter(argument, calls, open);
        }
        return known && calls.size() <= MOST && ELEMENTWISE.stream().anyMatch(name -> isOperator(call, name));
    }

    /** Returns whether an argument is a number or a constant of a trace, which holds numbers as tensors. */
    private static boolean isNumber(Expr expression) {
        return expression instanceof Expr.Literal
                || (expression instanceof Expr.Attribute attribute
                        && attribute.value() instanceof Expr.Name owner
                        && owner.id().equals("CONSTANTS"));
    }

    private static boolean isOperator(Expr.Call call, String name) {
        return Trees.dotted(call.callee()).equals("torch." + name);
    }
}
