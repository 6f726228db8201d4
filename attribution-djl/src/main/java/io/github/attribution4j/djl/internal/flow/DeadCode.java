// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.flow;

import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Takes out of a program what nobody needs once the results of some modules are given, or its own result is not asked
 * for. From the end of a method to its start, a statement stays if it sets a variable that is read later, writes to
 * memory that is read later, or has another effect. The call of a module whose result is given reads none of its
 * arguments. A method around such a call may then need fewer of its parameters, so that its caller needs less too.
 *
 * <p>Only methods of classes with one instance change, because others run for other modules as well. What a dropped
 * statement would have checked is not checked: it has been, when the given values were computed.
 */
public final class DeadCode {
    /** Calls that do something else than to compute a value. */
    private static final Set<String> EFFECTS =
            Set.of("print", "fork", "torch.warn", "torch._assert", "ops.prim.RaiseException", "ops.aten._assert_async");

    /** Stands for all memory that outlives a call. */
    private static final String LASTING = "";

    private static final String UNREAD = "a4j_unread";
    private static final int NO_MODULE = -1;

    private final ProgramIndex index;
    private final Writes writes;
    private final Set<Integer> given;
    private final Set<Integer> around;
    private final Set<Integer> kept;
    private final boolean output;
    private final Map<String, Map<String, Stmt.Def>> changed = new HashMap<>();
    private boolean impossible;
    private boolean found;

    private DeadCode(ProgramIndex index, Writes writes, Set<Integer> given, Set<Integer> kept, boolean output) {
        this.index = index;
        this.writes = writes;
        this.given = given;
        this.around = index.around(given);
        this.kept = index.around(kept);
        this.output = output;
    }

    /**
     * Returns the files of a program without its dead code.
     *
     * @param writes what the program writes to
     * @param given the modules whose results are given, by their pre-order index
     * @param kept modules that must run
     * @param output whether the output is needed; else the program returns nothing of use
     * @return the files; none if there is nothing to take out, or if it cannot be told what may go
     */
    public static Optional<Map<String, Stmt.File>> without(
            ProgramIndex index, Writes writes, Set<Integer> given, Set<Integer> kept, boolean output) {
        Stmt.Def forward = index.root().definition().method("forward");
        DeadCode code = new DeadCode(index, writes, given, kept, output);
        if (forward == null || given.stream().anyMatch(code.kept::contains)) {
            return Optional.empty();
        }
        code.needed(0, forward, true);
        return code.impossible || !code.found ? Optional.empty() : Optional.of(code.files());
    }

    private String type(int module) {
        return index.nodes().get(module).type().name();
    }

    private Map<String, Stmt.File> files() {
        Map<String, Stmt.File> files = new LinkedHashMap<>();
        index.files().forEach((path, file) -> {
            List<Stmt> statements = new ArrayList<>();
            for (Stmt statement : file.statements()) {
                statements.add(statement instanceof Stmt.ClassDef type ? without(file, type) : statement);
            }
            files.put(path, new Stmt.File(path, statements));
        });
        return files;
    }

    private Stmt.ClassDef without(Stmt.File file, Stmt.ClassDef type) {
        Map<String, Stmt.Def> methods = changed.getOrDefault(file.module() + "." + type.name(), Map.of());
        List<Stmt> members = new ArrayList<>();
        for (Stmt member : type.members()) {
            members.add(member instanceof Stmt.Def method ? methods.getOrDefault(method.name(), method) : member);
        }
        return new Stmt.ClassDef(type.name(), type.base(), members);
    }

    /** Changes a method, and returns the names of the parameters that it still needs. */
    private Set<String> needed(int module, Stmt.Def method, boolean root) {
        Body body = new Body(module, method, root);
        List<Stmt> statements = body.kept(root && !output ? withoutResult(method) : method.body());
        changed.computeIfAbsent(type(module), key -> new HashMap<>())
                .put(method.name(), new Stmt.Def(method.name(), method.parameters(), method.result(), statements));
        return body.live;
    }

