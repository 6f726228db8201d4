// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rewrite;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Calls of operators in the one form in which a rule library takes them: every argument in its place, every default filled in, spellings of one operation made alike. What does not fit its form has none.
 *
 * <pre>
 * dense(x, w, b?)                                    linear, addmm of a matrix with a transposed weight; b of any rank that broadcasts
 * convolution(x, w, b?, stride, padding, dilation, transposed, output_padding, groups)
 * convolution_same(x, w, b?, dilation, groups), padded such that the size stays
 * batch_norm(x, w?, b?, mean?, var?, training, momentum, eps, cudnn), layer_norm(x, shape, w?, b?, eps), group_norm(x, groups, w?, b?, eps),
 * instance_norm(x, w?, b?, eps) with the statistics of x, instance_norm_if(x, w?, b?, mean?, var?, own: bool, momentum, eps, cudnn) with them if own, rms_norm(x, shape, w?, eps?)
 * softmax(x, dim, dtype?), log_softmax(x, dim, dtype?), glu(x, dim), relu(x)
 * max_poolNd(x, kernel, stride, padding, dilation, ceil) -> Tensor, max_poolNd_with_indices likewise -> (Tensor, Tensor)
 * adaptive_max_poolNd(x, size) -> (Tensor, Tensor), amax(x, dims, keep) -> Tensor, max_dim(x, dim, keep) -> (Tensor, Tensor), amin and min_dim likewise; the larger of two is amax of a stack
 * topk(x, k, dim, largest, sorted) -> (Tensor, Tensor), sort(x, dim, descending, stable), kthvalue(x, k, dim, keep), median_dim(x, dim, keep), cummax(x, dim), cummin, aminmax(x, dim?, keep) likewise
 * logsumexp(x, dims, keep), logcumsumexp(x, dim), norm(x, order, dims?, keep, dtype?), pairwise_distance(a, b, order, eps, keep), var(x, dims?, correction, keep), std, var_mean and std_mean likewise, clamped(x, low?, high?), cosine_similarity(a, b, dim, eps)
 * lerp(a, b, w), lerp_by(a, b, w: float), addcdiv(c, a, b, value), grid_sampler(x, grid, interpolation, padding, align)
 * lstm(x, [h, c], weights, biases, layers, dropout, train, both, first) -> (Tensor, Tensor, Tensor), lstm_packed(x, sizes, [h, c], weights, ..., both) likewise
 * recurrent_layer(mode, x, h, weights, ..., first) -> (Tensor, Tensor), recurrent_packed(mode, x, sizes, h, weights, ..., both) likewise; modes: 1 GRU, 2 tanh, 3 ReLU
 * lstm_cell(x, [h, c], wi, wh, bi?, bh?) -> (Tensor, Tensor), recurrent_cell(mode, x, h, wi, wh, bi?, bh?)
 * mul(a, b), div(a, b), matmul(a, b), bmm(a, b), baddbmm(c, a, b, beta, alpha), addcmul(c, a, b, value), einsum(equation, tensors)
 * sdpa(q, k, v, mask?, dropout, causal, scale?, gqa)
 * </pre>
 *
 * @param method the library's method
 * @param arguments in order
 */
record CanonicalCall(String method, List<Expr> arguments) {
    private static final Pattern NUMBERS = Pattern.compile("int|float|number");

    private static final Expr NONE = new Expr.Literal("None");
    private static final Expr NO_INTS = new Expr.Call(
            new Expr.Name("annotate"),
            List.of(
                    new Expr.Index(new Expr.Name("List"), List.of(new Expr.Name("int"))),
                    new Expr.ListOf(List.of(), false)),
            List.of(),
            false);
    private static final Expr FALSE = new Expr.Literal("False");
    private static final Set<String> PAIRS = Set.of(
            "var_mean",
            "std_mean",
            "topk",
            "sort",
            "kthvalue",
            "median_dim",
            "cummax",
            "cummin",
            "aminmax",
            "max_pool1d_with_indices",
            "max_pool2d_with_indices",
            "max_pool3d_with_indices",
            "adaptive_max_pool1d",
            "adaptive_max_pool2d",
            "adaptive_max_pool3d",
            "max_dim",
            "min_dim",
            "lstm_cell",
            "recurrent_layer",
            "recurrent_packed");
    private static final Set<String> TRIPLES = Set.of("lstm", "lstm_packed");

