// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.instrument.Places.Place;
import io.github.attribution4j.djl.internal.instrument.Places.Text;
import io.github.attribution4j.djl.internal.operator.InPlace;
import io.github.attribution4j.djl.internal.operator.OperatorKinds;
import io.github.attribution4j.djl.internal.operator.OperatorTypes;
import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.program.CallSite;
import io.github.attribution4j.djl.internal.program.CallSite.ModuleRef;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.StaticTypes;
import io.github.attribution4j.djl.internal.program.Structure;
import io.github.attribution4j.djl.internal.repair.Prepacked;
import io.github.attribution4j.djl.internal.repair.Repairs;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import io.github.attribution4j.djl.internal.wire.RuntimeSource;
import io.github.attribution4j.djl.internal.wire.TapeSource;
import io.github.attribution4j.model.rule.Operation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Shows the values inside one method or function to the tape: every result of an operator or function, and every
 * variable.
 *
 * <pre>
 * y = torch.relu(x)    -&gt;    y = (a4j_t).show(0, 0, 19, torch.relu(x), )
 * </pre>
 *
 * <p><b>Writing in place.</b> If a value is tapped, the rest of the program works on a copy of it, so that the tapped
 * value keeps what it was. After {@code relu_(x)}, the variable {@code x} is the copy too. A view through which the
 * program writes to another tensor cannot be a copy, so it is not offered.
 */
final class PlaceTaps {
    private final ProgramIndex index;
    private final RuntimeSource runtime;
    private final StaticTypes types;
    private final Places places;
    private final Text text;
    private final ModuleRef self;
    private final Predicate<String> cloned;
    private final boolean shows;
    private final @Nullable RulePlaces rules;
    private final Map<String, Integer> uses = new HashMap<>();
    private final Map<String, Integer> assignments = new HashMap<>();
    private final Set<String> written = new HashSet<>();
    /** Variables that share memory with an attribute or a constant. */
    private final Set<String> held = new HashSet<>();

    private final WrittenActivations activations;
    /** The operands of activations that are written in several operators, as rules see them. */
    private final Map<Integer, Operand> operands = new HashMap<>();

    private final Map<String, Integer> sides = new HashMap<>();
    private int temporaries;

    /**
     * The operand of a written activation.
     *
     * @param side the number of the activation's place
     * @param variable holds it; the source itself if no rule sees it
     * @param method the rule library's method; empty for none
     */
    private record Operand(int side, String variable, String method) {}

    /**
     * Makes the taps of one text.
     *
     * @param cloned whether a function has a clone, which must be called instead of it
     * @param shows whether values are shown; otherwise places only get their numbers, which stay the same
     * @param rules redirects operations to backward rules; null to leave them
     */
    PlaceTaps(
            ProgramIndex index,
            RuntimeSource runtime,
            StaticTypes types,
            Places places,
            Text text,
            ModuleRef self,
            Predicate<String> cloned,
            boolean shows,
            @Nullable RulePlaces rules,
            List<Stmt> body) {
        this.index = index;
        this.runtime = runtime;
        this.types = types;
        this.places = places;
        this.text = text;
        this.self = self;
        this.cloned = cloned;
        this.shows = shows;
        this.rules = rules;
        scan(body);
        this.activations = new WrittenActivations(body, assignments, uses, written);
    }

    private void scan(List<Stmt> body) {
        List<Stmt.Assign> all = new ArrayList<>();
        Trees.assignments(body, all);
        if (rules != null) {
            rules.scan(all);
        }
        for (Stmt.Assign assign : all) {
            for (Expr target : assign.targets()) {
                if (target instanceof Expr.Name name) {
                    assignments.merge(name.id(), 1, Integer::sum);
                    uses.merge(name.id(), -1, Integer::sum);
                }
            }
        }
        Trees.forEach(body, expression -> {
            if (expression instanceof Expr.Name name) {
                uses.merge(name.id(), 1, Integer::sum);
            }
            if (expression instanceof Expr.Call call && isWriting(call)) {
                markWritten(call.arguments().get(0));
            }
        });
        int before = -1;
        while (before != written.size() + held.size()) {
            before = written.size() + held.size();
            for (Stmt.Assign assign : all) {
                if (assign.values().stream().anyMatch(this::isHeld)) {
                    assign.targets().forEach(target -> held.add(Trees.dotted(target)));
                }
                boolean through = assign.targets().stream()
                        .anyMatch(t -> t instanceof Expr.Name name && written.contains(name.id()));
                if (through) {
                    assign.values().forEach(this::markViewed);
                }
            }
        }
    }

