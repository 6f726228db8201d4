// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuledCut;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Need;
import io.github.attribution4j.target.Target;
import java.util.List;

/** A method that goes back through the model by other rules than the derivative. */
public interface RuledAttribution extends Attribution<RuledModel> {
    /**
     * Explains the model's output by activations: what this method does {@link #at} a layer. One run of the whole model
     * gives the activations, the output, and what comes back to the activations.
     *
     * @param cut a cut of the model, at the values
     * @return attributions named by the points of the cut, owned by the caller
     * @throws InvalidRequestException and others as for {@link Attribution#attribute}
     */
    Explanation attribute(RuledModel model, RuledCut cut, Inputs inputs, Target target, Run run);

    /** Returns this method applied to the output of a layer; see {@link GradientAttribution#at}. */
    default Attribution<RuledModel> at(String... layers) {
        return new LayerAttribution<>(this, List.of(layers));
    }

    /** Returns this method as one that explains a neuron; see {@link GradientAttribution#towards}. */
    default Attribution<RuledModel> towards(String layer, Target unit) {
        return new NeuronAttribution<>(this, layer, unit);
    }

    /** Returns {@link Need#RULES}. */
    @Override
    default Need need() {
        return Need.RULES;
    }
}
