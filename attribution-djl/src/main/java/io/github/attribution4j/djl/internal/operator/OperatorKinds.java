// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.operator;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import io.github.attribution4j.model.rule.Operation;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Gives the kind of a call for backward rules. A call whose result passes no gradient has no kind: comparisons, shapes,
 * indexes, new tensors. Every other call that may return floating tensors and that the table does not name is
 * {@link Operation.Kind#UNKNOWN}; a kind is never guessed.
 */
public final class OperatorKinds {
    private static final Pattern BY_TENSORS = Pattern.compile("prelu|cl(amp(_min|_max)?|ip)_?");

    private OperatorKinds() {}

    /** Returns whether an operator is linear in each of its operands. */
    public static boolean isMultilinear(String operator) {
        return Operator.of(operator).is(" multilinear ");
    }

    /** Returns whether an operator is a quotient. */
    public static boolean isQuotient(String operator) {
        return Operator.of(operator).is(" quotient ");
    }

    /** Returns the name of the operator that computes the same without writing to its first operand. */
    public static String functional(String operator) {
        boolean writes = operator.endsWith("_") && !operator.endsWith("__") && operator.length() > 1;
        return writes ? operator.substring(0, operator.length() - 1) : operator;
    }

    /**
     * Returns the kind of a call; null if no gradient passes.
     *
     * @param call the call, whose arguments may have been changed
     * @param arguments the static types of its positional arguments; null for unknown types
     */
    public static Operation.@Nullable Kind of(Expr.Call call, List<@Nullable Type> arguments) {
        String dotted = Trees.dotted(call.callee());
        String operator = dotted.substring(dotted.lastIndexOf('.') + 1);
        Operator row = Operator.of(operator);
        if (!row.differentiable() || dotted.startsWith("ops.prim.") || dotted.startsWith("ops.profiler.")) {
            return null;
        }
        Operation.Kind kind =
                row.kind() == null ? Operator.of(functional(operator)).kind() : row.kind();
        if (kind == null) {
            boolean tensors =
                    (mayHoldTensors(arguments) || untyped(arguments)) && !OperatorTypes.returnsNoTensors(operator);
            return tensors ? Operation.Kind.UNKNOWN : null;
        }
        if (dotted.startsWith("ops.quantized.")) {
            return Operation.Kind.UNKNOWN;
        }
        long tensors = arguments.stream().filter(OperatorKinds::isTensor).count();
        return switch (kind) {
            case LINEAR -> !joinsLists(arguments) && (mayHoldTensors(arguments) || untyped(arguments)) ? kind : null;
            case ACTIVATION ->
                tensors == 1
                                || (tensors > 1 && BY_TENSORS.matcher(operator).matches())
                                || (tensors == 0 && untyped(arguments))
                        ? kind
                        : tensors == 0 ? null : Operation.Kind.UNKNOWN;
            case PRODUCT -> product(call, operator, tensors, arguments);
            case RESHAPE -> mayHoldTensors(arguments) ? kind : null;
            case MAX_POOLING -> mayHoldTensors(arguments) || untyped(arguments) ? kind : null;
            default -> kind;
        };
    }

    private static Operation.@Nullable Kind product(
            Expr.Call call, String operator, long tensors, List<@Nullable Type> arguments) {
        boolean rounded = call.keywords().stream().anyMatch(k -> k.name().equals("rounding_mode"));
        if (joinsLists(arguments) || (!mayHoldTensors(arguments) && !untyped(arguments))) {
            return null;
        }
        if (!Operator.of(operator).is(" factor ")) {
            return Operation.Kind.PRODUCT;
        }
        boolean scaled = tensors == 1 && arguments.stream().allMatch(type -> type != null);
        return rounded ? null : scaled ? Operation.Kind.LINEAR : Operation.Kind.PRODUCT;
    }

    /** Returns whether an argument may be or hold a tensor, by its static type. */
    private static boolean mayHoldTensors(List<@Nullable Type> arguments) {
        return hasContainer(arguments) || arguments.stream().anyMatch(OperatorKinds::isTensor);
    }

    /** The sum of two lists joins them, and a product repeats a list. */
    private static boolean joinsLists(List<@Nullable Type> arguments) {
        Type first = arguments.isEmpty() ? null : arguments.get(0);
        return first != null && first.name().equals("List");
    }

    private static boolean hasContainer(List<@Nullable Type> arguments) {
        return arguments.stream().anyMatch(t -> t != null && mayHold(t) && !isTensor(t));
    }

    /**
     * Returns whether the static type of an argument is unknown. Such an argument may be a tensor; it is never treated
     * as a number.
     */
    private static boolean untyped(List<@Nullable Type> arguments) {
        return arguments.stream().anyMatch(t -> t == null);
    }

    /** Returns whether a value of a type may be or hold tensors. */
    public static boolean mayHold(@Nullable Type type) {
        return type == null || type.name().equals("Any") || type.toString().contains("Tensor");
    }

    /**
     * Returns the name of a call in rules: the operator's name, or {@code relu} if the arguments make it one, as in
     * {@code clamp_min(x, 0)} and {@code threshold(x, 0, 0)}.
     */
    public static String name(Expr.Call call) {
        String dotted = Trees.dotted(call.callee());
        String operator = dotted.substring(dotted.lastIndexOf('.') + 1);
        List<Expr> arguments = call.arguments();
        boolean rectifies = switch (functional(operator)) {
            case "clamp_min" -> arguments.size() == 2 && isZero(arguments.get(1));
            case "clamp" ->
                (arguments.size() == 2 || (arguments.size() == 3 && isText(arguments.get(2), "None")))
                        && isZero(arguments.get(1));
            case "threshold" -> arguments.size() == 3 && isZero(arguments.get(1)) && isZero(arguments.get(2));
            default -> false;
        };
        return !rectifies || !call.keywords().isEmpty()
                ? operator
                : functional(operator).equals(operator) ? "relu" : "relu_";
    }

    private static boolean isZero(Expr expression) {
        return isText(expression, "0") || isText(expression, "0.");
    }

    private static boolean isText(Expr expression, String text) {
        return expression instanceof Expr.Literal literal && literal.text().equals(text);
    }

    public static boolean isTensor(@Nullable Type type) {
        return type != null && type.equals(Type.TENSOR);
    }
}
