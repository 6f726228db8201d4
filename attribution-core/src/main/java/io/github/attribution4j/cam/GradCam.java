// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.Locale;

/**
 * Gradient-weighted class activation map: each channel's weight is the mean of its gradient, that is, how much the
 * score depends on the channel as a whole.
 *
 * <pre>  w[k] = (1/P) Σ_p G[k, p]        L[p] = Σ_k w[k] · A[k, p]</pre>
 *
 * <p>An activation of shape {@code (examples, units)} has no positions; its weights are G itself and its map has shape
 * {@code (examples, 1)}. The map is not complete: it has no completeness gap.
 *
 * <p><b>Cost.</b> For each example and layer: a forward row of the model, and a backward row that ends at the layer.
 *
 * <p><b>Paper.</b> Selvaraju, Cogswell, Das, Vedantam, Parikh and Batra, <i>Grad-CAM: Visual Explanations from Deep
 * Networks via Gradient-based Localization</i>, 2017. The paper applies the rectifier, {@code relu(true)}.
 *
 * <p><b>Compared with Captum.</b> Equal to {@code LayerGradCam}, whose default has no rectifier either;
 * {@code upsample} is its {@code LayerAttribution.interpolate}. pytorch-grad-cam always rectifies, and scales every map
 * to 0 … 1.
 *
 * <p><b>Variants.</b> Later papers use other weights. Each is a value of this class with its own name:
 * {@link #plusPlus Grad-CAM++}, {@link #xGrad XGrad-CAM}, {@link #hiRes HiResCAM}, {@link #layerCam LayerCAM},
 * {@link #elementwise element-wise Grad-CAM}. They cost the same.
 *
 * <p>Settings: {@code layer}, {@code layout}, {@code upsample}, {@code relu} and {@code merge}, as for all
 * maps.
 */
public final class GradCam extends ClassActivationMap<GradCam> {
    /** Computes a map {@code (rows, P)} from an activation and the score's gradient. */
    private interface Weighting {
        Tensor map(Channels activation, Tensor gradient);
    }

    private static final Description<GradCam> GRAD_CAM = describe(
            "grad-cam",
            "where a layer looked: its activation, weighted by what the score gains from each channel",
            GradCam::ofMeans);
    private static final Description<GradCam> PLUS_PLUS = describe(
            "grad-cam-plus-plus",
            "grad-cam that counts several places with the same evidence as much as one",
            GradCam::ofSharedEvidence);
    private static final Description<GradCam> X_GRAD = describe(
            "x-grad-cam",
            "grad-cam whose channels weigh what the score would lose without them, to first order",
            GradCam::ofLosses);
    private static final Description<GradCam> HI_RES = describe(
            "hi-res-cam",
            "activation times gradient at each position: only places that were used",
            GradCam::ofProducts);
    private static final Description<GradCam> LAYER_CAM = describe(
            "layer-cam",
            "activation times positive gradient at each position, for early layers too",
            GradCam::ofPositiveGradients);
    private static final Description<GradCam> ELEMENTWISE = describe(
            "grad-cam-elementwise",
            "the positive part of activation times gradient at each position",
            GradCam::ofPositiveProducts);

    private final Weighting weighting;

    private GradCam(Settings<GradCam> settings, Weighting weighting) {
        super(settings);
        this.weighting = weighting;
    }

    /**
     * Creates Grad-CAM with its defaults: no rectifier, the layer's own size.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public GradCam(String... layers) {
        this(CamSettings.at(GRAD_CAM, layers), GradCam::ofMeans);
    }

    private static Description<GradCam> describe(String name, String claim, Weighting weighting) {
        return Description.of(
                name, Need.LAYERS, claim, settings -> new GradCam(settings, weighting), CamSettings.and());
    }

    /** Returns the description of each variant, Grad-CAM first. */
    public static List<Description<GradCam>> descriptions() {
        return List.of(GRAD_CAM, PLUS_PLUS, X_GRAD, HI_RES, LAYER_CAM, ELEMENTWISE);
    }

    @Override
    Tensor map(LayerRun layer) {
        return layer.fromGradients(weighting::map);
    }

    static Tensor ofMeans(Channels activation, Tensor gradient) {
        Tensor weights = activation.overPositions(gradient).mul(1.0 / activation.positionCount());
        return activation.overChannels(weights.mul(activation.values()));
    }

