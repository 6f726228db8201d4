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
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;

/**
 * One example of an explanation as a list: names, values where they are known, attributions. Elements that a mask made one
 * group are one feature. Names and values are made where they are asked for: an image has millions of elements.
 *
 * @param names of each feature
 * @param values of each feature, NaN where not known
 * @param valued whether any value is known
 * @param attributions one for each feature
 * @param complete whether these are all attributions there are, so that they add up to what the scores say
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Features(
        IntFunction<String> names,
        IntToDoubleFunction values,
        boolean valued,
        double[] attributions,
        boolean complete) {
    private static final int MOST_LISTED_PER_GROUP = 3;

    /** One input's elements. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Elements(
            IntFunction<String> names, Optional<IntToDoubleFunction> values, double[] attributions, long[] groups) {}

    /**
     * Lists the features.
     *
     * @param show names of the inputs that are listed; empty for all
     * @param tokens of a text, or empty
     */
    static Features of(Explained explained, int example, List<String> show, List<String> tokens) {
        Explanation explanation = explained.explanation();
        List<Elements> parts = new ArrayList<>();
        for (int input = 0; input < explanation.attributions().size(); input++) {
            String name = explanation.names().get(input);
            if (!show.isEmpty() && !show.contains(name)) {
                continue;
            }
            Tensor attribution = explanation.attributions().get(input);
            long[] groups = explained.mask().isPresent()
                    ? explained.mask().get().groupNumbers(explained.inputs(), input, example)
                    : new long[0];
            parts.add(new Elements(
                    names(explained, name, attribution.shape().row(), tokens),
                    values(explained, input, attribution.shape(), example),
                    row(attribution, example),
                    groups));
        }
        boolean all = show.isEmpty() || explanation.attributions().size() == show.size();
        Features elements = joined(parts, all);
        boolean grouped = parts.stream().anyMatch(part -> part.groups().length > 0);
        return grouped ? elements.grouped(parts) : elements;
    }

    /** Returns the elements of all inputs, one after the other. */
    private static Features joined(List<Elements> parts, boolean complete) {
        boolean valued = parts.stream().anyMatch(part -> part.values().isPresent());
        if (parts.size() == 1) {
            Elements only = parts.get(0);
            return new Features(
                    only.names(), only.values().orElse(i -> Double.NaN), valued, only.attributions(), complete);
        }
        int[] starts = new int[parts.size() + 1];
        for (int i = 0; i < parts.size(); i++) {
            starts[i + 1] = Math.addExact(starts[i], parts.get(i).attributions().length);
        }
        double[] attributions = new double[starts[parts.size()]];
        for (int i = 0; i < parts.size(); i++) {
            double[] part = parts.get(i).attributions();
            System.arraycopy(part, 0, attributions, starts[i], part.length);
        }
        return new Features(
                i -> parts.get(part(starts, i)).names().apply(i - starts[part(starts, i)]),
                i -> parts.get(part(starts, i))
                        .values()
                        .orElse(place -> Double.NaN)
                        .applyAsDouble(i - starts[part(starts, i)]),
                valued,
                attributions,
                complete);
    }

    private static int part(int[] starts, int element) {
        int part = 0;
        while (starts[part + 1] <= element) {
            part++;
        }
        return part;
    }

    /** Returns these elements as groups, each at the place of its first element; elements of inputs without groups stay. */
    private Features grouped(List<Elements> parts) {
        Map<Long, Integer> places = new HashMap<>();
        int[] firsts = new int[attributions.length];
        List<int[]> members = new ArrayList<>();
        List<Long> numbers = new ArrayList<>();
        int features = 0;
        int element = 0;
        for (Elements part : parts) {
            for (int i = 0; i < part.attributions().length; i++, element++) {
                Long group = part.groups().length > 0 ? part.groups()[i] : null;
                Integer place = group == null ? null : places.get(group);
                if (place == null) {
                    if (group != null) {
                        places.put(group, features);
                    }
                    firsts[features++] = element;
                    members.add(new int[] {1, element, -1, -1, element});
                    numbers.add(group == null ? Long.valueOf(-1) : group);
                } else {
                    int[] known = members.get(place);
                    known[0]++;
                    if (known[0] <= MOST_LISTED_PER_GROUP) {
                        known[known[0]] = element;
                    }
                    known[4] = element;
                }
            }
        }
        double[] sums = new double[features];
        for (int i = 0; i < features; i++) {
            sums[i] = attributions[firsts[i]];
        }
        return new Features(
                i -> groupName(numbers.get(i), members.get(i)),
                i -> members.get(i)[0] == 1 ? values.applyAsDouble(firsts[i]) : Double.NaN,
                valued && members.stream().anyMatch(known -> known[0] == 1),
                sums,
                complete);
    }

    private String groupName(long number, int[] members) {
        int count = members[0];
        if (count == 1) {
            return names.apply(members[1]);
        }
        StringBuilder text =
                new StringBuilder("group ").append(number).append(": ").append(names.apply(members[1]));
        if (count > MOST_LISTED_PER_GROUP) {
            return text.append(" ... ")
                    .append(names.apply(members[4]))
                    .append(" (")
                    .append(count)
                    .append(")")
                    .toString();
        }
        for (int i = 2; i <= count; i++) {
            text.append(", ").append(names.apply(members[i]));
        }
        return text.toString();
    }

    private static double[] row(Tensor tensor, int example) {
        try (TensorScope scope = TensorScope.open()) {
            return tensor.rows(example, example + 1L).toDoubleArray();
        }
    }

    /** Returns the values of the elements, where the attributions are those of an input and its values say something. */
    private static Optional<IntToDoubleFunction> values(
            Explained explained, int input, Shape attribution, int example) {
        List<Inputs.Input> attributed = explained.inputs().attributedInputs();
        String name = explained.explanation().names().get(input);
        if (explained.text().isEmpty()
                && input < attributed.size()
                && attributed.get(input).name().equals(name)
                && attributed.get(input).tensor().shape().equals(attribution)) {
            Tensor tensor = attributed.get(input).tensor();
            return Optional.of(element -> element(tensor, example, element));
        }
        return Optional.empty();
    }

    private static double element(Tensor tensor, int example, int element) {
        try (TensorScope scope = TensorScope.open()) {
            Shape row = tensor.shape().row();
            return tensor.rows(example, example + 1L)
                    .reshape(1, row.size())
                    .slice(1, element, element + 1L)
                    .toDoubleArray()[0];
        }
    }

    private static IntFunction<String> names(Explained explained, String input, Shape row, List<String> tokens) {
        int size = Math.toIntExact(row.size());
        List<String> columns = explained.file().columns();
        if (columns.size() == size && row.rank() == 1) {
            return columns::get;
        }
        boolean image = row.rank() == 3;
        return i -> {
            long[] at = position(row, i);
            if (image) {
                return (row.dim(0) == 1 ? "" : "channel " + at[0] + " ") + "row " + at[1] + " column " + at[2];
            }
            if (row.rank() > 0 && at[0] < tokens.size() && tokens.size() <= row.dim(0)) {
                return tokens.get((int) at[0]) + (row.rank() == 1 ? "" : " [" + i % (size / row.dim(0)) + "]");
            }
            return input + (row.rank() == 0 ? "" : Arrays.toString(at));
        };
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
