// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.tensor.Tensor;
import java.util.Map;

/**
 * Class activation map for any layer: each position of a channel weighted by its own gradient where that is positive. Made for
 * early layers, whose maps are fine, where one weight for a whole channel says little.
 *
 * <pre>  L[p] = Σ_k max(G[k, p], 0) · A[k, p]</pre>
 *
 * <p><b>Cost.</b> For each example and layer a forward row of the model, and a backward row that ends at the layer.
 *
 * <p><b>Paper.</b> Jiang, Zhang, Hou, Cheng and Wei, <i>LayerCAM: Exploring Hierarchical Class Activation Maps for Localization</i>, 2021.
 * The paper applies the rectifier, {@code relu(true)}, which changes nothing behind a rectifier. To merge layers it scales the early
 * ones by tanh(γL / max L); use {@link Merge#SCALED_MEAN} or {@link Merge#MAX} for what comes near to it, or {@link Merge#EACH} to do it
 * by hand.
 *
 * <p><b>Compared with others.</b> Captum has none. pytorch-grad-cam always rectifies, and scales every map to 0 … 1.
 *
 * <p>Settings: those of {@link ClassActivationMap}.
 */
public final class LayerCam extends ClassActivationMap {
    private LayerCam(Builder builder) {
        super(builder);
    }

    /**
     * Creates the method with its defaults: no rectifier, the layer's own size.
     *
     * @param layers addresses of values inside the model, early ones too
     */
    public LayerCam(String... layers) {
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
        return layer.fromGradients(LayerCam::formula);
    }

    private static Tensor formula(Channels activation, Tensor gradient) {
        return activation.overChannels(
                gradient.clamp(0, Double.POSITIVE_INFINITY).mul(activation.values()));
    }

    @Override
    void describe(Map<String, Object> settings) {}

    @Override
    public String name() {
        return "layer-cam";
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
        public LayerCam build() {
            return new LayerCam(this);
        }
    }
}
