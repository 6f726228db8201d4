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
package io.github.attribution4j.djl.internal.rewrite;

import io.github.attribution4j.djl.internal.rewrite.ProgramIndex.Node;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Finds, in a program's text, the operations at which gradients are lost or are not those of what is computed. */
final class GradientLosses {
    private static final Map<String, String> CAUSES = Map.ofEntries(
            Map.entry("detach", "a detached value"),
            Map.entry("data", "a detached value"),
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
            Map.entry("argsort", "an index"),
            Map.entry("nonzero", "an index"),
            Map.entry("item", "a number taken out of a tensor"),
            Map.entry("tolist", "a number taken out of a tensor"),
            Map.entry("bernoulli", "a random draw"),
            Map.entry("multinomial", "a random draw"));

    /** Numbers of the types that hold whole numbers or truth values. */
    private static final Set<String> WHOLE = Set.of("0", "1", "2", "3", "4", "11");

    private static final Set<String> CASTS = Set.of("to", "_to_copy", "type", "_cast_Long", "_cast_Int");
    private static final Set<String> COMPARISONS = Set.of("gt", "ge", "lt", "le", "eq", "ne");

    /** What takes a comparison of tensors as numbers; one of whole numbers is a condition or a flag. */
    private static final Set<String> TAKES_NUMBERS =
            Set.of("to", "_to_copy", "type", "type_as", "mul", "add", "sub", "div", "matmul", "sum", "mean");

    /** Of what a number is made that {@code float(...)} takes out of a tensor. */
    private static final Set<String> ONE_NUMBER =
            Set.of("sum", "mean", "prod", "max", "min", "amax", "amin", "norm", "std", "var", "select", "dot");

    private static final String MODES = "__torch__.torch.autograd.grad_mode.";

    /** Positions of the flag that says training mode. */
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

    private static final String TRUE = "True";

    private final ProgramIndex index;
    private final Set<String> found = new LinkedHashSet<>();

    private GradientLosses(ProgramIndex index) {
        this.index = index;
    }

    /** Returns a phrase for each, in the order of the modules, such as {@code rounding at "encoder/round"}. */
    static List<String> list(ProgramIndex index) {
        GradientLosses losses = new GradientLosses(index);
        for (Node node : index.nodes()) {
            for (Stmt member : node.type().definition().members()) {
                if (member instanceof Stmt.Def method) {
                    losses.look(node.path(), method, Map.of(), new HashSet<>());
                }
            }
        }
        return new ArrayList<>(losses.found);
    }

    /**
     * Looks through a method or function.
     *
     * @param given parameters that are known to be True
     * @param functions those that were looked through
     */
    private void look(String module, Stmt.Def text, Map<String, String> given, Set<String> functions) {
        Map<String, String> comparisons = new HashMap<>();
        List<Stmt.Assign> assignments = new ArrayList<>();
        Trees.assignments(text.body(), assignments);
        for (Stmt.Assign assign : assignments) {
            if (assign.targets().get(0) instanceof Expr.Name name
                    && assign.targets().size() == 1) {
                String operator = operator(assign.values().get(0));
                if (COMPARISONS.contains(operator)) {
                    comparisons.put(name.id(), operator);
                }
            }
        }
        Trees.mapAll(text.body(), expression -> {
            if (expression instanceof Expr.Call call) {
                look(module, call, given, functions);
                compares(module, call, comparisons);
            }
            return expression;
        });
        branches(module, text.body());
    }

