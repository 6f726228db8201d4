// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.repair;

import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.program.RewriteException;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Protects the process from operators that libtorch runs unchecked: those that write files, and those that read or
 * write memory outside a tensor if their arguments do not fit.
 *
 * <p>For example, {@code torch.lstm} on a CPU does not compare the shapes of input, state and weights. Eager PyTorch
 * and scripted modules check them before the call; a trace does not, and computes with whatever memory follows. Other
 * operators do not check indexes, offsets or lengths. Each such call gets a function of {@link GuardSource}. The
 * function wraps one argument; if operators of numbers and of tensors share a name, it is called in a statement before
 * the operator. An operator that no exporter writes is refused.
 */
public final class Guards {
    private static final Set<String> WRITERS = Set.of("save", "from_file");

    /** Operators that check nothing. No exporter writes them; it writes an operator that checks. */
    private static final Set<String> UNCHECKED = Set.of(
            "mkldnn_rnn_layer",
            "_compute_linear_combination",
            "linalg_ldl_solve",
            "_transform_bias_rescale_qkv",
            "_segment_reduce_backward",
            "_cdist_backward",
            "_pdist_backward",
            "center");

    /** A constant whose value PyTorch does not save. */
    private static final String LOST = "ops.prim.ConstantMKLDNNTensor";

    private static final Set<String> RECURRENT = Set.of("lstm", "gru", "rnn_tanh", "rnn_relu");
    private static final List<String> LAYER = List.of(
            "input", "hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional", "batch_first");
    private static final List<String> PACKED = List.of(
            "data", "batch_sizes", "hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional");
    private static final Set<String> BOOLEANS = Set.of("True", "False");

    /**
     * A check of some arguments of an operator.
     *
     * @param function the function of {@link GuardSource}
     * @param around whether the function wraps the first argument that it checks; else it is called in a statement
     *     before the operator
     * @param parameters the operator's parameters in order, up to the last that is checked, with their defaults
     * @param shown the names of the parameters that the function gets
     * @param harmless literals that make the call safe, if all arguments but tensors are among them
     */
    private record Check(
            String function, boolean around, List<String> parameters, List<String> shown, Set<String> harmless) {
        static Check around(String function, String parameters, String shown) {
            return new Check(function, true, words(parameters), words(shown), Set.of());
        }

        static Check before(String function, String parameters, String shown, String... harmless) {
            return new Check(function, false, words(parameters), words(shown), Set.of(harmless));
        }

        private static List<String> words(String text) {
            return List.of(text.split(", "));
        }
    }

    private static final Map<String, Check> CHECKS = new HashMap<>();

