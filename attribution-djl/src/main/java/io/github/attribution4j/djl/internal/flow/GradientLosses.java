// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.flow;

import io.github.attribution4j.djl.internal.operator.OperatorKinds;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.ProgramIndex.Node;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds the operations of a program at which gradients are lost, or are not those of the function that is computed.
 * Such operations are no errors: a model may round on purpose. When no gradient reaches an input, or an explanation is
 * not complete, messages list them: {@code rounding at "encoder/round"}.
 */
public final class GradientLosses {
    private static final Map<String, String> CAUSES = Map.ofEntries(
            Map.entry("detach", "a detached value"),
            Map.entry("item", "a number taken out of a tensor"),
            Map.entry("tolist", "a number taken out of a tensor"),
            Map.entry("_local_scalar_dense", "a number taken out of a tensor"),
            Map.entry("FloatImplicit", "a number taken out of a tensor"),
            Map.entry("IntImplicit", "a number taken out of a tensor"),
            Map.entry("ScalarImplicit", "a number taken out of a tensor"),
            Map.entry("remainder", "a jump"),
            Map.entry("fmod", "a jump"),
            Map.entry("frac", "a jump"),
            Map.entry("nonzero", "an index"),
            Map.entry("histc", "a count"),
            Map.entry("bincount", "a count"),
            Map.entry("argsort", "an index"),
            Map.entry("round", "rounding"),
            Map.entry("floor", "rounding"),
            Map.entry("ceil", "rounding"),
            Map.entry("trunc", "rounding"),
            Map.entry("fix", "rounding"),
            Map.entry("floor_divide", "rounding"),
            Map.entry("quantize_per_tensor", "rounding"),
            Map.entry("quantize_per_channel", "rounding"),
            Map.entry("sign", "a sign"),
            Map.entry("sgn", "a sign"),
            Map.entry("heaviside", "a step"),
            Map.entry("argmax", "an index"),
            Map.entry("argmin", "an index"),
            Map.entry("one_hot", "an index"),
            Map.entry("bucketize", "an index"),
            Map.entry("searchsorted", "an index"),
            Map.entry("angle", "an angle"),
            Map.entry("bernoulli", "a random draw"),
            Map.entry("multinomial", "a random draw"));

    /** PyTorch's numbers for types of whole numbers and truth values. */
    private static final Set<String> WHOLE = Set.of("0", "1", "2", "3", "4", "11");

    private static final Set<String> CASTS = Set.of("to", "_to_copy", "type", "_cast_Long", "_cast_Int");

    /** Operators whose second argument chooses among values. */
    private static final Set<String> CHOOSING = Set.of("masked_fill", "index_put", "masked_scatter");

    /** Operators that turn a condition or an index into numbers. */
    private static final Set<String> COUNTING = Set.of(
            "to",
            "type_as",
            "_to_copy",
            "mul",
            "add",
            "sub",
            "rsub",
            "div",
            "sum",
            "mean",
            "matmul",
            "einsum",
            "float",
            "double");

    /** Functions that take a number out of a tensor. */
    private static final Set<String> NUMBERS = Set.of("float", "int");

    /** Positions of the flag for training mode. */
    private static final Map<String, Integer> TRAINING = Map.of(
            "dropout",
            2,
            "feature_dropout",
            2,
            "alpha_dropout",
            2,
            "feature_alpha_dropout",
            2,
            "native_dropout",
            2,
            "batch_norm",
            5,
            "instance_norm",
            5,
            "native_batch_norm",
            5);

    private final ProgramIndex index;
    private final Set<String> found = new LinkedHashSet<>();
    private final IdentityHashMap<Stmt.Def, ValueFlow> flows = new IdentityHashMap<>();

    private GradientLosses(ProgramIndex index) {
        this.index = index;
    }