    /**
     * Grad-CAM++: channels weighted by their positive gradients. Several positions that share the evidence count as
     * much as a single one.
     *
     * <pre>  α[k, p] = G[k, p]² / (2·G[k, p]² + Σ_q A[k, q] · G[k, p]³)   (0 where G[k, p] = 0)
     *  w[k] = Σ_p α[k, p] · max(G[k, p], 0)        L[p] = Σ_k w[k] · A[k, p]</pre>
     *
     * <p><b>Assumptions.</b> The paper explains Y = exp(S). Then ∂Y/∂A = exp(S)·G. If S is piecewise linear in A
     * (rectifiers, max pooling and linear layers after the layer: no second derivative of its own), the second and
     * third derivatives of Y are exp(S)·G² and exp(S)·G³. The powers come from there, and exp(S) cancels in α. GELU,
     * softmax, normalization of the activation by itself and other curved functions after the layer break the
     * assumption; the formula is then a heuristic. The sums Σ_q A assume an activation after a rectifier: with negative
     * activations the denominator can come near 0.
     *
     * <p>The weights of the paper have one more factor exp(S), the same for the whole map of an example. It is left
     * out, because it changes only the scale and overflows for large scores. The map is not homogeneous in the score:
     * twice the score gives another map.
     *
     * <p><b>Paper.</b> Chattopadhay, Sarkar, Howlader and Balasubramanian, <i>Grad-CAM++: Generalized Gradient-based
     * Visual Explanations for Deep Convolutional Networks</i>, 2018, equations 10, 11 and 19. The paper applies the
     * rectifier, {@code relu(true)}.
     *
     * <p><b>Compared with others.</b> Captum has none. pytorch-grad-cam adds 1e-6 to the denominator, which for small
     * gradients (G² ≪ 1e-6, usual for wide maps) is far from the formula; here α is computed as 1 / (2 + Σ_q A·G),
     * which cannot underflow. The authors' code divides α by its sum over the channel, which the paper does not.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public static GradCam plusPlus(String... layers) {
        return CamSettings.at(PLUS_PLUS, layers).method();
    }

    private static Tensor ofSharedEvidence(Channels activation, Tensor gradient) {
        Tensor values = activation.values();
        Tensor sums = activation.overPositions(values);
        Tensor positive = gradient.clamp(0, Double.POSITIVE_INFINITY);
        // G^2 / (2 G^2 + sum G^3) with numerator and denominator divided by G^2; for G <= 0 the rectifier gives 0.
        Tensor denominators = sums.mul(positive).add(2);
        Tensor weights = activation.overPositions(positive.div(denominators));
        return activation.overChannels(weights.mul(values));
    }

    /**
     * Axiom-based class activation map: a channel's weight is chosen such that its part of the map is what the score
     * would lose without the channel, to first order.
     *
     * <pre>  w[k] = Σ_p G[k, p] · A[k, p] / Σ_p A[k, p]        L[p] = Σ_k w[k] · A[k, p]</pre>
     *
     * <p>So Σ_p L[p] = Σ_k Σ_p G[k, p] · A[k, p]. For a rectifier network without biases after the layer that is S
     * (axiom of conservation). A channel's part is the change of S when the channel is removed, as far as S is linear
     * in it (axiom of sensitivity).
     *
     * <p>The division assumes an activation after a rectifier, where Σ_p A[k, p] = 0 means a channel that is zero and
     * adds nothing; a channel whose sum is 0 is left out. Activations of both signs can have a sum near 0, and then a
     * weight without meaning: choose another layer, or {@link #hiRes}.
     *
     * <p><b>Paper.</b> Fu, Hu, Dong, Guo, Gao and Li, <i>Axiom-based Grad-CAM: Towards Accurate Visualization and
     * Explanation of CNNs</i>, 2020. The paper applies the rectifier, {@code relu(true)}.
     *
     * <p><b>Compared with others.</b> Captum has none. pytorch-grad-cam adds 1e-7 to the divisor, always rectifies, and
     * scales every map to 0 … 1.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public static GradCam xGrad(String... layers) {
        return CamSettings.at(X_GRAD, layers).method();
    }

    private static Tensor ofLosses(Channels activation, Tensor gradient) {
        Tensor values = activation.values();
        Tensor sums = activation.overPositions(values);
        Tensor ones = sums.tensors().full(sums.shape(), sums.dataType(), 1);
        Tensor zeros = sums.mul(0);
        Tensor none = sums.eq(0);
        Tensor weights = activation.overPositions(gradient.mul(values)).div(none.where(ones, sums));
        return activation.overChannels(none.where(zeros, weights).mul(values));
    }

    /**
     * High-resolution class activation map: activation times gradient, position by position, so that the map shows only
     * positions from which the score was computed.
     *
     * <pre>  L[p] = Σ_k G[k, p] · A[k, p]</pre>
     *
     * <p>If only one linear layer follows the layer (besides pooling and flattening), Σ_p L[p] is the score without its
     * bias: the map then holds the exact contribution of every position. Grad-CAM's averaged weights lose that if the
     * linear layer weights positions differently. {@link #upsample} spreads values over positions that were not used;
     * leave it out where faithfulness matters.
     *
     * <p><b>Paper.</b> Draelos and Carin, <i>Use HiResCAM instead of Grad-CAM for faithful explanations of
     * convolutional neural networks</i>, 2020.
     *
     * <p><b>Compared with others.</b> The sum over channels of Captum's {@code LayerGradientXActivation}.
     * pytorch-grad-cam always rectifies, and scales every map to 0 … 1.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public static GradCam hiRes(String... layers) {
        return CamSettings.at(HI_RES, layers).method();
    }

    private static Tensor ofProducts(Channels activation, Tensor gradient) {
        return activation.overChannels(gradient.mul(activation.values()));
    }

    /**
     * Class activation map for any layer: each position of a channel is weighted by its own gradient if that is
     * positive. It is made for early layers. Their maps are fine, and a single weight for a whole channel has little
     * meaning there.
     *
     * <pre>  L[p] = Σ_k max(G[k, p], 0) · A[k, p]</pre>
     *
     * <p><b>Paper.</b> Jiang, Zhang, Hou, Cheng and Wei, <i>LayerCAM: Exploring Hierarchical Class Activation Maps for
     * Localization</i>, 2021. The paper applies the rectifier, {@code relu(true)}, which changes nothing after a
     * rectifier. To merge layers it scales the early ones by tanh(γL / max L); {@link Merge#SCALED_MEAN} and
     * {@link Merge#MAX} are close to that, and with {@link Merge#EACH} you can do it by hand.
     *
     * <p><b>Compared with others.</b> Captum has none. pytorch-grad-cam always rectifies, and scales every map to 0 …
     * 1.
     *
     * @param layers addresses of values inside the model, early ones too
     */
    public static GradCam layerCam(String... layers) {
        return CamSettings.at(LAYER_CAM, layers).method();
    }

