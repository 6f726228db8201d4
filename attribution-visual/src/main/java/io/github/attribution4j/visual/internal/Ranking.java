// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;

/**
 * The features with the largest attributions, and the rest as one sum. Ties are in the order of the features. Only the
 * names and values that are shown are made: an image has millions of elements.
 */
public record Ranking(List<Row> rows, int others, double othersSum, double total) {

    /** One feature: its index in the input, its name, its value as text (may be empty), its attribution. */
    public record Row(int index, String name, String value, double attribution) {}

    /** A single feature left over is shown itself: "1 other" would take as much room and say less. */
    public static Ranking of(IntFunction<String> names, IntFunction<String> values, double[] attributions, int top) {
        int shown = attributions.length <= top + 1L ? attributions.length : top;
        int[] order = largest(attributions, shown);
        List<Row> rows = new ArrayList<>();
        double total = 0;
        for (int i : order) {
            rows.add(new Row(i, Glyphs.visible(names.apply(i)), Glyphs.visible(values.apply(i)), attributions[i]));
            total += attributions[i];
        }
        Arrays.sort(order);
        int next = 0;
        double rest = 0;
        for (int i = 0; i < attributions.length; i++) {
            if (next < order.length && order[next] == i) {
                next++;
            } else {
                rest += attributions[i];
                total += attributions[i];
            }
        }
        return new Ranking(List.copyOf(rows), attributions.length - shown, rest, total);
    }

    /**
     * Returns the indexes of the largest magnitudes, the largest first. The root of the heap is the smallest of them
     * so far.
     */
    private static int[] largest(double[] values, int count) {
        int[] heap = new int[count];
        int size = 0;
        for (int i = 0; i < values.length; i++) {
            if (size < count) {
                heap[size++] = i;
                up(heap, size - 1, values);
            } else if (count > 0 && before(i, heap[0], values)) {
                heap[0] = i;
                down(heap, size, values);
            }
        }
        int[] order = new int[count];
        while (size > 0) {
            order[size - 1] = heap[0];
            heap[0] = heap[--size];
            down(heap, size, values);
        }
        return order;
    }

    /** Returns whether one is shown before another. */
    private static boolean before(int one, int other, double[] values) {
        double difference = Math.abs(values[one]) - Math.abs(values[other]);
        return difference > 0 || (difference == 0 && one < other);
    }

    private static void up(int[] heap, int from, double[] values) {
        int at = from;
        while (at > 0 && before(heap[(at - 1) / 2], heap[at], values)) {
            swap(heap, at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    private static void down(int[] heap, int size, double[] values) {
        int at = 0;
        while (2 * at + 1 < size) {
            int child = 2 * at + 1;
            if (child + 1 < size && before(heap[child], heap[child + 1], values)) {
                child++;
            }
            if (before(heap[child], heap[at], values)) {
                return;
            }
            swap(heap, at, child);
            at = child;
        }
    }

    private static void swap(int[] heap, int a, int b) {
        int kept = heap[a];
        heap[a] = heap[b];
        heap[b] = kept;
    }

    public String othersName() {
        return others + " others";
    }

    public double largest() {
        return rows.stream().mapToDouble(r -> Math.abs(r.attribution)).max().orElse(0);
    }

    /** Returns the given names; there must be one for each feature. */
    public static IntFunction<String> names(String[] names, int features) {
        Checks.sameLength("names", names.length, "attributions", features);
        String[] copy = Checks.copy("names", names);
        return i -> copy[i];
    }

    public static IntFunction<String> noValues() {
        return i -> "";
    }

    public static IntFunction<String> texts(String[] values, int features) {
        Checks.sameLength("values", values.length, "attributions", features);
        String[] copy = Checks.copy("values", values);
        return i -> copy[i];
    }

    /** Values may be missing in a table; only attributions must be finite. */
    public static IntFunction<String> texts(double[] values, int features) {
        Checks.sameLength("values", values.length, "attributions", features);
        double[] copy = values.clone();
        return i -> Numbers.cell(copy[i]);
    }

    /** As above, but an empty text for a missing value. */
    public static IntFunction<String> texts(IntToDoubleFunction values) {
        return i -> {
            double value = values.applyAsDouble(i);
            return Double.isNaN(value) ? "" : Numbers.cell(value);
        };
    }
}
