// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Results for several rows, joined from the results of runs of one row each: for what cannot run several rows at once.
 */
final class OneByOne {
    private OneByOne() {}

    /** Runs each row of the inputs alone and joins the tensors. */
    static List<Tensor> tensors(Inputs inputs, Function<Inputs, List<Tensor>> one) {
        try (TensorScope scope = TensorScope.open()) {
            List<List<Tensor>> parts = new ArrayList<>();
            for (long row = 0; row < inputs.rows(); row++) {
                parts.add(one.apply(rows(inputs, row)));
            }
            return scope.keepAll(joined(parts, List.of()));
        }
    }

    /**
     * Returns pullbacks of one row each as one pullback.
     *
     * @param inside whether they go back to values inside the program, whose axis 0 counts rows; if not, they go back
     *     to inputs
     */
    static Pullback pullback(Inputs inputs, boolean inside, Function<Inputs, Pullback> one) {
        List<Integer> axes = inside
                ? List.of()
                : inputs.all().stream()
                        .filter(input -> input.role() == Inputs.Role.ATTRIBUTED)
                        .map(Inputs.Input::rowAxis)
                        .toList();
        List<Pullback> parts = new ArrayList<>();
        boolean complete = false;
        try {
            for (long row = 0; row < inputs.rows(); row++) {
                parts.add(one.apply(rows(inputs, row)));
            }
            Pullback whole = new SeparatePullback(parts, axes);
            complete = true;
            return whole;
        } finally {
            if (!complete) {
                parts.forEach(Pullback::close);
            }
        }
    }

    /** Returns some rows of inputs, without their {@link Inputs#origin() origin}, which may have other rows. */
    static Inputs rows(Inputs inputs, long... numbers) {
        Inputs some = Inputs.none();
        for (Inputs.Input input : inputs.all()) {
            Tensor tensor = input.role() == Inputs.Role.CONSTANT
                    ? input.tensor()
                    : input.tensor().select(input.rowAxis(), numbers);
            some = some.with(
                    new Inputs.Input(input.name(), tensor, input.role(), FeatureNames.none(), input.rowAxis()));
        }
        return some;
    }

    /**
     * Joins the first tensors of all parts, the second ones, and so on, each along its axis; along axis 0 if no axes
     * are given.
     */
    static List<Tensor> joined(List<List<Tensor>> parts, List<Integer> axes) {
        List<Tensor> joined = new ArrayList<>();
        for (int i = 0; i < parts.get(0).size(); i++) {
            int number = i;
            List<Tensor> rows = parts.stream().map(part -> part.get(number)).toList();
            joined.add(rows.get(0).tensors().concat(rows, axes.isEmpty() ? 0 : axes.get(i)));
        }
        return joined;
    }
}
