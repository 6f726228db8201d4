// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.repair;

import io.github.attribution4j.djl.internal.archive.PickleValue;
import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Trees;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Unpacks the operators that {@code optimize_for_mobile} packs for phones.
 * {@code prepacked.linear_clamp_run(x, context)} becomes a linear operation and a clamp, and the convolutions likewise.
 * The packed operators have no derivative, accept float32 only, and fail on shapes that they were not made for.
 *
 * <p>A context stores its weights and returns them on request. If the context is a constant, its numbers are in the
 * archive and become arguments of the operation. Otherwise it is asked while the model runs.
 */
public final class Prepacked {
    /** The prefix of the functions that return weights. Their results are no values of the program. */
    public static final String WEIGHTS = "packed_";

    private static final String XNNPACK = "__torch__.torch.classes.xnnpack.";

    /**
     * A kind of context: the operator that replaces it, and the positions of that operator's other arguments in the
     * stored state.
     */
    private record Kind(String context, String operator, List<Integer> arguments, int bounds) {}

    private static final Map<String, Kind> KINDS = Map.of(
            "ops.prepacked.linear_clamp_run",
            new Kind("LinearOpContext", "linear", List.of(), 2),
            "ops.prepacked.conv2d_clamp_run",
            new Kind("Conv2dOpContext", "conv2d", List.of(2, 3, 4, 5), 6),
            "ops.prepacked.conv2d_transpose_clamp_run",
            new Kind("TransposeConv2dOpContext", "conv_transpose2d", List.of(2, 3, 4, 6, 5), 7));

    private static final String SOURCE = """
            def packed_%2$s_weight(c: %1$s) -> Tensor:
              s = (c).__getstate__()
              return (s)[0]
            def packed_%2$s_bias(c: %1$s) -> Tensor:
              s = (c).__getstate__()
              return unchecked_cast(Tensor, (s)[1])
            def unpacked_%2$s(x: Tensor, c: %1$s) -> Tensor:
              s = (c).__getstate__()
              w : Tensor = (s)[0]
              b : Optional[Tensor] = (s)[1]
              y = torch.%2$s(x, w, b%3$s)
              if torch.__is__((s)[%4$d], None):
                if torch.__is__((s)[%5$d], None):
                  z = y
                else:
                  z = torch.clamp(y, (s)[%4$d], (s)[%5$d])
              else:
                z = torch.clamp(y, (s)[%4$d], (s)[%5$d])
              return z
            """;

    private Prepacked() {}

    /** Returns the functions that the replacements of an operator call. */
    static String source(String name) {
        Kind kind = kind(name);
        StringBuilder arguments = new StringBuilder();
        kind.arguments().forEach(i -> arguments.append(", (s)[").append(i).append(']'));
        return SOURCE.formatted(XNNPACK + kind.context(), kind.operator(), arguments, kind.bounds(), kind.bounds() + 1);
    }

    private static Kind kind(String name) {
        Kind kind = KINDS.get(name);
        if (kind == null) {
            throw new IllegalArgumentException(name + " is no packed operator");
        }
        return kind;
    }

    /** Returns whether a call is of a packed operator. */
    static boolean isPacked(String name, Expr.Call call) {
        return KINDS.containsKey(name) && call.arguments().size() == 2;
    }

    /** Returns the call in ordinary operations. */
    static Expr unpacked(String name, Expr.Call call, List<PickleValue> constants) {
        Kind kind = kind(name);
        Expr context = call.arguments().get(1);
        List<PickleValue> state = state(kind, context, constants);
        Expr dynamic = function("unpacked_" + kind.operator(), call.arguments().get(0), context);
        if (state == null) {
            return dynamic;
        }
        List<Expr> arguments = new ArrayList<>();
        arguments.add(call.arguments().get(0));
        arguments.add(function(WEIGHTS + kind.operator() + "_weight", context));
        arguments.add(
                isNone(state.get(1))
                        ? new Expr.Literal("None")
                        : function(WEIGHTS + kind.operator() + "_bias", context));
        for (int i : kind.arguments()) {
            Expr literal = literal(state.get(i));
            if (literal == null) {
                return dynamic;
            }
            arguments.add(literal);
        }
        Expr low = literal(state.get(kind.bounds()));
        Expr high = literal(state.get(kind.bounds() + 1));
        if (low == null || high == null) {
            return dynamic;
        }
        return clamped(operator(kind.operator(), arguments), low, high);
    }

    private static Expr clamped(Expr value, Expr low, Expr high) {
        Expr none = new Expr.Literal("None");
        if (high.equals(none)) {
            boolean zero = low instanceof Expr.Literal number && number.text().matches("-?0(\\.0*)?");
            return low.equals(none)
                    ? value
                    : zero ? operator("relu", List.of(value)) : operator("clamp", List.of(value, low, none));
        }
        return operator(low.equals(none) ? "clamp" : "hardtanh", List.of(value, low, high));
    }

    /**
     * Returns the state that a constant was pickled with; null if the context is no constant, or of an unknown kind.
     */
    private static @Nullable List<PickleValue> state(Kind kind, Expr context, List<PickleValue> constants) {
        return ProgramIndex.constant(context, constants) instanceof PickleValue.Instance instance
                        && instance.type().equals(XNNPACK + kind.context())
                        && instance.state() instanceof PickleValue.Sequence state
                        && state.items().size() == kind.bounds() + 2
                ? state.items()
                : null;
    }

    private static boolean isNone(PickleValue value) {
        return value instanceof PickleValue.Scalar scalar && scalar.value() == null;
    }

    private static @Nullable Expr literal(PickleValue value) {
        if (value instanceof PickleValue.Sequence list) {
            List<Expr> items = new ArrayList<>();
            for (PickleValue item : list.items()) {
                Expr literal = literal(item);
                if (literal == null) {
                    return null;
                }
                items.add(literal);
            }
            return new Expr.ListOf(items, false);
        }
        if (!(value instanceof PickleValue.Scalar scalar)) {
            return null;
        }
        if (scalar.value() == null) {
            return new Expr.Literal("None");
        }
        return scalar.value() instanceof Number number && Double.isFinite(number.doubleValue())
                ? new Expr.Literal(String.valueOf(number))
                : null;
    }

    private static Expr operator(String name, List<Expr> arguments) {
        return new Expr.Call(Trees.dotted("torch." + name), arguments, List.of(), false);
    }

    private static Expr function(String name, Expr... arguments) {
        return new Expr.Call(Trees.dotted(AddedNames.REPAIRS + "." + name), List.of(arguments), List.of(), true);
    }
}
