/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.cam;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Evaluator;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.InvalidRequestException;
import io.github.attribution4j.Run;
import io.github.attribution4j.Target;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.tensor.Interpolation;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Gradient-weighted class activation map: the activation of a layer, summed over channels with weights that say how much the
 * score depends on each.
 *
 * <p>With A the activation of shape {@code (examples, channels, ...)} and G = ∂F/∂A: the weight of a channel is the mean of G
 * over all its positions (axes 2 and later), and the map is Σ over channels of weight · A, shape {@code (examples, 1,
 * ...)}. An activation of shape {@code (examples, units)} has no positions; its weights are G itself and its map has shape {@code
 * (examples, 1)}. Signed values stay signed unless {@link Builder#relu} cuts off the negative ones. The map is not complete: it has no
 * completeness gap.
 *
 * <p>{@link Builder#upsample} resamples the map to the size of the first attributed input (or to a size given), for use as an overlay:
 * axes 2 and 3 of a map {@code (examples, 1, height, width)}, axis 2 of {@code (examples, 1, length)}.
 *
 * <p><b>Cost.</b> A forward row of the head, and a forward and a backward row of the tail, for each example. Only the gradient with
 * respect to the activation is taken.
 *
 * <p><b>Paper.</b> Selvaraju, Cogswell, Das, Vedantam, Parikh and Batra, <i>Grad-CAM: Visual Explanations from Deep Networks via
 * Gradient-based Localization</i>, 2017. The paper applies the rectifier, {@code relu(true)}.
 *
 * <p><b>Compared with Captum.</b> Equal to {@code LayerGradCam}, whose default has no rectifier either; {@code upsample} is its {@code
 * LayerAttribution.interpolate}.
 *
 * <p>Settings: {@code layer}, {@code relu}, {@code upsample} (none, nearest or bilinear), {@code size}.
 */
public final class GradCam implements Attribution<LayeredModel> {
    private final String layer;
    private final boolean relu;
    private final @Nullable Interpolation upsample;
    private final long[] size;

    private GradCam(Builder builder) {
        this.layer = builder.layer;
        this.relu = builder.relu;
        this.upsample = builder.upsample;
        this.size = builder.size;
    }

    /**
     * Creates the method with its defaults: no rectifier, the layer's own size.
     *
     * @param layer dotted path of a module, usually the last convolution or the block that ends in it
     */
    public GradCam(String layer) {
        this(new Builder(layer));
    }

    /**
     * Returns a builder that starts from the defaults.
     *
     * @param layer dotted path of a module
     */
    public static Builder builder(String layer) {
        return new Builder(layer);
    }

    @Override
    public Explanation attribute(LayeredModel model, Inputs inputs, Target target, Run run) {
        Run started = run.started();
        try (TensorScope scope = TensorScope.open()) {
            Cut cut = model.cut(layer);
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, started);
            List<Tensor> maps = new ArrayList<>();
            evaluator.layerGradientsAtInputs(cut, (batch, from, to, scores, activations, gradients) -> {
                Tensor map = map(activations.get(0), gradients.get(0));
                maps.add(batch.keep(
                        upsample == null
                                ? map
                                : resample(
                                        map,
                                        mapSize(
                                                evaluator.inputs(),
                                                gradients.get(0).shape()),
                                        upsample)));
            });
            Tensor map = maps.size() == 1 ? maps.get(0) : maps.get(0).tensors().concat(maps, 0);
            return evaluator
                    .explain(List.of(map))
                    .names(List.of(cut.point().toString()))
                    .build();
        }
    }

    private Tensor map(Tensor activation, Tensor gradient) {
        Shape shape = gradient.shape();
        if (shape.rank() < 2) {
            throw new InvalidRequestException(List.of("layer '" + layer + "' gives an activation of shape " + shape
                    + "; grad-cam needs channels on axis 1"));
        }
        Tensor weights = gradient;
        if (shape.rank() > 2) {
            int[] positions = IntStream.range(2, shape.rank()).toArray();
            weights = gradient.mean(positions)
                    .reshape(shape.rowScale(shape.dim(0)).with(1, shape.dim(1)));
        }
        Tensor map = weights.mul(activation).sum(1).reshape(shape.with(1, 1));
        return relu ? map.clamp(0, Double.POSITIVE_INFINITY) : map;
    }

    /** Returns the extents of the axes behind the channels that the map is to have. */
    private long[] mapSize(Inputs inputs, Shape activation) {
        int axes = activation.rank() - 2;
        Inputs.Input input = inputs.attributedInputs().get(0);
        Shape shape = input.tensor().shape();
        if (axes != 1 && axes != 2) {
            throw new InvalidRequestException(List.of("upsample: layer '" + layer + "' gives an activation of shape "
                    + activation + ", and only maps of one or two axes behind the channels can be resampled; leave "
                    + "upsample out"));
        }
        if (size.length > 0) {
            if (size.length != axes) {
                throw new InvalidRequestException(
                        List.of("upsample: " + size.length + " extents given for the map of layer '"
                                + layer + "', whose activation of shape " + activation + " has " + axes
                                + " axes behind the channels; give one for each"));
            }
            return size;
        }
        if (shape.rank() < axes + 1) {
            throw new InvalidRequestException(List.of("upsample: input '" + input.name() + "' of shape " + shape
                    + " has no size for a map of " + axes + " axes; give one, upsample(mode, size...)"));
        }
        return axes == 1 ? new long[] {shape.dim(-1)} : new long[] {shape.dim(-2), shape.dim(-1)};
    }

    private static Tensor resample(Tensor map, long[] extents, Interpolation mode) {
        return extents.length == 1
                ? map.interpolate(1, extents[0], mode)
                : map.interpolate(extents[0], extents[1], mode);
    }

    @Override
    public String name() {
        return "grad-cam";
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("layer", layer);
        settings.put("relu", relu);
        settings.put("upsample", upsample == null ? "none" : upsample.name().toLowerCase(Locale.ROOT));
        settings.put("size", size.length == 0 ? "input" : Shape.of(size));
        return settings;
    }

    /** Collects settings. */
    public static final class Builder {
        private final String layer;
        private boolean relu;
        private @Nullable Interpolation upsample;
        private long[] size = {};

        private Builder(String layer) {
            this.layer = layer;
        }

        /** Sets whether negative values of the map become 0; default no. */
        public Builder relu(boolean rectify) {
            relu = rectify;
            return this;
        }

        /**
         * Resamples the map; default not.
         *
         * @param mode how
         * @param extents of the axes behind the channels, each at least 1; none for those of the first attributed input
         */
        public Builder upsample(Interpolation mode, long... extents) {
            for (long extent : extents) {
                if (extent < 1) {
                    throw new IllegalArgumentException("upsample: extent " + extent + " must be at least 1");
                }
            }
            upsample = mode;
            size = extents.clone();
            return this;
        }

        /** Returns the method. */
        public GradCam build() {
            return new GradCam(this);
        }
    }
}