    private static boolean isWriting(Expr.Call call) {
        return operator(call) != null
                && InPlace.writes(call)
                && !call.arguments().isEmpty();
    }

    /** Returns whether a value may share memory with an attribute. A write to it must reach the attribute. */
    private boolean isHeld(Expr expression) {
        if (expression instanceof Expr.Name name) {
            return held.contains(name.id());
        }
        if (expression instanceof Expr.Parens parens) {
            return isHeld(parens.value());
        }
        if (expression instanceof Expr.Index item) {
            return isHeld(item.value());
        }
        return expression instanceof Expr.Attribute
                || (expression instanceof Expr.Call call
                        && (isView(call) || isWriting(call))
                        && isHeld(call.arguments().get(0)));
    }

    /** Marks the variables that share memory with a value that is written to. */
    private void markWritten(Expr expression) {
        if (expression instanceof Expr.Name name) {
            written.add(name.id());
        } else {
            markViewed(expression);
        }
    }

    private void markViewed(Expr expression) {
        if (expression instanceof Expr.Parens parens) {
            markWritten(parens.value());
        } else if (expression instanceof Expr.Index item) {
            markWritten(item.value());
        } else if (expression instanceof Expr.Call call && isView(call)) {
            markWritten(call.arguments().get(0));
        }
    }

    private static boolean isView(Expr.Call call) {
        String operator = operator(call);
        return operator != null
                && OperatorTypes.isView(operator)
                && !call.arguments().isEmpty();
    }

    /** Returns the called operator, without its namespace; null if the call is of something else. */
    private static @Nullable String operator(Expr.Call call) {
        String dotted = Trees.dotted(call.callee());
        return dotted.startsWith("torch.") || dotted.startsWith("ops.")
                ? dotted.substring(dotted.lastIndexOf('.') + 1)
                : null;
    }

    /**
     * Returns an expression with its values shown. {@code rewrite} redirects calls of modules, and {@code before}
     * receives statements that must come first.
     */
    Expr expression(Expr expression, UnaryOperator<Expr> rewrite, List<Stmt> before) {
        return expression(expression, rewrite, before, false, "");
    }

    /** Returns the values of an assignment with their values shown. */
    List<Expr> values(Stmt.Assign assign, UnaryOperator<Expr> rewrite, List<Stmt> before) {
        List<Expr> values = new ArrayList<>();
        for (int i = 0; i < assign.values().size(); i++) {
            String variable = soleName(assign, i);
            boolean through =
                    assign.targets().stream().anyMatch(t -> t instanceof Expr.Name name && written.contains(name.id()));
            values.add(expression(assign.values().get(i), rewrite, before, through, variable));
        }
        return values;
    }

    /** Returns the variable that is another name of the assigned value; empty if the value is not its only one. */
    private String soleName(Stmt.Assign assign, int i) {
        boolean pairwise =
                !assign.unpack() && assign.targets().size() == assign.values().size();
        return pairwise
                        && assign.targets().get(i) instanceof Expr.Name name
                        && !name.id().startsWith("_")
                        && assignments.getOrDefault(name.id(), 0) == 1
                ? name.id()
                : "";
    }

    /** Records the call of a module. */
    void call(CallSite site) {
        places.addCall(text, site);
    }

    /**
     * Changes the call of a method of an unknown module. No operation in that method follows a rule, so its result must
     * carry no gradient.
     */
    Expr uncertain(Expr.Call call, String method, List<Stmt> before) {
        Type type = types.of(call);
        if (type != null && !OperatorKinds.mayHold(type)) {
            return call;
        }
        int side = places.reserve();
        places.add(text, new Place(side, method, "", null, Operation.Kind.UNKNOWN, method));
        return rules == null
                ? call
                : rules.hidden(call, new RulePlaces.Here(TapeCalls.number(self), Places.number(side)), before);
    }

