// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The elements that an attack may change: 1 where it may, 0 where not.
 *
 * @param masks none if it may change all; else one for each attributed input, not owned
 */
record Free(List<Tensor> masks) {
    static final Kind<Free> KIND = Kind.of("all; masks are tensors, given in Java", text -> {
        if (text.strip().equals("all")) {
            return new Free(List.of());
        }
        throw new IllegalArgumentException("must be all; other masks are tensors, given in Java");
    });

    void check(Inputs inputs, Problems problems) {
        List<Inputs.Input> attributed = inputs.attributedInputs();
        if (!masks.isEmpty() && masks.size() != attributed.size()) {
            problems.add("mask: " + masks.size() + " tensors for " + attributed.size()
                    + " attributed inputs; give one for each");
            return;
        }
        for (int i = 0; i < masks.size(); i++) {
            Inputs.Input input = attributed.get(i);
            if (Bounds.fits("mask", masks.get(i).shape(), input, inputs, problems)) {
                for (double value : masks.get(i).toDoubleArray()) {
                    if (value != 0 && value != 1) {
                        problems.add("mask for input '" + input.name() + "': holds " + value
                                + "; must be 1 where an element may change, and 0 where not");
                        break;
                    }
                }
            }
        }
    }

    /** Returns the mask of rows of an attributed input, unless all elements may change. */
    Optional<Tensor> rows(Tensor rows, int input, long[] sources) {
        return masks.isEmpty() ? Optional.empty() : Optional.of(Bounds.rowsOf(masks.get(input), rows, sources));
    }

    @Override
    public String toString() {
        return masks.isEmpty() ? "all" : masks.stream().map(Bounds::digest).collect(Collectors.joining(", "));
    }
}
