// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows.Collected;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;

/**
 * Guided Grad-CAM: the sharp picture of guided backpropagation, restricted to where Grad-CAM sees evidence for the
 * score.
 *
 * <p>Attribution: guided gradient · U(max(0, L)). The guided gradient is the gradient of the score with ReLUs that pass
 * only positive parts ({@link BackwardRule.GuidedRelu}). L is the map of {@link GradCam} at the layer, and U resamples
 * it to the size of the last axes of each attributed input. The result has shape and type of the input
 * {@code (rows, channels, ...)}; the map is the same for all channels. Not complete.
 *
 * <p><b>Cost.</b> For each example: two forward rows, a backward row that ends at the layer, and one that ends at the
 * input.
 *
 * <p><b>Paper.</b> Selvaraju et al., <i>Grad-CAM</i>, 2017, section 3.2, which resamples linearly.
 *
 * <p><b>Compared with Captum.</b> Equal to {@code GuidedGradCam}, which also resamples by the nearest value, if all
 * ReLUs are modules. An input to whose size the map cannot be resampled is refused; Captum returns an empty tensor for
 * it.
 *
 * <p>Settings: {@code layer}, {@code interpolation}, {@code layout}.
 */
public final class GuidedGradCam extends Described<RuledModel, GuidedGradCam> {
    private static final Setting<String> LAYER =
            Setting.required("layer", Kind.ADDRESS, "usually the last one with positions; --layer sets it too");
    private static final Setting<Tensor.Interpolation> INTERPOLATION = Setting.of(
            "interpolation",
            CamSettings.interpolation(),
            Tensor.Interpolation.NEAREST,
            "how the map reaches the input's size");

    /** The description of the method. */
    public static final Description<GuidedGradCam> DESCRIPTION = Description.of(
            "guided-grad-cam",
            Need.LAYERS,
            "guided-backprop where grad-cam sees evidence for the score",
            GuidedGradCam::new,
            LAYER,
            INTERPOLATION,
            CamSettings.LAYOUT);

    private GuidedGradCam(Settings<GuidedGradCam> settings) {
        super(settings);
    }

    /**
     * Creates the method with its defaults: nearest resampling, activations with channels first.
     *
     * @param layer address of a value inside the model, usually the last one with positions
     */
    public GuidedGradCam(String layer) {
        this(DESCRIPTION.defaults().with(LAYER, layer));
    }

    /** Returns a copy that resamples the map in another way. */
    public GuidedGradCam interpolation(Tensor.Interpolation mode) {
        return with(INTERPOLATION, mode);
    }

    /** Returns a copy for activations whose channels are on another axis. */
    public GuidedGradCam layout(ActivationLayout activations) {
        return with(CamSettings.LAYOUT, activations);
    }

    @Override
    public Explanation attribute(RuledModel model, Inputs inputs, Target target, Run run) {
        RuleSet rules = RuleSet.relus(new BackwardRule.GuidedRelu());
        if (rules.selected(model.operations()).isEmpty()) {
            throw new UnsupportedModelException(
                    name() + " changes what ReLUs give back, and this model has none; use GradCam");
        }
        RuledModel.Copy guided = model.with(rules);
        Cut cut = model.cut(value(LAYER));
        try (TensorScope scope = TensorScope.open()) {
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run);
            Tensor map = map(evaluator, cut);
            List<Tensor> products = new ArrayList<>();
            Collected gradients = new Collected();
            evaluator.propagate(
                    (rows, from, to) -> guided.run(rows),
                    evaluator.rowsOf(evaluator.inputs().attributed()),
                    part -> gradients.add(part, part.gradients()));
            for (Tensor gradient : gradients.joined()) {
                Inputs.Input input = evaluator.inputs().attributedInputs().get(products.size());
                products.add(gradient.mul(resampled(map, input)));
            }
            return Explanation.of(evaluator, products);
        }
    }

    private Tensor map(Evaluator evaluator, Cut cut) {
        return new LayerRun(this, evaluator, cut, value(CamSettings.LAYOUT), 2)
                .fromGradients(GradCam::ofMeans)
                .clamp(0, Double.POSITIVE_INFINITY);
    }

    /** Returns the map {@code (rows, 1, positions...)} at the size of an input. */
    private Tensor resampled(Tensor map, Inputs.Input input) {
        Shape shape = input.tensor().shape();
        int axes = map.shape().rank() - 2;
        if (axes < 1 || axes > 3 || shape.rank() != axes + 2) {
            throw new InvalidRequestException(List.of("the map of layer '" + value(LAYER) + "' has " + Math.max(0, axes)
                    + " axes of positions and input '" + input.name() + "' shape " + shape
                    + ": guided Grad-CAM needs rows, channels and one to three axes of positions in both; choose"
                    + " another layer, or pass the input with fixed(...)"));
        }
        long[] size = new long[axes];
        System.arraycopy(shape.dims(), 2, size, 0, axes);
        return Resampler.resample(map, size, value(INTERPOLATION));
    }
}
