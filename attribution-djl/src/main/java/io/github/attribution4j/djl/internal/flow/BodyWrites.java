// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.flow;

import io.github.attribution4j.djl.internal.operator.InPlace;
import io.github.attribution4j.djl.internal.operator.OperatorTypes;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.StaticTypes;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Follows one method or function for {@link Writes}. For each variable, it finds the parameters and places with which
 * the variable may share memory, and so what the body may write to.
 *
 * <p>For example, {@code y = torch.view(x, [-1])} lets {@code y} share the memory of {@code x}; then
 * {@code torch.add_(y, 1)} writes to {@code x}. The order of statements does not count, so the walk repeats until
 * nothing changes.
 */
final class BodyWrites implements Writes.Reading {
    private final Writes program;
    private final ProgramIndex index;
    private final StaticTypes types;
    private final Constants constants;
    private final Map<String, BitSet> shared = new HashMap<>();
    private final IdentityHashMap<Expr.Call, List<Writes.Effect>> effects = new IdentityHashMap<>();
    private final BitSet written = new BitSet();
    private final BitSet returned = new BitSet();
    private final BitSet filled = new BitSet();
    /** The parameters that may hold other values: objects, lists. */
    private final BitSet own = new BitSet();

    private final List<Stmt> statements;
    private boolean changed;

    BodyWrites(Writes program, @Nullable String owner, Stmt.Def definition, List<String> given) {
        this.program = program;
        this.index = program.index();
        this.types = new StaticTypes(index);
        this.constants = new Constants(index, types, program.flags());
        this.statements = definition.body();
        List<Stmt.Parameter> parameters = definition.parameters();
        for (int i = 0; i < parameters.size(); i++) {
            Stmt.Parameter parameter = parameters.get(i);
            BitSet itself = new BitSet();
            itself.set(i);
            shared.put(parameter.name(), itself);
            Type type = parameter.type() == null ? Type.TENSOR : parameter.type();
            own.set(i, !type.equals(Type.TENSOR) || (i == 0 && owner != null));
            types.declare(parameter.name(), i == 0 && owner != null ? Type.of(owner) : type);
            if (i < given.size() && !given.get(i).isEmpty()) {
                constants.declare(parameter.name(), given.get(i));
            }
        }
    }

    Writes.Effect summary() {
        declare(statements);
        do {
            changed = false;
            statements.forEach(this::statement);
        } while (changed);
        return new Writes.Effect(written, returned, filled);
    }

    /** Finds the types and constants of all variables, in the order of the text. */
    private void declare(List<Stmt> body) {
        for (Stmt statement : body) {
            constants.enter(statement).forEach(this::declare);
        }
    }

    private void statement(Stmt statement) {
        if (statement instanceof Stmt.Assign assign) {
            boolean pairwise = assign.targets().size() == assign.values().size();
            for (int i = 0; i < assign.targets().size(); i++) {
                bind(assign.targets().get(i), of(assign.values().get(pairwise ? i : 0)));
            }
        } else if (statement instanceof Stmt.Return result) {
            result.values().forEach(value -> add(returned, of(value)));
        } else if (statement instanceof Stmt.Evaluate evaluate) {
            of(evaluate.value());
        } else if (statement instanceof Stmt.If branch) {
            of(branch.condition());
            constants.branch(branch).forEach(this::statement);
        } else if (statement instanceof Stmt.For loop) {
            BitSet items = of(loop.iterable());
            loop.targets().forEach(target -> bind(target, items));
            loop.body().forEach(this::statement);
        } else if (statement instanceof Stmt.While loop) {
            of(loop.condition());
            loop.body().forEach(this::statement);
        } else if (statement instanceof Stmt.With with) {
            with.items().forEach(item -> of(item.context()));
            with.body().forEach(this::statement);
        } else if (statement instanceof Stmt.Def closure) {
            closure(closure);
        }
    }

    /**
     * Follows a closure, which sees the variables around it. A call of its name, or a wait for its result, may return
     * any value that the closure returns.
     */
    private void closure(Stmt.Def closure) {
        for (Stmt statement : closure.body()) {
            if (statement instanceof Stmt.Return result) {
                result.values().forEach(value -> bind(new Expr.Name(closure.name()), of(value)));
            } else {
                statement(statement);
            }
        }
    }

    private void bind(Expr target, BitSet value) {
        if (target instanceof Expr.Name name) {
            add(shared.computeIfAbsent(name.id(), k -> new BitSet()), value);
            return;
        }
        if (target instanceof Expr.Attribute attribute) {
            Type owner = types.of(attribute.value());
            if (owner == null || !index.isModule(owner.name())) {
                filled(of(attribute.value()));
            } else {
                program.assign(new Writes.Place(owner.name(), attribute.name()));
            }
        }
        // Other code may find the value in its object or list, and write to it.
        add(written, value);
    }

    private void add(BitSet set, BitSet more) {
        int before = set.cardinality();
        set.or(more);
        changed |= set.cardinality() != before;
    }