    /** Returns the statements of a method that returns nothing of use. */
    private List<Stmt> withoutResult(Stmt.Def method) {
        List<Stmt> statements = new ArrayList<>(method.body());
        int last = statements.size() - 1;
        if (last >= 0
                && statements.get(last) instanceof Stmt.Return result
                && result.values().size() == 1
                && ProgramIndex.resultType(method).equals(Type.TENSOR)) {
            // A variable of its own, because the value may be that of a module that must run.
            statements.set(last, Stmt.Assign.of(UNREAD, result.values().get(0)));
            statements.add(new Stmt.Return(List.of(nothing())));
        } else {
            impossible = true;
        }
        return statements;
    }

    /** A tensor that nobody reads. */
    private static Expr nothing() {
        Expr size = new Expr.ListOf(List.of(new Expr.Literal("0")), false);
        return new Expr.Call(Trees.dotted("torch.zeros"), List.of(size), List.of(), false);
    }

    /** One method. */
    private final class Body {
        private final Writes.Reading reading;
        private final int self;
        private final String selfName;
        private final Map<String, List<Expr>> assigned = new HashMap<>();
        /** The variables that are read later. */
        private final Set<String> live = new HashSet<>();
        /** The variables that a statement reads beside a call in it that is about to change. */
        private Set<String> beside = Set.of();

        private Stmt statement = new Stmt.Pass();
        /** For each variable another one whose memory it may share; itself if it has the name of all of them. */
        private final Map<String, String> shares = new HashMap<>();

        Body(int self, Stmt.Def method, boolean root) {
            this.self = self;
            this.selfName = method.parameters().get(0).name();
            this.reading = writes.reading(type(self), method);
            List<Stmt.Assign> assignments = new ArrayList<>();
            Trees.assignments(method.body(), assignments);
            for (Stmt.Assign assign : assignments) {
                boolean pairwise = assign.targets().size() == assign.values().size();
                for (int i = 0; i < assign.targets().size(); i++) {
                    if (assign.targets().get(i) instanceof Expr.Name name) {
                        assigned.computeIfAbsent(name.id(), key -> new ArrayList<>())
                                .add(pairwise ? assign.values().get(i) : new Expr.Literal("None"));
                    }
                }
            }
            if (!root) {
                method.parameters().forEach(parameter -> share(parameter.name(), LASTING));
            }
            bind(method.body());
        }

        private void bind(List<Stmt> statements) {
            for (Stmt statement : statements) {
                if (statement instanceof Stmt.Assign assign) {
                    boolean pairwise =
                            assign.targets().size() == assign.values().size();
                    for (int i = 0; i < assign.targets().size(); i++) {
                        Expr target = assign.targets().get(i);
                        Set<String> memory = memory(assign.values().get(pairwise ? i : 0));
                        memory(target).forEach(name -> memory.forEach(other -> share(name, other)));
                    }
                } else if (statement instanceof Stmt.For loop) {
                    loop.targets()
                            .forEach(target -> memory(target)
                                    .forEach(name -> memory(loop.iterable()).forEach(other -> share(name, other))));
                } else if (statement instanceof Stmt.Def || statement instanceof Stmt.With) {
                    names(List.of(statement)).forEach(name -> share(name, LASTING));
                }
                Trees.blocks(statement).forEach(this::bind);
            }
            Trees.forEach(statements, expression -> {
                if (expression instanceof Expr.Call call && !isGiven(call)) {
                    Writes.CallEffect effect = reading.effect(call);
                    if (effect.mixes()) {
                        List<String> all = new ArrayList<>();
                        effect.operands().forEach(operand -> all.addAll(memory(operand)));
                        all.forEach(name -> share(name, all.get(0)));
                    }
                }
            });
        }

        private void share(String name, String other) {
            shares.put(group(name), group(other));
        }

        private String group(String name) {
            String next = shares.getOrDefault(name, name);
            return next.equals(name) ? name : group(next);
        }

