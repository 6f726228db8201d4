// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.operator;

import io.github.attribution4j.djl.internal.script.Resources;
import io.github.attribution4j.model.rule.Operation;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An operator of libtorch: one line of {@code operators.tsv}, whose head explains the columns. An operator without a
 * line has the kind of the operator without the underscore and returns one tensor.
 *
 * @param kind its kind for backward rules; null if the table gives none or no gradient passes
 * @param differentiable false if no gradient passes
 * @param result its result in the words of the table; empty if the table gives none
 * @param traits in the words of the table, with a space on both sides of each
 * @param form its call in a rule library; empty if there is none
 * @param schema its parameters and their defaults
 */
record Operator(
        Operation.@Nullable Kind kind,
        boolean differentiable,
        String result,
        String traits,
        String form,
        String schema) {
    private static final Operator UNNAMED = new Operator(null, true, "", "", "", "");
    private static final Map<String, Operator> ALL = read();

    /** Returns an operator by its name without namespace. */
    static Operator of(String name) {
        return ALL.getOrDefault(name, UNNAMED);
    }

    boolean is(String trait) {
        return traits.contains(trait);
    }

    private static Map<String, Operator> read() {
        Map<String, Operation.Kind> kinds = new HashMap<>();
        for (Operation.Kind kind : Operation.Kind.values()) {
            kinds.put(kind.name().toLowerCase(Locale.ROOT), kind);
        }
        String text = Resources.text(Operator.class, "operators.tsv");
        Map<String, Operator> all = new HashMap<>(2048);
        String[] columns = new String[6];
        for (int start = 0; start < text.length(); ) {
            int end = text.indexOf('\n', start);
            if (text.charAt(start) != '#') {
                for (int i = 0; i < columns.length; i++) {
                    int tab = text.indexOf('\t', start);
                    int stop = tab < 0 || tab > end ? end : tab;
                    columns[i] = start > end ? "" : text.substring(start, stop);
                    start = stop + 1;
                    if (columns[i].equals("-")) {
                        columns[i] = "";
                    }
                }
                String traits = columns[3].isEmpty() ? "" : " " + columns[3] + " ";
                boolean differentiable = !columns[1].equals("none");
                all.put(
                        columns[0],
                        new Operator(
                                kinds.get(columns[1]), differentiable, columns[2], traits, columns[4], columns[5]));
            }
            start = end + 1;
        }
        return all;
    }
}
