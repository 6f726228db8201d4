// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Numbers given as arrays, one for each element of a row. */
final class FlatIds implements MaskIds {
    private final List<long[]> perInput;

    FlatIds(long[]... perInput) {
        this.perInput = Arrays.stream(perInput).map(long[]::clone).toList();
    }

    @Override
    public List<Ids> numbers(List<Inputs.Input> attributed, Inputs inputs, Problems problems) {
        if (perInput.size() != attributed.size()) {
            problems.add("mask: " + perInput.size() + " arrays for " + attributed.size()
                    + " attributed inputs; give one for each");
            return List.of();
        }
        List<Ids> numbers = new ArrayList<>();
        for (int i = 0; i < perInput.size(); i++) {
            Inputs.Input input = attributed.get(i);
            Shape shape = input.tensor().shape().withRows(1);
            long[] values = perInput.get(i);
            if (values.length != shape.size()) {
                problems.add("mask for input '" + input.name() + "' has " + values.length + " numbers, and a row of "
                        + "shape " + shape.row() + " has " + shape.size() + " elements; give one for each");
            } else {
                numbers.add(new Ids(shape, values));
            }
        }
        return numbers.size() == perInput.size() ? numbers : List.of();
    }

    @Override
    public String describe() {
        return "ids "
                + perInput.stream()
                        .map(values -> new Ids(Shape.of(1, values.length), values))
                        .map(ids -> "(" + ids.values().length + ",) sha256:" + Numbering.digest(ids))
                        .collect(Collectors.joining(", "));
    }
}
