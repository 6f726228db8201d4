// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.flow;

import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.StaticTypes;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds which variables of one method are the constants True, False or None, and which branches these exclude. The
 * attribute {@code training} is False, because a program here is never in training.
 */
final class Constants {
    private static final Set<String> VALUES = Set.of("True", "False", "None");
    private static final String UNKNOWN = "";

    private final ProgramIndex index;
    private final StaticTypes types;
    /** Attributes that keep one constant value. */
    private final Map<Writes.Place, String> flags;

    private final Map<String, String> variables = new HashMap<>();

    Constants(ProgramIndex index, StaticTypes types, Map<Writes.Place, String> flags) {
        this.index = index;
        this.types = types;
        this.flags = flags;
    }

    /** Returns whether values of a type are numbers, strings and the like, which nothing can write to. */
    static boolean isPlain(Type type) {
        return Set.of("int", "float", "bool", "str", "number", "complex", "Device", "NoneType")
                .contains(type.name());
    }

    void declare(String variable, String constant) {
        variables.put(variable, constant);
    }

    /** Records an assignment, in the order of the text. */
    void assign(Stmt.Assign assign) {
        boolean pairwise =
                !assign.unpack() && assign.targets().size() == assign.values().size();
        for (int i = 0; i < assign.targets().size(); i++) {
            if (assign.targets().get(i) instanceof Expr.Name name) {
                String value = pairwise ? of(assign.values().get(i)) : UNKNOWN;
                variables.merge(name.id(), value, (a, b) -> a.equals(b) ? a : UNKNOWN);
            }
        }
    }

    /** Forgets what a loop assigns, before its body is followed. */
    void loop(List<Stmt> body) {
        List<Stmt.Assign> all = new ArrayList<>();
        Trees.assignments(body, all);
        all.forEach(assign -> assign.targets().forEach(target -> variables.put(Trees.dotted(target), UNKNOWN)));
    }

    /** Returns the statements of a branch that may run. */
    List<Stmt> branch(Stmt.If branch) {
        String condition = of(branch.condition());
        if (condition.equals("True")) {
            return branch.then();
        }
        if (condition.equals("False")) {
            return branch.otherwise();
        }
        List<Stmt> both = new ArrayList<>(branch.then());
        both.addAll(branch.otherwise());
        return both;
    }

    /** Records what a statement makes known of types and constants. Returns the statements inside it that may run. */
    List<List<Stmt>> enter(Stmt statement) {
        if (statement instanceof Stmt.Assign assign) {
            types.assign(assign);
            assign(assign);
        } else if (statement instanceof Stmt.If branch) {
            return List.of(branch(branch));
        } else if (statement instanceof Stmt.For loop) {
            types.loop(loop);
            loop(loop.body());
        } else if (statement instanceof Stmt.While loop) {
            loop(loop.body());
        }
        return Trees.blocks(statement);
    }

    /**
     * Returns the constants that a call passes to the parameters of a method or function, the first of which may be the
     * object.
     */
    List<String> of(Expr.Call call, Stmt.Def called, int shift) {
        List<String> constants = new ArrayList<>();
        for (int i = 0; i < called.parameters().size(); i++) {
            Expr preset = called.parameters().get(i).preset();
            if (i < shift) {
                constants.add(UNKNOWN);
            } else if (i - shift < call.arguments().size()) {
                constants.add(of(call.arguments().get(i - shift)));
            } else {
                constants.add(preset == null || !call.keywords().isEmpty() ? UNKNOWN : of(preset));
            }
        }
        return constants;
    }

    /**
     * Returns the constant that an argument of an operator stands for; empty if it is unknown, or there is no such
     * argument.
     */
    String of(Expr.Call call, int argument) {
        return argument < call.arguments().size() ? of(call.arguments().get(argument)) : UNKNOWN;
    }

    /** Returns the constant that an expression stands for; empty if it is unknown. */
    String of(Expr expression) {
        if (expression instanceof Expr.Literal literal) {
            return VALUES.contains(literal.text()) ? literal.text() : UNKNOWN;
        }
        if (expression instanceof Expr.Name name) {
            return variables.getOrDefault(name.id(), UNKNOWN);
        }
        if (expression instanceof Expr.Parens parens) {
            return of(parens.value());
        }
        if (expression instanceof Expr.Attribute attribute) {
            return attribute(attribute);
        }
        return expression instanceof Expr.Call call ? call(call) : UNKNOWN;
    }

    private String attribute(Expr.Attribute attribute) {
        Type owner = types.of(attribute.value());
        Stmt.ClassDef definition =
                owner == null || !index.isModule(owner.name()) ? null : index.definition(owner.name());
        if (owner == null || definition == null) {
            return UNKNOWN;
        }
        if (attribute.name().equals("training")) {
            return "False";
        }
        for (Stmt member : definition.members()) {
            if (member instanceof Stmt.Assign fixed
                    && fixed.targets().get(0) instanceof Expr.Name name
                    && name.id().equals(attribute.name())) {
                return of(fixed.values().get(0));
            }
        }
        Type type = index.attributes(owner.name()).get(attribute.name());
        return type != null && type.name().equals("NoneType")
                ? "None"
                : flags.getOrDefault(new Writes.Place(owner.name(), attribute.name()), UNKNOWN);
    }

    private String call(Expr.Call call) {
        String name = Trees.dotted(call.callee());
        if (call.arguments().size() == 1 && name.equals("torch.__not__")) {
            return not(of(call.arguments().get(0)));
        }
        if (call.arguments().size() == 1 && name.equals("bool")) {
            String value = of(call.arguments().get(0));
            return value.equals("None") ? UNKNOWN : value;
        }
        boolean is = name.equals("torch.__is__");
        if (call.arguments().size() != 2
                || !(is || name.equals("torch.__isnot__"))
                || !Printer.print(call.arguments().get(1)).equals("None")) {
            return UNKNOWN;
        }
        String value = of(call.arguments().get(0));
        Type type = types.of(call.arguments().get(0));
        boolean certain = type != null
                && Set.of("Tensor", "int", "float", "bool", "str", "List", "Tuple", "Dict")
                        .contains(type.name());
        if (value.isEmpty() && !certain) {
            return UNKNOWN;
        }
        return value.equals("None") == is ? "True" : "False";
    }

    private static String not(String value) {
        return value.equals("True") ? "False" : value.equals("False") ? "True" : UNKNOWN;
    }
}