    static {
        for (String bag : List.of("embedding_bag", "_embedding_bag", "_embedding_bag_forward_only")) {
            String parameters = "weight, indices, offsets, scale_grad_by_freq, mode=0";
            CHECKS.put(bag, Check.around("bag_offsets", parameters, "offsets, indices, mode"));
        }
        CHECKS.put("_pad_packed_sequence", Check.around("packed_sizes", "data, batch_sizes", "batch_sizes, data"));
        CHECKS.put(
                "max_pool2d_with_indices_backward",
                Check.around("plane", "grad, self, kernel, stride, padding, dilation, ceil, indices", "indices, self"));
        CHECKS.put("adaptive_max_pool2d_backward", Check.around("plane", "grad, self, indices", "indices, self"));
        CHECKS.put("ctc_loss", Check.around("classes", "log_probs, targets", "targets, log_probs"));
        for (String sparse : List.of("sparse_coo_tensor", "_sparse_coo_tensor_unsafe")) {
            CHECKS.put(sparse, Check.around("sparse_indexes", "indices, values, size", "indices, size"));
        }
        String compressed = "pointers, indices, values, size";
        CHECKS.put("sparse_csr_tensor", Check.before("compressed_rows", compressed, "pointers, indices, size"));
        CHECKS.put("_sparse_csr_tensor_unsafe", Check.before("compressed_rows", compressed, "pointers, indices, size"));
        CHECKS.put("linalg_eig", Check.around("finite", "self", "self"));
        CHECKS.put("linalg_eigvals", Check.around("finite", "self", "self"));
        String norm = "input, weight, bias, running_mean, running_var";
        CHECKS.put("native_batch_norm", Check.around("statistics", norm, norm));
        CHECKS.put("_native_batch_norm_legit_no_training", Check.around("statistics", norm, norm));
        CHECKS.put("_reshape_alias", Check.around("elements", "self, size", "self, size"));
        for (String quotient : List.of("remainder", "fmod", "floor_divide", "floordiv", "divmod", "div", "divide")) {
            Check check = Check.before("division", "self, other", "self, other");
            CHECKS.put(quotient, check);
            CHECKS.put(quotient + "_", check);
        }
        CHECKS.put("native_channel_shuffle", Check.before("groups", "self, groups", "groups"));
        CHECKS.put(
                "scaled_dot_product_attention",
                Check.before("attention", "query, key, value, attn_mask=None", "query, key, value"));
        CHECKS.put(
                "_scaled_dot_product_flash_attention_for_cpu",
                Check.before("fused_attention", "query, key, value", "query, key, value"));
        for (String sampler : List.of("grid_sampler", "grid_sampler_2d", "grid_sampler_3d")) {
            CHECKS.put(
                    sampler,
                    Check.before(
                            "sampling",
                            "input, grid, interpolation_mode, padding_mode",
                            "interpolation_mode, padding_mode",
                            "0",
                            "1",
                            "2"));
        }
        CHECKS.put(
                "upsample_bilinear2d",
                Check.before(
                        "quantized_scales",
                        "self, output_size, align_corners, scales_h, scales_w",
                        "self, output_size, scales_h, scales_w",
                        "None"));
        CHECKS.put(
                "segment_reduce",
                Check.before(
                        "segments",
                        "data, reduce, lengths=None, indices=None, offsets=None, axis=0",
                        "data, lengths, offsets, axis"));
        for (String convolution : List.of("slow_conv3d", "slow_conv_transpose2d", "slow_conv_transpose3d")) {
            CHECKS.put(convolution, Check.before("kernel", "self, weight, kernel_size", "weight, kernel_size"));
        }
        String bag = "weight, indices, offsets=None, scale_grad_by_freq=False, mode=0, pruned_weights=False, "
                + "per_sample_weights=None";
        for (String bits : List.of("byte", "4bit")) {
            Check check = Check.before("bag_weights", bag, "indices, per_sample_weights", "None");
            CHECKS.put("embedding_bag_" + bits, check);
            CHECKS.put("embedding_bag_" + bits + "_rowwise_offsets", check);
        }
    }

    private final String archive;
    private int kept;
    private boolean used;

    public Guards(String archive) {
        this.archive = archive;
    }

    /** Returns whether the program needs {@link GuardSource#TEXT}. */
    public boolean used() {
        return used;
    }

    public Map<String, Stmt.File> guard(Map<String, Stmt.File> files) {
        Map<String, Stmt.File> guarded = new LinkedHashMap<>();
        files.forEach((path, file) -> guarded.put(path, new Stmt.File(path, all(path, file.statements()))));
        return guarded;
    }

    private List<Stmt> all(String path, List<Stmt> statements) {
        List<Stmt> guarded = new ArrayList<>();
        for (Stmt statement : statements) {
            if (statement instanceof Stmt.While loop) {
                guarded.addAll(loop(path, loop));
            } else {
                guarded.add(Trees.parts(
                        statement, e -> Trees.map(e, part -> call(path, part, guarded)), block -> all(path, block)));
            }
        }
        return guarded;
    }

    /**
     * Guards a loop. Its condition is computed again and again, so the statements that it needs run before the loop and
     * at the end of its body.
     */
    private List<Stmt> loop(String path, Stmt.While loop) {
        List<Stmt> before = new ArrayList<>();
        Expr condition = Trees.map(loop.condition(), e -> call(path, e, before));
        List<Stmt> body = new ArrayList<>(all(path, loop.body()));
        if (before.isEmpty()) {
            return List.of(new Stmt.While(condition, body));
        }
        Expr.Name again = new Expr.Name("a4j_kept" + kept++);
        before.add(Stmt.Assign.of(again.id(), condition));
        body.addAll(before);
        before.add(new Stmt.While(again, body));
        return before;
    }

