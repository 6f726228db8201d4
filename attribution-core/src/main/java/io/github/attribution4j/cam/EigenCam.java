// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.tensor.Tensor;

/**
 * Eigen class activation map: the activation projected on the one direction of its channels that explains most of it. It asks no
 * gradient and no target: the map shows what the layer found striking, whatever the class.
 *
 * <pre>  A = U Σ Vᵀ  (rows: positions, columns: channels; singular values descending)        L[p] = Σ_k V[k, 1] · A[k, p]</pre>
 *
 * <p><b>Sign.</b> A singular vector is known but for its sign. Here the entries of V[·, 1] have a positive sum, so that the map is high
 * where activations are high on the whole; where that sum is 0 within 1e-9 of its largest possible value, the entry of largest
 * magnitude (the first of them) is positive. Behind a rectifier all entries have one sign, and the map is not negative. Two equal largest
 * singular values leave the direction undetermined; one of the possible ones is returned, the same every time.
 *
 * <p>Computed on the CPU in double precision (Lanczos iteration, no full decomposition).
 *
 * <p><b>Cost.</b> For each example and layer a forward row of the head of the model, and one forward row of the model for the
 * scores. No backward rows.
 *
 * <p><b>Paper.</b> Muhammad and Yeasin, <i>Eigen-CAM: Class Activation Map using Principal Components</i>, 2020. It does not centre.
 *
 * <p><b>Compared with others.</b> Captum has none. pytorch-grad-cam subtracts every channel's mean ({@code centered(true)}) and keeps
 * whatever sign the decomposition gives, then cuts off the negative half and scales to 0 … 1.
 *
 * <p>Settings: {@code centered}, and those of {@link ClassActivationMap}.
 */
public final class EigenCam extends PrincipalComponentMap {
    private EigenCam(Builder builder) {
        super(builder);
    }

    /**
     * Creates the method with its defaults.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public EigenCam(String... layers) {
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
        // The explanation has scores, whose cost is the method's.
        layer.evaluator().scores();
        Channels activation = layer.arranged(layer.activation());
        return activation.spread(projected(activation));
    }

    @Override
    public String name() {
        return "eigen-cam";
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
        public EigenCam build() {
            return new EigenCam(this);
        }
    }
}
