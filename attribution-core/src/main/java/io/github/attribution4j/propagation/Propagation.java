// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Problems;
import io.github.attribution4j.Run;
import io.github.attribution4j.Target;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.RuleSet;
import io.github.attribution4j.model.RuledModel;
import java.util.List;

/**
 * A method that goes back through a model by other rules than the derivative. The model itself is never changed: a copy of
 * it follows the rules, and computes the same values.
 *
 * <p><b>Rules.</b> Each method has a {@link RuleSet}, which {@link #rules()} shows. Where something would have to flow through
 * an operation that has no rule, the method refuses: an {@link io.github.attribution4j.model.UnsupportedModelException} names
 * the operation and what can be done. Operations that nothing has to flow through do not matter.
 *
 * <p><b>Where.</b> Like any method this one attributes to the inputs; {@link #at} attributes to values inside the model, {@link
 * #towards} explains a neuron. Both go back through the cut of the very copy that explains the whole model.
 */
public abstract sealed class Propagation implements Attribution<RuledModel>
        permits GuidedBackprop, Deconvolution, DifferencePropagation, Lrp {
    Propagation() {}

    /** Returns the rules that copies of models follow. */
    public abstract RuleSet rules();

    /** Adds what is wrong with inputs, besides what every method checks. */
    abstract void check(Inputs inputs, Problems problems);

    /** Computes. */
    abstract Explanation.Builder explain(RuledRun run);

    @Override
    public final Explanation attribute(RuledModel model, Inputs inputs, Target target, Run run) {
        return new PlacedPropagation(this, new Place.AtInputs()).attribute(this, model, inputs, target, run);
    }

    /**
     * Returns this method applied to values inside the model instead of the inputs. Attributions have the shapes of the layers.
     * References, where the method compares with one, are still references of the inputs: a layer's is what the model computes
     * from them. What bypasses the layers is not attributed to them.
     *
     * @param layers addresses of values inside the model (see {@link io.github.attribution4j.model.CutPoint}), of which none
     *     depends on another
     */
    public final Attribution<RuledModel> at(String... layers) {
        return new PlacedPropagation(this, new Place.AtLayers(List.of(layers)));
    }

    /**
     * Returns this method explaining a neuron, or any other score of a layer's value, instead of the model's output. Attributions
     * have the shapes of the inputs. A target given to {@code attribute} would not be used, and is refused; leave it out.
     *
     * @param layer address of a value inside the model
     * @param unit the neuron, such as {@code Target.at(17, 3, 3)}
     */
    public final Attribution<RuledModel> towards(String layer, Target unit) {
        return new PlacedPropagation(this, new Place.TowardsNeuron(layer, unit));
    }

    @Override
    public String toString() {
        return Attribution.inWords(this);
    }
}
