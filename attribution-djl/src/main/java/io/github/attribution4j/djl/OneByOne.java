// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayerPullback;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Answers for several rows, put together from answers for one row each: for what cannot be asked for several at once. */
final class OneByOne {
    private OneByOne() {}

    /** Returns tensors, each of a row for each row of the inputs. */
    static List<Tensor> tensors(Inputs inputs, Function<Inputs, List<Tensor>> one) {
        try (TensorScope scope = TensorScope.open()) {
            List<List<Tensor>> parts = new ArrayList<>();
            for (long row = 0; row < inputs.rows(); row++) {
                parts.add(one.apply(rows(inputs, row)));
            }
            return scope.keepAll(joined(parts));
        }
    }

    /** Returns pullbacks of one row each as one. */
    static Pullback pullback(Inputs inputs, Function<Inputs, Pullback> one) {
        List<Integer> axes = inputs.all().stream()
                .filter(input -> input.role() == Inputs.Role.ATTRIBUTED)
                .map(Inputs.Input::rowAxis)
                .toList();
        return new SeparatePullback(open(inputs, one), axes);
    }

    /** Returns layer pullbacks of one row each as one. */
    static LayerPullback layerPullback(Inputs inputs, Function<Inputs, LayerPullback> one) {
        List<LayerPullback> parts = open(inputs, one);
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> activations =
                    joined(parts.stream().map(LayerPullback::activations).toList());
            return new TorchLayerPullback(
                    new SeparatePullback(parts, List.of()),
                    scope.keepAll(activations).stream()
                            .map(TensorScope::release)
                            .toList());
        }
    }

    /** Returns some rows of inputs, without what they remember of where they come from, which may have other rows. */
    static Inputs rows(Inputs inputs, long... numbers) {
        Inputs.Builder builder = Inputs.builder();
        for (Inputs.Input input : inputs.all()) {
            Tensor tensor = input.role() == Inputs.Role.CONSTANT
                    ? input.tensor()
                    : input.tensor().select(input.rowAxis(), numbers);
            add(builder, input, tensor);
        }
        return builder.build();
    }

    /** Adds an input with another tensor, whose rows the same axis counts. */
    static void add(Inputs.Builder builder, Inputs.Input input, Tensor tensor) {
        builder.add(input.name(), tensor, input.role(), input.rowAxis());
    }

    private static <P extends Pullback> List<P> open(Inputs inputs, Function<Inputs, P> one) {
        List<P> parts = new ArrayList<>();
        boolean complete = false;
        try {
            for (long row = 0; row < inputs.rows(); row++) {
                parts.add(one.apply(rows(inputs, row)));
            }
            complete = true;
            return parts;
        } finally {
            if (!complete) {
                parts.forEach(Pullback::close);
            }
        }
    }

    private static List<Tensor> joined(List<List<Tensor>> parts) {
        return joined(parts, List.of());
    }

    /** Joins the first tensors of all parts, the second ones, and so on, each along its axis; along axis 0 if there are none. */
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
