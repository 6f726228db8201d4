// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rule;

import io.github.attribution4j.model.rule.BackwardRule.BiasPart;
import io.github.attribution4j.model.rule.BackwardRule.InputPart;
import io.github.attribution4j.model.rule.BackwardRule.WeightPart;
import java.util.regex.Pattern;

/**
 * The numbers of rules in the libraries' texts. The texts hold names, such as {@code Rule.STOP}, {@code Input.LOW},
 * {@code Weight.RAISED}, {@code Bias.ZERO} and {@code Compare.GT}. When a text is read, numbers replace them, so Java
 * and text cannot differ.
 */
enum RuleCode {
    GRADIENT(0),
    PASS(1),
    NORM(2),
    SOFTMAX_TAYLOR(3),
    STOP(4),
    // Rules from here on, and NORM, have their epsilon as the next number.
    UNIFORM(5),
    CONSTANT_DEVIATION(6),
    WEIGHTED(7),

    GUIDED_RELU(1),
    DECONVOLUTION_RELU(2),

    RESCALE(0),
    REVEAL_CANCEL(1);

    private static final Pattern NAME = Pattern.compile("\\b(Rule|Input|Weight|Bias|Compare)\\.([A-Z_]+)");

    final int number;

    RuleCode(int number) {
        this.number = number;
    }

    /** Returns the number of a part or a comparison. Only the text and the request that it reads share it. */
    @SuppressWarnings("EnumOrdinal")
    static int number(Enum<?> part) {
        return part.ordinal();
    }

    /** Returns a text with numbers in place of names. */
    static String filled(String text) {
        return NAME.matcher(text).replaceAll(found -> {
            String name = found.group(2);
            return String.valueOf(
                    switch (found.group(1)) {
                        case "Rule" -> valueOf(name).number;
                        case "Input" -> number(InputPart.valueOf(name));
                        case "Weight" -> number(WeightPart.valueOf(name));
                        case "Bias" -> number(BiasPart.valueOf(name));
                        default -> number(Compare.valueOf(name));
                    });
        });
    }
}
