// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.flow;

import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.operator.InPlace;
import io.github.attribution4j.djl.internal.operator.OperatorTypes;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.StaticTypes;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds whether a program lets the rows of a call influence each other: it computes one number or truth value from the
 * values of its inputs and then computes or branches with it, or it computes along the rows. In a call of several rows,
 * such a number comes from all of them: {@code if bool(torch.any(torch.gt(x, 0)))} takes the branch for every row if
 * one row has a positive value. No test with a few rows can show that this never happens, so the text decides.
 *
 * <p>Sizes, types and numbers read from weights do not count. Neither does a number that only decides about an error or
 * is only printed. What is not certain counts as a value of the inputs.
 */
final class RowDecisions {
    private static final Pattern WRITES = Pattern.compile("append|extend|insert|_set_item|update");

    /** A value of the inputs, or a container that holds one. */
    private static final int VALUE = 1;
    /** A number computed from such values. */
    private static final int NUMBER = 2;
    /** A one-element tensor computed from such values. */
    private static final int REDUCED = 4;

    /** A tensor whose axis 0 counts the rows of a call: an input, and what is computed from it row by row. */
    private static final int ROWS = 8;

    private static final Set<String> PRINTING = Set.of("print", "warn", "format", "RaiseException", "str");
    private static final String ONE_NUMBER = "makes one number of the values of all rows of a call";
    private static final String PACKED = "torch.nn.utils.rnn.PackedSequence";
    private static final int ROUNDS = 3;

    private final ProgramIndex index;
    private final Map<String, Integer> known = new HashMap<>();
    private final Map<String, Integer> attributes = new HashMap<>();
    private @Nullable String found;

    private RowDecisions(ProgramIndex index) {
        this.index = index;
    }

    /**
     * Returns the first such place, as {@code works along the rows of a call ("cumsum" in "encoder")}; empty if
     * there is none.
     */
    static Optional<String> find(TorchArchive archive) {
        if (archive.code().values().stream().noneMatch(text -> NumberOperators.mayOccur(text))) {
            return Optional.empty();
        }
        ProgramIndex index = ProgramIndex.of(archive);
        RowDecisions decisions = new RowDecisions(index);
        String root = index.root().name();
        Stmt.Def forward = index.root().definition().method("forward");
        if (forward != null) {
            List<Integer> given = new ArrayList<>();
            for (Stmt.Parameter parameter : forward.parameters()) {
                given.add(
                        given.isEmpty() || (parameter.type() != null && Constants.isPlain(parameter.type()))
                                ? 0
                                : VALUE | ROWS);
            }
            decisions.result(root + ".forward", root, forward, given, List.of());
        }
        return Optional.ofNullable(decisions.found);
    }

    private int result(
            String name, @Nullable String owner, Stmt.Def definition, List<Integer> given, List<String> constants) {
        String key = name + given + constants;
        Integer before = known.get(key);
        if (before == null) {
            // The worst is assumed of a function that calls itself.
            known.put(key, VALUE);
            before = new Body(owner, definition, given, constants).result();
            known.put(key, before);
        }
        return before;
    }

    private final class Body {
        private final StaticTypes types = new StaticTypes(index);
        private final Constants constants = new Constants(index, types, Map.of());
        private final Map<String, Integer> variables = new HashMap<>();
        /** The value of which a variable may be a part or a view. */
        private final Map<String, Expr> sources = new HashMap<>();

        private final @Nullable String owner;
        private final Stmt.Def definition;
        private int returned;

        Body(@Nullable String owner, Stmt.Def definition, List<Integer> given, List<String> fixed) {
            this.owner = owner;
            this.definition = definition;
            List<Stmt.Parameter> parameters = definition.parameters();
            for (int i = 0; i < parameters.size(); i++) {
                Stmt.Parameter parameter = parameters.get(i);
                Type type = parameter.type() == null ? Type.TENSOR : parameter.type();
                types.declare(parameter.name(), i == 0 && owner != null ? Type.of(owner) : type);
                variables.put(parameter.name(), i < given.size() ? given.get(i) : 0);
                if (i < fixed.size() && !fixed.get(i).isEmpty()) {
                    constants.declare(parameter.name(), fixed.get(i));
                }
            }
        }

