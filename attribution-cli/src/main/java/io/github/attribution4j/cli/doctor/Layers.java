// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.doctor;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Layers at which methods are tried.
 *
 * @param spatial the last one whose output has channels and positions: rather one that gets a gradient, then one with
 *     several positions, then one that is not the model's output
 * @param any the same if it gets a gradient, else the last one that does, else any
 */
record Layers(Optional<String> spatial, Optional<String> any) {
    static Layers of(LayeredModel model, Inputs one) {
        List<Cut.Point> points = model.cutPoints();
        Layer spatial = Layer.NONE;
        Layer any = Layer.NONE;
        for (int i = points.size() - 1; i >= 0 && !spatial.isBest(); i--) {
            Layer layer = Layer.of(model, points.get(i), one);
            if (layer.channels() && layer.worth() > spatial.worth()) {
                spatial = layer;
            }
            if (!any.gradient() && (any.address().isEmpty() || layer.gradient())) {
                any = layer;
            }
        }
        return new Layers(spatial.address(), spatial.gradient() ? spatial.address() : any.address());
    }

    private record Layer(
            Optional<String> address, boolean channels, boolean positions, boolean gradient, boolean output) {
        static final Layer NONE = new Layer(Optional.empty(), false, false, false, true);

        static Layer of(LayeredModel model, Cut.Point point, Inputs one) {
            Optional<String> address = Optional.of(point.toString());
            Cut cut = model.cut(point);
            try (TensorScope scope = TensorScope.open();
                    Pullback run = cut.pullback(one)) {
                Layer layer = of(address, run.activations().get(0), run.output(), true);
                Tensor output = run.output();
                run.backLast(output.tensors().full(output.shape(), output.dataType(), 1));
                return run.unused().isEmpty() ? layer : layer.withoutGradient();
            } catch (ModelException e) {
                // No gradient goes back to it.
            }
            try (TensorScope scope = TensorScope.open()) {
                return of(address, cut.activations(one).get(0), model.forward(one), false);
            } catch (ModelException e) {
                return new Layer(address, false, false, false, false);
            }
        }

        private static Layer of(Optional<String> address, Tensor value, Tensor output, boolean gradient) {
            long[] dims = value.shape().dims();
            boolean channels = dims.length > 2;
            return new Layer(
                    address,
                    channels,
                    channels && value.shape().size() > dims[0] * dims[1],
                    gradient,
                    value.shape().equals(output.shape())
                            && Arrays.equals(value.toDoubleArray(), output.toDoubleArray()));
        }

        Layer withoutGradient() {
            return new Layer(address, channels, positions, false, output);
        }

        int worth() {
            return address.isEmpty() ? -1 : (gradient ? 4 : 0) + (positions ? 2 : 0) + (output ? 0 : 1);
        }

        boolean isBest() {
            return channels && gradient && positions && !output;
        }
    }
}
