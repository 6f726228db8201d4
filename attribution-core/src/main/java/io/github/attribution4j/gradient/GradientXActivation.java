// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Evaluator;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Run;
import io.github.attribution4j.Target;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.CutPoint;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The activation of a layer times the gradient of the score with respect to it, or the gradient alone: to first order, what each
 * unit adds to the score, compared with an activation of zero.
 *
 * <p>Attribution of unit j: hⱼ(x) · ∂F/∂hⱼ(x); shape and type of the layer. No completeness gap. The same numbers as {@code new
 * InputXGradient().at(layer)} ({@code Saliency.signed().at(layer)} for the gradient alone), in one run instead of two.
 *
 * <p>Several layers are explained one by one, and may depend on one another. Integer inputs are welcome, as nothing is
 * differentiated with respect to them.
 *
 * <p><b>Cost.</b> For each example and layer one forward row, and one backward row that ends at the layer.
 *
 * <p>Equal to Captum's {@code LayerGradientXActivation}. Settings: {@code layer}, {@code multiply-by-inputs}.
 */
public final class GradientXActivation implements Attribution<LayeredModel> {
    private final List<String> layers;
    private final boolean multiplyByInputs;

    private GradientXActivation(List<String> layers, boolean multiplyByInputs) {
        this.layers = layers;
        this.multiplyByInputs = multiplyByInputs;
    }

    /**
     * Creates the method.
     *
     * @param layers addresses, at least one
     */
    public GradientXActivation(String... layers) {
        this(Layers.of(layers), true);
    }

    /** Returns a copy that multiplies by the activation, or does not and gives the gradient alone. */
    public GradientXActivation multiplyByInputs(boolean multiply) {
        return new GradientXActivation(layers, multiply);
    }

    @Override
    public Explanation attribute(LayeredModel model, Inputs inputs, Target target, Run run) {
        List<Cut> cuts = layers.stream().map(model::cut).toList();
        try (TensorScope scope = TensorScope.open()) {
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run);
            List<Tensor> attributions = new ArrayList<>();
            for (Cut cut : cuts) {
                List<Tensor> parts = new ArrayList<>();
                evaluator.layerGradientsAtInputs(cut, (batch, from, to, scores, activations, gradients) -> {
                    Tensor gradient = gradients.get(0);
                    parts.add(batch.keep(multiplyByInputs ? gradient.mul(activations.get(0)) : gradient));
                });
                attributions.add(
                        parts.size() == 1
                                ? parts.get(0)
                                : parts.get(0).tensors().concat(parts, 0));
            }
            return evaluator
                    .explain(attributions)
                    .names(cuts.stream().map(Cut::point).map(CutPoint::toString).toList())
                    .build();
        }
    }

    @Override
    public String name() {
        return "gradient-x-activation";
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("layer", String.join(", ", layers));
        settings.put("multiply-by-inputs", multiplyByInputs);
        return settings;
    }

    @Override
    public String toString() {
        return Attribution.inWords(this);
    }
}
