// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.tensor.Tensor;
import java.util.Map;

/**
 * Element-wise Grad-CAM: activation times gradient, position by position, of which only what speaks for the score is summed.
 *
 * <pre>  L[p] = Σ_k max(G[k, p] · A[k, p], 0)</pre>
 *
 * <p>Like {@link HiResCam} but channels that speak against the score at a position do not cancel those that speak for it. Never
 * negative.
 *
 * <p><b>Cost.</b> For each example and layer a forward row of the model, and a backward row that ends at the layer.
 *
 * <p><b>Paper.</b> Pillai and Pirsiavash, <i>Explainable Models with Consistent Interpretations</i>, 2021, which trains with it.
 *
 * <p><b>Compared with others.</b> Captum has none. pytorch-grad-cam scales every map to 0 … 1.
 *
 * <p>Settings: those of {@link ClassActivationMap}.
 */
public final class GradCamElementwise extends ClassActivationMap {
    private GradCamElementwise(Builder builder) {
        super(builder);
    }

    /**
     * Creates the method with its defaults: no rectifier, the layer's own size.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public GradCamElementwise(String... layers) {
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
        return layer.fromGradients(GradCamElementwise::formula);
    }

    private static Tensor formula(Channels activation, Tensor gradient) {
        Tensor products = gradient.mul(activation.values());
        return activation.overChannels(products.clamp(0, Double.POSITIVE_INFINITY));
    }

    @Override
    void describe(Map<String, Object> settings) {}

    @Override
    public String name() {
        return "grad-cam-elementwise";
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
        public GradCamElementwise build() {
            return new GradCamElementwise(this);
        }
    }
}
