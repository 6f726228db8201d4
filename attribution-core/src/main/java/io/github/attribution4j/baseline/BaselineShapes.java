// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.baseline;

import io.github.attribution4j.internal.numeric.Digests;
import io.github.attribution4j.internal.numeric.FiniteValues;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The checks and descriptions that baselines made of tensors share. */
final class BaselineShapes {
    private BaselineShapes() {}

    /** Checks that there is a tensor for each attributed input, of its row shape, and finite. */
    static void check(List<Tensor> perInput, Inputs inputs, Problems problems) {
        List<Inputs.Input> attributed = inputs.attributedInputs();
        if (perInput.size() != attributed.size()) {
            problems.add("baseline: " + perInput.size() + " tensors for " + attributed.size()
                    + " attributed inputs; give one for each");
            return;
        }
        for (int i = 0; i < attributed.size(); i++) {
            Tensor input = attributed.get(i).tensor();
            Tensor reference = perInput.get(i);
            String name = attributed.get(i).name();
            if (reference.shape().rank() != input.shape().rank()
                    || !reference.shape().row().equals(input.shape().row())) {
                problems.add("baseline for input '" + name + "' has shape " + reference.shape()
                        + " and the input has shape " + input.shape() + "; all axes but the first must be equal");
            } else if (!FiniteValues.fit(reference, inputs)) {
                problems.add("baseline for input '" + name + "' holds "
                        + (inputs.allowsMissing() ? "infinite values" : "NaN or infinite values"));
            } else if (reference.dataType().isFloating() && !input.dataType().isFloating()) {
                requireWhole(attributed.get(i), reference.toDoubleArray(), problems);
            }
        }
    }

    /** Checks that an input of an integer type gets whole numbers: a fraction would be cut off. */
    static void requireWhole(Inputs.Input input, double[] values, Problems problems) {
        DataType type = input.tensor().dataType();
        if (type.isFloating() || type == DataType.BOOL) {
            return;
        }
        Arrays.stream(values)
                .filter(value -> value != Math.rint(value))
                .findFirst()
                .ifPresent(value -> problems.add("baseline for input '" + input.name() + "' holds " + value
                        + ", and the input is " + type + "; give whole numbers"));
    }

    static String digest(List<Tensor> tensors) {
        return tensors.stream()
                .map(tensor ->
                        tensor.shape() + " sha256:" + Digests.ofTensor(tensor).substring(0, 16))
                .collect(Collectors.joining(", "));
    }
}
