// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal.summary;

import io.github.attribution4j.visual.internal.Numbers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The values of one feature in all examples.
 *
 * @param numbers one for each example, NaN where it is missing; of categories their places in the list; none if values
 *     are not known
 * @param categories in the order of their first examples, but false before true; none if the values are numbers
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and never changed
public record Column(double[] numbers, List<String> categories) {
    public static final Column UNKNOWN = new Column(new double[0], List.of());

    /** How a missing value is called. */
    public static final String MISSING = "missing";

    private static final List<String> BOOLEANS = List.of("false", "true");
    /** As Java, NumPy or a person writes one; 1f and 0x1p3, which Java reads, are words. */
    private static final Pattern NUMBER =
            Pattern.compile("[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?|[+-]?Infinity");

    private static final double LOW = 0.05;
    private static final double HIGH = 0.95;

    public static Column of(double[] numbers) {
        return new Column(numbers, List.of());
    }

    /** Returns numbers if every text is one, or empty where the value is missing; else categories. */
    public static Column of(String[] texts) {
        double[] numbers = new double[texts.length];
        if (Arrays.stream(texts)
                .allMatch(text -> isMissing(text) || NUMBER.matcher(text).matches())) {
            Arrays.setAll(numbers, i -> isMissing(texts[i]) ? Double.NaN : Double.parseDouble(texts[i]));
            return of(numbers);
        }
        Map<String, Integer> codes = new LinkedHashMap<>();
        if (Arrays.stream(texts).allMatch(text -> isMissing(text) || BOOLEANS.contains(text))) {
            BOOLEANS.forEach(text -> codes.put(text, codes.size()));
        }
        for (int i = 0; i < texts.length; i++) {
            int next = codes.size();
            numbers[i] = isMissing(texts[i]) ? Double.NaN : codes.computeIfAbsent(texts[i], text -> next);
        }
        return new Column(numbers, List.copyOf(codes.keySet()));
    }

    private static boolean isMissing(String text) {
        return text.isEmpty() || text.equals(MISSING) || text.equals("NaN");
    }

    public boolean isKnown() {
        return numbers.length > 0;
    }

    /** Returns whether values run from low to high: numbers, and false and true. */
    boolean isOrdered() {
        return isKnown() && (categories.isEmpty() || categories.equals(BOOLEANS));
    }

    /** Returns a value in words; empty if it is not known. */
    public String text(int example) {
        if (!isKnown()) {
            return "";
        }
        double value = numbers[example];
        if (Double.isNaN(value)) {
            return MISSING;
        }
        return categories.isEmpty() ? Numbers.cell(value) : categories.get((int) value);
    }

    Column select(int[] examples) {
        return isKnown()
                ? new Column(
                        Arrays.stream(examples).mapToDouble(i -> numbers[i]).toArray(), categories)
                : this;
    }

    /**
     * Returns the values from which colors run: the 5 % smallest and the 5 % largest have the colors at the ends, so
     * that one outlier does not make all others look alike. Empty if there is no finite value.
     */
    double[] range() {
        double[] sorted =
                Arrays.stream(numbers).filter(Double::isFinite).sorted().toArray();
        if (sorted.length == 0) {
            return sorted;
        }
        double low = sorted[(int) (LOW * (sorted.length - 1))];
        double high = sorted[(int) Math.ceil(HIGH * (sorted.length - 1))];
        return high > low ? new double[] {low, high} : new double[] {sorted[0], sorted[sorted.length - 1]};
    }

    /** Returns the place of each example's value in the range, 0 to 1; NaN where it is missing or has no order. */
    double[] places() {
        double[] places = new double[numbers.length];
        double[] range = range();
        for (int i = 0; i < places.length; i++) {
            if (!isOrdered() || Double.isNaN(numbers[i]) || range.length == 0) {
                places[i] = Double.NaN;
            } else if (range[1] > range[0]) {
                places[i] = Math.min(1, Math.max(0, (numbers[i] - range[0]) / (range[1] - range[0])));
            } else {
                places[i] = 0.5;
            }
        }
        return places;
    }

    /** Returns what the given examples have in common, in words: a range, a category, how many categories. */
    String describe(int[] examples) {
        if (!isKnown()) {
            return "";
        }
        double[] present = Arrays.stream(examples)
                .mapToDouble(i -> numbers[i])
                .filter(value -> !Double.isNaN(value))
                .toArray();
        int missing = examples.length - present.length;
        List<String> parts = new ArrayList<>();
        if (present.length > 0 && categories.isEmpty()) {
            double low = Arrays.stream(present).min().orElseThrow();
            double high = Arrays.stream(present).max().orElseThrow();
            parts.add(low == high ? Numbers.cell(low) : Numbers.cell(low) + " to " + Numbers.cell(high));
        } else if (present.length > 0) {
            double[] different = Arrays.stream(present).distinct().toArray();
            parts.add(different.length == 1 ? categories.get((int) different[0]) : different.length + " categories");
        }
        if (missing > 0) {
            parts.add(present.length == 0 ? MISSING : missing + " " + MISSING);
        }
        return String.join(", ", parts);
    }
}