        /** Returns the variables whose memory a value may be part of. */
        private Set<String> memory(Expr value) {
            Set<String> memory = new HashSet<>();
            if (Writes.isValue(reading.type(value))) {
                return memory;
            }
            if (value instanceof Expr.Name name) {
                memory.add(name.id());
            } else if (value instanceof Expr.Call call) {
                if (!isGiven(call)) {
                    Writes.CallEffect effect = reading.effect(call);
                    effect.returned().stream()
                            .forEach(i -> memory.addAll(memory(effect.operands().get(i))));
                    if (effect.lasting()) {
                        memory.add(LASTING);
                    }
                }
            } else {
                if (value instanceof Expr.Attribute) {
                    memory.add(LASTING);
                }
                Trees.children(value, part -> {
                    memory.addAll(memory(part));
                    return part;
                });
            }
            return memory;
        }

        /** Returns the module that an expression stands for, by its pre-order index; {@link #NO_MODULE} if unknown. */
        private int module(Expr expression) {
            if (expression instanceof Expr.Parens parens) {
                return module(parens.value());
            }
            if (expression instanceof Expr.Attribute attribute) {
                return child(attribute.value(), attribute.name());
            }
            if (expression instanceof Expr.Call call
                    && Trees.dotted(call.callee()).equals("getattr")
                    && call.arguments().size() == 2
                    && call.arguments().get(1) instanceof Expr.Text name) {
                return child(call.arguments().get(0), name.value());
            }
            if (expression instanceof Expr.Name name) {
                List<Expr> values = assigned.getOrDefault(name.id(), List.of());
                if (name.id().equals(selfName)) {
                    return values.isEmpty() ? self : NO_MODULE;
                }
                return values.size() == 1 ? module(values.get(0)) : NO_MODULE;
            }
            return NO_MODULE;
        }

        private int child(Expr owner, String name) {
            int module = module(owner);
            Integer offset = module == NO_MODULE
                    ? null
                    : index.nodes().get(module).type().offsets().get(name);
            return offset == null ? NO_MODULE : module + offset;
        }

        private int called(Expr.Call call) {
            return call.callee() instanceof Expr.Attribute method ? module(method.value()) : NO_MODULE;
        }

        private boolean isGiven(Expr.Call call) {
            return given.contains(called(call));
        }

        /** Whether a call may be one of a module that must run, or of one whose result is given. */
        private boolean mayMatter(Expr.Call call) {
            int module = called(call);
            if (module != NO_MODULE) {
                return given.contains(module) || kept.contains(module);
            }
            Type type = call.callee() instanceof Expr.Attribute method ? reading.type(method.value()) : null;
            return type != null && (index.isInterface(type.name()) || index.isModule(type.name()));
        }

        /** Returns the statements that are needed, and records which variables these need. */
        List<Stmt> kept(List<Stmt> statements) {
            Deque<Stmt> needed = new ArrayDeque<>();
            for (int i = statements.size() - 1; i >= 0; i--) {
                Stmt statement = statements.get(i);
                if (isDead(statement)) {
                    found = true;
                    continue;
                }
                this.statement = statement;
                Stmt changed = Trees.mapAll(List.of(statement), this::withLess).get(0);
                if (changed instanceof Stmt.Assign assign) {
                    assign.targets().forEach(target -> {
                        if (target instanceof Expr.Name name) {
                            live.remove(name.id());
                        }
                    });
                    assign.values().forEach(value -> live.addAll(names(value)));
                    assign.targets().stream()
                            .filter(target -> !(target instanceof Expr.Name))
                            .forEach(target -> live.addAll(names(target)));
                } else {
                    live.addAll(names(List.of(changed)));
                }
                needed.addFirst(changed);
            }
            return List.copyOf(needed);
        }

