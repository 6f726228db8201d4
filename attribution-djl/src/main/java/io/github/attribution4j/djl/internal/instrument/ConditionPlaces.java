// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.operator.InPlace;
import io.github.attribution4j.djl.internal.operator.OperatorKinds;
import io.github.attribution4j.djl.internal.program.StaticTypes;
import io.github.attribution4j.djl.internal.rule.Compare;
import io.github.attribution4j.djl.internal.rule.RuleSource;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Redirects comparisons and the operators that choose by them, for rule libraries that compare two runs.
 *
 * <pre>
 * torch.gt(x, 0.5)            -&gt;  (a4j_t).step(P, K, torch.gt(x, 0.5), 0, x, torch.scalar_tensor(0.5, dtype=7), )
 * torch.logical_and(c, d)     -&gt;  (a4j_t).logic(P, K, torch.logical_and(c, d), 0, c, d, )
 * torch.where(c, x, y)        -&gt;  (a4j_t).chosen(P, K, torch.where(c, x, y), c, x, y, )
 * torch.masked_fill(x, c, 0)  -&gt;  (a4j_t).chosen(P, K, torch.masked_fill(x, c, 0), c,
 *                                     torch.scalar_tensor(0, dtype=7), x, )
 * torch.unsqueeze(c, 1)       -&gt;  (a4j_t).seen(P, K, torch.unsqueeze(c, 1), c,
 *                                     torch.unsqueeze((a4j_t).surrogate(P, K, c, ), 1), )
 * torch.to(c, 6)              -&gt;  (a4j_t).cast(P, K, torch.to(c, 6), c, )
 * </pre>
 *
 * <p>The value is always that of the original call. Truth values carry no gradient, so the tape keeps a surrogate with
 * a gradient for each, and finds it by the tensor itself.
 */
final class ConditionPlaces {
    private static final Map<String, Integer> LOGIC = Map.of(
            "logical_and",
            0,
            "bitwise_and",
            0,
            "__and__",
            0,
            "logical_or",
            1,
            "bitwise_or",
            1,
            "__or__",
            1,
            "logical_xor",
            2,
            "bitwise_xor",
            2,
            "__xor__",
            2);

    /** Methods that return conditions. */
    private static final Set<String> MADE = Set.of("step", "logic", "inverted", "seen");

    private static final Set<String> NOT = Set.of("logical_not", "bitwise_not");
    private static final Set<String> CASTS = Set.of("to", "type_as", "_to_copy");
    private static final Set<String> VIEWS = Set.of(
            "unsqueeze",
            "squeeze",
            "view",
            "reshape",
            "expand",
            "expand_as",
            "flatten",
            "transpose",
            "permute",
            "t",
            "select",
            "slice",
            "narrow",
            "contiguous",
            "clone",
            "alias",
            "repeat",
            "unflatten",
            "view_as",
            "reshape_as");

    private final RulePlaces places;
    private final boolean active;
    private final StaticTypes types;
    private final Set<String> masks = new HashSet<>();
    private final Map<String, Expr> lists = new HashMap<>();

    ConditionPlaces(RulePlaces places, RuleSource source, StaticTypes types) {
        this.places = places;
        this.active = source.has("step");
        this.types = types;
    }

