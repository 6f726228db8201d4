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
