// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.tensor.Tensor;
import java.util.Map;

/**
 * Grad-CAM++: channels weighted by their positive gradients, places that share the evidence counting as much as a single one.
 *
 * <pre>  α[k, p] = G[k, p]² / (2·G[k, p]² + Σ_q A[k, q] · G[k, p]³)   (0 where G[k, p] = 0)
 *  w[k] = Σ_p α[k, p] · max(G[k, p], 0)        L[p] = Σ_k w[k] · A[k, p]</pre>
 *
 * <p><b>What it assumes.</b> The paper explains Y = exp(S). Then ∂Y/∂A = exp(S)·G, and if S is piecewise linear in A (rectifiers,
 * max pooling, linear layers behind the layer: no second derivative of its own) the second and third derivatives of Y are
 * exp(S)·G² and exp(S)·G³: that is where the powers come from, and exp(S) cancels in α. Behind the layer, GELU, softmax, normalisation
 * of the activation by itself and other curved functions break the assumption; the formula is then a heuristic. Sums Σ_q A suppose an
 * activation behind a rectifier: with negative ones the denominator can come near 0.
 *
 * <p>The weights of the paper have one more factor exp(S), the same for the whole map of an example. It is left out, as it changes
 * nothing but the scale and overflows for large scores. Not homogeneous in the score: twice the score gives another map.
 *
 * <p><b>Cost.</b> For each example and layer a forward row of the model, and a backward row that ends at the layer.
 *
 * <p><b>Paper.</b> Chattopadhay, Sarkar, Howlader and Balasubramanian, <i>Grad-CAM++: Generalized Gradient-based Visual Explanations for
 * Deep Convolutional Networks</i>, 2018, equations 10, 11 and 19. The paper applies the rectifier, {@code relu(true)}.
 *
 * <p><b>Compared with others.</b> Captum has none. pytorch-grad-cam adds 1e-6 to the denominator, which for small gradients
 * (G² ≪ 1e-6, usual for wide maps) is far from the formula; here α is computed as 1 / (2 + Σ_q A·G), which cannot underflow. The authors'
 * code divides α by its sum over the channel, which the paper does not.
 *
 * <p>Settings: those of {@link ClassActivationMap}.
 */
public final class GradCamPlusPlus extends ClassActivationMap {
    private GradCamPlusPlus(Builder builder) {
        super(builder);
    }

    /**
     * Creates the method with its defaults: no rectifier, the layer's own size.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public GradCamPlusPlus(String... layers) {
        this(new Builder(layers));
    }

    /**
     * Returns a builder that starts from the defaults.
     *
     * @param layers addresses of values inside the model, at least one
     */
    public static Builder builder(String... layers) {
        return new Builder(layers);
    }

    @Override
    Tensor map(LayerRun layer) {
        return layer.fromGradients(GradCamPlusPlus::formula);
    }

    private static Tensor formula(Channels activation, Tensor gradient) {
        Tensor values = activation.values();
        Tensor sums = activation.overPositions(values);
        Tensor positive = gradient.clamp(0, Double.POSITIVE_INFINITY);
        // G^2 / (2 G^2 + sum G^3) with numerator and denominator divided by G^2; where G <= 0 the rectifier gives 0.
        Tensor denominators = sums.mul(positive).add(2);
        Tensor weights = activation.overPositions(positive.div(denominators));
        return activation.overChannels(weights.mul(values));
    }

    @Override
    void describe(Map<String, Object> settings) {}

    @Override
    public String name() {
        return "grad-cam-plus-plus";
    }

    /** Collects settings. Not thread-safe. */
    public static final class Builder extends ClassActivationMap.Builder<Builder> {
        private Builder(String... layers) {
            super(layers);
        }

        @Override
        Builder self() {
            return this;
        }

        /** Returns the method. */
        public GradCamPlusPlus build() {
            return new GradCamPlusPlus(this);
        }
    }
}
