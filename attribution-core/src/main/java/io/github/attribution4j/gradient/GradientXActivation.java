// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows.Collected;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;

/**
 * The activation of a layer times the gradient of the score with respect to it, or the gradient alone: to first order,
 * what each unit adds to the score, compared with an activation of zero.
 *
 * <p>Attribution of unit j: hⱼ(x) · ∂F/∂hⱼ(x); shape and type of the layer. No completeness gap. The same numbers as
 * {@code new InputXGradient().at(layer)} ({@code Saliency.signed().at(layer)} for the gradient alone), in one run
 * instead of two.
 *
 * <p>Several layers are explained one by one, and may depend on one another. Integer inputs are accepted, because
 * nothing is differentiated with respect to them.
 *
 * <p><b>Cost.</b> For each example and layer one forward row, and one backward row that ends at the layer.
 *
 * <p>Equal to Captum's {@code LayerGradientXActivation}. Settings: {@code layer}, {@code multiply-by-inputs}.
 */
public final class GradientXActivation extends Described<LayeredModel, GradientXActivation> {
    private static final Setting<Boolean> MULTIPLY = Setting.of(
            "multiply-by-inputs",
            Kind.FLAG,
            true,
            "whether gradients are multiplied by the activation; if not: the gradient");

    /** The description of the method. */
    public static final Description<GradientXActivation> DESCRIPTION = Description.of(
            "gradient-x-activation",
            Need.LAYERS,
            "activation times gradient: a first-order estimate of what each unit of a layer adds",
            GradientXActivation::new,
            Layers.SETTING,
            MULTIPLY);

    private GradientXActivation(Settings<GradientXActivation> settings) {
        super(settings);
    }

    /**
     * Creates the method.
     *
     * @param layers addresses, at least one
     */
    public GradientXActivation(String... layers) {
        this(Layers.of(DESCRIPTION, layers));
    }

    /** Returns a copy that multiplies by the activation, or does not and gives the gradient alone. */
    public GradientXActivation multiplyByInputs(boolean multiply) {
        return with(MULTIPLY, multiply);
    }

    @Override
    public Explanation attribute(LayeredModel model, Inputs inputs, Target target, Run run) {
        boolean multiplyByInputs = value(MULTIPLY);
        List<Cut> cuts = value(Layers.SETTING).stream().map(model::cut).toList();
        try (TensorScope scope = TensorScope.open()) {
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run);
            List<Tensor> attributions = new ArrayList<>();
            for (Cut cut : cuts) {
                Collected products = new Collected();
                evaluator.layerGradientsAtInputs(cut, part -> {
                    Tensor gradient = part.gradients().get(0);
                    products.add(
                            part,
                            multiplyByInputs ? gradient.mul(part.activations().get(0)) : gradient);
                });
                attributions.addAll(products.joined());
            }
            List<String> layers =
                    cuts.stream().map(Cut::point).map(Cut.Point::toString).toList();
            return Explanation.of(evaluator, Outcome.of(attributions).ofLayers(layers));
        }
    }
}
