// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.setting.Need;
import io.github.attribution4j.target.Target;
import java.util.List;

/** A method that takes gradients of the model with respect to its inputs. */
public interface GradientAttribution extends Attribution<DifferentiableModel> {
    /**
     * Returns this method applied to the output of a layer instead of the inputs: the method on the tail of the model
     * cut there. Attributions have the layer's shape. A baseline is an activation of the layer: zeros are zero
     * activations. To use the activation that the layer computes for a baseline of the inputs, give the method
     * {@link Baseline#throughHead()}.
     *
     * @param layers address of a value inside the model, such as {@code encoder}, {@code encoder:in} or {@code relu#1}
     *     (see {@link io.github.attribution4j.model.CutPoint}), or several of which none depends on another
     */
    default Attribution<LayeredModel> at(String... layers) {
        return new LayerAttribution<>(this, List.of(layers));
    }

    /**
     * Returns this method as one that explains a neuron, or any other score of a layer's output, instead of the model's
     * output: the method on the head of the model cut there. Attributions have the inputs' shapes. A target given to
     * {@code attribute} would not be used, so it is refused: leave it out.
     *
     * @param layer dotted path of a module
     * @param unit the neuron, such as {@code Target.at(17, 3, 3)}
     */
    default Attribution<LayeredModel> towards(String layer, Target unit) {
        return new NeuronAttribution<>(this, layer, unit);
    }

    /** Returns {@link Need#GRADIENTS}. */
    @Override
    default Need need() {
        return Need.GRADIENTS;
    }
}