    /** Returns the call itself if it is neither part of a condition nor chooses by one. */
    Expr redirect(Expr.Call call, RulePlaces.Here here, List<Stmt> before) {
        String dotted = Trees.dotted(call.callee());
        List<Expr> given = call.arguments();
        boolean operator = dotted.startsWith("torch.") || dotted.startsWith("ops.aten.");
        if (!active || !operator || given.isEmpty()) {
            return call;
        }
        String written = dotted.substring(dotted.lastIndexOf('.') + 1);
        String name = OperatorKinds.functional(written);
        boolean stored = !name.equals(written);
        if (stored && (!InPlace.writes(call) || !(name.equals("masked_fill") || name.equals("index_put")))) {
            return call;
        }
        if (VIEWS.contains(name) && !isCondition(given.get(0))) {
            return call;
        }
        boolean unary = NOT.contains(name) || CASTS.contains(name) || VIEWS.contains(name);
        if (!(unary
                        || Compare.CODES.containsKey(name)
                        || LOGIC.containsKey(name)
                        || name.matches("where|masked_fill|index_put"))
                || (!unary && !call.keywords().isEmpty())) {
            return call;
        }
        List<@Nullable Expr> tensors = new ArrayList<>();
        given.forEach(argument -> tensors.add(null));
        int operands = unary ? 1 : name.matches("where|masked_fill|index_put") ? 3 : 2;
        if (given.size() < operands || (!unary && given.size() > operands)) {
            return call;
        }
        for (int i = 0; i < operands; i++) {
            Expr argument = name.equals("index_put") && i == 1 ? only(given.get(1)) : given.get(i);
            if (argument == null || !(isTensor(argument) || isNumber(argument))) {
                return call;
            }
        }
        if (!isTensor(given.get(0)) && !name.equals("where")) {
            return call;
        }
        Expr.Call pure = stored ? places.withoutWriting(call, dotted, here) : call;
        List<Expr> arguments = new ArrayList<>(pure.arguments());
        List<Expr> shown = new ArrayList<>();
        for (int i = 0; i < operands; i++) {
            Expr original = given.get(i);
            if (name.equals("index_put") && i == 1) {
                boolean variable = original instanceof Expr.Name;
                Expr mask = named(variable ? first(original) : Objects.requireNonNull(only(original)), here, before);
                if (!variable) {
                    arguments.set(1, listed(mask));
                }
                shown.add(mask);
                continue;
            }
            Expr value = named(arguments.get(i), here, before);
            arguments.set(i, value);
            shown.add(isTensor(original) ? value : number(value));
        }
        Expr.Call value = new Expr.Call(pure.callee(), arguments, pure.keywords(), pure.trailingComma());
        Expr result = redirected(name, value, shown, here);
        return stored ? places.port("stored", here, List.of(result)) : result;
    }

    private Expr redirected(String name, Expr.Call value, List<Expr> shown, RulePlaces.Here here) {
        Integer comparison = Compare.CODES.get(name);
        Integer logic = LOGIC.get(name);
        if (comparison != null) {
            return places.port("step", here, List.of(value, code(comparison), shown.get(0), shown.get(1)));
        }
        if (logic != null) {
            return places.port("logic", here, List.of(value, code(logic), shown.get(0), shown.get(1)));
        }
        if (NOT.contains(name)) {
            return places.port("inverted", here, List.of(value, shown.get(0)));
        }
        if (CASTS.contains(name)) {
            return places.port("cast", here, List.of(value, shown.get(0)));
        }
        if (VIEWS.contains(name)) {
            List<Expr> arguments = new ArrayList<>(value.arguments());
            arguments.set(0, places.port("surrogate", here, List.of(shown.get(0))));
            Expr alike = new Expr.Call(value.callee(), arguments, value.keywords(), value.trailingComma());
            return places.port("seen", here, List.of(value, shown.get(0), alike));
        }
        return switch (name) {
            case "where" -> places.port("chosen", here, List.of(value, shown.get(0), shown.get(1), shown.get(2)));
            case "masked_fill" -> places.port("chosen", here, List.of(value, shown.get(1), shown.get(2), shown.get(0)));
            default -> places.port("put", here, List.of(value, shown.get(1), shown.get(2), shown.get(0)));
        };
    }

    private static Expr code(int number) {
        return new Expr.Literal(String.valueOf(number));
    }

    private boolean isTensor(Expr value) {
        return OperatorKinds.isTensor(types.of(value));
    }

    private boolean isNumber(Expr value) {
        Type type = types.of(value);
        return type != null && type.toString().matches("int|float|bool|number");
    }