    private static final Map<String, List<Parameter>> SCHEMAS = new HashMap<>();

    static {
        schema("linear(input, weight, bias=None)");
        schema("addmm(self, mat1, mat2, beta=1, alpha=1)");
        for (int n = 1; n <= 3; n++) {
            schema("conv" + n + "d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)");
            schema("conv_transpose" + n
                    + "d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1)");
            String pool = "(self, kernel_size, stride=[], padding=0, dilation=1, ceil_mode=False)";
            schema("max_pool" + n + "d" + pool);
            schema("max_pool" + n + "d_with_indices" + pool);
            schema("adaptive_max_pool" + n + "d(self, output_size)");
        }
        String convolution = "(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups";
        schema("convolution" + convolution + ")");
        schema("_convolution" + convolution
                + ", benchmark=False, deterministic=False, cudnn_enabled=True, allow_tf32=True)");
        schema("batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled)");
        schema("instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps,"
                + " cudnn_enabled)");
        schema("layer_norm(input, normalized_shape, weight=None, bias=None, eps=1.0000000000000001e-05,"
                + " cudnn_enable=True)");
        schema("group_norm(input, num_groups, weight=None, bias=None, eps=1.0000000000000001e-05, cudnn_enabled=True)");
        schema("rms_norm(input, normalized_shape, weight=None, eps=None)");
        for (String cell : List.of("gru_cell", "rnn_tanh_cell", "rnn_relu_cell", "lstm_cell")) {
            schema(cell + "(input, hx, w_ih, w_hh, b_ih=None, b_hh=None)");
        }
        for (String layer : List.of("gru", "rnn_tanh", "rnn_relu", "lstm")) {
            schema(layer + "(a, b, c, d, e, f, g, h, i)");
        }
        schema("softmax(self, dim, dtype=None)");
        schema("log_softmax(self, dim, dtype=None)");
        schema("_softmax(self, dim, half_to_float)");
        schema("_log_softmax(self, dim, half_to_float)");
        schema("amax(self, dim=[], keepdim=False)");
        schema("glu(self, dim=-1)");
        schema("relu(self)");
        schema("amin(self, dim=[], keepdim=False)");
        schema("max(self, dim=None, keepdim=False)");
        schema("min(self, dim=None, keepdim=False)");
        for (String extreme : List.of("maximum", "minimum", "fmax", "fmin")) {
            schema(extreme + "(self, other)");
        }
        schema("logsumexp(self, dim, keepdim=False)");
        schema("norm(self, p=2, dim=None, keepdim=False, dtype=None)");
        schema("linalg_vector_norm(self, p=2, dim=None, keepdim=False, dtype=None)");
        schema("linalg_norm(self, p=None, dim=None, keepdim=False, dtype=None)");
        schema("frobenius_norm(self, dim=None, keepdim=False)");
        schema("pairwise_distance(x1, x2, p=2, eps=1e-06, keepdim=False)");
        for (String deviation : List.of("var", "std", "var_mean", "std_mean")) {
            schema(deviation + "(self, dim=None, unbiased=True, keepdim=False, correction=None)");
        }
        schema("sort(self, stable=None, dim=-1, descending=False)");
        schema("topk(self, k, dim=-1, largest=True, sorted=True)");
        schema("kthvalue(self, k, dim=-1, keepdim=False)");
        schema("median(self, dim=None, keepdim=False)");
        for (String running : List.of("cummax", "cummin", "logcumsumexp")) {
            schema(running + "(self, dim)");
        }
        schema("aminmax(self, dim=None, keepdim=False)");
        schema("logaddexp(self, other)");
        schema("hypot(self, other)");
        schema("clamp(self, min=None, max=None)");
        schema("clip(self, min=None, max=None)");
        schema("clamp_min(self, min)");
        schema("clamp_max(self, max)");
        schema("lerp(self, end, weight)");
        schema("addcdiv(self, tensor1, tensor2, value=1)");
        schema("cosine_similarity(x1, x2, dim=1, eps=1e-08)");
        for (String sampler : List.of("grid_sampler", "grid_sampler_2d", "grid_sampler_3d")) {
            schema(sampler + "(input, grid, interpolation_mode, padding_mode, align_corners)");
        }
        schema("mul(self, other)");
        schema("multiply(self, other)");
        schema("div(self, other)");
        schema("divide(self, other)");
        schema("true_divide(self, other)");
        schema("matmul(self, other)");
        schema("mm(self, mat2)");
        schema("mv(self, vec)");
        schema("dot(self, tensor)");
        schema("bmm(self, mat2)");
        schema("baddbmm(self, batch1, batch2, beta=1, alpha=1)");
        schema("addcmul(self, tensor1, tensor2, value=1)");
        schema("einsum(equation, tensors, path=None)");
        schema("scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0., is_causal=False,"
                + " scale=None, enable_gqa=False)");
    }

