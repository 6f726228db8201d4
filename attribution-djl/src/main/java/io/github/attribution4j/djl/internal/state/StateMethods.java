// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.state;

import io.github.attribution4j.djl.internal.flow.Writes;
import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.RewriteException;
import io.github.attribution4j.djl.internal.program.StaticTypes;
import io.github.attribution4j.djl.internal.repair.Dispatch;
import io.github.attribution4j.djl.internal.repair.Repairs;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Changes methods so that they read and write the state of a call instead of the module's attributes. Every variable
 * that holds a module with state gets a second variable with its part of the state. An attribute of the module becomes
 * a field of the part: {@code m.count} becomes {@code a4j_state_m.count}.
 */
public final class StateMethods {
    /** The file with the function below. It is no part of the program and shows no value. */
    public static final String PATH = "__torch__/a4j_read.py";

    public static final String TEXT = """
            def value(x: Tensor) -> Tensor:
              return torch.clone(x)
            """;

    /** Methods that only libtorch calls, with arguments of its own, while it reads and writes archives. */
    private static final Set<String> LOADING = Set.of("__getstate__", "__setstate__");

    private static final String STATE = "a4j_state";
    private static final String CONFLICT = "?";

    private final String archive;
    private final ProgramIndex index;
    private final State state;
    private final Writes writes;

    /**
     * Whether operands may be read as copies. A program that computes gradients itself may ask for one by the tensor,
     * and a copy would be another tensor.
     */
    private final boolean copies;

    private final Map<String, Set<String>> loading = new HashMap<>();

    private StaticTypes types;
    private Map<String, String> modules = new HashMap<>();
    private String owner = "";
    private String self = "";
    private String text = "";
    private Writes.@Nullable Reading reading;

    StateMethods(String archive, ProgramIndex index, State state, Writes writes) {
        this.archive = archive;
        this.index = index;
        this.state = state;
        this.writes = writes;
        boolean[] gradients = new boolean[1];
        index.files()
                .values()
                .forEach(file -> Trees.forEach(file.statements(), expression -> {
                    gradients[0] |= Repairs.isGradient(expression);
                }));
        this.copies = !gradients[0] && !writes.mutated().isEmpty();
        this.types = noTypes();
    }

    private StaticTypes noTypes() {
        return new StaticTypes(index);
    }

    /** Changes a method of a class of modules, or a function, which has no owner. */
    Stmt.Def method(@Nullable String type, Stmt.Def method) {
        if (type != null && isLoading(type, method.name())) {
            return method;
        }
        State.Part own = type == null ? null : state.part(type);
        List<Stmt.Parameter> stateful = stateful(method, type != null);
        if (own == null && stateful.isEmpty() && !copies) {
            return method;
        }
        owner = type == null ? "" : type;
        text = type == null ? method.name() : type + "." + method.name();
        types = noTypes();
        modules = new HashMap<>();
        List<Stmt.Parameter> parameters = new ArrayList<>(method.parameters());
        self = "";
        if (type != null) {
            self = parameters.get(0).name();
            types.declare(self, Type.of(type));
            modules.put(self, type);
        }
        for (Stmt.Parameter parameter : method.parameters().subList(type == null ? 0 : 1, parameters.size())) {
            Type declared = parameter.type() == null ? Type.TENSOR : parameter.type();
            types.declare(parameter.name(), declared);
            if (index.isModule(declared.name())) {
                modules.put(parameter.name(), declared.name());
            }
        }
        reading = copies ? writes.reading(type, method) : null;
        boolean entry = type != null && isEntry(type, method.name());
        List<Stmt> body = statements(method.body());
        if (entry) {
            body.add(0, Stmt.Assign.of(STATE, called(AddedNames.STATE + ".open", new Expr.Name(self))));
        } else {
            List<Stmt.Parameter> added = new ArrayList<>();
            if (own != null) {
                added.add(new Stmt.Parameter(STATE, Type.of(own.type()), null));
            }
            stateful.forEach(p -> added.add(new Stmt.Parameter(partVariable(p.name()), partType(p), null)));
            parameters.addAll(type == null ? 0 : 1, added);
        }
        return new Stmt.Def(method.name(), parameters, method.result(), body);
    }