        int result() {
            follow(definition.body());
            return returned;
        }

        private void follow(List<Stmt> statements) {
            for (Stmt statement : statements) {
                if (found != null) {
                    return;
                }
                follow(statement);
            }
        }

        private void follow(Stmt statement) {
            if (statement instanceof Stmt.Assign assign) {
                assign(assign);
            } else if (statement instanceof Stmt.Return result) {
                result.values().forEach(value -> returned |= of(value));
            } else if (statement instanceof Stmt.Evaluate evaluate) {
                of(evaluate.value());
            } else if (statement instanceof Stmt.If branch) {
                branch(branch);
            } else if (statement instanceof Stmt.For loop) {
                int items = of(loop.iterable());
                types.loop(loop);
                loop.targets().forEach(target -> bind(target, items & VALUE));
                repeat(loop.body(), items, "a loop");
            } else if (statement instanceof Stmt.While loop) {
                repeat(loop.body(), 0, "a loop");
                repeat(List.of(), of(loop.condition()), "a loop");
            } else if (statement instanceof Stmt.With with) {
                with.items().forEach(item -> {
                    int value = of(item.context());
                    if (item.target() != null) {
                        bind(item.target(), value);
                    }
                });
                follow(with.body());
            } else if (statement instanceof Stmt.Def closure) {
                int outside = returned;
                follow(closure.body());
                variables.put(closure.name(), returned);
                types.closure(closure.name(), closure.body());
                returned = outside;
            }
        }

        private void repeat(List<Stmt> body, int decider, String what) {
            if ((decider & NUMBER) != 0) {
                find(ONE_NUMBER, what);
            }
            constants.loop(body);
            for (int i = 0; i < ROUNDS; i++) {
                follow(body);
            }
        }

        private void assign(Stmt.Assign assign) {
            boolean pairwise = !assign.unpack()
                    && assign.targets().size() == assign.values().size();
            types.assign(assign);
            constants.assign(assign);
            for (int i = 0; i < assign.targets().size(); i++) {
                Expr value = assign.values().get(pairwise ? i : 0);
                Expr target = assign.targets().get(i);
                bind(target, isCount(value, assign.unpack() ? i : -1) ? 0 : of(value));
                if (target instanceof Expr.Name name) {
                    sources.put(name.id(), value);
                }
            }
        }

        /**
         * Returns whether a part of a value counts rows for each step: the second of a packed sequence. Its first
         * number is the number of rows, so it is no value of the inputs.
         */
        private boolean isCount(Expr value, int part) {
            Type type = types.of(value);
            return part == 1
                    && ((type != null && type.name().endsWith(PACKED))
                            || (value instanceof Expr.Call call
                                    && NumberOperators.name(call).equals("_pack_padded_sequence")));
        }

        private void bind(Expr target, int value) {
            if (target instanceof Expr.Name name) {
                variables.merge(name.id(), value, (a, b) -> a | b);
            } else if (target instanceof Expr.Attribute attribute) {
                attributes.merge(place(attribute.value(), attribute.name()), value, (a, b) -> a | b);
            }
        }

        private String place(Expr object, String name) {
            return types.of(object) + "." + name;
        }