    /** {@code preset} is null where the argument must be given. */
    private record Parameter(String name, @Nullable Expr preset) {}

    private static void schema(String text) {
        List<Parameter> parameters = new ArrayList<>();
        int open = text.indexOf('(');
        for (String part : text.substring(open + 1, text.length() - 1).split(", ", -1)) {
            int equals = part.indexOf('=');
            String value = equals < 0 ? "" : part.substring(equals + 1);
            Expr preset = equals < 0
                    ? null
                    : value.equals("[]") ? new Expr.ListOf(List.of(), false) : new Expr.Literal(value);
            parameters.add(new Parameter(equals < 0 ? part : part.substring(0, equals), preset));
        }
        SCHEMAS.put(text.substring(0, open), parameters);
    }

    /** How many tensors a method of a rule library gives. */
    static int results(String method) {
        return TRIPLES.contains(method) ? 3 : PAIRS.contains(method) ? 2 : 1;
    }

    /**
     * Brings a call into its form.
     *
     * @param operator without namespace and without the mark of writing in place
     * @param types gives static types
     * @return null if the operator has none, or the arguments do not fit
     */
    static @Nullable CanonicalCall of(String operator, Expr.Call call, Function<Expr, @Nullable Type> types) {
        List<Parameter> schema = SCHEMAS.get(operator);
        Map<String, Expr> bound = schema == null ? null : bind(schema, call);
        return bound == null ? null : new Reader(operator, bound, types).read();
    }

    private static @Nullable Map<String, Expr> bind(List<Parameter> schema, Expr.Call call) {
        Map<String, Expr> bound = new HashMap<>();
        for (int i = 0; i < call.arguments().size(); i++) {
            if (i >= schema.size()) {
                return null;
            }
            bound.put(schema.get(i).name(), call.arguments().get(i));
        }
        for (Expr.Keyword keyword : call.keywords()) {
            if (schema.stream().noneMatch(p -> p.name().equals(keyword.name()))) {
                return null;
            }
            bound.put(keyword.name(), keyword.value());
        }
        for (Parameter parameter : schema) {
            Expr preset = parameter.preset();
            if (!bound.containsKey(parameter.name())) {
                if (preset == null) {
                    return null;
                }
                bound.put(parameter.name(), preset);
            }
        }
        return bound;
    }

    private static boolean isText(Expr expression, String text) {
        return expression instanceof Expr.Literal literal && literal.text().equals(text);
    }

