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
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Problems;
import io.github.attribution4j.model.Inputs;
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
    public List<Ids> numbers(List<Inputs.Input> attributed, long examples, Problems problems) {
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