        private void branch(Stmt.If branch) {
            int decider = of(branch.condition());
            List<Stmt> may = constants.branch(branch);
            if (raises(branch.then()) || raises(branch.otherwise())) {
                follow(raises(branch.then()) ? branch.otherwise() : branch.then());
            } else if (AlongRows.counts(branch.condition()).stream().anyMatch(this::isRowCount)) {
                find("does otherwise for more rows", "a branch");
            } else if ((decider & NUMBER) == 0) {
                follow(may);
            } else if (may.stream().allMatch(this::isNumber)) {
                follow(may);
                List<Stmt.Assign> all = new ArrayList<>();
                Trees.assignments(may, all);
                all.forEach(assign -> assign.targets().forEach(target -> bind(target, NUMBER)));
            } else if (!may.isEmpty()) {
                find(ONE_NUMBER, "a branch");
            }
        }

        /** Returns whether a statement assigns a number to a variable, or does nothing. */
        private boolean isNumber(Stmt statement) {
            if (statement instanceof Stmt.Assign assign) {
                return assign.targets().get(0) instanceof Expr.Name
                        && assign.values().stream().allMatch(value -> NumberOperators.isScalar(types.of(value)));
            }
            if (statement instanceof Stmt.If branch) {
                return branch.then().stream().allMatch(this::isNumber)
                        && branch.otherwise().stream().allMatch(this::isNumber);
            }
            return statement instanceof Stmt.Pass
                    || (statement instanceof Stmt.Evaluate evaluate
                            && evaluate.value() instanceof Expr.Call call
                            && PRINTING.contains(NumberOperators.name(call)));
        }

        private static boolean raises(List<Stmt> body) {
            return body.stream()
                    .anyMatch(statement -> statement instanceof Stmt.Evaluate evaluate
                            && evaluate.value() instanceof Expr.Call call
                            && NumberOperators.name(call).equals("RaiseException"));
        }

        private int of(Expr expression) {
            if (expression instanceof Expr.Name name) {
                return variables.getOrDefault(name.id(), 0);
            }
            if (expression instanceof Expr.Call call) {
                return call(call);
            }
            if (expression instanceof Expr.Attribute attribute) {
                return attribute(attribute.value(), attribute.name());
            }
            int[] all = new int[1];
            Trees.children(expression, part -> {
                all[0] |= of(part);
                return part;
            });
            return all[0];
        }

        private int attribute(Expr object, String name) {
            Type type = types.of(object);
            if (type != null && type.name().endsWith(PACKED) && name.equals("batch_sizes")) {
                return 0;
            }
            boolean module = type != null && (index.isModule(type.name()) || index.isInterface(type.name()));
            return module ? attributes.getOrDefault(place(object, name), 0) : of(object);
        }

        private int call(Expr.Call call) {
            String dotted = Trees.dotted(call.callee());
            if (dotted.equals("getattr")
                    && call.arguments().size() == 2
                    && call.arguments().get(1) instanceof Expr.Text attribute) {
                return attribute(call.arguments().get(0), attribute.value());
            }
            List<Integer> given = new ArrayList<>();
            call.arguments().forEach(argument -> given.add(of(argument)));
            int all = given.stream().reduce(0, (a, b) -> a | b);
            for (Expr.Keyword keyword : call.keywords()) {
                all |= of(keyword.value());
            }
            if (dotted.startsWith("torch.") || dotted.startsWith("ops.") || call.callee() instanceof Expr.Name) {
                String function = types.freeFunction(call.callee());
                return function == null ? operator(call, all) : function(function, call, given);
            }
            String function = types.function(call.callee());
            if (function != null && types.freeFunction(call.callee()) != null) {
                return function(function, call, given);
            }
            return call.callee() instanceof Expr.Attribute method ? method(method, call, given, all) : all;
        }

        private int function(String name, Expr.Call call, List<Integer> given) {
            Stmt.Def called = index.function(name);
            return called == null
                    ? VALUE
                    : RowDecisions.this.result(name, null, called, given, constants.of(call, called, 0));
        }