    private BitSet of(Expr expression) {
        if (expression instanceof Expr.Name name) {
            return shared.getOrDefault(name.id(), new BitSet());
        }
        if (expression instanceof Expr.Call call) {
            BitSet result = call(call);
            return Writes.isValue(types.of(call)) ? new BitSet() : result;
        }
        if (expression instanceof Expr.Attribute attribute) {
            return attribute(attribute.value(), attribute.name());
        }
        if (expression instanceof Expr.Index item && Writes.isValue(types.of(item))) {
            return new BitSet();
        }
        List<BitSet> parts = new ArrayList<>();
        Trees.children(expression, part -> {
            parts.add(of(part));
            return part;
        });
        return union(parts);
    }

    /** Follows an attribute. That of a module is a place of its own; any other belongs to the whole object. */
    private BitSet attribute(Expr object, String name) {
        if (object instanceof Expr.Name constants && constants.id().equals(Writes.Place.CONSTANTS)) {
            return single(new Writes.Place(Writes.Place.CONSTANTS, name), Type.TENSOR);
        }
        Type owner = types.of(object);
        if (owner == null || !index.isModule(owner.name())) {
            return of(object);
        }
        Type type = index.attributes(owner.name()).get(name);
        if (type == null || index.isModule(type.name()) || index.isInterface(type.name())) {
            return of(object);
        }
        return Constants.isPlain(type) ? new BitSet() : single(new Writes.Place(owner.name(), name), type);
    }

    private BitSet single(Writes.Place place, Type type) {
        BitSet one = new BitSet();
        one.set(program.number(place, type));
        return one;
    }

    private BitSet union(List<BitSet> parts) {
        BitSet all = new BitSet();
        parts.forEach(all::or);
        return all;
    }

    private BitSet call(Expr.Call call) {
        String dotted = Trees.dotted(call.callee());
        if (dotted.equals("getattr")
                && call.arguments().size() == 2
                && call.arguments().get(1) instanceof Expr.Text attribute) {
            return attribute(call.arguments().get(0), attribute.value());
        }
        List<BitSet> arguments = new ArrayList<>();
        call.arguments().forEach(argument -> arguments.add(of(argument)));
        List<BitSet> all = new ArrayList<>(arguments);
        call.keywords().forEach(keyword -> all.add(of(keyword.value())));
        if (dotted.startsWith("torch.") || dotted.startsWith("ops.")) {
            return operator(call, union(all), arguments);
        }
        if (call.callee() instanceof Expr.Attribute method && types.freeFunction(method) == null) {
            all.add(0, of(method.value()));
        }
        List<Writes.Effect> effect = effects.computeIfAbsent(call, this::effectsOf);
        return effect.isEmpty() ? union(all) : apply(effect, all);
    }

    /**
     * Returns the effects of a call: of the called function, or of all methods that a call through an interface may
     * reach. The list is empty for intrinsics and constructors, which write to nothing and may return their arguments.
     */
    private List<Writes.Effect> effectsOf(Expr.Call call) {
        String function = types.freeFunction(call.callee());
        Stmt.Def definition = function == null ? null : index.function(function);
        if (function != null && definition != null) {
            return List.of(program.effect(function, null, definition, constants.of(call, definition, 0)));
        }
        if (!(call.callee() instanceof Expr.Attribute method)
                || Trees.dotted(method).startsWith("__torch__.")) {
            return List.of();
        }
        if (method.name().equals("__getstate__")) {
            return List.of(new Writes.Effect(new BitSet(), new BitSet(), new BitSet()));
        }
        Type owner = types.of(method.value());
        List<Writes.Effect> found = new ArrayList<>();
        for (String type : owner == null ? List.<String>of() : index.classesBehind(owner.name(), method.name())) {
            Stmt.ClassDef behind = index.definition(type);
            Stmt.Def called = behind == null ? null : behind.method(method.name());
            if (called != null) {
                String key = type + "." + method.name();
                found.add(program.effect(key, type, called, constants.of(call, called, 1)));
            }
        }
        return found.isEmpty() ? List.of(Writes.Effect.worst(call.arguments().size() + 1)) : found;
    }

    private BitSet apply(List<Writes.Effect> effects, List<BitSet> arguments) {
        BitSet result = new BitSet();
        for (Writes.Effect effect : effects) {
            add(written, places(effect.written()));
            add(filled, places(effect.filled()));
            result.or(places(effect.returned()));
            for (int i = 0; i < arguments.size(); i++) {
                if (effect.written().get(i)) {
                    add(written, arguments.get(i));
                }
                if (effect.filled().get(i)) {
                    filled(arguments.get(i));
                }
                if (effect.returned().get(i)) {
                    result.or(arguments.get(i));
                }
            }
        }
        return result;
    }

    private BitSet places(BitSet set) {
        BitSet found = (BitSet) set.clone();
        found.clear(0, program.first());
        return found;
    }

    /** Records that a list, dict or object gains or loses a value. */
    private void filled(BitSet container) {
        BitSet places = places(container);
        places.and(program.holders());
        add(written, places);
        BitSet parameters = (BitSet) container.clone();
        parameters.and(own);
        add(filled, parameters);
    }

