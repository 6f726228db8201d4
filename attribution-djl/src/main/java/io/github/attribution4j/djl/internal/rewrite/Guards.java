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
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Stmt;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a program from what libtorch would do without a question: writing files, and reading or writing memory outside a
 * tensor.
 *
 * <p>On a CPU {@code torch.lstm} takes the shapes of its input, state and weights on trust. Eager PyTorch and scripted modules
 * check them before; a trace holds no such check, and computes with whatever lies behind. Other operators trust their
 * indexes, offsets and lengths. Each gets a function of {@link GuardSource} around one argument, or is refused where nobody
 * exports it.
 */
final class Guards {
    private static final Set<String> WRITERS = Set.of("save", "from_file");

    /** They check nothing, and no exporter writes them where an operator that checks would do. */
    private static final Set<String> UNCHECKED = Set.of(
            "mkldnn_rnn_layer",
            "_compute_linear_combination",
            "linalg_ldl_solve",
            "_transform_bias_rescale_qkv",
            "_segment_reduce_backward",
            "segment_reduce",
            "_cdist_backward",
            "_pdist_backward");

    private static final Set<String> RECURRENT = Set.of("lstm", "gru", "rnn_tanh", "rnn_relu");

    /**
     * A check that looks at some arguments.
     *
     * @param function of {@link GuardSource}
     * @param arguments positions; the first is the argument that the function stands around
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this class
    private record Check(String function, int... arguments) {}

    private static final Map<String, Check> CHECKS = Map.ofEntries(
            Map.entry("embedding_bag", new Check("bag_offsets", 2, 1)),
            Map.entry("_embedding_bag", new Check("bag_offsets", 2, 1)),
            Map.entry("_embedding_bag_forward_only", new Check("bag_offsets", 2, 1)),
            Map.entry("_pad_packed_sequence", new Check("packed_sizes", 1, 0)),
            Map.entry("max_pool2d_with_indices_backward", new Check("plane", 7, 1)),
            Map.entry("adaptive_max_pool2d_backward", new Check("plane", 2, 1)),
            Map.entry("ctc_loss", new Check("classes", 1, 0)),
            Map.entry("sparse_coo_tensor", new Check("sparse_indexes", 0, 2)),
            Map.entry("_sparse_coo_tensor_unsafe", new Check("sparse_indexes", 0, 2)),
            Map.entry("linalg_eig", new Check("finite", 0)),
            Map.entry("linalg_eigvals", new Check("finite", 0)),
            Map.entry("native_batch_norm", new Check("statistics", 0, 1, 2, 3, 4)),
            Map.entry("_native_batch_norm_legit_no_training", new Check("statistics", 0, 1, 2, 3, 4)),
            Map.entry("_reshape_alias", new Check("elements", 0, 1)));

    private final String archive;
    private int kept;
    private boolean used;

    Guards(String archive) {
        this.archive = archive;
    }

    /** Whether {@link GuardSource#TEXT} is needed. */
    boolean used() {
        return used;
    }

    Map<String, Stmt.File> guard(Map<String, Stmt.File> files) {
        Map<String, Stmt.File> guarded = new LinkedHashMap<>();
        files.forEach((path, file) -> guarded.put(path, new Stmt.File(path, all(path, file.statements()))));
        return guarded;
    }

    private List<Stmt> all(String path, List<Stmt> statements) {
        List<Stmt> guarded = new ArrayList<>();
        for (Stmt statement : statements) {
            if (statement instanceof Stmt.ClassDef s) {
                guarded.add(new Stmt.ClassDef(s.name(), s.base(), all(path, s.members())));
            } else if (statement instanceof Stmt.Def s) {
                guarded.add(new Stmt.Def(s.name(), s.parameters(), s.result(), all(path, s.body())));
            } else if (statement instanceof Stmt.If s) {
                Expr condition = Trees.map(s.condition(), e -> call(path, e, guarded));
                guarded.add(new Stmt.If(condition, all(path, s.then()), all(path, s.otherwise())));
            } else if (statement instanceof Stmt.For s) {
                Expr iterable = Trees.map(s.iterable(), e -> call(path, e, guarded));
                guarded.add(new Stmt.For(s.targets(), iterable, all(path, s.body())));
            } else if (statement instanceof Stmt.While s) {
                // A condition is computed again and again: what it needs cannot be computed before it.
                guarded.add(new Stmt.While(Trees.map(s.condition(), e -> call(path, e, null)), all(path, s.body())));
            } else if (statement instanceof Stmt.With s) {
                guarded.add(new Stmt.With(s.items(), all(path, s.body())));
            } else {
                guarded.addAll(Trees.mapAll(List.of(statement), e -> call(path, e, guarded)));
            }
        }
        return guarded;
    }

