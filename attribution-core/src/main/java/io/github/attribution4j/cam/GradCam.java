// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.tensor.Tensor;
import java.util.Map;

/**
 * Gradient-weighted class activation map: channels weighted by how much the score depends on each on the whole.
 *
 * <pre>  w[k] = (1/P) Σ_p G[k, p]        L[p] = Σ_k w[k] · A[k, p]</pre>
 *
 * <p>An activation of shape {@code (examples, units)} has no positions; its weights are G itself and its map has shape {@code
 * (examples, 1)}. The map is not complete: it has no completeness gap.
 *
 * <p><b>Cost.</b> For each example and layer a forward row of the model, and a backward row that ends at the layer.
 *
 * <p><b>Paper.</b> Selvaraju, Cogswell, Das, Vedantam, Parikh and Batra, <i>Grad-CAM: Visual Explanations from Deep Networks via
 * Gradient-based Localization</i>, 2017. The paper applies the rectifier, {@code relu(true)}.
 *
 * <p><b>Compared with Captum.</b> Equal to {@code LayerGradCam}, whose default has no rectifier either; {@code upsample} is its {@code
 * LayerAttribution.interpolate}. pytorch-grad-cam always rectifies, and scales every map to 0 … 1.
 *
 * <p>Settings: those of {@link ClassActivationMap}.
 */
public final class GradCam extends ClassActivationMap {
    private GradCam(Builder builder) {
        super(builder);
    }

    /**
     * Creates the method with its defaults: no rectifier, the layer's own size.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public GradCam(String... layers) {
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
        return layer.fromGradients(GradCam::formula);
    }

    static Tensor formula(Channels activation, Tensor gradient) {
        Tensor weights = activation.overPositions(gradient).mul(1.0 / activation.positionCount());
        return activation.overChannels(weights.mul(activation.values()));
    }

    @Override
    void describe(Map<String, Object> settings) {}

    @Override
    public String name() {
        return "grad-cam";
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
        public GradCam build() {
            return new GradCam(this);
        }
    }
}
