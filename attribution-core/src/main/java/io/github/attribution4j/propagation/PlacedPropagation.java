// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Counts;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Run;
import io.github.attribution4j.Target;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.RuledModel;
import io.github.attribution4j.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.Map;

/** A method, and the place where it is applied. */
record PlacedPropagation(Propagation method, Place place) implements Attribution<RuledModel> {
    @Override
    public Explanation attribute(RuledModel model, Inputs inputs, Target target, Run run) {
        return attribute(this, model, inputs, target, run);
    }

    /** Explains in the name of a method. */
    Explanation attribute(Attribution<?> name, RuledModel model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            RuledRun ruled = RuledRun.start(name, method, place, model, inputs, target, run);
            Explanation.Builder builder = method.explain(ruled);
            Explanation explanation =
                    ruled.layers().map(builder::names).orElse(builder).build();
            return place instanceof Place.TowardsNeuron
                    ? explanation.madeBy(
                            name, model.identity(), ruled.evaluator().inputs(), Counts.NONE)
                    : explanation;
        }
    }

    @Override
    public String name() {
        return method.name() + place.suffix();
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>(place.settings());
        settings.putAll(method.settings());
        return settings;
    }
}