    /** Reads the arguments of one call. */
    private record Reader(String operator, Map<String, Expr> bound, Function<Expr, @Nullable Type> types) {
        @Nullable
        CanonicalCall read() {
            return switch (operator) {
                case "linear" -> call("dense", "input", "weight", "bias");
                case "addmm" -> addmm();
                case "convolution", "_convolution" ->
                    call(
                            "convolution",
                            "input",
                            "weight",
                            "bias",
                            "stride",
                            "padding",
                            "dilation",
                            "transposed",
                            "output_padding",
                            "groups");
                case "batch_norm" ->
                    call(
                            "batch_norm",
                            "input",
                            "weight",
                            "bias",
                            "running_mean",
                            "running_var",
                            "training",
                            "momentum",
                            "eps",
                            "cudnn_enabled");
                case "instance_norm" -> instanceNorm();
                case "layer_norm" -> call("layer_norm", "input", "normalized_shape", "weight", "bias", "eps");
                case "group_norm" -> call("group_norm", "input", "num_groups", "weight", "bias", "eps");
                case "rms_norm" -> call("rms_norm", "input", "normalized_shape", "weight", "eps");
                case "softmax", "log_softmax" -> call(operator, "self", "dim", "dtype");
                case "_softmax", "_log_softmax" ->
                    isText(argument("half_to_float"), "False")
                            ? new CanonicalCall(operator.substring(1), List.of(argument("self"), argument("dim"), NONE))
                            : null;
                case "glu" -> call("glu", "self", "dim");
                case "relu" -> call("relu", "self");
                case "amax", "amin" -> extreme(operator);
                case "max", "min" -> extreme();
                case "maximum", "fmax" -> larger("amax");
                case "minimum", "fmin" -> larger("amin");
                case "logsumexp" -> extreme(operator);
                case "norm", "linalg_vector_norm", "linalg_norm", "frobenius_norm" -> norm();
                case "pairwise_distance" -> call(operator, "x1", "x2", real(argument("p")), "eps", "keepdim");
                case "var", "std", "var_mean", "std_mean" -> deviation();
                case "topk" -> call(operator, "self", "k", "dim", "largest", "sorted");
                case "sort" -> sort();
                case "kthvalue" -> call(operator, "self", "k", "dim", "keepdim");
                case "median" -> isText(argument("dim"), "None") ? null : call("median_dim", "self", "dim", "keepdim");
                case "cummax", "cummin", "logcumsumexp" -> call(operator, "self", "dim");
                case "aminmax" -> call(operator, "self", "dim", "keepdim");
                case "logaddexp" -> stacked("logsumexp", List.of(last()), FALSE);
                case "hypot" -> stacked("norm", List.of(new Expr.Literal("2."), last()), FALSE, NONE);
                case "clamp", "clip", "clamp_min", "clamp_max" -> clamped();
                case "lerp" ->
                    OperatorKinds.isTensor(types.apply(argument("weight")))
                            ? call("lerp", "self", "end", "weight")
                            : call("lerp_by", "self", "end", real(argument("weight")));
                case "addcdiv" -> call(operator, "self", "tensor1", "tensor2", real(argument("value")));
                case "cosine_similarity" -> call(operator, "x1", "x2", "dim", "eps");
                case "grid_sampler", "grid_sampler_2d", "grid_sampler_3d" ->
                    call("grid_sampler", "input", "grid", "interpolation_mode", "padding_mode", "align_corners");
                case "lstm_cell" -> call(operator, "input", "hx", "w_ih", "w_hh", "b_ih", "b_hh");
                case "gru_cell", "rnn_tanh_cell", "rnn_relu_cell" ->
                    call("recurrent_cell", mode(), "input", "hx", "w_ih", "w_hh", "b_ih", "b_hh");
                case "lstm", "gru", "rnn_tanh", "rnn_relu" -> layer();
                case "mul", "multiply" -> pair("mul", "self", "other");
                case "div", "divide", "true_divide" -> pair("div", "self", "other");
                case "matmul" -> pair("matmul", "self", "other");
                case "mm", "bmm" -> pair(operator.equals("mm") ? "matmul" : "bmm", "self", "mat2");
                case "mv" -> pair("matmul", "self", "vec");
                case "dot" -> pair("matmul", "self", "tensor");
                case "baddbmm" ->
                    new CanonicalCall(
                            operator,
                            List.of(
                                    argument("self"),
                                    argument("batch1"),
                                    argument("batch2"),
                                    real(argument("beta")),
                                    real(argument("alpha"))));
                case "addcmul" -> call(operator, "self", "tensor1", "tensor2", real(argument("value")));
                case "einsum" -> call(operator, "equation", "tensors");
                case "scaled_dot_product_attention" ->
                    call("sdpa", "query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale", "enable_gqa");
                default -> operator.startsWith("conv") ? convolution() : pooling();
            };
        }