        private int method(Expr.Attribute method, Expr.Call call, List<Integer> given, int all) {
            int receiver = of(method.value());
            if (NumberOperators.isConversion(method.name())) {
                return derived(receiver | all);
            }
            Type type = types.of(method.value());
            if (type == null) {
                return receiver | all;
            }
            List<Integer> passed = new ArrayList<>(List.of(receiver));
            passed.addAll(given);
            int result = 0;
            boolean seen = false;
            for (String behind : index.classesBehind(type.name(), method.name())) {
                Stmt.ClassDef definition = index.definition(behind);
                Stmt.Def called = definition == null ? null : definition.method(method.name());
                if (called != null) {
                    seen = true;
                    result |= RowDecisions.this.result(
                            behind + "." + method.name(), behind, called, passed, constants.of(call, called, 1));
                }
            }
            return seen ? result : receiver | all;
        }

        private static int derived(int of) {
            return of == 0 ? 0 : NUMBER;
        }

        private int operator(Expr.Call call, int all) {
            String name = NumberOperators.name(call);
            if (all == 0 || PRINTING.contains(name)) {
                return 0;
            }
            if (NumberOperators.converts(name)) {
                return derived(all);
            }
            Type type = types.of(call);
            if (name.equals("annotate") || name.startsWith("unchecked_") || name.equals("isinstance")) {
                return name.equals("isinstance") ? 0 : all;
            }
            if ((all & NUMBER) != 0) {
                if (NumberOperators.isScalar(type) || name.equals("range") || name.equals("__range_length")) {
                    return NUMBER;
                }
                find(ONE_NUMBER, '"' + name + '"');
                return VALUE;
            }
            if ((all & ROWS) != 0
                    && AlongRows.mixes(call, name)
                    && (of(call.arguments().get(0)) & ROWS) != 0) {
                find("works along the rows of a call", '"' + name + '"');
                return VALUE;
            }
            if ((all & REDUCED) != 0) {
                if ((all & VALUE) == 0) {
                    return NumberOperators.isNumber(type) ? 0 : REDUCED;
                }
                if (!WRITES.matcher(name).matches()) {
                    find(ONE_NUMBER, '"' + name + '"');
                }
                write(call, name);
                return VALUE;
            }
            if (NumberOperators.reduces(call, types, constants)) {
                return REDUCED;
            }
            write(call, name);
            // Sizes, types and comparisons with None are no values.
            int kept = AlongRows.keeps(call, name) ? all & ROWS : 0;
            return NumberOperators.isNumber(type) ? 0 : VALUE | kept;
        }

        private boolean isRowCount(Expr expression) {
            Expr size = expression instanceof Expr.Name name ? sources.get(name.id()) : expression;
            return size instanceof Expr.Call call
                    && NumberOperators.name(call).equals("size")
                    && AlongRows.isFirst(AlongRows.argument(call, 1))
                    && (of(call.arguments().get(0)) & ROWS) != 0;
        }

        /**
         * Records a write: the container or tensor becomes a value of the inputs, and so does everything that it is a
         * part of.
         */
        private void write(Expr.Call call, String name) {
            boolean writes = InPlace.writes(call) || OperatorTypes.changesContainer(name);
            Expr at = call.arguments().isEmpty() ? null : call.arguments().get(0);
            for (int depth = 0;
                    writes && at != null && depth < definition.body().size();
                    depth++) {
                bind(at, VALUE);
                Expr source = at instanceof Expr.Name variable ? sources.get(variable.id()) : null;
                at = source instanceof Expr.Call made
                                && OperatorTypes.isView(NumberOperators.name(made))
                                && !made.arguments().isEmpty()
                        ? made.arguments().get(0)
                        : source instanceof Expr.Call ? null : source;
            }
        }

        private void find(String how, String what) {
            if (found == null) {
                String path = index.nodes().stream()
                        .filter(node -> node.type().name().equals(owner))
                        .map(ProgramIndex.Node::path)
                        .findFirst()
                        .orElse("");
                found = how + " (" + what + " in " + (path.isEmpty() ? "the model's own code" : '"' + path + '"') + ")";
            }
        }
    }
}