    /** @param before gets statements for what a check and its operator both use, or null where none may be added */
    private Expr call(String path, Expr expression, @Nullable List<Stmt> before) {
        if (!(expression instanceof Expr.Call call)) {
            return expression;
        }
        String name = operator(call);
        if (WRITERS.contains(name)) {
            throw new RewriteException(archive + ": code/" + path + " calls " + Trees.dotted(call.callee())
                    + ", which opens a file; a model here only computes");
        }
        if (UNCHECKED.contains(name)) {
            throw new RewriteException(archive + ": code/" + path + " calls " + Trees.dotted(call.callee())
                    + ", which libtorch runs without checking its arguments; export a model that does not call it");
        }
        List<Expr> arguments = new ArrayList<>(call.arguments());
        boolean guarded =
                RECURRENT.contains(name) ? recurrent(name, arguments, before) : checked(name, arguments, before);
        if (!guarded) {
            return expression;
        }
        used = true;
        return new Expr.Call(call.callee(), arguments, call.keywords(), call.trailingComma());
    }

    /** The name of an operator without its namespace, or an empty string. */
    private static String operator(Expr.Call call) {
        String dotted = Trees.dotted(call.callee());
        for (String space : List.of("torch.", "ops.aten.")) {
            if (dotted.startsWith(space)) {
                return dotted.substring(space.length());
            }
        }
        return "";
    }

    private boolean checked(String name, List<Expr> arguments, @Nullable List<Stmt> before) {
        Check check = CHECKS.get(name);
        if (check == null) {
            return false;
        }
        int[] positions = check.arguments();
        for (int position : positions) {
            if (position >= arguments.size()) {
                return false;
            }
        }
        List<Expr> shown = new ArrayList<>();
        shown.add(arguments.get(positions[0]));
        for (int i = 1; i < positions.length; i++) {
            if (!keep(arguments, positions[i], before)) {
                return false;
            }
            shown.add(arguments.get(positions[i]));
        }
        arguments.set(positions[0], around(check.function(), shown));
        return true;
    }

    /**
     * {@code (x, state, weights, biases, layers, dropout, train, bidirectional, batch_first)}, or packed {@code (x, sizes, state,
     * weights, biases, layers, dropout, train, bidirectional)}.
     */
    private boolean recurrent(String name, List<Expr> arguments, @Nullable List<Stmt> before) {
        if (arguments.size() != 9) {
            return false;
        }
        boolean packed = !(arguments.get(3) instanceof Expr.Literal);
        if (packed && !(arguments.get(4) instanceof Expr.Literal)) {
            return false;
        }
        int state = packed ? 2 : 1;
        for (int position : packed ? new int[] {0, 2, 5, 8} : new int[] {1, 2, 4, 7, 8}) {
            if (!keep(arguments, position, before)) {
                return false;
            }
        }
        Expr states =
                name.equals("lstm") ? arguments.get(state) : new Expr.ListOf(List.of(arguments.get(state)), false);
        Expr layers = arguments.get(packed ? 5 : 4);
        Expr bidirectional = arguments.get(packed ? 8 : 7);
        if (!packed && name.equals("lstm")) {
            arguments.set(
                    0,
                    around(
                            "lstm_input",
                            List.of(
                                    arguments.get(0),
                                    states,
                                    arguments.get(2),
                                    layers,
                                    bidirectional,
                                    arguments.get(8))));
            return true;
        }
        Expr one = new Expr.Literal("1");
        Expr directions =
                torch("add", one, new Expr.Call(new Expr.Name("int"), List.of(bidirectional), List.of(), false));
        Expr count = torch("mul", layers, directions);
        if (packed) {
            arguments.set(1, around("packed_state", List.of(arguments.get(1), arguments.get(0), states, count)));
        } else {
            Expr first = new Expr.Call(new Expr.Name("int"), List.of(arguments.get(8)), List.of(), false);
            arguments.set(
                    0, around("recurrent_state", List.of(arguments.get(0), torch("sub", one, first), states, count)));
        }
        return true;
    }

    private static Expr torch(String name, Expr a, Expr b) {
        return new Expr.Call(Trees.dotted("torch." + name), List.of(a, b), List.of(), false);
    }

    private static Expr around(String function, List<Expr> arguments) {
        return new Expr.Call(Trees.dotted(GuardSource.MODULE + "." + function), arguments, List.of(), true);
    }

    /** Makes an argument one that may be written twice, variables and lists of them, if that can be done. */
    private boolean keep(List<Expr> arguments, int position, @Nullable List<Stmt> before) {
        if (!Printer.print(arguments.get(position)).contains("(")) {
            return true;
        }
        if (before == null) {
            return false;
        }
        String name = "a4j_kept" + kept++;
        before.add(Stmt.Assign.of(name, arguments.get(position)));
        arguments.set(position, new Expr.Name(name));
        return true;
    }
}
