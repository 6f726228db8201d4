// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Another method, on the tail of the model cut at one or several layers. */
record LayerAttribution(Attribution<? super DifferentiableModel> method, List<String> layers)
        implements Attribution<LayeredModel> {
    LayerAttribution {
        layers = List.copyOf(layers);
        if (layers.isEmpty()) {
            throw new IllegalArgumentException("layers: none given; name at least one");
        }
    }

    @Override
    public Explanation attribute(LayeredModel model, Inputs inputs, Target target, Run run) {
        Cut cut = model.cut(layers.toArray(String[]::new));
        Run started = run.started();
        try (TensorScope scope = TensorScope.open()) {
            Evaluator whole = Evaluator.start(this, model, inputs, target, started);
            List<Tensor> activations = whole.activationsAtInputs(cut);
            Explanation explanation =
                    method.attribute(cut.tail(), cut.tailInputs(whole.inputs(), activations), target, started.nested());
            return explanation.madeBy(this, model.identity(), whole.inputs(), whole.counts());
        }
    }

    @Override
    public String name() {
        return method.name() + " at layer";
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("layer", String.join(", ", layers));
        settings.putAll(method.settings());
        return settings;
    }
}