    private static Tensor ofPositiveGradients(Channels activation, Tensor gradient) {
        return activation.overChannels(
                gradient.clamp(0, Double.POSITIVE_INFINITY).mul(activation.values()));
    }

    /**
     * Element-wise Grad-CAM: activation times gradient, position by position, summed over the positive products only.
     *
     * <pre>  L[p] = Σ_k max(G[k, p] · A[k, p], 0)</pre>
     *
     * <p>It is like {@link #hiRes}, but channels that count against the score at a position do not cancel those that
     * count for it. Never negative.
     *
     * <p><b>Paper.</b> Pillai and Pirsiavash, <i>Explainable Models with Consistent Interpretations</i>, 2021, which
     * trains with it.
     *
     * <p><b>Compared with others.</b> Captum has none. pytorch-grad-cam scales every map to 0 … 1.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public static GradCam elementwise(String... layers) {
        return CamSettings.at(ELEMENTWISE, layers).method();
    }

    private static Tensor ofPositiveProducts(Channels activation, Tensor gradient) {
        Tensor products = gradient.mul(activation.values());
        return activation.overChannels(products.clamp(0, Double.POSITIVE_INFINITY));
    }

    /** How the maps of several layers become one. */
    public enum Merge {
        /** The mean. Maps of layers whose values are larger count more; see {@link #SCALED_MEAN}. */
        MEAN,
        /** The largest value at each position. */
        MAX,
        /**
         * The mean of the maps, each divided by its largest magnitude, example by example, so that every layer counts
         * alike. Values lie between -1 and 1; zero and sign stay. A map of zeros stays one.
         */
        SCALED_MEAN,
        /** One map for each layer, in the order of the layers. */
        EACH;

        /** Returns the name in lower case, such as {@code scaled-mean}. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}
