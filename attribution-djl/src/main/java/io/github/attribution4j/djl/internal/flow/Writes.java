// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.flow;

import io.github.attribution4j.djl.internal.archive.PickleValue;
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
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds what a program may write to: inputs, which must be given to it as copies, and attributes of modules and constants, which would keep a state from one call to the next. Something is
 * written to by an operator in place on it, on a view of it, or on a value that may be either, and by an assignment. What is not certain counts as written.
 *
 * <p>The order of statements is not looked at: a variable may share memory with everything that is ever assigned to it. Each method and function is looked at once for each set of arguments that
 * are the constants True, False or None, and branches that these decide against are left out; one that calls itself is taken to write to all that it is given. The attribute {@code training}
 * is False, and truth values that nothing assigns are those of the archive.
 */
public final class Writes {
    /**
     * An attribute of a class of modules, or a constant of the archive.
     *
     * @param owner the class, or {@code CONSTANTS}
     * @param name the attribute
     */
    public record Place(String owner, String name) {
        public static final String CONSTANTS = "CONSTANTS";
    }

    /** What a method or function may do to its parameters and to places: write to tensors, let its result share their memory, change a list, dict or object. */
    private record Effect(BitSet written, BitSet returned, BitSet filled) {
        static Effect worst(int parameters) {
            BitSet all = new BitSet();
            all.set(0, parameters);
            return new Effect(all, all, all);
        }
    }

    private final ProgramIndex index;
    /** What attributes are throughout. */
    private final Map<Place, String> flags;

    private final Map<String, Effect> known = new HashMap<>();
    private final List<Place> places = new ArrayList<>();
    private final Map<Place, Integer> numbers = new HashMap<>();
    /** The numbers of places that hold other values: lists, objects. */
    private final BitSet holders = new BitSet();
    /** The number of the first place; below are those of parameters. */
    private final int first;

    private final Set<Place> assigned = new LinkedHashSet<>();
    private final Set<Place> mutated = new LinkedHashSet<>();
    private BitSet inputs = new BitSet();
    private boolean complete;

    private Writes(ProgramIndex index, Map<Place, String> flags) {
        this.index = index;
        this.flags = flags;
        int most = 0;
        for (Stmt.File file : index.files().values()) {
            for (Stmt statement : file.statements()) {
                most = Math.max(most, parameters(statement));
            }
        }
        this.first = most + 1;
    }

    private static int parameters(Stmt statement) {
        if (statement instanceof Stmt.Def function) {
            return function.parameters().size();
        }
        return statement instanceof Stmt.ClassDef type
                ? type.members().stream().mapToInt(Writes::parameters).max().orElse(0)
                : 0;
    }

    /**
     * Looks through a program from the root's {@code forward}; once more where something is written to, with branches left out
     * that truth values in the archive decide against.
     */
    public static Writes of(ProgramIndex index, PickleValue root) {
        Writes all = of(index, Map.of());
        if (all.assigned.isEmpty() && all.mutated.isEmpty()) {
            return all;
        }
        Map<Place, String> flags = StoredFlags.of(index, root, all.assigned);
        return flags.isEmpty() ? all : of(index, flags);
    }

    private static Writes of(ProgramIndex index, Map<Place, String> flags) {
        Writes writes = new Writes(index, flags);
        String root = index.root().name();
        Stmt.Def forward = index.root().definition().method("forward");
        if (forward != null && mayWrite(index.files().values())) {
            BitSet all =
                    writes.effect(root + ".forward", root, forward, List.of()).written();
            for (int i = all.nextSetBit(0); i >= 0; i = all.nextSetBit(i + 1)) {
                if (i >= writes.first) {
                    Place place = writes.places.get(i - writes.first);
                    if (!isValue(index.attributes(place.owner()).get(place.name()))) {
                        writes.mutated.add(place);
                    }
                } else if (i > 0) {
                    writes.inputs.set(i - 1);
                }
            }
        }
        writes.complete = true;
        return writes;
    }

    /** Whether nothing of a type can be written to: numbers, text, and tuples of these. */
    private static boolean isValue(@Nullable Type type) {
        return type != null
                && switch (type.name()) {
                    case "int", "float", "bool", "str", "NoneType" -> true;
                    case "Tuple", "Optional" -> type.arguments().stream().allMatch(Writes::isValue);
                    default -> false;
                };
    }