    /**
     * @param before receives the statements that must run before the call: values that both check and operator use, and
     *     separate checks
     */
    private Expr call(String path, Expr expression, List<Stmt> before) {
        if (!(expression instanceof Expr.Call call)) {
            return expression;
        }
        String name = operator(call);
        if (WRITERS.contains(name)) {
            throw new RewriteException(archive + ": code/" + path + " calls " + Trees.dotted(call.callee())
                    + ", which opens a file; a model here only computes");
        }
        if (Trees.dotted(call.callee()).equals(LOST)) {
            throw new RewriteException(
                    archive + ": code/" + path + " was saved after torch.jit.optimize_for_inference, which"
                            + " leaves the weights of convolutions out of the archive (" + LOST
                            + "); no PyTorch reads it. Save the"
                            + " model as it was before, or after torch.jit.freeze");
        }
        if (UNCHECKED.contains(name)) {
            throw new RewriteException(archive + ": code/" + path + " calls " + Trees.dotted(call.callee())
                    + ", which libtorch runs without checking its arguments; export a model that does not call it");
        }
        if (RECURRENT.contains(name)) {
            return recurrent(name, call, before);
        }
        Check check = CHECKS.get(name);
        return check == null ? call : checked(name, check, call, before);
    }

    /** Returns the name of an operator without its namespace, or an empty string. */
    private static String operator(Expr.Call call) {
        String dotted = Trees.dotted(call.callee());
        for (String space : List.of("torch.", "ops.aten.", "ops.quantized.")) {
            if (dotted.startsWith(space)) {
                return dotted.substring(space.length());
            }
        }
        return dotted.equals("divmod") ? dotted : "";
    }

    private Expr checked(String name, Check check, Expr.Call call, List<Stmt> before) {
        List<Expr> arguments = new ArrayList<>(call.arguments());
        List<Expr.Keyword> keywords = new ArrayList<>(call.keywords());
        List<Expr> shown = new ArrayList<>();
        for (String parameter : check.shown()) {
            Expr value = argument(check.parameters(), parameter, arguments, keywords);
            if (value == null) {
                return call; // This is another overload, without that argument.
            }
            shown.add(value);
        }
        if (harmless(name, check, shown, keywords)) {
            return call;
        }
        used = true;
        for (int i = check.around() ? 1 : 0; i < shown.size(); i++) {
            Expr kept = reusable(shown.get(i), before);
            replaceArgument(check.parameters(), check.shown().get(i), kept, arguments, keywords);
            shown.set(i, kept);
        }
        Expr function = around(check.function(), shown);
        if (check.around()) {
            replaceArgument(check.parameters(), check.shown().get(0), function, arguments, keywords);
        } else {
            before.add(new Stmt.Evaluate(function));
        }
        return new Expr.Call(call.callee(), arguments, keywords, call.trailingComma());
    }

    private static boolean harmless(String name, Check check, List<Expr> shown, List<Expr.Keyword> keywords) {
        if (check.function().equals("division")) {
            // A quotient needs the check only if it is rounded, and not if the divisor is a literal, as in x % 2.
            boolean rounds = !Set.of("div", "div_", "divide", "divide_").contains(name)
                    || keywords.stream().anyMatch(k -> k.name().equals("rounding_mode"));
            return !rounds
                    || (shown.get(1) instanceof Expr.Literal by
                            && !Set.of("0", "-1").contains(by.text()));
        }
        List<String> literals = new ArrayList<>();
        for (Expr value : shown) {
            if (value instanceof Expr.Literal literal) {
                literals.add(literal.text());
            }
        }
        return !literals.isEmpty()
                && check.harmless().containsAll(literals)
                && (check.harmless().contains("None") || literals.size() == shown.size());
    }

    /** Returns the value of a parameter: the argument by position or name, the default, or null. */
    private static @Nullable Expr argument(
            List<String> parameters, String wanted, List<Expr> arguments, List<Expr.Keyword> keywords) {
        for (Expr.Keyword keyword : keywords) {
            if (keyword.name().equals(wanted)) {
                return keyword.value();
            }
        }
        for (int i = 0; i < parameters.size(); i++) {
            String[] parts = parameters.get(i).split("=", 2);
            if (parts[0].equals(wanted)) {
                if (i < arguments.size()) {
                    return arguments.get(i);
                }
                return parts.length == 2 ? new Expr.Literal(parts[1]) : null;
            }
        }
        return null;
    }