    /**
     * Returns a phrase for each such operation, in the order of the modules, such as
     * {@code rounding at "encoder/round"}.
     */
    public static List<String> list(ProgramIndex index) {
        GradientLosses losses = new GradientLosses(index);
        for (Node node : index.nodes()) {
            for (Stmt member : node.type().definition().members()) {
                if (member instanceof Stmt.Def method) {
                    losses.follow(node.path(), method, new HashSet<>(), Set.of());
                }
            }
        }
        return new ArrayList<>(losses.found);
    }

    /** {@code set}: the parameters that are True in this call of a function. */
    private void follow(String module, Stmt.Def text, Set<String> functions, Set<String> set) {
        ValueFlow flow = flows.computeIfAbsent(text, ValueFlow::new);
        List<Expr.Call> calls = new ArrayList<>();
        boolean[] steps = new boolean[1];
        Trees.forEach(text.body(), expression -> {
            if (expression instanceof Expr.Call call) {
                calls.add(call);
                steps[0] |= ValueFlow.makesSteps(ValueFlow.operator(call));
            }
        });
        for (Expr.Call call : calls) {
            follow(module, call, flow, functions, set, steps[0]);
        }
        branches(module, text.body(), flow);
    }

    private void follow(
            String module, Expr.Call call, ValueFlow flow, Set<String> functions, Set<String> set, boolean steps) {
        String dotted = flow.callee(call);
        Stmt.Def function = index.function(dotted);
        if (function != null) {
            Set<String> flags = flags(function, call, set);
            if (functions.add(dotted + flags)) {
                follow(module, function, functions, flags);
            }
            return;
        }
        List<Expr> arguments = call.arguments();
        String name = OperatorKinds.functional(dotted.substring(dotted.lastIndexOf('.') + 1));
        boolean common = CASTS.contains(name) && !whole(call) && !steps;
        if (arguments.isEmpty()
                || common
                || !mayLose(dotted, steps)
                || arguments.stream().noneMatch(flow::depends)) {
            return;
        }
        boolean torch = dotted.startsWith("torch.") || dotted.startsWith("ops.aten.");
        if (torch) {
            operator(module, call, flow, set);
        } else if (dotted.equals("ops.prim.data")) {
            add("a detached value", module, "data");
        } else if (NUMBERS.contains(dotted) && isComputed(arguments.get(0))) {
            add("a number taken out of a tensor", module, dotted);
        }
    }

    /** Checks the operator's name, before values are followed. */
    private static boolean mayLose(String dotted, boolean steps) {
        String operator = OperatorKinds.functional(dotted.substring(dotted.lastIndexOf('.') + 1));
        return CAUSES.containsKey(operator)
                || TRAINING.containsKey(operator)
                || CHOOSING.contains(operator)
                || CASTS.contains(operator)
                || NUMBERS.contains(dotted)
                || operator.equals("where")
                || operator.equals("div")
                || operator.equals("data")
                || operator.startsWith("fake_quantize")
                || (steps && COUNTING.contains(operator));
    }

    /** Returns whether the value that becomes a number is a tensor, because an operator returned it. */
    private static boolean isComputed(Expr value) {
        Expr inner = value instanceof Expr.Parens parens ? parens.value() : value;
        return inner instanceof Expr.Call call
                && Trees.dotted(call.callee()).startsWith("torch.")
                && !ValueFlow.operator(call).matches("add|sub|mul|div|floordiv|pow|sqrt|__getitem__|item|neg|log|exp");
    }

    /** Returns the parameters of a function for which a call passes True. */
    private static Set<String> flags(Stmt.Def function, Expr.Call call, Set<String> set) {
        Set<String> found = new TreeSet<>();
        for (int i = 0; i < function.parameters().size(); i++) {
            String name = function.parameters().get(i).name();
            Expr preset = function.parameters().get(i).preset();
            Expr given = i < call.arguments().size()
                    ? call.arguments().get(i)
                    : call.keywords().stream()
                            .filter(keyword -> keyword.name().equals(name))
                            .map(Expr.Keyword::value)
                            .findFirst()
                            .orElse(preset);
            if (given != null && isSet(given, set)) {
                found.add(name);
            }
        }
        return found;
    }

