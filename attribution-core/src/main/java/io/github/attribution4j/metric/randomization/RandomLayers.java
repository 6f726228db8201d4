// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric.randomization;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.ParameterizedModel.Parameter;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The layers of a model that have learned parameters, from input to output, and their parameters drawn again. */
final class RandomLayers {
    private static final long PURPOSE = 0x8A9D;

    private final ParameterizedModel model;
    private final Map<String, List<Parameter>> layers = new LinkedHashMap<>();

    /**
     * Finds the layers.
     *
     * @param chosen names of some of them; none for all
     * @throws IllegalArgumentException if a layer does not exist, or has no learned parameters
     */
    RandomLayers(ParameterizedModel model, List<String> chosen) {
        this.model = model;
        for (Parameter parameter : model.parameters()) {
            if (parameter.isLearned() && parameter.dataType().isFloating()) {
                layers.computeIfAbsent(parameter.layer(), layer -> new ArrayList<>())
                        .add(parameter);
            }
        }
        for (String layer : chosen) {
            if (!layers.containsKey(layer)) {
                throw new IllegalArgumentException(
                        "layer '" + layer + "' has no learned parameters; " + NearNames.hint(layer, names()));
            }
        }
        if (!chosen.isEmpty()) {
            layers.keySet().retainAll(chosen);
        }
    }

    List<String> names() {
        return List.copyOf(layers.keySet());
    }

    /**
     * Returns a copy of a model in which the parameters of a layer are drawn again. The numbers depend on the seed, the
     * place of the layer, counted from the output, and the place of the parameter in it.
     *
     * @param before the model, or a copy in which other layers were drawn
     */
    ParameterizedModel drawn(ParameterizedModel before, String layer, Draw draw, Run run) {
        long place = layers.size() - 1L - names().indexOf(layer);
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> values = new LinkedHashMap<>();
            for (Parameter parameter : layers.getOrDefault(layer, List.of())) {
                double[] elements = model.weight(parameter.name()).toDoubleArray();
                double[] drawn = draw.of(elements, run.random(PURPOSE, place, values.size()));
                values.put(
                        parameter.name(),
                        Tensors.ofJava().of(drawn, parameter.shape()).to(parameter.dataType()));
            }
            return before.withParameters(values);
        }
    }
}
