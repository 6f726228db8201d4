// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.flow;

import io.github.attribution4j.djl.internal.operator.OperatorKinds;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Trees;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tells which operators compute along axis 0 of a tensor, and which keep that axis. Axis 0 counts the rows of a call,
 * so an operator along it mixes rows: {@code torch.cumsum(x, 0)} does, {@code torch.relu(x)} does not.
 */
final class AlongRows {
    /** Operators that keep axis 0. */
    private static final Set<String> KEEPING = Set.of(
            ("linear conv1d conv2d conv3d _convolution convolution relu leaky_relu elu selu gelu silu mish sigmoid"
                            + " tanh softplus hardtanh"
                            + " dropout layer_norm batch_norm group_norm instance_norm add sub mul div neg exp log"
                            + " pow sqrt abs clamp to float double contiguous clone type_as embedding detach")
                    .split(" ", -1));

    /** Operators that compute along an axis, and the position of the argument that names it. */
    private static final Map<String, Integer> ALONG = along();

    private static final Set<String> ORDER = Set.of("torch.gt", "torch.ge", "torch.lt", "torch.le");

    private AlongRows() {}

    private static Map<String, Integer> along() {
        Map<String, Integer> along = new HashMap<>();
        for (String operator : (NumberOperators.REDUCTIONS
                        + "|softmax|log_softmax|logsumexp|cumsum|cumprod|cummax|cummin|logcumsumexp|sort|argsort|flip")
                .split("\\|", -1)) {
            along.put(operator, 1);
        }
        for (String operator : "topk|kthvalue|norm|diff|roll|quantile|renorm".split("\\|", -1)) {
            along.put(operator, 2);
        }
        return along;
    }

    /** Returns whether the result of an operator has the same axis 0 as its first argument. */
    static boolean keeps(Expr.Call call, String operator) {
        Integer axis = ALONG.get(operator);
        return KEEPING.contains(OperatorKinds.functional(operator))
                || (axis != null && printed(argument(call, axis)).matches("[1-9]|\\[[1-9](?:, [1-9])*\\]"));
    }

    /**
     * Returns whether an operator computes along axis 0 of its first argument, or picks positions on it that exist only
     * in calls of several rows.
     */
    static boolean mixes(Expr.Call call, String name) {
        if (call.arguments().isEmpty()) {
            return false;
        }
        if (name.equals("select")) {
            return isFirst(argument(call, 1)) && !printed(argument(call, 2)).matches("0|-1|[a-z_].*");
        }
        if (name.equals("slice")) {
            String from = printed(argument(call, 2));
            String to = printed(argument(call, 3));
            return isFirst(argument(call, 1)) && (from.matches("[1-9]\\d{0,9}") || to.matches("-\\d+|[1-9]\\d{0,9}"));
        }
        Integer axis = ALONG.get(name);
        return axis != null
                && (isFirst(argument(call, axis))
                        || call.keywords().stream()
                                .anyMatch(keyword -> keyword.name().equals("dim") && isFirst(keyword.value())));
    }

    /**
     * Returns the candidates for the size of axis 0 in a condition that compares something with a number above one;
     * empty for other conditions.
     */
    static List<Expr> counts(Expr condition) {
        if (!(condition instanceof Expr.Call call)
                || !ORDER.contains(Trees.dotted(call.callee()))
                || call.arguments().size() != 2
                || call.arguments().stream()
                        .noneMatch(argument -> printed(argument).matches("[2-9]|\\d\\d+"))) {
            return List.of();
        }
        return call.arguments();
    }

    static @Nullable Expr argument(Expr.Call call, int number) {
        return number < call.arguments().size() ? call.arguments().get(number) : null;
    }

    private static String printed(@Nullable Expr expression) {
        return expression == null ? "" : Printer.print(expression);
    }

    /** Returns whether an expression is axis 0, or a list that contains it. */
    static boolean isFirst(@Nullable Expr expression) {
        return printed(expression).matches("0|\\[(?:.*, )?0(?:, .*)?\\]");
    }
}
