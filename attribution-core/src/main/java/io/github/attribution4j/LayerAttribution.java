// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.NameList;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.model.rule.RuledModel.RuledCut;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Another method, on the tail of the model cut at one or several layers. */
record LayerAttribution<M extends LayeredModel>(Attribution<? super M> method, List<String> layers)
        implements Attribution<M> {
    LayerAttribution {
        layers = List.copyOf(layers);
        if (layers.isEmpty()) {
            throw new IllegalArgumentException("layers: none given; name at least one");
        }
    }

    @Override
    public Explanation attribute(M model, Inputs inputs, Target target, Run run) {
        Cut cut = model.cut(layers.toArray(String[]::new));
        if (method instanceof Attribution.Ruled ruled && cut instanceof RuledCut own) {
            // Such a method goes back from one run of the whole model, which saves a forward row for each example.
            Explanation explanation = ruled.attribute((RuledModel) model, own, inputs, target, run.nested());
            return explanation.madeBy(this, model.identity(), inputs, Counts.NONE);
        }
        Run started = run.started();
        try (TensorScope scope = TensorScope.open()) {
            Evaluator whole = Evaluator.start(this, model, inputs, target, started);
            List<Tensor> activations = whole.activationsAtInputs(cut);
            M tail = ModelParts.as(cut.tail(), method);
            Explanation explanation =
                    method.attribute(tail, cut.tailInputs(whole.inputs(), activations), target, started.nested());
            return explanation.madeBy(this, model.identity(), whole.inputs(), whole.counts());
        }
    }

    @Override
    public Optional<Attribution.OwnScore> ownScore() {
        return method.ownScore();
    }

    @Override
    public String name() {
        return method.name() + " at layer";
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("layer", NameList.write(layers));
        settings.putAll(method.settings());
        return settings;
    }
}
