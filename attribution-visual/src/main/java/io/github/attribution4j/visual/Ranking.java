/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.visual;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** The features with the largest attributions, and the rest as one sum. Ties keep the order of the features. */
record Ranking(List<Row> rows, int others, double othersSum, double total) {

    /** One feature: its place in the input, its name, its value as text (may be empty), its attribution. */
    record Row(int index, String name, String value, double attribution) {}

    /** A single feature left over is shown itself: "1 other" would take as much room and say less. */
    static Ranking of(String[] names, String[] values, double[] attributions, int top) {
        int shown = attributions.length <= top + 1 ? attributions.length : top;
        int[] order = IntStream.range(0, attributions.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -Math.abs(attributions[i])))
                .mapToInt(Integer::intValue)
                .toArray();
        List<Row> rows = new ArrayList<>();
        double total = 0;
        double rest = 0;
        for (int rank = 0; rank < order.length; rank++) {
            int i = order[rank];
            total += attributions[i];
            if (rank < shown) {
                rows.add(new Row(i, Glyphs.visible(names[i]), Glyphs.visible(values[i]), attributions[i]));
            } else {
                rest += attributions[i];
            }
        }
        return new Ranking(List.copyOf(rows), order.length - shown, rest, total);
    }

    String othersName() {
        return others + " others";
    }

    double largest() {
        return rows.stream().mapToDouble(r -> Math.abs(r.attribution)).max().orElse(0);
    }

    static String[] checkNames(String[] names, int features) {
        Checks.sameLength("names", names.length, "attributions", features);
        return Checks.copy("names", names);
    }

    static String[] emptyValues(int features) {
        String[] values = new String[features];
        java.util.Arrays.fill(values, "");
        return values;
    }

    static String[] texts(double[] values, int features) {
        Checks.sameLength("values", values.length, "attributions", features);
        String[] texts = new String[features];
        for (int i = 0; i < features; i++) {
            // Values may be missing in a table; only attributions must be finite.
            texts[i] = Numbers.cell(values[i]);
        }
        return texts;
    }
}
