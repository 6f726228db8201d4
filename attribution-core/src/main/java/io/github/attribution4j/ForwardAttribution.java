// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.setting.Need;
import io.github.attribution4j.target.Target;
import java.util.List;

/** A method that only runs the model forward: it explains any scoring function. */
public interface ForwardAttribution extends Attribution<Model> {
    /** Returns this method applied to the output of a layer; see {@link GradientAttribution#at}. */
    default Attribution<LayeredModel> at(String... layers) {
        return new LayerAttribution<>(this, List.of(layers));
    }

    /** Returns this method as one that explains a neuron; see {@link GradientAttribution#towards}. */
    default Attribution<LayeredModel> towards(String layer, Target unit) {
        return new NeuronAttribution<>(this, layer, unit);
    }

    /** Returns {@link Need#FORWARD}. */
    @Override
    default Need need() {
        return Need.FORWARD;
    }
}