        private @Nullable CanonicalCall extreme(String method) {
            List<Expr> dims = isText(argument("dim"), "None") ? List.of(NO_INTS) : reduced();
            return dims == null ? null : call(method, "self", dims.get(0), "keepdim");
        }

        /** The larger or smaller of two, element by element, is a reduction over an axis of two. */
        private @Nullable CanonicalCall larger(String method) {
            return larger(method, argument("self"), argument("other"));
        }

        private @Nullable CanonicalCall larger(String method, Expr left, Expr right) {
            return stacked(method, left, right, List.of(last()), FALSE);
        }

        private @Nullable CanonicalCall stacked(String method, List<Expr> over, Expr... more) {
            return stacked(method, argument("self"), argument("other"), over, more);
        }

        /** A reduction of two tensors, element by element, is one over an axis of two. */
        private @Nullable CanonicalCall stacked(String method, Expr left, Expr right, List<Expr> over, Expr... more) {
            if (!OperatorKinds.isTensor(types.apply(left)) || !OperatorKinds.isTensor(types.apply(right))) {
                return null;
            }
            Expr both = called("torch.broadcast_tensors", new Expr.ListOf(List.of(left, right), false));
            List<Object> arguments = new ArrayList<>();
            arguments.add(called("torch.stack", both, new Expr.Literal("-1")));
            arguments.addAll(over);
            arguments.addAll(List.of(more));
            return call(method, arguments.toArray());
        }

        private static Expr last() {
            return new Expr.ListOf(List.of(new Expr.Literal("-1")), false);
        }

        /** The second argument is the axis, or whether equal values keep their order. */
        private @Nullable CanonicalCall sort() {
            Expr second = argument("stable");
            Type type = types.apply(second);
            boolean axis = type != null && type.name().equals("int");
            Expr dim = axis ? second : argument("dim");
            boolean flagged = axis && !isText(argument("dim"), "-1");
            Expr stable = axis || isText(second, "None") ? FALSE : second;
            return call("sort", "self", dim, flagged ? argument("dim") : argument("descending"), stable);
        }

        private static Expr called(String operator, Expr... arguments) {
            return new Expr.Call(Trees.dotted(operator), List.of(arguments), List.of(), false);
        }

        private @Nullable CanonicalCall norm() {
            List<Expr> dims = axes();
            Expr order = bound.get("p");
            boolean two = order == null || isText(order, "None");
            // Over two axes linalg_norm is that of a matrix.
            boolean vector = !operator.equals("linalg_norm")
                    || (argument("dim") instanceof Expr.ListOf list
                            && list.items().size() == 1)
                    || (two && !isText(argument("dim"), "None"));
            Expr power = order == null || two ? new Expr.Literal("2.") : real(order);
            return dims == null || !vector || !(two || isNumber(order))
                    ? null
                    : call("norm", "self", power, dims.get(0), "keepdim", bound.getOrDefault("dtype", NONE));
        }

        /** The axes that are reduced: a list, or none for all. */
        private @Nullable List<Expr> axes() {
            if (isText(argument("dim"), "None")) {
                return List.of(NONE);
            }
            Type type = types.apply(argument("dim"));
            return type != null && type.toString().equals("Optional[List[int]]") ? List.of(argument("dim")) : reduced();
        }

        /** An empty list of axes tells its type. */
        private @Nullable List<Expr> reduced() {
            List<Expr> dims = ints("dim", 1);
            boolean all = dims != null
                    && dims.get(0) instanceof Expr.ListOf list
                    && list.items().isEmpty();
            return all ? List.of(NO_INTS) : dims;
        }

