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

import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.LayeredModel;
import java.util.List;

/** A method that takes gradients of the model with respect to its inputs. */
public interface GradientAttribution extends Attribution<DifferentiableModel> {
    /**
     * Returns this method applied to the output of a layer instead of the inputs: the method on the tail of the model cut
     * there. Attributions have the layer's shape. A baseline is one of the layer's own space (zeros are zero activations);
     * to use what the layer answers to a baseline of the inputs, give the method {@link Baseline#throughHead()}.
     *
     * @param layers address of a value inside the model, such as {@code encoder}, {@code encoder:in} or {@code relu#1} (see
     *     {@link io.github.attribution4j.model.CutPoint}), or several of which none depends on another
     */
    default Attribution<LayeredModel> at(String... layers) {
        return new LayerAttribution(this, List.of(layers));
    }

    /**
     * Returns this method explaining a neuron (or any other score of a layer's output) instead of the model's output: the
     * method on the head of the model cut there. Attributions have the inputs' shapes. A target given to {@code
     * attribute} would not be used, and is refused; leave it out.
     *
     * @param layer dotted path of a module
     * @param unit the neuron, such as {@code Target.at(17, 3, 3)}
     */
    default Attribution<LayeredModel> towards(String layer, Target unit) {
        return new NeuronAttribution(this, layer, unit);
    }
}