    private static boolean mayWrite(Collection<Stmt.File> files) {
        boolean[] found = {InPlace.occursIn(files)};
        for (Stmt.File file : files) {
            Trees.forEach(file.statements(), expression -> {
                found[0] |= expression instanceof Expr.Call call
                        && (OperatorTypes.written(operator(call)).length > 0
                                || OperatorTypes.changesContainer(operator(call))
                                || OperatorTypes.emptiesContainer(operator(call)));
            });
            for (Stmt statement : file.statements()) {
                if (statement instanceof Stmt.ClassDef type) {
                    for (Stmt member : type.members()) {
                        List<Stmt.Assign> all = new ArrayList<>();
                        Trees.assignments(member instanceof Stmt.Def method ? method.body() : List.of(), all);
                        found[0] |= all.stream()
                                .anyMatch(a -> a.targets().stream().anyMatch(Expr.Attribute.class::isInstance));
                    }
                }
            }
        }
        return found[0];
    }

    /** The name of the operator that is called, without its namespace; empty if it is something else. */
    private static String operator(Expr.Call call) {
        String dotted = Trees.dotted(call.callee());
        return dotted.startsWith("torch.") || dotted.startsWith("ops.")
                ? dotted.substring(dotted.lastIndexOf('.') + 1)
                : "";
    }

    /** The numbers of the parameters of the root's {@code forward}, its object not counted, that may be written to. */
    public BitSet inputs() {
        return inputs;
    }

    /** The attributes and constants whose memory, or what is in them, may be written to. */
    public Set<Place> mutated() {
        return mutated;
    }

    /** The attributes that are given other values. */
    public Set<Place> assigned() {
        return assigned;
    }

    /** Whether the root's {@code forward} may come to call a method. */
    public boolean reaches(String type, String method) {
        String name = type + "." + method;
        return known.keySet().stream().anyMatch(key -> key.equals(name) || key.startsWith(name + "["));
    }

    /** What is known of the expressions of a method, whatever it is called with. */
    public Reading reading(@Nullable String owner, Stmt.Def definition) {
        Body body = new Body(owner, definition, List.of());
        body.summary();
        return body;
    }

    /** Tells in one method what may share memory with a place that is written to. */
    public interface Reading {
        /** Whether a value may change while the program runs: it shares memory with a mutated place, or with a parameter that is written to or handed back. */
        boolean changes(Expr expression);

        /** Whether a call neither writes to an argument or what shares its memory, nor hands it on. */
        boolean onlyReads(Expr.Call call, int argument);
    }

    private int number(Place place, @Nullable Type type) {
        Integer known = numbers.get(place);
        if (known == null) {
            known = first + places.size();
            numbers.put(place, known);
            places.add(place);
            holders.set(known, type == null || !type.equals(Type.TENSOR));
        }
        return known;
    }

    private Effect effect(String key, @Nullable String owner, Stmt.Def definition, List<String> constants) {
        String full = constants.stream().allMatch(String::isEmpty) ? key : key + constants;
        Effect found = known.get(full);
        if (found == null) {
            known.put(full, Effect.worst(definition.parameters().size()));
            found = new Body(owner, definition, constants).summary();
            known.put(full, found);
        }
        return found;
    }

    /** One method or function: which parameters and places each variable may share memory with. */
    private final class Body implements Reading {
        private final StaticTypes types = new StaticTypes(index);
        private final Constants constants = new Constants(index, types, flags);
        private final Map<String, BitSet> shared = new HashMap<>();
        private final IdentityHashMap<Expr.Call, List<Effect>> effects = new IdentityHashMap<>();
        private final BitSet written = new BitSet();
        private final BitSet returned = new BitSet();
        private final BitSet filled = new BitSet();
        /** The parameters that may hold others: objects, lists. */
        private final BitSet own = new BitSet();

        private final List<Stmt> statements;
        private boolean changed;