    /** Replaces the argument of a parameter if there is one; a default stays. */
    private static void replaceArgument(
            List<String> parameters, String name, Expr value, List<Expr> arguments, List<Expr.Keyword> keywords) {
        for (int i = 0; i < keywords.size(); i++) {
            if (keywords.get(i).name().equals(name)) {
                keywords.set(i, new Expr.Keyword(name, value));
                return;
            }
        }
        for (int i = 0; i < arguments.size() && i < parameters.size(); i++) {
            if (parameters.get(i).split("=", 2)[0].equals(name)) {
                arguments.set(i, value);
            }
        }
    }

    /**
     * Guards a recurrent layer. Its arguments are
     * {@code (x, state, weights, biases, layers, dropout, train, bidirectional, batch_first)}, or
     * {@code (x, sizes, state, weights, biases, layers, dropout, train, bidirectional)} for packed input. If no literal
     * shows which form it is, the check decides by the values at run time.
     */
    private Expr recurrent(String name, Expr.Call call, List<Stmt> before) {
        boolean named = call.keywords().stream()
                .anyMatch(k -> k.name().equals(PACKED.get(0)) || k.name().equals(PACKED.get(1)));
        List<String> parameters = named ? PACKED : LAYER;
        List<Expr> arguments = new ArrayList<>();
        for (String parameter : parameters) {
            Expr value = argument(parameters, parameter, call.arguments(), call.keywords());
            if (value == null) {
                return call; // libtorch refuses it.
            }
            arguments.add(value);
        }
        used = true;
        boolean packed = named || bool(arguments.get(4));
        if (!packed && !bool(arguments.get(3))) {
            for (int i = 0; i < arguments.size(); i++) {
                arguments.set(i, reusable(arguments.get(i), before));
            }
            before.add(new Stmt.Evaluate(around("recurrent", arguments)));
            return new Expr.Call(call.callee(), arguments, List.of(), false);
        }
        for (int position : packed ? new int[] {0, 2, 5, 8} : new int[] {1, 2, 4, 7, 8}) {
            arguments.set(position, reusable(arguments.get(position), before));
        }
        Expr state = arguments.get(packed ? 2 : 1);
        Expr states = name.equals("lstm") ? state : new Expr.ListOf(List.of(state), false);
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
        } else {
            Expr one = new Expr.Literal("1");
            Expr count = torch("mul", layers, torch("add", one, integer(bidirectional)));
            if (packed) {
                arguments.set(1, around("packed_state", List.of(arguments.get(1), arguments.get(0), states, count)));
            } else {
                Expr axis = torch("sub", one, integer(arguments.get(8)));
                arguments.set(0, around("recurrent_state", List.of(arguments.get(0), axis, states, count)));
            }
        }
        return new Expr.Call(call.callee(), arguments, List.of(), false);
    }

    private static boolean bool(Expr expression) {
        return expression instanceof Expr.Literal literal && BOOLEANS.contains(literal.text());
    }

    private static Expr integer(Expr bool) {
        return new Expr.Call(new Expr.Name("int"), List.of(bool), List.of(), false);
    }

    private static Expr torch(String name, Expr a, Expr b) {
        return new Expr.Call(Trees.dotted("torch." + name), List.of(a, b), List.of(), false);
    }

    private static Expr around(String function, List<Expr> arguments) {
        return new Expr.Call(Trees.dotted(AddedNames.GUARDS + "." + function), arguments, List.of(), true);
    }

    /**
     * Returns an expression that may be written twice: the argument itself if it is a variable or a list of variables,
     * else a new variable.
     */
    private Expr reusable(Expr argument, List<Stmt> before) {
        if (!Printer.print(argument).contains("(")) {
            return argument;
        }
        String name = "a4j_kept" + kept++;
        before.add(Stmt.Assign.of(name, argument));
        return new Expr.Name(name);
    }
}
