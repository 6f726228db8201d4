// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The values of layers for the inputs. This is no attribution of a score: the result holds the raw values on which
 * other methods work, in the layers' shapes and types.
 *
 * <p>There is no target, and a given one is refused. Instead, the explanation's score is the sum of the first layer's
 * values. There is no completeness gap. Layers may depend on one another. Integer inputs are accepted.
 *
 * <p><b>Cost.</b> One forward row for each example and layer, as far as the layer.
 *
 * <p>Equal to Captum's {@code LayerActivation}. Setting: {@code layer}.
 */
public final class LayerActivation extends Described<LayeredModel, LayerActivation> {
    /** The description of the method. */
    public static final Description<LayerActivation> DESCRIPTION = Description.of(
            "layer-activation",
            Need.LAYERS,
            "the values of a layer themselves; no target",
            LayerActivation::new,
            Layers.SETTING);

    private LayerActivation(Settings<LayerActivation> settings) {
        super(settings);
    }

    /**
     * Creates the method.
     *
     * @param layers addresses, at least one
     */
    public LayerActivation(String... layers) {
        this(Layers.of(DESCRIPTION, layers));
    }

    @Override
    public Explanation attribute(LayeredModel model, Inputs inputs, Target target, Run run) {
        List<Cut> cuts = value(Layers.SETTING).stream().map(model::cut).toList();
        try (TensorScope scope = TensorScope.open()) {
            Cut first = cuts.get(0);
            Attribution.OwnScore own = own();
            Evaluator evaluator = Evaluator.start(
                    this, first.head(), inputs, own.score(), run, problems -> own.requireNoTarget(target, problems));
            evaluator.run().plan((long) evaluator.examples() * cuts.size());
            List<Tensor> activations = new ArrayList<>();
            for (Cut cut : cuts) {
                activations.add(
                        cut == first
                                ? evaluator.outputs()
                                : evaluator.activationsAtInputs(cut).get(0));
            }
            List<String> layers =
                    cuts.stream().map(Cut::point).map(Cut.Point::toString).toList();
            return Explanation.of(evaluator, Outcome.of(activations).ofLayers(layers))
                    .madeBy(this, model.identity(), evaluator.inputs(), Counts.NONE);
        }
    }

    private Attribution.OwnScore own() {
        return new Attribution.OwnScore(
                value(Layers.SETTING).get(0),
                Target.slice(),
                name() + " shows a layer's values, whatever is made of them");
    }

    @Override
    public Optional<Attribution.OwnScore> ownScore() {
        return Optional.of(own());
    }
}