    private static boolean isSet(Expr flag, Set<String> set) {
        return literal(flag).equals("True") || (flag instanceof Expr.Name name && set.contains(name.id()));
    }

    private void operator(String module, Expr.Call call, ValueFlow flow, Set<String> set) {
        String operator = OperatorKinds.functional(ValueFlow.operator(call));
        List<Expr> arguments = call.arguments();
        boolean first = flow.depends(arguments.get(0));
        String cause = CAUSES.get(operator);
        Integer flag = TRAINING.get(operator);
        int condition = operator.equals("where") ? 0 : CHOOSING.contains(operator) ? 1 : -1;
        if (cause != null) {
            add(cause, module, operator);
        } else if (operator.startsWith("fake_quantize")) {
            add("rounding", module, operator);
        } else if (flag != null) {
            if (flag < arguments.size() && isSet(arguments.get(flag), set)) {
                add("training mode", module, operator);
            }
        } else if (condition >= 0) {
            if (condition < arguments.size() && chooses(arguments.get(condition), condition == 0, flow)) {
                add("a branch on values", module, operator);
            }
        } else if (CASTS.contains(operator) && first && whole(call)) {
            add("a cast to whole numbers", module, operator);
        } else if (operator.equals("div")
                && call.keywords().stream().anyMatch(k -> k.name().equals("rounding_mode"))) {
            add("rounding", module, operator);
        } else if (COUNTING.contains(operator)) {
            for (Expr argument : arguments) {
                String comparison = flow.condition(argument);
                if (comparison != null) {
                    add("a comparison", module, comparison);
                }
                String index = flow.index(argument);
                if (index != null) {
                    add("an index", module, index);
                }
            }
        }
    }

    /**
     * Returns whether a condition depends on values. A condition that is a parameter, or comes from a module or
     * function, counts only as the choice of a {@code where}, for it can be nothing else there.
     */
    private static boolean chooses(Expr condition, boolean whole, ValueFlow flow) {
        boolean[] found = new boolean[1];
        found[0] = flow.condition(condition) != null || (whole && flow.comesFromElsewhere(condition));
        Trees.children(condition, part -> {
            found[0] |= chooses(part, false, flow);
            return part;
        });
        return found[0];
    }

    private static String literal(Expr expression) {
        return expression instanceof Expr.Literal literal ? literal.text() : "";
    }

    /** Returns whether a cast is to whole numbers. The type is the second argument, or the third after a device. */
    private static boolean whole(Expr.Call call) {
        List<Expr> arguments = call.arguments();
        for (int i = 1; i < Math.min(3, arguments.size()); i++) {
            if (WHOLE.contains(literal(arguments.get(i)))) {
                return true;
            }
        }
        return call.keywords().stream().anyMatch(k -> k.name().equals("dtype") && WHOLE.contains(literal(k.value())));
    }

    /** Finds branches on values. A condition on a tensor is written {@code bool(...)}. */
    private void branches(String module, List<Stmt> statements, ValueFlow flow) {
        for (Stmt statement : statements) {
            if (statement instanceof Stmt.If branch) {
                boolean[] ofValue = new boolean[1];
                Trees.map(branch.condition(), part -> {
                    ofValue[0] |= part instanceof Expr.Call call
                            && Trees.dotted(call.callee()).equals("bool")
                            && flow.depends(call);
                    return part;
                });
                if (ofValue[0]) {
                    found.add("a branch on values in "
                            + (module.isEmpty() ? "the model's own code" : "\"" + module + "\""));
                }
            } else if (statement instanceof Stmt.With with) {
                boolean without = with.items().stream()
                        .anyMatch(item -> item.context() instanceof Expr.Name name && flow.stops(name.id()));
                if (without) {
                    found.add("a block without gradients in "
                            + (module.isEmpty() ? "the model's own code" : "\"" + module + "\""));
                }
            }
            Trees.blocks(statement).forEach(block -> branches(module, block, flow));
        }
    }

    private void add(String cause, String module, String operator) {
        found.add(cause + " at \"" + module + "/" + operator + "\"");
    }
}
