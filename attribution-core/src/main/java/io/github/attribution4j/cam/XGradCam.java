// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.tensor.Tensor;
import java.util.Map;

/**
 * Axiom-based class activation map: channels weighted so that what a channel adds to the map is what the score would lose with
 * the channel, to first order.
 *
 * <pre>  w[k] = Σ_p G[k, p] · A[k, p] / Σ_p A[k, p]        L[p] = Σ_k w[k] · A[k, p]</pre>
 *
 * <p>So Σ_p L[p] = Σ_k Σ_p G[k, p] · A[k, p]. For a rectifier network without biases behind the layer that is S (axiom of
 * conservation), and a channel's part is the change of S when the channel is removed, as far as S is linear in it (axiom of
 * sensitivity).
 *
 * <p>The division supposes an activation behind a rectifier, where Σ_p A[k, p] = 0 means a channel that is zero and adds nothing;
 * a channel whose sum is 0 is left out. Activations of both signs can have a sum near 0 and then a weight without meaning:
 * choose another layer, or {@link HiResCam}.
 *
 * <p><b>Cost.</b> For each example and layer a forward row of the model, and a backward row that ends at the layer.
 *
 * <p><b>Paper.</b> Fu, Hu, Dong, Guo, Gao and Li, <i>Axiom-based Grad-CAM: Towards Accurate Visualization and Explanation of CNNs</i>,
 * 2020. The paper applies the rectifier, {@code relu(true)}.
 *
 * <p><b>Compared with others.</b> Captum has none. pytorch-grad-cam adds 1e-7 to the divisor, always rectifies, and scales every map
 * to 0 … 1.
 *
 * <p>Settings: those of {@link ClassActivationMap}.
 */
public final class XGradCam extends ClassActivationMap {
    private XGradCam(Builder builder) {
        super(builder);
    }

    /**
     * Creates the method with its defaults: no rectifier, the layer's own size.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public XGradCam(String... layers) {
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
        return layer.fromGradients(XGradCam::formula);
    }

    private static Tensor formula(Channels activation, Tensor gradient) {
        Tensor values = activation.values();
        Tensor sums = activation.overPositions(values);
        Tensor ones = sums.tensors().full(sums.shape(), sums.dataType(), 1);
        Tensor zeros = sums.mul(0);
        Tensor none = sums.eq(0);
        Tensor weights = activation.overPositions(gradient.mul(values)).div(none.where(ones, sums));
        return activation.overChannels(none.where(zeros, weights).mul(values));
    }

    @Override
    void describe(Map<String, Object> settings) {}

    @Override
    public String name() {
        return "x-grad-cam";
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
        public XGradCam build() {
            return new XGradCam(this);
        }
    }
}