        private boolean isDead(Stmt statement) {
            if (statement instanceof Stmt.Return || statement instanceof Stmt.Pass) {
                return false;
            }
            if (statement instanceof Stmt.Def closure) {
                return !live.contains(closure.name());
            }
            if (statement instanceof Stmt.For loop && !areDead(loop.targets())) {
                return false;
            }
            if (statement instanceof Stmt.Assign assign && !areDead(assign.targets())) {
                return false;
            }
            boolean[] dead = {true};
            Trees.forEach(
                    statement instanceof Stmt.Assign || statement instanceof Stmt.Evaluate
                            ? List.of(statement)
                            : List.of(withoutBlocks(statement)),
                    expression -> dead[0] &= !(expression instanceof Expr.Call call) || isHarmless(call));
            return dead[0]
                    && Trees.blocks(statement).stream()
                            .allMatch(block -> block.stream().allMatch(this::isDead));
        }

        private static Stmt withoutBlocks(Stmt statement) {
            return Trees.parts(statement, expression -> expression, block -> List.of());
        }

        private boolean areDead(List<Expr> targets) {
            return targets.stream().allMatch(target -> target instanceof Expr.Name name && !live.contains(name.id()));
        }

        private boolean isHarmless(Expr value) {
            boolean[] harmless = {true};
            Trees.map(value, part -> {
                harmless[0] &= !(part instanceof Expr.Call call) || isHarmless(call);
                return part;
            });
            return harmless[0];
        }

        /** Whether nothing that is still needed changes if a call is not made. */
        private boolean isHarmless(Expr.Call call) {
            return !EFFECTS.contains(Trees.dotted(call.callee())) && !mayMatter(call) && writesToNothingNeeded(call);
        }

        private boolean writesToNothingNeeded(Expr.Call call) {
            Writes.CallEffect effect = reading.effect(call);
            if (effect.writesLasting()) {
                return false;
            }
            Set<String> written = new HashSet<>();
            effect.written().stream()
                    .forEach(i -> memory(effect.operands().get(i)).forEach(name -> written.add(group(name))));
            return !written.contains(group(LASTING))
                    && Stream.concat(live.stream(), beside.stream()).noneMatch(name -> written.contains(group(name)));
        }

        /** Returns a call with less, if it is one that needs less. */
        private Expr withLess(Expr expression) {
            int module = expression instanceof Expr.Call call ? called(call) : NO_MODULE;
            boolean isGiven = given.contains(module);
            boolean isSingle = module != NO_MODULE
                    && around.contains(module)
                    && index.self(type(module)).base().isEmpty();
            if (!(expression instanceof Expr.Call call) || !(isGiven || isSingle)) {
                return expression;
            }
            String name = ((Expr.Attribute) call.callee()).name();
            Stmt.Def method = index.nodes().get(module).type().definition().method(name);
            if (method == null) {
                impossible = true;
                return expression;
            }
            beside = readBeside(call);
            if (isGiven) {
                // Where the call would write to its arguments, nothing may be read that it would have written.
                impossible |= !writesToNothingNeeded(call);
            }
            Set<String> needed = isGiven ? Set.of() : needed(module, method, false);
            List<Expr> arguments = new ArrayList<>();
            for (int i = 0; i < call.arguments().size(); i++) {
                Stmt.Parameter parameter = method.parameters().get(i + 1);
                boolean isTensor = parameter.type() == null || parameter.type().equals(Type.TENSOR);
                boolean goes = isTensor && !needed.contains(parameter.name());
                arguments.add(goes ? nothing() : call.arguments().get(i));
                impossible |= goes && !isHarmless(call.arguments().get(i));
            }
            beside = Set.of();
            return new Expr.Call(call.callee(), arguments, call.keywords(), call.trailingComma());
        }

        /** Returns what the statement reads beside the arguments of a call. */
        private Set<String> readBeside(Expr.Call call) {
            Expr.Call without = new Expr.Call(call.callee(), List.of(), List.of(), false);
            return names(Trees.mapAll(List.of(statement), part -> part.equals(call) ? without : part));
        }

        private static Set<String> names(Expr expression) {
            return names(List.of(new Stmt.Evaluate(expression)));
        }

        private static Set<String> names(List<Stmt> statements) {
            Set<String> names = new HashSet<>();
            Trees.forEach(statements, expression -> {
                if (expression instanceof Expr.Name name) {
                    names.add(name.id());
                }
            });
            return names;
        }
    }
}
