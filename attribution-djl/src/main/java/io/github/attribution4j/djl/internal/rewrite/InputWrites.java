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

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the inputs of a program that it may write to: those must be given to it as copies, the others as they are. An input is written to by an operator in place on it, on a view of it, or on
 * a value that may be either. What is not certain counts as written.
 *
 * <p>The order of statements is not looked at: a variable may share memory with everything that is ever assigned to it. Each method and function is looked at once; one that calls itself is
 * taken to write to all that it is given.
 */
final class InputWrites {
    /** What a method or function may do to its parameters: write to them, or let its result share their memory. */
    private record Effect(BitSet written, BitSet returned) {
        static Effect worst(int parameters) {
            BitSet all = new BitSet();
            all.set(0, parameters);
            return new Effect(all, all);
        }
    }

    private final ProgramIndex index;
    private final Map<String, Effect> known = new HashMap<>();

    private InputWrites(ProgramIndex index) {
        this.index = index;
    }

    /** Returns the numbers of the parameters of the root's {@code forward}, its object not counted, that may be written to. */
    static BitSet of(ProgramIndex index) {
        String root = index.root().name();
        Stmt.Def forward = index.root().definition().method("forward");
        if (forward == null || !InPlace.occursIn(index.files().values())) {
            return new BitSet();
        }
        BitSet written =
                new InputWrites(index).effect(root + ".forward", root, forward).written();
        return written.get(1, Math.max(1, written.length()));
    }

    private Effect effect(String key, @Nullable String owner, Stmt.Def definition) {
        Effect found = known.get(key);
        if (found == null) {
            known.put(key, Effect.worst(definition.parameters().size()));
            found = new Body(owner, definition).summary();
            known.put(key, found);
        }
        return found;
    }

    /** One method or function: which parameters each variable may share memory with. */
    private final class Body {
        private final StaticTypes types =
                new StaticTypes(index, new RuntimeSource(new BitSet(), false, false, false, false, false, null));
        private final Map<String, BitSet> shared = new HashMap<>();
        private final IdentityHashMap<Expr.Call, Effect> effects = new IdentityHashMap<>();
        private final BitSet written = new BitSet();
        private final BitSet returned = new BitSet();
        /** The parameters that may hold others: objects, lists. */
        private final BitSet holders = new BitSet();

        private final List<Stmt> statements;
        private boolean changed;

        Body(@Nullable String owner, Stmt.Def definition) {
            this.statements = definition.body();
            List<Stmt.Parameter> parameters = definition.parameters();
            for (int i = 0; i < parameters.size(); i++) {
                Stmt.Parameter parameter = parameters.get(i);
                BitSet own = new BitSet();
                own.set(i);
                shared.put(parameter.name(), own);
                Type type = parameter.type() == null ? Type.TENSOR : parameter.type();
                holders.set(i, !type.equals(Type.TENSOR) || (i == 0 && owner != null));
                types.declare(parameter.name(), i == 0 && owner != null ? Type.of(owner) : type);
            }
        }

        Effect summary() {
            declare(statements);
            do {
                changed = false;
                statements.forEach(this::statement);
            } while (changed);
            return new Effect(written, returned);
        }

        /** The types of all variables, in the order of the text. */
        private void declare(List<Stmt> body) {
            for (Stmt statement : body) {
                if (statement instanceof Stmt.Assign assign) {
                    types.assign(assign);
                } else if (statement instanceof Stmt.If branch) {
                    declare(branch.then());
                    declare(branch.otherwise());
                } else if (statement instanceof Stmt.For loop) {
                    types.loop(loop);
                    declare(loop.body());
                } else if (statement instanceof Stmt.While loop) {
                    declare(loop.body());
                } else if (statement instanceof Stmt.With with) {
                    declare(with.body());
                } else if (statement instanceof Stmt.Def closure) {
                    declare(closure.body());
                }
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
                branch.then().forEach(this::statement);
                branch.otherwise().forEach(this::statement);
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
            } else {
                // What is kept in an object or a list may be written to by whoever finds it there.
                add(written, value);
            }
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
                return call(call);
            }
            List<BitSet> parts = new ArrayList<>();
            Trees.children(expression, part -> {
                parts.add(of(part));
                return part;
            });
            return union(parts);
        }

        private BitSet union(List<BitSet> parts) {
            BitSet all = new BitSet();
            parts.forEach(all::or);
            return all;
        }

        private BitSet call(Expr.Call call) {
            List<BitSet> arguments = new ArrayList<>();
            call.arguments().forEach(argument -> arguments.add(of(argument)));
            List<BitSet> all = new ArrayList<>(arguments);
            call.keywords().forEach(keyword -> all.add(of(keyword.value())));
            String dotted = Trees.dotted(call.callee());
            if (dotted.startsWith("torch.") || dotted.startsWith("ops.")) {
                return operator(dotted, call, union(all), arguments);
            }
            if (call.callee() instanceof Expr.Attribute method && types.function(method) == null) {
                all.add(0, of(method.value()));
            }
            Effect effect = effects.computeIfAbsent(call, this::effectOf);
            return effect == null ? union(all) : apply(effect, all);
        }

        /** Null for intrinsics and constructors, which write to nothing and may hand on whatever they are given. */
        private @Nullable Effect effectOf(Expr.Call call) {
            String function = types.function(call.callee());
            Stmt.Def definition = function == null ? null : index.function(function);
            if (function != null && definition != null) {
                return InputWrites.this.effect(function, null, definition);
            }
            if (!(call.callee() instanceof Expr.Attribute method)) {
                return null;
            }
            Type owner = types.of(method.value());
            Stmt.ClassDef type =
                    owner == null || index.isInterface(owner.name()) ? null : index.definition(owner.name());
            definition = type == null ? null : type.method(method.name());
            return owner == null || definition == null
                    ? Effect.worst(call.arguments().size() + 1)
                    : InputWrites.this.effect(owner.name() + "." + method.name(), owner.name(), definition);
        }

        private BitSet apply(Effect effect, List<BitSet> arguments) {
            BitSet result = new BitSet();
            for (int i = 0; i < arguments.size(); i++) {
                if (effect.written().get(i)) {
                    add(written, arguments.get(i));
                }
                if (effect.returned().get(i)) {
                    result.or(arguments.get(i));
                }
            }
            return result;
        }

        /** What goes into a container that the caller or the module holds may be written to by whoever finds it there. */
        private void fill(Expr container, BitSet values) {
            if (container instanceof Expr.Name && !of(container).intersects(holders)) {
                bind(container, values);
            } else {
                add(written, values);
            }
        }

        private BitSet operator(String dotted, Expr.Call call, BitSet all, List<BitSet> arguments) {
            String name = dotted.substring(dotted.lastIndexOf('.') + 1);
            if (InPlace.writes(call)) {
                boolean first = dotted.startsWith("torch.") && call.keywords().isEmpty() && !arguments.isEmpty();
                add(written, first ? arguments.get(0) : all);
            } else if (OperatorTypes.changesContainer(name)) {
                fill(call.arguments().get(0), union(arguments.subList(1, arguments.size())));
            } else if (OperatorTypes.isFresh(name)) {
                return new BitSet();
            }
            return all;
        }
    }
}