    private Expr expression(
            Expr expression, UnaryOperator<Expr> rewrite, List<Stmt> before, boolean through, String variable) {
        if (!(expression instanceof Expr.Call call)) {
            boolean inside = through && (expression instanceof Expr.Parens || expression instanceof Expr.Index);
            return rewrite.apply(Trees.children(expression, part -> expression(part, rewrite, before, inside, "")));
        }
        boolean deeper = isWriting(call) || (through && isView(call));
        WrittenActivations.Part part = activations.of(call);
        Operand operand = part == null ? null : operand(part, before);
        List<Expr> arguments = new ArrayList<>();
        for (int i = 0; i < call.arguments().size(); i++) {
            Expr argument = call.arguments().get(i);
            if (operand != null && part != null && argument.equals(new Expr.Name(part.source()))) {
                argument = new Expr.Name(operand.variable());
            }
            arguments.add(expression(argument, rewrite, before, deeper && i == 0, ""));
        }
        List<Expr.Keyword> keywords = call.keywords().stream()
                .map(k -> new Expr.Keyword(k.name(), expression(k.value(), rewrite, before, false, "")))
                .toList();
        Expr.Call rebuilt = new Expr.Call(Trees.map(call.callee(), rewrite), arguments, keywords, call.trailingComma());
        String operator = operator(call);
        String function = operator == null ? types.function(call.callee()) : null;
        if (operator == null
                && (function == null
                        || function.equals(Repairs.NO_DERIVATIVE)
                        || function.equals(Repairs.WATCHED)
                        || function.startsWith(AddedNames.REPAIRS + "." + Prepacked.WEIGHTS))) {
            return rewrite.apply(rebuilt);
        }
        Type type = types.of(rebuilt);
        if (function != null && cloned.test(function)) {
            places.addCall(text, function);
            arguments.add(0, TapeCalls.number(self));
            arguments.add(1, new Expr.Name(AddedNames.TAPE));
            int dot = function.lastIndexOf('.');
            String clone = AddedNames.CLONE + function.substring(dot + 1);
            boolean method = index.isClass(function.substring(0, dot));
            Expr callee = method && rebuilt.callee() instanceof Expr.Attribute attribute
                    ? new Expr.Attribute(attribute.value(), clone)
                    : Trees.dotted(function.substring(0, dot + 1) + clone);
            rebuilt = new Expr.Call(callee, arguments, keywords, true);
        }
        Operation.Kind kind =
                operator == null || operand != null ? null : OperatorKinds.of(rebuilt, types(rebuilt.arguments()));
        if (part != null && part.ends()) {
            kind = Operation.Kind.ACTIVATION;
        }
        boolean visible = type != null
                && shown(type)
                && !(through && isView(call))
                && !(isWriting(call) && isHeld(call.arguments().get(0)));
        if (!visible && (kind == null || kind == Operation.Kind.RESHAPE)) {
            return rebuilt;
        }
        String name =
                operator != null ? operator : function == null ? "" : function.substring(function.lastIndexOf('.') + 1);
        int side = operand != null && kind != null ? operand.side() : places.reserve();
        String rule = kind == null ? "" : part == null ? OperatorKinds.name(rebuilt) : part.name();
        places.add(text, new Place(side, name, visible ? variable : "", visible ? type : null, kind, rule));
        if (rule.equals("scaled_dot_product_attention")) {
            // The softmax inside has a rule of its own, at the next number.
            String inside = rule + "_softmax";
            places.add(text, new Place(places.reserve(), inside, "", null, Operation.Kind.SOFTMAX, "softmax"));
        }
        Expr ruled = rules == null || operator == null ? rebuilt : ruled(rules, rebuilt, kind, type, side, before);
        if (operand != null) {
            ruled = rules != null && kind != null && !operand.method().isEmpty()
                    ? rules.port(operand.method(), here(side), List.of(rebuilt))
                    : rebuilt;
        }
        if (type == null || !visible || !shows) {
            return ruled;
        }
        Expr value = show(side, type, ruled);
        return isWriting(call)
                        && call.arguments().get(0) instanceof Expr.Name target
                        && uses.getOrDefault(target.id(), 0) > 1
                ? rebound(target, value, type, before)
                : value;
    }

