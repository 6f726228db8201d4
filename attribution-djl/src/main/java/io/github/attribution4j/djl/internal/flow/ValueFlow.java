// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.flow;

import io.github.attribution4j.djl.internal.operator.OperatorKinds;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Follows the values in the text of one method or function. It tells which variables depend on the parameters, which of
 * those are conditions, and which are indices. The order of assignments does not count. {@link GradientLosses} asks it,
 * because a comparison loses no gradient if nothing is chosen by it.
 */
final class ValueFlow {
    private static final Pattern NO_GRAD = Pattern.compile(".*grad_mode\\.(no_grad|inference_mode)\\.__new__");
    private static final Pattern VALUE_METHODS = Pattern.compile("data|min|max|abs");
    private static final Pattern CASTS = Pattern.compile("annotate|unchecked_cast");

    /** Operators whose result does not depend on the values of their arguments. */
    private static final Set<String> WITHOUT_VALUES = Set.of(
            "size",
            "dim",
            "len",
            "numel",
            "arange",
            "zeros",
            "ones",
            "empty",
            "zeros_like",
            "ones_like",
            "empty_like",
            "rand_like",
            "randn_like",
            "new_zeros",
            "new_ones",
            "new_empty",
            "eye",
            "linspace",
            "__is__",
            "__isnot__",
            "is_floating_point");

    private static final Set<String> COMPARISONS = Set.of("gt", "ge", "lt", "le", "eq", "ne");

    /** Operators that make conditions of conditions. */
    private static final Set<String> LOGIC = Set.of(
            "logical_and",
            "logical_or",
            "logical_not",
            "logical_xor",
            "bitwise_and",
            "bitwise_or",
            "bitwise_not",
            "bitwise_xor",
            "__and__",
            "__or__",
            "__xor__",
            "any",
            "all",
            "unsqueeze",
            "squeeze",
            "expand",
            "expand_as",
            "view",
            "reshape",
            "transpose",
            "permute",
            "select",
            "slice",
            "flatten",
            "clone",
            "contiguous");

    /** Operators whose second result tells the position of the first. */
    private static final Set<String> INDEXED = Set.of(
            "max",
            "min",
            "topk",
            "sort",
            "kthvalue",
            "median",
            "mode",
            "cummax",
            "cummin",
            "max_pool1d_with_indices",
            "max_pool2d_with_indices",
            "max_pool3d_with_indices");

    private final List<Stmt.Assign> all = new ArrayList<>();
    private final Set<String> dependent = new HashSet<>();
    private boolean followed;
    private final Map<String, String> conditions = new HashMap<>();
    private final Map<String, String> indices = new HashMap<>();
    private final Set<String> stopping = new HashSet<>();
    private final Map<String, String> aliases = new HashMap<>();

    ValueFlow(Stmt.Def text) {
        text.parameters().stream()
                .filter(parameter -> parameter.type() == null || OperatorKinds.mayHold(parameter.type()))
                .forEach(parameter -> dependent.add(parameter.name()));
        Trees.assignments(text.body(), all);
        for (Stmt.Assign assign : all) {
            if (assign.targets().get(0) instanceof Expr.Name name
                    && assign.values().get(0) instanceof Expr.Attribute function) {
                aliases.put(name.id(), Trees.dotted(function));
            }
            if (assign.targets().get(0) instanceof Expr.Name name
                    && assign.values().get(0) instanceof Expr.Call call
                    && NO_GRAD.matcher(Trees.dotted(call.callee())).matches()) {
                stopping.add(name.id());
            }
        }
    }

    /** Follows the values when they are first needed. Most texts lose no gradients and are never followed. */
    private void follow() {
        if (followed) {
            return;
        }
        followed = true;
        int before = -1;
        while (before != dependent.size() + conditions.size() + indices.size()) {
            before = dependent.size() + conditions.size() + indices.size();
            all.forEach(this::follow);
        }
    }

    private void follow(Stmt.Assign assign) {
        boolean pairwise =
                !assign.unpack() && assign.targets().size() == assign.values().size();
        for (int i = 0; i < assign.targets().size(); i++) {
            Expr value = assign.values().get(pairwise ? i : 0);
            if (assign.targets().get(i) instanceof Expr.Name name && depends(value)) {
                dependent.add(name.id());
                String condition = condition(value);
                if (condition != null && pairwise) {
                    conditions.putIfAbsent(name.id(), condition);
                }
                String index = pairwise ? index(value) : i == 1 ? indexed(value) : null;
                if (index != null) {
                    indices.putIfAbsent(name.id(), index);
                }
            }
        }
    }

