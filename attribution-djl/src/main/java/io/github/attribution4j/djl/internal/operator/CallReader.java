// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.operator;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads one call into its canonical form. In go the arguments by name and the form of the operator's line in the table;
 * out comes the {@link CanonicalCall}, or null if the arguments do not fit. A form is either spelled out, as
 * {@code dense(input, weight, bias)} for {@code linear}, or names a method here, as {@code @addmm}: {@code addmm} is
 * dense only if its two factors are 1.
 *
 * @param operator the operator, without namespace
 * @param bound every parameter's argument or default
 * @param types gives static types
 */
record CallReader(String operator, Map<String, Expr> bound, Function<Expr, @Nullable Type> types) {
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

    @Nullable
    CanonicalCall read(String form) {
        return switch (form) {
            case "@addmm" -> addmm();
            case "@instance_norm" -> instanceNorm();
            case "@half" ->
                isText(argument("half_to_float"), "False")
                        ? new CanonicalCall(operator.substring(1), List.of(argument("self"), argument("dim"), NONE))
                        : null;
            case "@amax" -> extreme(operator);
            case "@max" -> extreme();
            case "@norm" -> norm();
            case "@deviation" -> deviation();
            case "@sort" -> sort();
            case "@median" -> isText(argument("dim"), "None") ? null : call("median_dim", "self", "dim", "keepdim");
            case "@clamped" -> clamped();
            case "@lerp" ->
                OperatorKinds.isTensor(types.apply(argument("weight")))
                        ? call("lerp", "self", "end", "weight")
                        : call("lerp_by", "self", "end", real(argument("weight")));
            case "@layer" -> layer();
            case "@convolution" -> convolution();
            case "@pooling" -> pooling();
            default -> filled(form);
        };
    }

    /** Fills in the form of the table; null if an argument that must be a tensor is none. */
    private @Nullable CanonicalCall filled(String form) {
        int open = form.indexOf('(');
        List<Expr> values = new ArrayList<>();
        for (String item : form.substring(open + 1, form.length() - 1).split(", ", -1)) {
            Expr value = value(item);
            if (value == null) {
                return null;
            }
            values.add(value);
        }
        return new CanonicalCall(form.substring(0, open), values);
    }

    private @Nullable Expr value(String item) {
        if (item.startsWith("float ")) {
            return real(argument(item.substring("float ".length())));
        }
        if (item.startsWith("Tensor ")) {
            Expr value = argument(item.substring("Tensor ".length()));
            return OperatorKinds.isTensor(types.apply(value)) ? value : null;
        }
        return switch (item) {
            case "stack" -> stack(argument("self"), argument("other"));
            case "[-1]" -> last();
            case "False", "None", "1", "2", "3", "2." -> new Expr.Literal(item);
            default -> argument(item);
        };
    }

    private @Nullable CanonicalCall extreme(String method) {
        List<Expr> dims = isText(argument("dim"), "None") ? List.of(NO_INTS) : reduced();
        return dims == null ? null : call(method, "self", dims.get(0), "keepdim");
    }

    /** Stacks two tensors, so that their elementwise maximum is one over the new axis; null if one is no tensor. */
    private @Nullable Expr stack(Expr left, Expr right) {
        if (!OperatorKinds.isTensor(types.apply(left)) || !OperatorKinds.isTensor(types.apply(right))) {
            return null;
        }
        Expr both = called("torch.broadcast_tensors", new Expr.ListOf(List.of(left, right), false));
        return called("torch.stack", both, new Expr.Literal("-1"));
    }

    private static Expr last() {
        return new Expr.ListOf(List.of(new Expr.Literal("-1")), false);
    }

    /** Reads {@code sort}. Its second argument is the axis, or whether equal values keep their order. */
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
        // Over two axes, linalg_norm is the norm of a matrix.
        boolean vector = !operator.equals("linalg_norm")
                || (argument("dim") instanceof Expr.ListOf list && list.items().size() == 1)
                || (two && !isText(argument("dim"), "None"));
        Expr power = order == null || two ? new Expr.Literal("2.") : real(order);
        return dims == null || !vector || !(two || isNumber(order))
                ? null
                : call("norm", "self", power, dims.get(0), "keepdim", bound.getOrDefault("dtype", NONE));
    }

    /** Returns the reduced axes as the only item: a list, or None for all. Null if they are something else. */
    private @Nullable List<Expr> axes() {
        if (isText(argument("dim"), "None")) {
            return List.of(NONE);
        }
        Type type = types.apply(argument("dim"));
        return type != null && type.toString().equals("Optional[List[int]]") ? List.of(argument("dim")) : reduced();
    }

    /** Returns the reduced axes as the only item. An empty list needs its type written out. */
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

    /** Reads a variance or deviation. Its second argument is the axes, or whether to correct. */
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

    /** Returns the mode of a recurrent layer: 1 GRU, 2 tanh, 3 ReLU. */
    private Expr mode() {
        return new Expr.Literal(operator.startsWith("gru") ? "1" : operator.startsWith("rnn_tanh") ? "2" : "3");
    }

    /** Reads a recurrent layer. A packed sequence has its sizes as a tensor after the data. */
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
        if (type != null && type.name().equals("int")) {
            return call(operator + "_dim", "self", "dim", "keepdim");
        }
        Expr both = stack(argument("self"), argument("dim"));
        return both == null ? null : call("a" + operator, both, last(), FALSE);
    }

    /** Reads a convolution whose padding is a name: {@code valid}, or {@code same}, which keeps the size. */
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
        boolean same = stride.get(0) instanceof Expr.ListOf list && list.items().isEmpty();
        return call(
                operator,
                "self",
                kernel.get(0),
                same ? kernel.get(0) : stride.get(0),
                padding.get(0),
                dilation.get(0),
                "ceil_mode");
    }

    /** Returns an argument as a list with a number for each dimension, as the only item; null if it is no such list. */
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

    private static boolean isText(Expr expression, String text) {
        return expression instanceof Expr.Literal literal && literal.text().equals(text);
    }
}
