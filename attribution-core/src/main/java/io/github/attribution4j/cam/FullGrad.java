// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.NameList;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;

/**
 * Full-gradient representation: the contributions of the input and of every bias of the network to the score, resampled
 * to the input's size and summed. It is the only class activation map that is complete.
 *
 * <pre>  S(x) = Σ x ∘ ∂S/∂x  +  Σ over layers l of Σ b[l] ∘ ∂S/∂z[l]        (z[l]: output of layer l, b[l]: its bias)
 *  L[p] = Σ_c (x ∘ ∂S/∂x)[c, p]  +  Σ over l of resampled(Σ_k b[l, k] · ∂S/∂z[l, k, ·])[p]</pre>
 *
 * <p>This is an identity for networks that are piecewise linear except for what counts as a bias here:
 *
 * <ul>
 * <li>the bias parameter of convolutions and linear layers ({@code Conv1d}, {@code Conv2d}, {@code Conv3d},
 *     {@code ConvTranspose...}, {@code Linear}), read with {@link LayeredModel#weight};
 * <li>the implicit bias, output − Jacobian · input, of batch normalization (with stored statistics) and of curved
 *     activation functions: output · ∂S/∂output − input · ∂S/∂input at each element, from a cut on either side of the
 *     call;
 * <li>the same of layer, group and instance normalization, softmax and log-softmax modules. Such a module mixes
 *     positions, and only the sum over those is exact.
 * </ul>
 *
 * <p>Rectifiers, pooling, flattening, dropout, sums and embeddings have no bias. The method does not see what happens
 * outside modules of these kinds: curved functions called as functions, attention, sums with parameters of the root
 * module. {@link Explanation#completenessGap} tells how much of the score that is.
 *
 * <p><b>Positions.</b> Contributions of layers with as many axes of positions as the input are resampled so that sums
 * stay the same: each position's value is divided among the positions that it covers. For layers other than
 * convolutions, {@link #layout} tells where positions are. Some contributions have no position: those of the last
 * linear layer's bias, of class tokens, and (unless the layout says otherwise) of linear layers and layer normalization
 * on the last of several axes. They are in no element of the map. {@link Explanation#baselineScores} holds their sum,
 * so that Σ map = score − baseline score.
 *
 * <p>Values are signed and not scaled. {@code magnitudes(true)} sums the magnitudes of every channel's contribution, as
 * the paper does for its saliency; then nothing adds up, and there is no gap. The paper also scales every term to 0 …
 * 1, which this method does not.
 *
 * <p>Input: one attributed input {@code (N, C, positions...)} with one to three axes of positions; the map has shape
 * {@code (N, 1, positions...)}.
 *
 * <p><b>Cost.</b> For each example: a forward and a backward row of the model, as many again for each layer with a bias
 * parameter, and twice as many for each layer with an implicit bias; each backward row ends at the layer.
 * {@code layers(...)} restricts the layers; without it, one more forward row finds those that are reached.
 *
 * <p><b>Paper.</b> Srinivas and Fleuret, <i>Full-Gradient Representation for Neural Network Visualization</i>, 2019.
 *
 * <p><b>Compared with others.</b> Captum has none. pytorch-grad-cam takes biases of convolutions and batch
 * normalization, takes magnitudes, and scales to 0 … 1.
 *
 * <p>Settings: {@code layers} (all by default), {@code magnitudes}, {@code layout}, {@code resample} (nearest or
 * bilinear).
 */
public final class FullGrad extends Described<LayeredModel, FullGrad> {
    /** An empty list means all layers. */
    private static final Setting<List<String>> LAYERS = Setting.of(
            "layers",
            Kind.<List<String>>of(
                            "all, or layers: a,b", text -> text.strip().equals("all") ? List.of() : NameList.read(text))
                    .said(layers -> layers.isEmpty() ? "all" : NameList.write(layers)),
            List.of(),
            "the layers whose biases count");

    private static final Setting<Boolean> MAGNITUDES =
            Setting.of("magnitudes", Kind.FLAG, false, "whether magnitudes of every channel's contribution are summed");
    private static final Setting<Tensor.Interpolation> RESAMPLE = Setting.of(
            "resample",
            CamSettings.interpolation(),
            Tensor.Interpolation.BILINEAR,
            "how contributions reach the input's size");