    /**
     * Returns whether a method runs only while libtorch reads and writes archives. Such a method, and what only it
     * calls, has no state of a call.
     */
    private boolean isLoading(String type, String method) {
        return !writes.reaches(type, method)
                && loading.computeIfAbsent(type, this::loading).contains(method);
    }

    private Set<String> loading(String type) {
        Stmt.ClassDef definition = index.definition(type);
        Set<String> found = new LinkedHashSet<>();
        Deque<String> open = new ArrayDeque<>(LOADING);
        while (definition != null && !open.isEmpty()) {
            String name = open.remove();
            Stmt.Def method = definition.method(name);
            if (method != null && found.add(name)) {
                Trees.forEach(method.body(), expression -> {
                    if (expression instanceof Expr.Call call && call.callee() instanceof Expr.Attribute called) {
                        open.add(called.name());
                    }
                });
            }
        }
        return found;
    }

    private boolean isEntry(String type, String method) {
        return index.root().name().equals(type) && method.equals("forward");
    }

    private static Expr called(String function, Expr argument) {
        return new Expr.Call(Trees.dotted(function), List.of(argument), List.of(), true);
    }

    /** Returns the parameters that are modules with state. */
    private List<Stmt.Parameter> stateful(Stmt.Def method, boolean hasSelf) {
        return method.parameters().stream()
                .skip(hasSelf ? 1 : 0)
                .filter(p -> p.type() != null && state.part(p.type().name()) != null)
                .toList();
    }

    private @Nullable Type partType(Stmt.Parameter parameter) {
        State.Part part =
                parameter.type() == null ? null : state.part(parameter.type().name());
        return part == null ? null : Type.of(part.type());
    }

    private String partVariable(String variable) {
        return variable.equals(self) ? STATE : STATE + "_" + variable;
    }

    private List<Stmt> statements(List<Stmt> statements) {
        List<Stmt> result = new ArrayList<>();
        for (Stmt statement : statements) {
            if (statement instanceof Stmt.Assign assign) {
                assign(assign, result);
            } else {
                result.add(Trees.parts(statement, this::expression, block -> {
                    if (statement instanceof Stmt.For loop) {
                        types.loop(loop);
                    }
                    return statements(block);
                }));
            }
        }
        return result;
    }

    private void assign(Stmt.Assign assign, List<Stmt> result) {
        if (isPickedWithState(assign)) {
            picked(assign, result);
            return;
        }
        List<Expr> values = assign.values().stream().map(this::expression).toList();
        List<Expr> targets = assign.targets().stream().map(this::target).toList();
        result.add(new Stmt.Assign(targets, assign.unpack(), assign.type(), values));
        boolean pairwise =
                !assign.unpack() && assign.targets().size() == assign.values().size();
        for (int i = 0; pairwise && i < targets.size(); i++) {
            String type = module(assign.values().get(i));
            if (type != null && assign.targets().get(i) instanceof Expr.Name name) {
                modules.merge(name.id(), type, (a, b) -> a.equals(b) ? a : CONFLICT);
                if (state.part(type) != null) {
                    result.add(Stmt.Assign.of(
                            partVariable(name.id()), part(assign.values().get(i))));
                }
            }
        }
        types.assign(assign);
    }

    /** Returns whether a module is picked from a container through an interface, and may have state. */
    private boolean isPickedWithState(Stmt.Assign assign) {
        Type type = assign.type();
        if (type == null || !index.isInterface(type.name()) || !(assign.values().get(0) instanceof Expr.Index item)) {
            return false;
        }
        String container = module(item.value());
        return container != null && state.part(container) != null;
    }

