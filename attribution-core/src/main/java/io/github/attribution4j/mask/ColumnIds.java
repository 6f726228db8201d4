// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Groups of columns by name; other columns are groups of their own. Those of different inputs are different groups. */
record ColumnIds(Map<String, List<String>> groups, Map<String, String> groupOf) implements MaskIds {
    static ColumnIds of(Map<String, List<String>> groups) {
        Map<String, List<String>> copy = new LinkedHashMap<>();
        Map<String, String> groupOf = new LinkedHashMap<>();
        groups.forEach((group, columns) -> {
            if (group.isBlank() || columns.isEmpty()) {
                throw new IllegalArgumentException("mask columns: "
                        + (group.isBlank()
                                ? "a group has a blank name; give it one"
                                : "group '" + group + "' has no columns; name at least one"));
            }
            copy.put(group, List.copyOf(columns));
            for (String column : columns) {
                String other = groupOf.put(column, group);
                if (other != null) {
                    throw new IllegalArgumentException("mask columns: '" + column + "' is in '" + other + "' and in '"
                            + group + "'; a column belongs to one group");
                }
            }
        });
        return new ColumnIds(copy, groupOf);
    }

    /** The axis of an input whose positions have names that serve all examples. */
    private static Optional<Integer> axis(Inputs.Input input) {
        return input.features().axes().stream()
                .filter(axis -> !input.features().isEach(axis))
                .reduce((first, last) -> last);
    }

    @Override
    public List<Ids> numbers(List<Inputs.Input> attributed, Inputs inputs, Problems problems) {
        List<Ids> numbers = new ArrayList<>();
        Set<String> known = new LinkedHashSet<>();
        for (Inputs.Input input : attributed) {
            Optional<Integer> axis = axis(input);
            if (axis.isEmpty()) {
                problems.add("mask " + describe() + ": the features of input '" + input.name()
                        + "' have no names; give them with Inputs.named(...)");
                return List.of();
            }
            List<String> columns = input.features().along(axis.get(), 0);
            known.addAll(columns);
            for (String column : columns) {
                if (groups.containsKey(column) && !groupOf.containsKey(column)) {
                    problems.add("mask " + describe() + ": input '" + input.name() + "' has a column '" + column
                            + "' outside the group of that name; call the group something else");
                    return List.of();
                }
            }
            List<String> names = names(columns);
            long[] dims = new long[input.tensor().shape().rank()];
            Arrays.fill(dims, 1);
            dims[axis.get()] = columns.size();
            long[] values = columns.stream()
                    .mapToLong(column -> names.indexOf(groupOf.getOrDefault(column, column)))
                    .toArray();
            numbers.add(new Ids(Shape.of(dims), values));
        }
        for (String column : groupOf.keySet()) {
            if (!known.contains(column)) {
                problems.add("mask " + describe() + ": there is no column '" + column + "'; "
                        + NearNames.hint(column, List.copyOf(known)));
                return List.of();
            }
        }
        return Numbering.apart(numbers);
    }

    /** Returns the groups of columns in the order in which they are met. */
    private List<String> names(List<String> columns) {
        return columns.stream()
                .map(column -> groupOf.getOrDefault(column, column))
                .distinct()
                .toList();
    }

    @Override
    public List<List<String>> names(List<Inputs.Input> attributed, Inputs inputs, int count) {
        List<String> names = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (Inputs.Input input : attributed) {
            List<String> own = axis(input)
                    .map(axis -> names(input.features().along(axis, 0)))
                    .orElse(List.of());
            for (String name : own) {
                names.add(seen.add(name) ? name : input.name() + " " + name);
            }
        }
        return names.size() == count ? List.of(names) : List.of();
    }

    @Override
    public String describe() {
        return groups.entrySet().stream()
                .map(group -> group.getKey() + ": " + String.join(", ", group.getValue()))
                .collect(Collectors.joining("; ", "columns(", ")"));
    }
}