        private boolean isNumber(@Nullable Expr value) {
            Type type = value == null ? null : types.apply(value);
            return value instanceof Expr.Literal
                    || (type != null && NUMBERS.matcher(type.toString()).matches());
        }

        /** The second argument is the axes, or whether to correct. */
        private @Nullable CanonicalCall deviation() {
            Expr dim = argument("dim");
            Expr correction = argument("correction");
            Type type = types.apply(dim);
            boolean flag = type != null && type.name().equals("bool");
            List<Expr> dims = flag ? List.of(NONE) : axes();
            Expr unbiased = flag ? dim : argument("unbiased");
            if (dims == null) {
                return null;
            }
            Expr value = isText(correction, "None") ? unbiased : correction;
            return call(operator, "self", dims.get(0), real(value), "keepdim");
        }

        private @Nullable CanonicalCall clamped() {
            Expr none = new Expr.Literal("None");
            Expr low = bound.getOrDefault("min", none);
            Expr high = bound.getOrDefault("max", none);
            boolean tensors = OperatorKinds.isTensor(types.apply(low)) || OperatorKinds.isTensor(types.apply(high));
            return tensors ? call("clamped", "self", low, high) : null;
        }

        /** 1 GRU, 2 tanh, 3 ReLU. */
        private Expr mode() {
            return new Expr.Literal(operator.startsWith("gru") ? "1" : operator.startsWith("rnn_tanh") ? "2" : "3");
        }

        /** Packed sequences have their sizes as a tensor behind the data. */
        private @Nullable CanonicalCall layer() {
            boolean lstm = operator.equals("lstm");
            boolean packed = OperatorKinds.isTensor(types.apply(argument(lstm ? "b" : "c")));
            if (!packed && types.apply(argument(lstm ? "b" : "c")) == null) {
                return null;
            }
            List<Object> values = new ArrayList<>();
            if (!lstm) {
                values.add(mode());
            }
            values.addAll(List.of("a", "b", "c", "d", "e", "f", "g", "h", "i"));
            int rate = values.indexOf(packed ? "g" : "f");
            values.set(rate, real(argument((String) values.get(rate))));
            String method = (lstm ? "lstm" : "recurrent") + (packed ? "_packed" : lstm ? "" : "_layer");
            return call(method, values.toArray());
        }

        private Expr argument(String name) {
            Expr value = bound.get(name);
            if (value == null) {
                throw new IllegalStateException(operator + " has no parameter " + name);
            }
            return value;
        }

        private CanonicalCall call(String method, Object... arguments) {
            List<Expr> values = new ArrayList<>();
            for (Object argument : arguments) {
                values.add(argument instanceof Expr value ? value : argument((String) argument));
            }
            return new CanonicalCall(method, values);
        }

        private @Nullable CanonicalCall pair(String method, String left, String right) {
            boolean tensors = OperatorKinds.isTensor(types.apply(argument(left)))
                    && OperatorKinds.isTensor(types.apply(argument(right)));
            return tensors ? call(method, left, right) : null;
        }

        private static Expr real(Expr number) {
            return new Expr.Call(new Expr.Name("float"), List.of(number), List.of(), false);
        }

        private boolean isOne(String name) {
            return isText(argument(name), "1") || isText(argument(name), "1.");
        }

        private @Nullable CanonicalCall addmm() {
            Expr weight = new Expr.Call(Trees.dotted("torch.t"), List.of(argument("mat2")), List.of(), false);
            return isOne("beta") && isOne("alpha") ? call("dense", "mat1", weight, "self") : null;
        }

        private CanonicalCall instanceNorm() {
            if (isText(argument("use_input_stats"), "True")) {
                return call("instance_norm", "input", "weight", "bias", "eps");
            }
            return isText(argument("use_input_stats"), "False")
                    ? call(
                            "batch_norm",
                            "input",
                            "weight",
                            "bias",
                            "running_mean",
                            "running_var",
                            new Expr.Literal("False"),
                            "momentum",
                            "eps",
                            "cudnn_enabled")
                    : call(
                            "instance_norm_if",
                            "input",
                            "weight",
                            "bias",
                            "running_mean",
                            "running_var",
                            "use_input_stats",
                            "momentum",
                            "eps",
                            "cudnn_enabled");
        }