    /** The description of the method. */
    public static final Description<FullGrad> DESCRIPTION = Description.of(
            "full-grad",
            Need.LAYERS,
            "what the input and every bias contribute at each position; complete for rectifier networks",
            FullGrad::new,
            LAYERS,
            MAGNITUDES,
            CamSettings.LAYOUT,
            RESAMPLE);

    private FullGrad(Settings<FullGrad> settings) {
        super(settings);
    }

    /** Creates the method with its defaults: all layers that have a bias, signed, linear resampling. */
    public FullGrad() {
        this(DESCRIPTION.defaults());
    }

    /** Returns a copy that takes the biases of these layers; by default of all that have one. */
    public FullGrad layers(String... addresses) {
        return with(LAYERS, List.of(addresses));
    }

    /** Returns a copy that sums the magnitudes of every channel's contribution, or does not (the default). */
    public FullGrad magnitudes(boolean summed) {
        return with(MAGNITUDES, summed);
    }

    /**
     * Returns a copy for layers other than convolutions whose channels and positions are on other axes; channels come
     * first by default.
     */
    public FullGrad layout(ActivationLayout activations) {
        return with(CamSettings.LAYOUT, activations);
    }

    /** Returns a copy that resamples contributions in another way; linearly by default. */
    public FullGrad resample(Tensor.Interpolation mode) {
        return with(RESAMPLE, mode);
    }

    @Override
    public Explanation attribute(LayeredModel model, Inputs inputs, Target target, Run run) {
        List<String> layers = value(LAYERS);
        boolean magnitudes = value(MAGNITUDES);
        try (TensorScope scope = TensorScope.open()) {
            List<Cut.Point> named = layers.stream().map(model::cutPoint).toList();
            Evaluator evaluator =
                    Evaluator.start(this, model, inputs, target, run.started(), problems -> check(inputs, problems));
            Inputs.Input input = evaluator.inputs().attributedInputs().get(0);
            int candidates = layers.isEmpty() ? model.cutPoints().size() : named.size();
            evaluator.run().plan((1L + candidates) * evaluator.examples());
            Contributions sum = new Contributions(input.tensor().shape(), magnitudes, value(RESAMPLE));
            Tensor atInput = evaluator.gradientsAtInputs().get(0).mul(input.tensor());
            sum.add(atInput, ActivationLayout.channelsFirst());
            BiasTerms terms = new BiasTerms(model, evaluator, value(CamSettings.LAYOUT));
            List<Cut.Point> points = layers.isEmpty() ? reached(model, evaluator) : named;
            evaluator.run().plan((long) points.stream().mapToInt(terms::stages).sum() * evaluator.examples());
            for (Cut.Point point : points) {
                terms.of(point, !layers.isEmpty()).ifPresent(term -> sum.add(term.contributions(), term.layout()));
            }
            Outcome outcome = Outcome.of(List.of(sum.map()));
            return Explanation.of(evaluator, magnitudes ? outcome : outcome.completeTo(sum.withoutPlace()));
        }
    }

    /** Returns the outputs of calls that are made for these inputs. */
    private static List<Cut.Point> reached(LayeredModel model, Evaluator evaluator) {
        List<Cut.Point> known = model.cutPoints();
        List<Cut.Point> reached = model.values(evaluator.inputs().select(0)).stream()
                .map(Cut.Value::point)
                .filter(known::contains)
                .toList();
        evaluator.count(new Counts(1, 0, 1, 1));
        return reached;
    }

    private static void check(Inputs inputs, Problems problems) {
        List<Inputs.Input> attributed = inputs.attributedInputs();
        problems.require(
                attributed.size() == 1,
                "inputs: " + attributed.size() + " are attributed, and full-grad maps one; mark the others fixed");
        Inputs.Input input = attributed.get(0);
        Shape shape = input.tensor().shape();
        problems.require(
                shape.rank() >= 3 && shape.rank() <= 5,
                "input '" + input.name() + "' has shape " + shape
                        + "; full-grad needs channels on axis 1 and one to three axes of positions after them");
        problems.require(
                input.tensor().dataType().isFloating(),
                "input '" + input.name() + "' is of type " + input.tensor().dataType()
                        + ", which has no gradient; full-grad needs a floating-point input");
    }
}
