// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.tensor.Tensor;
import java.util.Map;

/**
 * High-resolution class activation map: activation times gradient, position by position, so that the map shows only places that the
 * score was computed from.
 *
 * <pre>  L[p] = Σ_k G[k, p] · A[k, p]</pre>
 *
 * <p>If the layer is followed by one linear layer alone (pooling and flattening included), Σ_p L[p] is the score without its bias:
 * the map says exactly what every place contributed. Grad-CAM's averaged weights lose that wherever the linear layer weighs
 * places differently. {@link Builder#upsample} spreads values over places that were not used; leave it out where faithfulness
 * matters.
 *
 * <p><b>Cost.</b> For each example and layer a forward row of the model, and a backward row that ends at the layer.
 *
 * <p><b>Paper.</b> Draelos and Carin, <i>Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks</i>,
 * 2020.
 *
 * <p><b>Compared with others.</b> The sum over channels of Captum's {@code LayerGradientXActivation}. pytorch-grad-cam always
 * rectifies, and scales every map to 0 … 1.
 *
 * <p>Settings: those of {@link ClassActivationMap}.
 */
public final class HiResCam extends ClassActivationMap {
    private HiResCam(Builder builder) {
        super(builder);
    }

    /**
     * Creates the method with its defaults: no rectifier, the layer's own size.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public HiResCam(String... layers) {
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
        return layer.fromGradients(HiResCam::formula);
    }

    private static Tensor formula(Channels activation, Tensor gradient) {
        return activation.overChannels(gradient.mul(activation.values()));
    }

    @Override
    void describe(Map<String, Object> settings) {}

    @Override
    public String name() {
        return "hi-res-cam";
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
        public HiResCam build() {
            return new HiResCam(this);
        }
    }
}