    private void look(String module, Expr.Call call, Map<String, String> given, Set<String> functions) {
        String dotted = Trees.dotted(call.callee());
        Stmt.Def function = index.function(dotted);
        if (function != null) {
            Map<String, String> known = new HashMap<>();
            for (int i = 0;
                    i < Math.min(call.arguments().size(), function.parameters().size());
                    i++) {
                if (literal(call.arguments().get(i), given).equals(TRUE)) {
                    known.put(function.parameters().get(i).name(), TRUE);
                }
            }
            if (functions.add(dotted + known.keySet())) {
                look(module, function, known, functions);
            }
            return;
        }
        if (dotted.startsWith(MODES + "no_grad.__new__") || dotted.startsWith(MODES + "inference_mode.__new__")) {
            found.add("a block without gradients in " + inside(module));
        }
        if (dotted.equals("float")
                && ONE_NUMBER.contains(operator(call.arguments().get(0)))) {
            add("a number taken out of a tensor", module, dotted);
        }
        if (!dotted.startsWith("torch.") && !dotted.startsWith("ops.aten.") && !dotted.equals("ops.prim.data")) {
            return;
        }
        String written = dotted.substring(dotted.lastIndexOf('.') + 1);
        String operator = OperatorKinds.functional(written);
        String cause = CAUSES.get(operator);
        Integer flag = TRAINING.get(operator);
        List<Expr> arguments = call.arguments();
        if (cause != null) {
            add(cause, module, operator);
        } else if (flag != null
                && flag < arguments.size()
                && literal(arguments.get(flag), given).equals(TRUE)) {
            add("training mode", module, operator);
        } else if (CASTS.contains(operator) && whole(call)) {
            add("a cast to whole numbers", module, operator);
        } else if (operator.equals("div")
                && call.keywords().stream().anyMatch(k -> k.name().equals("rounding_mode"))) {
            add("rounding", module, operator);
        } else if (operator.equals("where") && !arguments.isEmpty() && comparison(arguments.get(0))) {
            add("a branch on values", module, operator);
        }
    }

    /** A comparison is a step: of its numbers nothing flows back. */
    private void compares(String module, Expr.Call call, Map<String, String> comparisons) {
        if (TAKES_NUMBERS.contains(OperatorKinds.functional(operator(call)))) {
            for (Expr argument : call.arguments()) {
                String comparison = argument instanceof Expr.Name name
                        ? comparisons.getOrDefault(name.id(), "")
                        : operator(argument);
                if (COMPARISONS.contains(comparison)) {
                    add("a comparison", module, comparison);
                }
            }
        }
    }

    /** The operator that an expression calls, or an empty string. */
    private static String operator(Expr expression) {
        String dotted = expression instanceof Expr.Call call ? Trees.dotted(call.callee()) : "";
        return dotted.startsWith("torch.") || dotted.startsWith("ops.aten.")
                ? dotted.substring(dotted.lastIndexOf('.') + 1)
                : "";
    }

    private static String inside(String module) {
        return module.isEmpty() ? "the model's own code" : "\"" + module + "\"";
    }

    private static String literal(Expr expression, Map<String, String> given) {
        return expression instanceof Expr.Name name ? given.getOrDefault(name.id(), "") : literal(expression);
    }

    private static String literal(Expr expression) {
        return expression instanceof Expr.Literal literal ? literal.text() : "";
    }

    /** The type is the second argument, or the third behind a device. */
    private static boolean whole(Expr.Call call) {
        List<Expr> arguments = call.arguments();
        for (int i = 1; i < Math.min(3, arguments.size()); i++) {
            if (WHOLE.contains(literal(arguments.get(i)))) {
                return true;
            }
        }
        return call.keywords().stream().anyMatch(k -> k.name().equals("dtype") && WHOLE.contains(literal(k.value())));
    }

    /** Also where the condition is a variable: nobody chooses by anything but a comparison or a mask. */
    private static boolean comparison(Expr condition) {
        return !(condition instanceof Expr.Call call)
                || COMPARISONS.contains(
                        Trees.dotted(call.callee()).toLowerCase(Locale.ROOT).replaceFirst("^.*\\.", ""));
    }

    /** Conditions on a tensor are written {@code bool(...)}. */
    private void branches(String module, List<Stmt> statements) {
        for (Stmt statement : statements) {
            if (statement instanceof Stmt.If branch) {
                boolean[] ofValue = new boolean[1];
                Trees.map(branch.condition(), part -> {
                    ofValue[0] |= part instanceof Expr.Call call
                            && Trees.dotted(call.callee()).equals("bool");
                    return part;
                });
                if (ofValue[0]) {
                    found.add("a branch on values in " + inside(module));
                }
                branches(module, branch.then());
                branches(module, branch.otherwise());
            } else if (statement instanceof Stmt.For loop) {
                branches(module, loop.body());
            } else if (statement instanceof Stmt.While loop) {
                branches(module, loop.body());
            } else if (statement instanceof Stmt.With with) {
                branches(module, with.body());
            }
        }
    }

    private void add(String cause, String module, String operator) {
        found.add(cause + " at \"" + module + "/" + operator + "\"");
    }
}
