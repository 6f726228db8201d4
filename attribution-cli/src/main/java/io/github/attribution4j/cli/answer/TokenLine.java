// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.answer;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.visual.TokenText;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** Prints a text in the terminal, each token colored by its attribution, or followed by it if there are no colors. */
public final class TokenLine {
    private TokenLine() {}

    /**
     * Prints one text.
     *
     * @param attribution shape {@code (examples, tokens)} or {@code (examples, tokens, width)}
     * @param tokens the first tokens of the text
     */
    public static void print(PrintWriter out, Tensor attribution, int example, List<String> tokens, boolean colors) {
        String[] labels = tokens.toArray(String[]::new);
        double[] values = values(attribution, example, labels.length);
        if (colors) {
            out.print(TokenText.of(labels, values).toAnsi());
            double limit = 0;
            for (double value : values) {
                limit = Math.max(limit, Math.abs(value));
            }
            double[] scale = {-limit, -limit / 2, 0, limit / 2, limit};
            String[] numbers = new String[scale.length];
            for (int i = 0; i < scale.length; i++) {
                numbers[i] = " " + number(scale[i]) + " ";
            }
            out.print("attribution: " + TokenText.of(numbers, scale).toAnsi());
        } else {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < labels.length; i++) {
                line.append(i == 0 ? "" : " ")
                        .append(labels[i].replaceAll("\\p{Cntrl}", "?"))
                        .append('(')
                        .append(number(values[i]))
                        .append(')');
            }
            out.println(line);
        }
        out.println();
    }

    private static double[] values(Tensor attribution, int example, int tokens) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor row = attribution.rows(example, example + 1L);
            Tensor sums = row.shape().rank() == 3 ? row.sum(2) : row;
            return java.util.Arrays.copyOf(sums.toDoubleArray(), tokens);
        }
    }

    private static String number(double value) {
        return value == 0 ? "0" : String.format(Locale.ROOT, "%+.3g", value);
    }
}