    private Expr ruled(
            RulePlaces by,
            Expr.Call call,
            Operation.@Nullable Kind kind,
            @Nullable Type type,
            int side,
            List<Stmt> before) {
        return kind == null ? by.redirect(call, here(side), before) : by.redirect(call, kind, type, here(side), before);
    }

    private RulePlaces.Here here(int side) {
        return new RulePlaces.Here(TapeCalls.number(self), Places.number(side));
    }

    /** Returns the operand of a written activation, which is shown to its rule before the first of the operators. */
    private Operand operand(WrittenActivations.Part part, List<Stmt> before) {
        Operand known = operands.get(part.number());
        if (known != null) {
            return known;
        }
        int side = places.reserve();
        String method = rules == null ? "" : rules.activation(part.name());
        String variable = method.isEmpty() ? part.source() : "a4j_x" + side;
        if (rules != null && !method.isEmpty()) {
            types.declare(variable, Type.TENSOR);
            before.add(
                    Stmt.Assign.of(variable, rules.port("before", here(side), List.of(new Expr.Name(part.source())))));
        }
        Operand operand = new Operand(side, variable, method);
        operands.put(part.number(), operand);
        return operand;
    }

    /**
     * Assigns the shown value to a variable after an operator that writes to it, so that the rest of the program works
     * on that value.
     */
    private Expr rebound(Expr.Name target, Expr value, Type type, List<Stmt> before) {
        Expr.Name temporary = new Expr.Name("a4j_i" + temporaries++);
        types.declare(temporary.id(), type);
        before.add(Stmt.Assign.of(temporary.id(), value));
        if (type.equals(types.of(target))) {
            before.add(Stmt.Assign.of(target.id(), temporary));
        }
        return temporary;
    }

    private List<@Nullable Type> types(List<Expr> expressions) {
        List<@Nullable Type> all = new ArrayList<>();
        expressions.forEach(expression -> all.add(types.of(expression)));
        return all;
    }

    private boolean shown(Type type) {
        Structure structure = Structure.of(index, type);
        return structure.hasTensors() && !structure.hasOpaque();
    }

    private Expr show(int side, Type type, Expr value) {
        int place = 4 * side + TapeSource.CALL + TapeSource.FIRST;
        return TapeCalls.show(runtime, self, place, Structure.of(index, type), value);
    }

    /** Adds statements that show the variables of an assignment, unless the assigned value was shown as theirs. */
    void variables(Stmt.Assign assign, List<Stmt> after) {
        for (int i = 0; i < assign.targets().size(); i++) {
            if (!(assign.targets().get(i) instanceof Expr.Name name)
                    || name.id().startsWith("_")) {
                continue;
            }
            boolean pairwise = !assign.unpack()
                    && assign.targets().size() == assign.values().size();
            Expr value = pairwise ? assign.values().get(i) : null;
            Type type = types.variable(name.id());
            if (type == null || !shown(type) || (value != null && !isComputed(value))) {
                continue;
            }
            boolean merged = value instanceof Expr.Call call
                    && !soleName(assign, i).isEmpty()
                    && (operator(call) != null || types.function(call.callee()) != null);
            if (merged || written.contains(name.id())) {
                continue;
            }
            Integer side = sides.get(name.id());
            if (side == null) {
                side = places.reserve();
                sides.put(name.id(), side);
                places.add(text, new Place(side, "", name.id(), type));
            }
            if (shows) {
                after.add(Stmt.Assign.of(name.id(), show(side, type, name)));
            }
        }
    }

    private static boolean isComputed(Expr value) {
        if (value instanceof Expr.Call call) {
            return !(call.callee() instanceof Expr.Name name)
                    || !(name.id().equals("uninitialized") || name.id().equals("getattr"));
        }
        return value instanceof Expr.Index || value instanceof Expr.ListOf || value instanceof Expr.TupleOf;
    }
}