    /** Returns the only index of an assignment by a mask; null if there are several. The list may be in a variable. */
    private @Nullable Expr only(Expr indices) {
        Expr list = indices instanceof Expr.Name name ? lists.getOrDefault(name.id(), indices) : indices;
        if (list instanceof Expr.Call annotated
                && annotated.callee() instanceof Expr.Name callee
                && callee.id().equals("annotate")) {
            list = annotated.arguments().get(1);
        }
        return list instanceof Expr.ListOf items && items.items().size() == 1
                ? items.items().get(0)
                : null;
    }

    private static Expr first(Expr list) {
        Expr item = new Expr.Index(new Expr.Parens(list), List.of(new Expr.Literal("0")));
        return new Expr.Call(new Expr.Name("unchecked_cast"), List.of(new Expr.Name("Tensor"), item), List.of(), false);
    }

    private static Expr listed(Expr mask) {
        Expr type = new Expr.Index(
                new Expr.Name("List"),
                List.of(new Expr.Index(new Expr.Name("Optional"), List.of(new Expr.Name("Tensor")))));
        return new Expr.Call(
                new Expr.Name("annotate"), List.of(type, new Expr.ListOf(List.of(mask), false)), List.of(), false);
    }

    /** Makes a tensor of a number. It has no dimension, so that it does not change the type of other tensors. */
    private static Expr number(Expr value) {
        Expr.Keyword type = new Expr.Keyword("dtype", new Expr.Literal("7"));
        return new Expr.Call(Trees.dotted("torch.scalar_tensor"), List.of(value), List.of(type), false);
    }

    /** Returns an expression that may be used twice: a value that is more than a name is computed once, before. */
    private static Expr named(Expr value, RulePlaces.Here here, List<Stmt> before) {
        boolean simple = value instanceof Expr.Name
                || value instanceof Expr.Literal
                || (value instanceof Expr.Attribute attribute && attribute.value() instanceof Expr.Name);
        if (simple) {
            return value;
        }
        Expr.Name name = new Expr.Name("a4j_c" + here.place() + "_" + before.size());
        before.add(Stmt.Assign.of(name.id(), value));
        return name;
    }

    /** Finds the variables that hold conditions, whose views are followed. */
    void scan(List<Stmt.Assign> assignments) {
        Set<String> seen = new HashSet<>();
        for (Stmt.Assign assign : assignments) {
            if (assign.targets().size() == 1 && assign.targets().get(0) instanceof Expr.Name name) {
                // A variable that is assigned twice may hold either list, so it stands for none.
                lists.put(name.id(), seen.add(name.id()) ? assign.values().get(0) : name);
            }
        }
        int size = -1;
        while (active && size < masks.size()) {
            size = masks.size();
            for (Stmt.Assign assign : assignments) {
                if (assign.targets().size() == 1
                        && assign.targets().get(0) instanceof Expr.Name name
                        && isMask(assign.values().get(0))) {
                    masks.add(name.id());
                }
            }
        }
    }

    /** Returns whether a redirected value is a condition. */
    private boolean isCondition(Expr value) {
        Expr inner = value instanceof Expr.Parens parens ? parens.value() : value;
        return isMask(inner)
                || (inner instanceof Expr.Call call
                        && call.callee() instanceof Expr.Attribute method
                        && MADE.contains(method.name())
                        && method.value() instanceof Expr.Parens);
    }

    private boolean isMask(Expr value) {
        if (value instanceof Expr.Name name) {
            return masks.contains(name.id());
        }
        if (value instanceof Expr.Parens parens) {
            return isMask(parens.value());
        }
        if (!(value instanceof Expr.Call call) || call.arguments().isEmpty()) {
            return false;
        }
        String dotted = Trees.dotted(call.callee());
        String name = dotted.substring(dotted.lastIndexOf('.') + 1);
        return dotted.startsWith("torch.")
                && (Compare.CODES.containsKey(name)
                        || LOGIC.containsKey(name)
                        || NOT.contains(name)
                        || (VIEWS.contains(name) && isMask(call.arguments().get(0))));
    }
}
