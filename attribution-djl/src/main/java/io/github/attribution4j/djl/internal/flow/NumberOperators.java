// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.flow;

import io.github.attribution4j.djl.internal.program.StaticTypes;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The operators that make a number of a tensor: a plain number, or a tensor of one element. */
final class NumberOperators {
    private static final Pattern NOTHING = Pattern.compile("None|False");

    static final String REDUCTIONS =
            "any|all|sum|nansum|mean|nanmean|prod|max|min|amax|amin|median|nanmedian|std|var|norm|argmax|argmin"
                    + "|count_nonzero";

    /** A program without a match makes no number of a tensor, and computes nothing along the rows. */
    private static final Pattern CONVERSION = Pattern.compile(
            "\\b(?:bool|int|float|complex|item|tolist|is_nonzero|equal|allclose|\\w+Implicit|_local_scalar_dense"
                    + "|torch\\.(?:"
                    + REDUCTIONS
                    + "))\\(|\\btorch\\.(?:select|slice|softmax|log_softmax|logsumexp|\\w*cum\\w+|sort|argsort|flip"
                    + "|topk|kthvalue|diff|roll|quantile|renorm|size)\\([^\\n]*\\b0\\b");

    private static final Set<String> CASTS = Set.of("bool", "int", "float", "complex");
    private static final Set<String> CONVERSIONS =
            Set.of("item", "tolist", "is_nonzero", "equal", "allclose", "_local_scalar_dense", "Bool", "Int", "Float");

    private static final Set<String> REDUCING = Set.of(REDUCTIONS.split("\\|"));
    /** Reductions with further numeric arguments that are not axes. */
    private static final Set<String> WITH_NUMBER = Set.of("norm", "std", "var");

    private static final Set<String> SCALARS = Set.of("int", "float", "bool", "number", "complex", "str");

    private NumberOperators() {}

    /** Returns whether a program may have such an operator, or one that works along the rows. */
    static boolean mayOccur(String text) {
        return CONVERSION.matcher(text).find();
    }

    /** Returns whether a method reads the only element of a tensor, or compares whole tensors. */
    static boolean isConversion(String method) {
        return CONVERSIONS.contains(method);
    }

    /** Returns whether an operator makes a plain number. */
    static boolean converts(String name) {
        return CASTS.contains(name) || isConversion(name) || name.endsWith("Implicit");
    }

    /** Returns the name of the operator or method that is called. */
    static String name(Expr.Call call) {
        if (call.callee() instanceof Expr.Attribute attribute) {
            return attribute.name();
        }
        return Trees.dotted(call.callee());
    }

    /** Returns whether a type is that of a number, a truth value or a text. */
    static boolean isScalar(@Nullable Type type) {
        return type != null && SCALARS.contains(type.name());
    }

    /** Returns whether values of a type are numbers, or lists of numbers, and no tensors. */
    static boolean isNumber(@Nullable Type type) {
        return isScalar(type)
                || (type != null
                        && (Constants.isPlain(type)
                                || (type.name().equals("List")
                                        && Constants.isPlain(type.arguments().get(0)))));
    }

    /** Returns whether an operator reduces a whole tensor to one number: no argument names axes. */
    static boolean reduces(Expr.Call call, StaticTypes types, Constants constants) {
        String name = name(call);
        List<Expr> arguments = call.arguments();
        if (!REDUCING.contains(name) || arguments.isEmpty() || !Type.TENSOR.equals(types.of(arguments.get(0)))) {
            return false;
        }
        return arguments.subList(1, arguments.size()).stream().allMatch(argument -> {
            boolean number = argument instanceof Expr.Literal && WITH_NUMBER.contains(name);
            boolean none = NOTHING.matcher(constants.of(argument)).matches();
            boolean empty = argument instanceof Expr.ListOf list && list.items().isEmpty();
            return number || none || empty || Printer.print(argument).endsWith("[])");
        });
    }
}
