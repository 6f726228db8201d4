// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.FeatureNames.Span;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Spans that come with the names of an input's features; positions after the last span, padding, are one group. */
record SpanIds(String kind) implements MaskIds {
    private static final String PADDING = "padding";

    /** The axis of an input that has spans of the kind. */
    private Optional<Integer> axis(Inputs.Input input) {
        FeatureNames features = input.features();
        return features.axes().stream()
                .filter(axis -> features.spanKinds(axis).contains(kind))
                .findFirst();
    }

    @Override
    public List<Ids> numbers(List<Inputs.Input> attributed, Inputs inputs, Problems problems) {
        List<Ids> numbers = new ArrayList<>();
        for (Inputs.Input input : attributed) {
            Optional<Integer> axis = axis(input);
            if (axis.isEmpty()) {
                problems.add("mask " + describe() + ": " + without(input));
                return List.of();
            }
            numbers.add(numbers(input, axis.get(), inputs));
        }
        return Numbering.apart(numbers);
    }

    private String without(Inputs.Input input) {
        Set<String> kinds = new TreeSet<>();
        input.features().axes().forEach(axis -> kinds.addAll(input.features().spanKinds(axis)));
        return "input '" + input.name() + "' has no " + kind + "; "
                + (kinds.isEmpty()
                        ? "give them with FeatureNames.spans(...), or inputs made by Tokens"
                        : NearNames.hint(kind, List.copyOf(kinds)));
    }

    private Ids numbers(Inputs.Input input, int axis, Inputs inputs) {
        int[] rows = rows(input, axis, inputs);
        int extent = Math.toIntExact(input.tensor().shape().dim(axis));
        long[] values = new long[Math.multiplyExact(rows.length, extent)];
        for (int i = 0; i < rows.length; i++) {
            int at = i * extent;
            int number = 0;
            for (Span span : spans(input, axis, rows[i])) {
                Arrays.fill(values, at, at + span.length(), number++);
                at += span.length();
            }
            Arrays.fill(values, at, (i + 1) * extent, number);
        }
        long[] dims = new long[input.tensor().shape().rank()];
        Arrays.fill(dims, 1);
        dims[0] = rows.length;
        dims[axis] = extent;
        return new Ids(Shape.of(dims), values);
    }

    /** Returns the row of the input for each row of numbers: only one if its spans are the same in all rows. */
    private static int[] rows(Inputs.Input input, int axis, Inputs inputs) {
        return input.features().isEach(axis) ? MaskIds.rows(inputs) : new int[1];
    }

    private List<Span> spans(Inputs.Input input, int axis, int row) {
        return row < 0 ? List.of() : input.features().spans(kind, axis, row);
    }

    @Override
    public List<List<String>> names(List<Inputs.Input> attributed, Inputs inputs, int groups) {
        List<List<String>> names = new ArrayList<>();
        for (Inputs.Input input : attributed) {
            int axis = axis(input).orElseThrow();
            int[] rows = rows(input, axis, inputs);
            while (names.size() < rows.length) {
                names.add(names.isEmpty() ? new ArrayList<>() : new ArrayList<>(names.get(0)));
            }
            for (int i = 0; i < names.size(); i++) {
                List<Span> spans = spans(input, axis, rows[rows.length == 1 ? 0 : i]);
                List<String> own = names.get(i);
                spans.forEach(span -> own.add(span.name()));
                if (spans.stream().mapToInt(Span::length).sum()
                        < input.tensor().shape().dim(axis)) {
                    own.add(PADDING);
                }
            }
        }
        return names;
    }

    @Override
    public String describe() {
        return kind.equals("words") || kind.equals("sentences") ? kind : "spans(" + kind + ")";
    }
}
