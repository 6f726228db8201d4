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
package io.github.attribution4j.examples.cli;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * One example of an explanation as a list: names, values where they are known, attributions. Elements that a mask made one
 * group are one feature.
 *
 * @param names one for each feature
 * @param values one for each feature, NaN where not known
 * @param attributions one for each feature
 * @param complete whether these are all attributions there are, so that they add up to what the scores say
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Features(String[] names, double[] values, double[] attributions, boolean complete) {
    private static final long MOST_LISTED_PER_GROUP = 3;

    /**
     * Lists the features.
     *
     * @param show names of the inputs that are listed; empty for all
     * @param tokens of a text, or empty
     */
    static Features of(Explained explained, int example, List<String> show, List<String> tokens) {
        Explanation explanation = explained.explanation();
        Collected collected = new Collected();
        for (int input = 0; input < explanation.attributions().size(); input++) {
            String name = explanation.names().get(input);
            if (!show.isEmpty() && !show.contains(name)) {
                continue;
            }
            Tensor attribution = explanation.attributions().get(input);
            double[] values = values(explained, input, attribution.shape(), example);
            String[] elements = names(explained, name, attribution.shape().row(), tokens);
            long[] groups = explained.mask().isPresent()
                    ? explained.mask().get().groupNumbers(explained.inputs(), input, example)
                    : new long[0];
            collected.add(elements, values, row(attribution, example), groups);
        }
        boolean all = show.isEmpty() || explanation.attributions().size() == show.size();
        return collected.features(all);
    }

    /** Features as they are found. */
    private static final class Collected {
        private final List<String> names = new ArrayList<>();
        private final List<Double> values = new ArrayList<>();
        private final List<Double> attributions = new ArrayList<>();
        private final Map<Long, List<String>> members = new LinkedHashMap<>();
        private final Map<Long, Integer> places = new LinkedHashMap<>();

        void add(String[] elements, double[] elementValues, double[] elementAttributions, long[] groups) {
            for (int i = 0; i < elements.length; i++) {
                if (groups.length > 0) {
                    members.computeIfAbsent(groups[i], group -> new ArrayList<>())
                            .add(elements[i]);
                    if (places.putIfAbsent(groups[i], names.size()) != null) {
                        continue;
                    }
                }
                names.add(elements[i]);
                values.add(elementValues[i]);
                attributions.add(elementAttributions[i]);
            }
        }

        Features features(boolean complete) {
            members.forEach((group, elements) -> {
                int place = places.getOrDefault(group, 0);
                if (elements.size() > 1) {
                    names.set(place, "group " + group + ": " + listed(elements));
                    values.set(place, Double.NaN);
                }
            });
            return new Features(
                    names.toArray(String[]::new),
                    values.stream().mapToDouble(Double::doubleValue).toArray(),
                    attributions.stream().mapToDouble(Double::doubleValue).toArray(),
                    complete);
        }

        private static String listed(List<String> elements) {
            return elements.size() <= MOST_LISTED_PER_GROUP
                    ? String.join(", ", elements)
                    : elements.get(0) + " ... " + elements.get(elements.size() - 1) + " (" + elements.size() + ")";
        }
    }

    private static double[] row(Tensor tensor, int example) {
        try (TensorScope scope = TensorScope.open()) {
            return tensor.rows(example, example + 1L).toDoubleArray();
        }
    }

    /** Returns the values of the elements, where the attributions are those of an input and its values say something. */
    private static double[] values(Explained explained, int input, Shape attribution, int example) {
        List<Inputs.Input> attributed = explained.inputs().attributedInputs();
        String name = explained.explanation().names().get(input);
        if (explained.text().isEmpty()
                && input < attributed.size()
                && attributed.get(input).name().equals(name)
                && attributed.get(input).tensor().shape().equals(attribution)) {
            return row(attributed.get(input).tensor(), example);
        }
        return IntStream.range(0, Math.toIntExact(attribution.row().size()))
                .mapToDouble(i -> Double.NaN)
                .toArray();
    }

    private static String[] names(Explained explained, String input, Shape row, List<String> tokens) {
        int size = Math.toIntExact(row.size());
        List<String> columns = explained.file().columns();
        if (columns.size() == size && row.rank() == 1) {
            return columns.toArray(String[]::new);
        }
        boolean image = row.rank() == 3;
        String[] names = new String[size];
        for (int i = 0; i < size; i++) {
            long[] at = position(row, i);
            if (image) {
                names[i] = (row.dim(0) == 1 ? "" : "channel " + at[0] + " ") + "row " + at[1] + " column " + at[2];
            } else if (row.rank() > 0 && at[0] < tokens.size() && tokens.size() <= row.dim(0)) {
                names[i] = tokens.get((int) at[0]) + (row.rank() == 1 ? "" : " [" + i % (size / row.dim(0)) + "]");
            } else {
                names[i] = input + (row.rank() == 0 ? "" : java.util.Arrays.toString(at));
            }
        }
        return names;
    }

    private static long[] position(Shape row, int index) {
        long[] at = new long[row.rank()];
        long rest = index;
        for (int axis = at.length - 1; axis >= 0; axis--) {
            at[axis] = rest % row.dim(axis);
            rest /= row.dim(axis);
        }
        return at;
    }
}
