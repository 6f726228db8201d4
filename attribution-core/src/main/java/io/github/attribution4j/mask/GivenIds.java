// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Numbers given as tensors, with names as {@link MaskIds#names}; missing leading axes count as 1. */
record GivenIds(List<MaskIds.Ids> perInput, List<List<String>> given) implements MaskIds {
    GivenIds {
        perInput = List.copyOf(perInput);
    }

    @Override
    public List<Ids> numbers(List<Inputs.Input> attributed, Inputs inputs, Problems problems) {
        if (perInput.size() != attributed.size()) {
            problems.add("mask: " + perInput.size() + " tensors for " + attributed.size()
                    + " attributed inputs; give one for each");
            return List.of();
        }
        List<Ids> numbers = new ArrayList<>();
        for (int i = 0; i < perInput.size(); i++) {
            Inputs.Input input = attributed.get(i);
            Shape wanted = input.tensor().shape().withRows(inputs.sources());
            Shape shape = perInput.get(i).shape();
            if (!shape.broadcastsTo(wanted)) {
                problems.add("mask for input '" + input.name() + "' has shape " + shape + " and the input "
                        + input.tensor().shape() + "; axis 0 must be 1 or the number of examples, " + inputs.sources()
                        + ", and every other axis 1 or the input's");
                continue;
            }
            while (shape.rank() < wanted.rank()) {
                shape = shape.prepend(1);
            }
            numbers.add(new Ids(shape, perInput.get(i).values()));
        }
        return numbers.size() == perInput.size() ? numbers : List.of();
    }

    @Override
    public List<List<String>> names(List<Inputs.Input> attributed, Inputs inputs, int groups) {
        return given;
    }

    @Override
    public String describe() {
        return "ids "
                + perInput.stream()
                        .map(ids -> ids.shape() + " sha256:" + Numbering.digest(ids))
                        .collect(Collectors.joining(", "));
    }
}
