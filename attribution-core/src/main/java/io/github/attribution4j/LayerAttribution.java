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
