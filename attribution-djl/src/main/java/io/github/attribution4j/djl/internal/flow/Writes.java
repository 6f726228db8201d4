// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.flow;

import io.github.attribution4j.djl.internal.archive.PickleValue;
import io.github.attribution4j.djl.internal.operator.InPlace;
import io.github.attribution4j.djl.internal.operator.OperatorTypes;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds what a program may write to. Inputs that it writes to must be given to it as copies. Attributes and constants
 * that it writes to would carry state from one call to the next, so {@code State} makes copies of them for each call.
 * A write is an operator in place on a tensor, on a view of it, or on a value that may be either; an assignment to an
 * attribute is one too. What is not certain counts as written.
 *
 * <p>The order of statements does not count: a variable may share memory with everything that is ever assigned to it.
 * Each method is followed once for each set of arguments that are the constants True, False or None, without the
 * branches that these exclude ({@link BodyWrites}). A method that calls itself is assumed to write to all its
 * arguments. The attribute {@code training} is False, and flags that the program never assigns have the values in the
 * archive.
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

    /**
     * What a method or function may do, by the numbers of its parameters and of places.
     *
     * @param written tensors that it may write to
     * @param returned values whose memory its result may share
     * @param filled lists, dicts and objects that it may change
     */
    record Effect(BitSet written, BitSet returned, BitSet filled) {
        static Effect worst(int parameters) {
            BitSet all = new BitSet();
            all.set(0, parameters);
            return new Effect(all, all, all);
        }
    }

    private final ProgramIndex index;
    /** Attributes that keep one constant value. */
    private final Map<Place, String> flags;

    private final Map<String, Effect> known = new HashMap<>();
    private final List<Place> places = new ArrayList<>();
    private final Map<Place, Integer> numbers = new HashMap<>();
    /** The numbers of places that hold other values: lists, objects. */
    private final BitSet holders = new BitSet();
    /** The number of the first place. Smaller numbers are those of parameters. */
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
     * Follows a program from the root's {@code forward}. If it writes to a place, it is followed again without the
     * branches that flags in the archive exclude.
     *
     * @param inPlace whether {@link InPlace} occurs in the program
     */
    public static Writes of(ProgramIndex index, PickleValue root, boolean inPlace) {
        if (!inPlace && !mayWrite(index.files().values())) {
            Writes none = new Writes(index, Map.of());
            none.complete = true;
            return none;
        }
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
        if (forward != null) {
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

    /** Returns whether values of a type cannot change: numbers, strings, and tuples of these. */
    static boolean isValue(@Nullable Type type) {
        return type != null
                && switch (type.name()) {
                    case "int", "float", "bool", "str", "NoneType" -> true;
                    case "Tuple", "Optional" -> type.arguments().stream().allMatch(Writes::isValue);
                    default -> false;
                };
    }

    /** Returns whether a program may write by an operator whose name does not show it, or by an assignment. */
    private static boolean mayWrite(Collection<Stmt.File> files) {
        boolean[] found = new boolean[1];
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

    /** Returns the operator that is called, without its namespace; empty if the call is of something else. */
    static String operator(Expr.Call call) {
        String dotted = Trees.dotted(call.callee());
        return dotted.startsWith("torch.") || dotted.startsWith("ops.")
                ? dotted.substring(dotted.lastIndexOf('.') + 1)
                : "";
    }

    /**
     * Returns the numbers of the parameters of the root's {@code forward}, without the object, that it may write to.
     */
    public BitSet inputs() {
        return inputs;
    }

    /** Returns the attributes and constants whose memory or content the program may write to. */
    public Set<Place> mutated() {
        return mutated;
    }

    /** Returns the attributes that the program assigns. */
    public Set<Place> assigned() {
        return assigned;
    }

    /** Returns whether the root's {@code forward} may lead to a call of a method. */
    public boolean reaches(String type, String method) {
        String name = type + "." + method;
        return known.keySet().stream().anyMatch(key -> key.equals(name) || key.startsWith(name + "["));
    }

    /** Returns what is known of the expressions of a method, for any arguments. */
    public Reading reading(@Nullable String owner, Stmt.Def definition) {
        BodyWrites body = new BodyWrites(this, owner, definition, List.of());
        body.summary();
        return body;
    }

    /**
     * What a call may do to its operands: the receiver of a method, then arguments, then keywords.
     *
     * @param written the numbers of the operands that it may change
     * @param returned the numbers of those whose memory its result may share
     * @param writesLasting whether it may change memory that outlives it, besides that of operands
     * @param lasting whether its result may share such memory
     * @param mixes whether operands may share memory with each other afterwards, as a list does with its items
     */
    record CallEffect(
            List<Expr> operands,
            BitSet written,
            BitSet returned,
            boolean writesLasting,
            boolean lasting,
            boolean mixes) {}

    /** Tells which values of one method may share memory with a place that is written to. */
    public interface Reading {
        /**
         * Returns whether a value may change while the program runs: it shares memory with a mutated place, or with a
         * parameter that the method writes to or returns.
         */
        boolean changes(Expr expression);

        /** Returns whether a call neither writes to an argument's memory nor returns a value that shares it. */
        boolean onlyReads(Expr.Call call, int argument);

        /** Returns what a call may do. */
        CallEffect effect(Expr.Call call);

        /** Returns the type of an expression; null if it is not known. */
        @Nullable
        Type type(Expr expression);
    }

    ProgramIndex index() {
        return index;
    }

    Map<Place, String> flags() {
        return flags;
    }

    int first() {
        return first;
    }

    BitSet holders() {
        return holders;
    }

    void assign(Place place) {
        if (!complete) {
            assigned.add(place);
        }
    }

    /** Returns whether one of some places is mutated. */
    boolean isMutated(BitSet some) {
        return mutated.stream().anyMatch(place -> some.get(numbers.getOrDefault(place, 0)));
    }

    int number(Place place, @Nullable Type type) {
        Integer known = numbers.get(place);
        if (known == null) {
            known = first + places.size();
            numbers.put(place, known);
            places.add(place);
            holders.set(known, type == null || !type.equals(Type.TENSOR));
        }
        return known;
    }

    Effect effect(String key, @Nullable String owner, Stmt.Def definition, List<String> constants) {
        String full = constants.stream().allMatch(String::isEmpty) ? key : key + constants;
        Effect found = known.get(full);
        if (found == null) {
            known.put(full, Effect.worst(definition.parameters().size()));
            found = new BodyWrites(this, owner, definition, constants).summary();
            known.put(full, found);
        }
        return found;
    }
}
