// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.internal.NameList;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.target.Target;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Another method, on the head of the model cut at a layer, with a unit of the layer as target. */
record NeuronAttribution<M extends LayeredModel>(Attribution<? super M> method, String layer, Target unit)
        implements Attribution<M> {
    @Override
    public Explanation attribute(M model, Inputs inputs, Target target, Run run) {
        Problems problems = new Problems();
        own().requireNoTarget(target, problems);
        problems.throwIfAny();
        M head = ModelParts.as(model.cut(layer).head(), method);
        Explanation explanation = method.attribute(head, inputs, unit, run.nested());
        return explanation.madeBy(this, model.identity(), inputs, Counts.NONE);
    }

    private Attribution.OwnScore own() {
        return new Attribution.OwnScore(layer, unit, "the unit of layer '" + layer + "' is what is explained");
    }

    @Override
    public Optional<Attribution.OwnScore> ownScore() {
        return Optional.of(own());
    }

    @Override
    public String name() {
        return method.name() + " towards neuron";
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("layer", NameList.write(layer));
        settings.put("unit", unit.describe());
        settings.putAll(method.settings());
        return settings;
    }
}