    /** Records that values go into a container. If the caller or a module holds it, other code may write to them. */
    private void fill(Expr container, BitSet values) {
        BitSet at = of(container);
        filled(at);
        if (container instanceof Expr.Name && !at.intersects(own) && !at.intersects(program.holders())) {
            bind(container, values);
        } else {
            add(written, values);
        }
    }

    private BitSet operator(Expr.Call call, BitSet all, List<BitSet> arguments) {
        String name = Writes.operator(call);
        int[] others = writtenBy(call, name);
        if (InPlace.writes(call)) {
            boolean alone = Trees.dotted(call.callee()).startsWith("torch.")
                    && call.keywords().stream().noneMatch(k -> k.name().equals("out"))
                    && !arguments.isEmpty();
            add(written, alone ? arguments.get(0) : all);
            // It returns the tensor that it wrote to, and no part of the others.
            return alone ? arguments.get(0) : all;
        } else if (others.length > 0) {
            for (int other : others) {
                add(written, other < arguments.size() ? arguments.get(other) : new BitSet());
            }
        } else if (OperatorTypes.changesContainer(name)) {
            fill(call.arguments().get(0), union(arguments.subList(1, arguments.size())));
        } else if (OperatorTypes.emptiesContainer(name)
                && !call.arguments().isEmpty()
                && !Type.TENSOR.equals(types.of(call.arguments().get(0)))) {
            filled(arguments.get(0));
        }
        return OperatorTypes.isFresh(name) ? new BitSet() : all;
    }

    /** Returns the positions of arguments that an operator writes to although its name does not say so. */
    private int[] writtenBy(Expr.Call call, String operator) {
        boolean idle = OperatorTypes.writesInTraining(operator)
                && constants.of(call, OperatorTypes.TRAINING).equals("False");
        return idle ? new int[0] : OperatorTypes.written(operator);
    }

    @Override
    public boolean changes(Expr expression) {
        BitSet shares = of(expression);
        // A parameter may be a part of the state, and the caller may change what is returned.
        BitSet parameters = (BitSet) written.clone();
        parameters.or(returned);
        parameters.clear(program.first(), Math.max(program.first(), parameters.length()));
        return shares.intersects(parameters) || program.isMutated(shares);
    }

    @Override
    public boolean onlyReads(Expr.Call call, int argument) {
        String name = Writes.operator(call);
        if (!name.isEmpty()) {
            return OperatorTypes.isFresh(name) && !InPlace.writes(call) && OperatorTypes.written(name).length == 0;
        }
        boolean function = types.freeFunction(call.callee()) != null;
        int parameter = function ? argument : argument + 1;
        BitSet value = of(call.arguments().get(argument));
        List<Writes.Effect> all = effects.computeIfAbsent(call, this::effectsOf);
        return !all.isEmpty()
                && all.stream()
                        .noneMatch(effect -> effect.written().get(parameter)
                                || effect.returned().get(parameter)
                                || effect.filled().get(parameter)
                                || effect.written().intersects(places(value)));
    }

    @Override
    public @Nullable Type type(Expr expression) {
        return types.of(expression);
    }

    @Override
    public Writes.CallEffect effect(Expr.Call call) {
        List<Expr> operands = new ArrayList<>();
        String dotted = Trees.dotted(call.callee());
        boolean operator = dotted.startsWith("torch.") || dotted.startsWith("ops.");
        if (!operator && call.callee() instanceof Expr.Attribute method && types.freeFunction(method) == null) {
            operands.add(method.value());
        }
        operands.addAll(call.arguments());
        call.keywords().forEach(keyword -> operands.add(keyword.value()));
        BitSet all = new BitSet();
        all.set(0, operands.size());
        BitSet changed = new BitSet();
        BitSet shared = new BitSet();
        boolean lasting = false;
        boolean writesLasting = false;
        boolean mixes = false;
        if (operator) {
            String name = Writes.operator(call);
            if (InPlace.writes(call)) {
                changed.or(all);
            }
            for (int other : writtenBy(call, name)) {
                changed.set(other);
            }
            mixes = OperatorTypes.changesContainer(name);
            if (mixes || OperatorTypes.emptiesContainer(name)) {
                changed.set(0);
            }
            if (!OperatorTypes.isFresh(name) || InPlace.writes(call)) {
                shared.or(all);
            }
        } else {
            List<Writes.Effect> known = effects.computeIfAbsent(call, this::effectsOf);
            if (known.isEmpty()) {
                shared.or(all);
            }
            for (Writes.Effect effect : known) {
                changed.or(effect.written());
                changed.or(effect.filled());
                shared.or(effect.returned());
                mixes |= !effect.filled().isEmpty();
                writesLasting |= !places(effect.written()).isEmpty()
                        || !places(effect.filled()).isEmpty();
                lasting |= !places(effect.returned()).isEmpty();
            }
        }
        changed.and(all);
        shared.and(all);
        return new Writes.CallEffect(operands, changed, shared, writesLasting, lasting, mixes);
    }
}
