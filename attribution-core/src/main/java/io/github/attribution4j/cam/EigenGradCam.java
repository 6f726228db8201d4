// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.tensor.Tensor;

/**
 * {@link EigenCam} of activation times gradient instead of the activation: the strongest pattern in what channels contribute to the
 * score, which depends on the class.
 *
 * <pre>  (G∘A) = U Σ Vᵀ  (rows: positions, columns: channels)        L[p] = Σ_k V[k, 1] · G[k, p] · A[k, p]</pre>
 *
 * <p><b>Sign.</b> As of {@link EigenCam}: the entries of V[·, 1] have a positive sum, so that the map is high where contributions are
 * high on the whole.
 *
 * <p><b>Cost.</b> For each example and layer a forward row of the model, and a backward row that ends at the layer.
 *
 * <p><b>Paper.</b> None of its own: the combination of Muhammad and Yeasin, <i>Eigen-CAM</i>, 2020, with Selvaraju et al., <i>Grad-CAM</i>,
 * 2017, known from pytorch-grad-cam, which subtracts every channel's mean ({@code centered(true)}) and keeps whatever sign the
 * decomposition gives. Captum has none.
 *
 * <p>Settings: {@code centered}, and those of {@link ClassActivationMap}.
 */
public final class EigenGradCam extends PrincipalComponentMap {
    private EigenGradCam(Builder builder) {
        super(builder);
    }

    /**
     * Creates the method with its defaults.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public EigenGradCam(String... layers) {
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
        return layer.fromGradients(
                (activation, gradient) -> projected(activation.with(gradient.mul(activation.values()))));
    }

    @Override
    public String name() {
        return "eigen-grad-cam";
    }

    /** Collects settings. Not thread-safe. */
    public static final class Builder extends PrincipalComponentMap.Builder<Builder> {
        private Builder(String... layers) {
            super(layers);
        }

        @Override
        Builder self() {
            return this;
        }

        /** Returns the method. */
        public EigenGradCam build() {
            return new EigenGradCam(this);
        }
    }
}