    /** Returns whether an operator makes conditions or indices. */
    static boolean makesSteps(String operator) {
        return COMPARISONS.contains(operator) || INDEXED.contains(operator);
    }

    /** Returns the dotted name of the called function, which may be in a variable. */
    String callee(Expr.Call call) {
        String dotted = Trees.dotted(call.callee());
        return aliases.getOrDefault(dotted, dotted);
    }

    /** Returns whether a variable is a context in which no gradients are recorded. */
    boolean stops(String variable) {
        return stopping.contains(variable);
    }

    /** Returns whether the numbers in a value depend on those of a parameter. */
    boolean depends(Expr value) {
        follow();
        if (value instanceof Expr.Name name) {
            return dependent.contains(name.id());
        }
        if (value instanceof Expr.Attribute attribute) {
            return attribute.value() instanceof Expr.Name owner
                    && !owner.id().equals("self")
                    && depends(attribute.value());
        }
        if (value instanceof Expr.Call call) {
            String operator = operator(call);
            boolean silent = operator.isEmpty()
                    ? false
                    : WITHOUT_VALUES.contains(operator)
                            || (Trees.dotted(call.callee()).startsWith("ops.prim.")
                                    && !VALUE_METHODS.matcher(operator).matches());
            return !silent
                    && (call.arguments().stream().anyMatch(this::depends)
                            || call.keywords().stream().anyMatch(keyword -> depends(keyword.value())));
        }
        boolean[] found = new boolean[1];
        Trees.children(value, part -> {
            found[0] |= depends(part);
            return part;
        });
        return found[0];
    }

    /** Returns the comparison that a condition was made of; null if the value is no condition. */
    @Nullable
    String condition(Expr value) {
        follow();
        if (value instanceof Expr.Name name) {
            return conditions.get(name.id());
        }
        if (value instanceof Expr.Parens parens) {
            return condition(parens.value());
        }
        if (value instanceof Expr.ListOf list) {
            return list.items().stream()
                    .map(this::condition)
                    .filter(Objects::nonNull)
                    .findFirst()
                    .orElse(null);
        }
        if (!(value instanceof Expr.Call call) || call.arguments().isEmpty()) {
            return null;
        }
        String operator = operator(call);
        if (CASTS.matcher(Trees.dotted(call.callee())).matches()
                && call.arguments().size() == 2) {
            return condition(call.arguments().get(1));
        }
        if (COMPARISONS.contains(operator)) {
            return depends(call) ? operator : null;
        }
        if (!LOGIC.contains(operator)) {
            return null;
        }
        String first = condition(call.arguments().get(0));
        return first != null || call.arguments().size() < 2
                ? first
                : condition(call.arguments().get(1));
    }

    /**
     * Returns whether a value comes from elsewhere: from a module, a function of the archive, or a parameter. How it
     * was made is then unknown.
     */
    boolean comesFromElsewhere(Expr value) {
        follow();
        return value instanceof Expr.Name name && dependent.contains(name.id()) && !conditions.containsKey(name.id());
    }

    /** Returns the operator whose positions a value holds; null if it is no index. */
    @Nullable
    String index(Expr value) {
        follow();
        if (value instanceof Expr.Name name) {
            return indices.get(name.id());
        }
        if (value instanceof Expr.Parens parens) {
            return index(parens.value());
        }
        return value instanceof Expr.Index item
                        && item.indices().size() == 1
                        && item.indices().get(0) instanceof Expr.Literal one
                        && one.text().equals("1")
                ? indexed(item.value())
                : null;
    }

    private @Nullable String indexed(Expr value) {
        Expr inner = value instanceof Expr.Parens parens ? parens.value() : value;
        return inner instanceof Expr.Call call && INDEXED.contains(operator(call)) && depends(call)
                ? operator(call)
                : null;
    }

    /** Returns the called operator without its namespace; empty for functions, methods and modules. */
    static String operator(Expr.Call call) {
        String dotted = Trees.dotted(call.callee());
        return dotted.startsWith("torch.") || dotted.startsWith("ops.")
                ? dotted.substring(dotted.lastIndexOf('.') + 1)
                : "";
    }
}