    /**
     * Drops the statement that picks a module. Calls of the picked module already go to its container
     * ({@link Dispatch}). The container's added method calls the picked module only after an index without a member,
     * and then raises an error instead.
     */
    private void picked(Stmt.Assign assign, List<Stmt> result) {
        String variable = Trees.dotted(assign.targets().get(0));
        types.assign(assign);
        modules.put(variable, CONFLICT);
        if (text.contains(Dispatch.METHOD)) {
            result.add(new Stmt.Evaluate(new Expr.Call(
                    Trees.dotted("ops.prim.RaiseException"),
                    List.of(Expr.Text.of("no module has this index"), Expr.Text.of("builtins.IndexError")),
                    List.of(),
                    false)));
        }
    }

    /** Changes the target of an assignment. */
    private Expr target(Expr target) {
        return target instanceof Expr.Attribute ? expression(target) : target;
    }

    private Expr expression(Expr expression) {
        if (expression instanceof Expr.Call call) {
            return call(call);
        }
        if (expression instanceof Expr.Attribute attribute) {
            Expr field = field(attribute.value(), attribute.name());
            if (field != null) {
                return field;
            }
        }
        return Trees.children(expression, this::expression);
    }

    /** Returns the field that replaces an attribute; null if the attribute is no part of the state. */
    private @Nullable Expr field(Expr object, String attribute) {
        String constant = Trees.dotted(new Expr.Attribute(object, attribute));
        State.Part here = owner.isEmpty() ? null : state.part(owner);
        if (here != null && here.values().containsKey(constant) && constant.startsWith(Writes.Place.CONSTANTS)) {
            return new Expr.Attribute(new Expr.Name(STATE), here.values().get(constant));
        }
        String type = module(object);
        State.Part part = type == null ? null : state.part(type);
        String field = part == null ? null : part.values().get(attribute);
        return field == null ? null : new Expr.Attribute(part(object), field);
    }

    private Expr call(Expr.Call call) {
        if (Trees.dotted(call.callee()).equals("getattr")
                && call.arguments().size() == 2
                && call.arguments().get(1) instanceof Expr.Text name) {
            Expr field = field(call.arguments().get(0), name.value());
            return field == null ? Trees.children(call, this::expression) : field;
        }
        List<Expr> arguments = new ArrayList<>(states(call));
        for (int i = 0; i < call.arguments().size(); i++) {
            arguments.add(argument(call, i));
        }
        List<Expr.Keyword> keywords = new ArrayList<>();
        call.keywords().forEach(k -> keywords.add(new Expr.Keyword(k.name(), expression(k.value()))));
        return pickedCall(call)
                ? new Expr.Call(new Expr.Name("uninitialized"), List.of(result(call)), List.of(), false)
                : new Expr.Call(callee(call), arguments, keywords, call.trailingComma());
    }

    private Expr callee(Expr.Call call) {
        return call.callee() instanceof Expr.Attribute method && types.freeFunction(method) == null
                ? new Expr.Attribute(expression(method.value()), method.name())
                : call.callee();
    }

    /** Returns whether a picked module is called. Such a call follows the error that its index has no member. */
    private boolean pickedCall(Expr.Call call) {
        return text.contains(Dispatch.METHOD)
                && call.callee() instanceof Expr.Attribute method
                && CONFLICT.equals(module(method.value()));
    }

    private Expr result(Expr.Call call) {
        Type type = types.of(call);
        if (type == null) {
            throw unknown(call.callee());
        }
        return Trees.dotted(type.toString());
    }

