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

import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import java.util.List;

/** A method that only runs the model forward: it explains any scoring function. */
public interface ForwardAttribution extends Attribution<Model> {
    /** Returns this method applied to the output of a layer; see {@link GradientAttribution#at}. */
    default Attribution<LayeredModel> at(String... layers) {
        return new LayerAttribution(this, List.of(layers));
    }

    /** Returns this method explaining a neuron; see {@link GradientAttribution#towards}. */
    default Attribution<LayeredModel> towards(String layer, Target unit) {
        return new NeuronAttribution(this, layer, unit);
    }
}
