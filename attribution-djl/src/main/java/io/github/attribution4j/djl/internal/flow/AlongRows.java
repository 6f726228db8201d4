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

/** Which operators compute along axis 0 of a tensor, and which leave it as it is. */
final class AlongRows {
    /** What leaves axis 0 as it is. */
    private static final Set<String> KEEPING = Set.of(
            ("linear conv1d conv2d conv3d _convolution convolution relu leaky_relu elu selu gelu silu mish sigmoid tanh softplus hardtanh"
                            + " dropout layer_norm batch_norm group_norm instance_norm add sub mul div neg exp log pow sqrt abs clamp to float"
                            + " double contiguous clone type_as embedding detach")
                    .split(" ", -1));

    /** What computes along an axis, and which argument names it. */
    private static final Map<String, Integer> ALONG = along();

    private static final Set<String> ORDER = Set.of("torch.gt", "torch.ge", "torch.lt", "torch.le");

    private AlongRows() {}

    private static Map<String, Integer> along() {
        Map<String, Integer> along = new HashMap<>();
        for (String operator : (RowDecisions.REDUCTIONS
                        + "|softmax|log_softmax|logsumexp|cumsum|cumprod|cummax|cummin|logcumsumexp|sort|argsort|flip")
                .split("\\|", -1)) {
            along.put(operator, 1);
        }
        for (String operator : "topk|kthvalue|norm|diff|roll|quantile|renorm".split("\\|", -1)) {
            along.put(operator, 2);
        }
        return along;
    }

    /** Whether an operator gives a tensor whose axis 0 is that of what it is given. */
    static boolean keeps(Expr.Call call, String operator) {
        Integer axis = ALONG.get(operator);
        return KEEPING.contains(OperatorKinds.functional(operator))
                || (axis != null && printed(argument(call, axis)).matches("[1-9]|\\[[1-9](?:, [1-9])*\\]"));
    }

    /** Whether an operator computes along axis 0 of its first argument, or picks places on it by numbers that only some calls have. */
    static boolean is(Expr.Call call, String name) {
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
     * Returns what may be the size of axis 0 in a condition that asks whether something exceeds a number above one; empty if the
     * condition is another.
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

    /** Whether an expression is axis 0, or a list with it. */
    static boolean isFirst(@Nullable Expr expression) {
        return printed(expression).matches("0|\\[(?:.*, )?0(?:, .*)?\\]");
    }
}
