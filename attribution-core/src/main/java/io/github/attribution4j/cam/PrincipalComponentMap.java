// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.tensor.Tensor;
import java.util.Map;

/**
 * Class activation maps along the first principal component of a layer's channels: {@link EigenCam}, of the activation, and
 * {@link EigenGradCam}, of activation times gradient. The sign of the component is described at {@link EigenCam}.
 */
public abstract sealed class PrincipalComponentMap extends ClassActivationMap permits EigenCam, EigenGradCam {
    private final boolean centered;

    PrincipalComponentMap(Builder<?> builder) {
        super(builder);
        this.centered = builder.centered;
    }

    /** Returns the projection of each position, {@code (N, P)}. */
    final Tensor projected(Channels channels) {
        return PrincipalMap.flat(channels, centered);
    }

    @Override
    final void describe(Map<String, Object> settings) {
        settings.put("centered", centered);
    }

    /**
     * Collects the settings that both methods share. Not thread-safe.
     *
     * @param <B> the builder itself
     */
    public abstract static class Builder<B extends Builder<B>> extends ClassActivationMap.Builder<B> {
        private boolean centered;

        Builder(String... layers) {
            super(layers);
        }

        /** Sets whether each channel's mean over positions is subtracted before; default no, as in the paper. */
        public B centered(boolean subtractMeans) {
            centered = subtractMeans;
            return self();
        }
    }
}
