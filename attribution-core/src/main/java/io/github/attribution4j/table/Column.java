// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.table;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.internal.Numbers;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A column of a table, and how its values become numbers.
 *
 * @param name unique
 * @param kind what its values are, and how they are encoded
 * @param categories in order, without repetition; of {@link Kind#INDEX} and {@link Kind#ONE_HOT} only
 * @param missing whether a value may be missing: null, or NaN in a column of numbers
 */
public record Column(String name, Kind kind, List<String> categories, boolean missing) {
    private static final String REMEDY =
            "take absent values from rows, with baseline background(rows), and methods that perturb";

    /** What the values of a column are, and how they are encoded. */
    public enum Kind {
        /** A number; missing is NaN. */
        NUMBER,
        /** 0 or 1; missing is NaN. */
        BOOLEAN,
        /** The position of a category, from 0; missing is NaN. */
        INDEX,
        /** One number for each category, 1 at the value's and 0 at the others; all 0 if missing. */
        ONE_HOT;

        /** Returns the word of a schema. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        boolean isCategorical() {
            return this == INDEX || this == ONE_HOT;
        }
    }

    /** Checks name and categories. */
    public Column {
        categories = List.copyOf(categories);
        if (name.isBlank()) {
            throw new IllegalArgumentException("column: its name is blank; give it one");
        }
        if (kind.isCategorical() == categories.isEmpty()) {
            throw new IllegalArgumentException("column '" + name + "' is of kind " + kind
                    + (categories.isEmpty() ? " and has no categories; list them" : ", which has no categories"));
        }
        if (new HashSet<>(categories).size() < categories.size()) {
            throw new IllegalArgumentException(
                    "column '" + name + "': categories repeat in " + categories + "; list each once");
        }
    }

    /** Returns how many numbers encode a value. */
    public int width() {
        return kind == Kind.ONE_HOT ? categories.size() : 1;
    }

    /** Returns the names of these numbers: that of the column, or {@code column=category} for each category. */
    public List<String> encodedNames() {
        return kind == Kind.ONE_HOT
                ? categories.stream().map(category -> name + "=" + category).toList()
                : List.of(name);
    }

    /**
     * Encodes a value.
     *
     * @param positions of the categories, as {@link #positions} returns them
     * @param at where the numbers start in the row
     * @throws IllegalArgumentException saying why the value is none of this column, and the remedy
     */
    void encode(@Nullable Object value, Map<String, Integer> positions, double[] row, int at) {
        if (value == null || (value instanceof Number number && Double.isNaN(number.doubleValue()))) {
            if (!missing) {
                throw new IllegalArgumentException("is missing; fill it in, leave the row out, or encode the column"
                        + " with missing(\"" + name + "\") if the model takes missing values");
            }
            if (kind != Kind.ONE_HOT) {
                row[at] = Double.NaN;
            }
            return;
        }
        switch (kind) {
            case NUMBER -> row[at] = number(value);
            case BOOLEAN -> row[at] = bool(value) ? 1 : 0;
            case INDEX -> row[at] = category(value, positions);
            case ONE_HOT -> row[at + category(value, positions)] = 1;
        }
    }

    private static double number(Object value) {
        if (!(value instanceof Number number)) {
            throw wrong(value, "is no number; convert it, or encode the column as a category");
        }
        if (Double.isInfinite(number.doubleValue())) {
            throw wrong(value, "is not finite; give another number, or null where the value is missing");
        }
        return number.doubleValue();
    }

    private static boolean bool(Object value) {
        if (value instanceof Boolean bool) {
            return bool;
        }
        throw wrong(value, "is neither true nor false; convert it, or encode the column as a number or a category");
    }

    /** Returns the place of each category; it is looked up more often than a list is short. */
    Map<String, Integer> positions() {
        Map<String, Integer> positions = new HashMap<>();
        categories.forEach(category -> positions.put(category, positions.size()));
        return positions;
    }

    private int category(Object value, Map<String, Integer> positions) {
        if (!isSingle(value)) {
            throw wrong(value, "is no single value; give a text, a number, a boolean or an enum constant");
        }
        String text = text(value);
        Integer index = positions.get(text);
        if (index == null) {
            throw wrong(
                    value,
                    "is no category of the column; add it if the model knows it; " + NearNames.hint(text, categories));
        }
        return index;
    }

    /** Returns whether a value may be a category: what holds other values has a text that may differ in each run. */
    static boolean isSingle(Object value) {
        return !value.getClass().isArray()
                && !(value instanceof Iterable<?>)
                && !(value instanceof Map<?, ?>)
                && !(value instanceof Optional<?>);
    }

    private static IllegalArgumentException wrong(Object value, String why) {
        return new IllegalArgumentException(
                "'" + value + "' (" + value.getClass().getSimpleName() + ") " + why);
    }

    /**
     * Returns a value as the name of a category: enum constants by name, numbers the same whatever their type, as
     * {@code 7} for 7, 7.0 and 7.00, and {@code 0.1} for 0.1 in single and in double precision.
     */
    static String text(Object value) {
        if (value instanceof Enum<?> constant) {
            return constant.name();
        }
        boolean fraction = value instanceof Double || value instanceof Float || value instanceof BigDecimal;
        return fraction && Double.isFinite(((Number) value).doubleValue())
                ? new BigDecimal(value.toString()).stripTrailingZeros().toPlainString()
                : value.toString();
    }

    /**
     * Returns the value that numbers encode; null if it is missing.
     *
     * @param at where the numbers start in the row
     * @throws IllegalArgumentException saying why they encode none, and the remedy
     */
    @Nullable
    Object decode(double[] row, int at) {
        if (kind == Kind.ONE_HOT) {
            return oneHot(row, at);
        }
        double number = row[at];
        if (Double.isNaN(number)) {
            return null;
        }
        return switch (kind) {
            case NUMBER -> number;
            case BOOLEAN -> {
                if (number != 0 && number != 1) {
                    throw new IllegalArgumentException(Numbers.plain(number) + " is neither 0 nor 1; " + REMEDY);
                }
                yield number == 1;
            }
            default -> {
                int index = (int) number;
                if (index != number || index < 0 || index >= categories.size()) {
                    throw new IllegalArgumentException(Numbers.plain(number) + " is the position of no category (0 to "
                            + (categories.size() - 1) + "); " + REMEDY);
                }
                yield categories.get(index);
            }
        };
    }

    private @Nullable String oneHot(double[] row, int at) {
        int found = -1;
        for (int i = 0; i < categories.size(); i++) {
            double number = row[at + i];
            if (number == 0) {
                continue;
            }
            if (number != 1 || found >= 0) {
                throw new IllegalArgumentException("its numbers are "
                        + Numbers.listed(Arrays.copyOfRange(row, at, at + categories.size()))
                        + ", and only one may be 1; explain with the encoder's mask(), and " + REMEDY);
            }
            found = i;
        }
        if (found < 0 && !missing) {
            throw new IllegalArgumentException("no category is 1; explain with the encoder's mask(), and " + REMEDY);
        }
        return found < 0 ? null : categories.get(found);
    }

    /** Returns the line of a schema. */
    @Override
    public String toString() {
        List<String> words = new ArrayList<>();
        categories.forEach(category -> words.add(SchemaText.quoted(category)));
        return SchemaText.quoted(name) + ": " + kind + (missing ? " missing" : "")
                + (words.isEmpty() ? "" : ": " + String.join(", ", words));
    }
}
