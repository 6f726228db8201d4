// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.table;

import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A scorer of rows of named values as a table function; messages about a row say what it holds. */
record RowScorer(TableEncoder encoder, Model.TableFunction function) implements Model.TableFunction {
    private static final int MOST_DESCRIBED = 12;

    /** Returns what rows encode. */
    static List<Map<String, @Nullable Object>> decoded(TableEncoder encoder, double[][] rows) {
        List<Map<String, @Nullable Object>> decoded = new ArrayList<>(rows.length);
        for (int row = 0; row < rows.length; row++) {
            try {
                decoded.add(encoder.decode(rows[row]));
            } catch (IllegalArgumentException e) {
                throw new ModelException.OnRows(
                        "row " + row + " of " + rows.length + " encodes no row of the table: " + e.getMessage(), e);
            }
        }
        return decoded;
    }

    /** Returns what a row encodes, in words; its numbers if it encodes nothing. */
    static String described(TableEncoder encoder, double[] row) {
        try {
            String values = encoder.decode(row).entrySet().stream()
                    .limit(MOST_DESCRIBED)
                    .map(value -> value.getKey() + "=" + words(value.getValue()))
                    .collect(Collectors.joining(", "));
            return "{" + values + (encoder.columns().size() > MOST_DESCRIBED ? ", ...}" : "}");
        } catch (IllegalArgumentException e) {
            return Numbers.listed(row);
        }
    }

    private static String words(@Nullable Object value) {
        if (value == null) {
            return "missing";
        }
        return value instanceof Double number ? Numbers.plain(number) : Column.text(value);
    }

    @Override
    public double[][] score(double[][] rows) {
        return function.score(rows);
    }

    @Override
    public String describe(double[] row) {
        return described(encoder, row);
    }
}