        Body(@Nullable String owner, Stmt.Def definition, List<String> given) {
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

        Effect summary() {
            declare(statements);
            do {
                changed = false;
                statements.forEach(this::statement);
            } while (changed);
            return new Effect(written, returned, filled);
        }

        /** The types and constants of all variables, in the order of the text. */
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

        /** A closure sees the variables around it; calling its name, or waiting for its result, may give any of those it returns. */
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
                } else if (!complete) {
                    assigned.add(new Place(owner.name(), attribute.name()));
                }
            }
            // What is kept in an object or a list may be written to by whoever finds it there.
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
                return isValue(types.of(call)) ? new BitSet() : result;
            }
            if (expression instanceof Expr.Attribute attribute) {
                return attribute(attribute.value(), attribute.name());
            }
            if (expression instanceof Expr.Index item && isValue(types.of(item))) {
                return new BitSet();
            }
            List<BitSet> parts = new ArrayList<>();
            Trees.children(expression, part -> {
                parts.add(of(part));
                return part;
            });
            return union(parts);
        }

        /** An attribute of a module stands for itself; a module, and a part of anything else, for the whole. */
        private BitSet attribute(Expr object, String name) {
            if (object instanceof Expr.Name constants && constants.id().equals(Place.CONSTANTS)) {
                return single(new Place(Place.CONSTANTS, name), Type.TENSOR);
            }
            Type owner = types.of(object);
            if (owner == null || !index.isModule(owner.name())) {
                return of(object);
            }
            Type type = index.attributes(owner.name()).get(name);
            if (type == null || index.isModule(type.name()) || index.isInterface(type.name())) {
                return of(object);
            }
            return Constants.isPlain(type) ? new BitSet() : single(new Place(owner.name(), name), type);
        }

        private BitSet single(Place place, Type type) {
            BitSet one = new BitSet();
            one.set(number(place, type));
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
            List<Effect> effect = effects.computeIfAbsent(call, this::effectsOf);
            return effect.isEmpty() ? union(all) : apply(effect, all);
        }

        /** None for intrinsics and constructors, which write to nothing and may hand on whatever they are given; through an interface those of all classes behind it. */
        private List<Effect> effectsOf(Expr.Call call) {
            String function = types.freeFunction(call.callee());
            Stmt.Def definition = function == null ? null : index.function(function);
            if (function != null && definition != null) {
                return List.of(effect(function, null, definition, constants.of(call, definition, 0)));
            }
            if (!(call.callee() instanceof Expr.Attribute method)
                    || Trees.dotted(method).startsWith("__torch__.")) {
                return List.of();
            }
            if (method.name().equals("__getstate__")) {
                return List.of(new Effect(new BitSet(), new BitSet(), new BitSet()));
            }
            Type owner = types.of(method.value());
            List<Effect> found = new ArrayList<>();
            for (String type : owner == null ? List.<String>of() : index.behind(owner.name(), method.name())) {
                Stmt.ClassDef behind = index.definition(type);
                Stmt.Def called = behind == null ? null : behind.method(method.name());
                if (called != null) {
                    String key = type + "." + method.name();
                    found.add(effect(key, type, called, constants.of(call, called, 1)));
                }
            }
            return found.isEmpty() ? List.of(Effect.worst(call.arguments().size() + 1)) : found;
        }

        private BitSet apply(List<Effect> effects, List<BitSet> arguments) {
            BitSet result = new BitSet();
            for (Effect effect : effects) {
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
            found.clear(0, first);
            return found;
        }

        /** A list, dict or object, wherever it stands, gets or loses something. */
        private void filled(BitSet container) {
            BitSet places = places(container);
            places.and(holders);
            add(written, places);
            BitSet parameters = (BitSet) container.clone();
            parameters.and(own);
            add(filled, parameters);
        }

        /** What goes into a container that the caller or the module holds may be written to by whoever finds it there. */
        private void fill(Expr container, BitSet values) {
            BitSet at = of(container);
            filled(at);
            if (container instanceof Expr.Name && !at.intersects(own) && !at.intersects(holders)) {
                bind(container, values);
            } else {
                add(written, values);
            }
        }

        private BitSet operator(Expr.Call call, BitSet all, List<BitSet> arguments) {
            String name = Writes.operator(call);
            int[] others = OperatorTypes.written(name);
            if (InPlace.writes(call)) {
                boolean alone = Trees.dotted(call.callee()).startsWith("torch.")
                        && call.keywords().stream().noneMatch(k -> k.name().equals("out"))
                        && !arguments.isEmpty();
                add(written, alone ? arguments.get(0) : all);
                // It hands back what it wrote to, and nothing of the others.
                return alone ? arguments.get(0) : all;
            } else if (others.length > 0) {
                boolean asks = OperatorTypes.writesInTraining(name);
                if (!asks || !constants.of(call, OperatorTypes.TRAINING).equals("False")) {
                    for (int other : others) {
                        add(written, other < arguments.size() ? arguments.get(other) : new BitSet());
                    }
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

        @Override
        public boolean changes(Expr expression) {
            BitSet shares = of(expression);
            // A parameter may be a part of the state, and the caller goes on with what is handed back.
            BitSet parameters = (BitSet) written.clone();
            parameters.or(returned);
            parameters.clear(first, Math.max(first, parameters.length()));
            return shares.intersects(parameters)
                    || mutated.stream().anyMatch(place -> shares.get(numbers.getOrDefault(place, 0)));
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
            List<Effect> all = effects.computeIfAbsent(call, this::effectsOf);
            return !all.isEmpty()
                    && all.stream()
                            .noneMatch(effect -> effect.written().get(parameter)
                                    || effect.returned().get(parameter)
                                    || effect.filled().get(parameter)
                                    || effect.written().intersects(places(value)));
        }
    }
}