        private @Nullable CanonicalCall extreme() {
            if (isText(argument("dim"), "None")) {
                return call("a" + operator, "self", NO_INTS, new Expr.Literal("False"));
            }
            Type type = types.apply(argument("dim"));
            return type != null && type.name().equals("int")
                    ? call(operator + "_dim", "self", "dim", "keepdim")
                    : larger("a" + operator, argument("self"), argument("dim"));
        }

        /** Padding by name: none, or as much as keeps the size. */
        private @Nullable CanonicalCall named(String padding) {
            int n = operator.charAt(4) - '0';
            List<Expr> dilation = ints("dilation", n);
            List<Expr> stride = ints("stride", n);
            if (dilation == null || stride == null) {
                return null;
            }
            Expr zeros = repeated(new Expr.Literal("0"), n);
            return padding.equals("same")
                    ? call("convolution_same", "input", "weight", "bias", dilation.get(0), "groups")
                    : call(
                            "convolution",
                            "input",
                            "weight",
                            "bias",
                            stride.get(0),
                            zeros,
                            dilation.get(0),
                            new Expr.Literal("False"),
                            zeros,
                            "groups");
        }

        private @Nullable CanonicalCall convolution() {
            if (argument("padding") instanceof Expr.Text named) {
                return named(named.value());
            }
            boolean transposed = operator.startsWith("conv_transpose");
            int n = operator.charAt(operator.length() - 2) - '0';
            List<Expr> stride = ints("stride", n);
            List<Expr> padding = ints("padding", n);
            List<Expr> dilation = ints("dilation", n);
            List<Expr> output = transposed ? ints("output_padding", n) : List.of(repeated(new Expr.Literal("0"), n));
            if (stride == null || padding == null || dilation == null || output == null) {
                return null;
            }
            return call(
                    "convolution",
                    "input",
                    "weight",
                    "bias",
                    stride.get(0),
                    padding.get(0),
                    dilation.get(0),
                    new Expr.Literal(transposed ? "True" : "False"),
                    output.get(0),
                    "groups");
        }

        private @Nullable CanonicalCall pooling() {
            int n = operator.charAt(operator.indexOf("pool") + 4) - '0';
            if (operator.startsWith("adaptive")) {
                List<Expr> size = ints("output_size", n);
                return size == null ? null : call(operator, "self", size.get(0));
            }
            List<Expr> kernel = ints("kernel_size", n);
            List<Expr> stride = ints("stride", n);
            List<Expr> padding = ints("padding", n);
            List<Expr> dilation = ints("dilation", n);
            if (kernel == null || stride == null || padding == null || dilation == null) {
                return null;
            }
            boolean same =
                    stride.get(0) instanceof Expr.ListOf list && list.items().isEmpty();
            return call(
                    operator,
                    "self",
                    kernel.get(0),
                    same ? kernel.get(0) : stride.get(0),
                    padding.get(0),
                    dilation.get(0),
                    "ceil_mode");
        }

        /** A list of numbers, one for each dimension, as the only item; null if it is something else. */
        private @Nullable List<Expr> ints(String name, int dimensions) {
            Expr value = argument(name);
            if (value instanceof Expr.Call annotated
                    && annotated.callee() instanceof Expr.Name callee
                    && callee.id().equals("annotate")) {
                value = annotated.arguments().get(1);
            }
            if (value instanceof Expr.ListOf list) {
                boolean one = list.items().size() == 1 && dimensions > 1;
                return List.of(one ? repeated(list.items().get(0), dimensions) : list);
            }
            Type type = types.apply(value);
            if (type == null) {
                return null;
            }
            if (type.name().equals("int")) {
                return List.of(repeated(value, dimensions));
            }
            return type.toString().equals("List[int]") ? List.of(value) : null;
        }

        private static Expr repeated(Expr item, int count) {
            return new Expr.ListOf(Collections.nCopies(count, item), false);
        }
    }
}