    /** Returns the parts of the state that a call must pass. */
    private List<Expr> states(Expr.Call call) {
        List<Expr> added = new ArrayList<>();
        String function = types.freeFunction(call.callee());
        Stmt.Def called = function == null ? null : index.function(function);
        boolean method = false;
        if (called == null && call.callee() instanceof Expr.Attribute attribute) {
            String type = module(attribute.value());
            method = type != null;
            if (type == null || type.equals(CONFLICT)) {
                requireKnown(attribute);
                return added;
            }
            Stmt.ClassDef definition = index.definition(type);
            called = definition == null ? null : definition.method(attribute.name());
            // The entry makes its own state.
            if (called != null && state.part(type) != null && !isEntry(type, attribute.name())) {
                added.add(part(attribute.value()));
            }
        }
        if (called != null) {
            int shift = method ? 1 : 0;
            for (Stmt.Parameter parameter : stateful(called, method)) {
                int position = called.parameters().indexOf(parameter) - shift;
                if (position < call.arguments().size()) {
                    added.add(part(call.arguments().get(position)));
                }
            }
        }
        return added;
    }

    /** Refuses a call of a module that may have state if the text does not show which module it is. */
    private void requireKnown(Expr.Attribute method) {
        Type type = types.of(method.value());
        if (type != null
                && !text.contains(Dispatch.METHOD)
                && index.isInterface(type.name())
                && index.classesBehind(type.name(), method.name()).stream().anyMatch(t -> state.part(t) != null)) {
            throw unknown(method);
        }
    }

    private RewriteException unknown(Expr called) {
        return new RewriteException(archive + ": it keeps state between calls, and " + text + " calls "
                + Trees.dotted(called)
                + " of a module that the text does not identify, so that a call cannot be given"
                + " a state of its own; export the model without interfaces");
    }

    /**
     * Changes an argument. It is read as a copy at once if the state that it belongs to may change later and the call
     * only reads it.
     */
    private Expr argument(Expr.Call call, int i) {
        Expr argument = call.arguments().get(i);
        if (reading == null || !reading.changes(argument) || !reading.onlyReads(call, i)) {
            return expression(argument);
        }
        if (argument instanceof Expr.ListOf || argument instanceof Expr.TupleOf) {
            return Trees.children(argument, this::read);
        }
        return read(argument);
    }

    private Expr read(Expr value) {
        boolean changes = reading != null && reading.changes(value);
        Expr changed = expression(value);
        return changes && Type.TENSOR.equals(types.of(value)) ? called(AddedNames.READ, changed) : changed;
    }

    /** Returns the class of the module that an expression stands for; null if it is none. */
    private @Nullable String module(Expr expression) {
        if (expression instanceof Expr.Name name) {
            return modules.get(name.id());
        }
        if (expression instanceof Expr.Parens parens) {
            return module(parens.value());
        }
        if (expression instanceof Expr.Attribute attribute) {
            return child(attribute.value(), attribute.name());
        }
        return expression instanceof Expr.Call call
                        && Trees.dotted(call.callee()).equals("getattr")
                        && call.arguments().size() == 2
                        && call.arguments().get(1) instanceof Expr.Text name
                ? child(call.arguments().get(0), name.value())
                : null;
    }

    private @Nullable String child(Expr object, String attribute) {
        String type = module(object);
        return type == null || type.equals(CONFLICT)
                ? null
                : index.module(type).children().get(attribute);
    }

    /** Returns the part of the state that belongs to a module. */
    private Expr part(Expr expression) {
        if (expression instanceof Expr.Name name) {
            return new Expr.Name(partVariable(name.id()));
        }
        if (expression instanceof Expr.Parens parens) {
            return part(parens.value());
        }
        Expr object = null;
        String attribute = "";
        if (expression instanceof Expr.Attribute found) {
            object = found.value();
            attribute = found.name();
        } else if (expression instanceof Expr.Call call && call.arguments().get(1) instanceof Expr.Text name) {
            object = call.arguments().get(0);
            attribute = name.value();
        }
        String type = object == null ? null : module(object);
        State.Part part = type == null ? null : state.part(type);
        String field = part == null ? null : part.modules().get(attribute);
        if (object == null || field == null) {
            throw unknown(expression);
        }
        return new Expr.Attribute(part(object), field);
    }
}
