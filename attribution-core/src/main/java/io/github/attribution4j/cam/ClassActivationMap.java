// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.cam.GradCam.Merge;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A map with one number for each position, computed from the activation's channels and a weight for each: the
 * documentation of this package. The methods differ only in these weights.
 *
 * @param <S> the method itself
 */
abstract sealed class ClassActivationMap<S extends ClassActivationMap<S>> extends Described<LayeredModel, S>
        permits GradCam, EigenCam, Fem, ScoreCam, AblationCam {
    private static final int MOST_NAMED = 5;

    ClassActivationMap(Settings<S> settings) {
        super(settings);
        CamSettings.check(settings);
    }

    /**
     * Returns a copy for activations whose channels and positions are on other axes; channels come first by default.
     */
    public final S layout(ActivationLayout activations) {
        return with(CamSettings.LAYOUT, activations);
    }

    /** Returns a copy that merges the maps of several layers in another way; their mean by default. */
    public final S merge(Merge maps) {
        return with(CamSettings.MERGE, maps);
    }

    /** Returns a copy that sets negative values of the map to 0, or keeps them (the default). */
    public final S relu(boolean rectify) {
        return with(CamSettings.RELU, rectify);
    }

    /**
     * Returns a copy that resamples the map, of one to three axes of positions; it does not by default.
     *
     * @param mode nearest, or linear along every axis
     * @param extents of the axes of positions, each at least 1; none for those of the last axes of the first attributed
     *     input
     */
    public final S upsample(Tensor.Interpolation mode, long... extents) {
        return with(CamSettings.UPSAMPLE, Optional.of(mode)).with(CamSettings.SIZE, CamSettings.size(extents));
    }

    /** Returns the map of one layer, {@code (N, 1, positions...)}. */
    abstract Tensor map(LayerRun layer);

    @Override
    public final Explanation attribute(LayeredModel model, Inputs inputs, Target target, Run run) {
        Run started = run.started();
        try (TensorScope scope = TensorScope.open()) {
            List<Cut> cuts = new ArrayList<>();
            for (String layer : layers()) {
                cuts.add(model.cut(layer));
            }
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, started);
            List<Tensor> maps = new ArrayList<>();
            for (Cut cut : cuts) {
                int left = cuts.size() - maps.size();
                Tensor map = map(new LayerRun(this, evaluator, cut, value(CamSettings.LAYOUT), left));
                tellOfEmpty(evaluator, map, cut.point().toString());
                Tensor signed = value(CamSettings.RELU) ? map.clamp(0, Double.POSITIVE_INFINITY) : map;
                maps.add(value(CamSettings.UPSAMPLE)
                        .map(mode -> resampled(signed, mode, evaluator.inputs(), cut))
                        .orElse(signed));
            }
            boolean each = value(CamSettings.MERGE) == Merge.EACH;
            List<String> names =
                    cuts.stream().map(cut -> cut.point().toString()).toList();
            return Explanation.of(
                    evaluator,
                    each
                            ? Outcome.of(maps).ofLayers(names)
                            : Outcome.of(List.of(merged(maps))).ofLayers(List.of(String.join(", ", names))));
        }
    }

    /** Gives a notice about the examples whose maps show nothing, with the reason. */
    private void tellOfEmpty(Evaluator evaluator, Tensor map, String layer) {
        double[] values = map.toDoubleArray();
        int places = values.length / evaluator.examples();
        List<Integer> zero = new ArrayList<>();
        List<Integer> negative = new ArrayList<>();
        for (int example = 0; example < evaluator.examples(); example++) {
            boolean anyNegative = false;
            boolean anyPositive = false;
            for (int i = example * places; i < (example + 1) * places; i++) {
                anyNegative |= values[i] < 0;
                anyPositive |= values[i] > 0;
            }
            if (!anyPositive && (value(CamSettings.RELU) || !anyNegative)) {
                (anyNegative ? negative : zero).add(example);
            }
        }
        if (!negative.isEmpty()) {
            evaluator.notice("the map of layer '" + layer + "' is zero everywhere for " + examples(negative)
                    + ": all its values were negative, and relu cut them off; with relu(false) they are seen");
        }
        if (!zero.isEmpty()) {
            evaluator.notice("the map of layer '" + layer + "' is zero everywhere for " + examples(zero)
                    + ": the layer is silent there, or what weighs its channels is 0 or not positive");
        }
    }

    private static String examples(List<Integer> examples) {
        return (examples.size() == 1 ? "example " : "examples ")
                + examples.stream()
                        .limit(MOST_NAMED)
                        .map(String::valueOf)
                        .collect(Collectors.joining(", ", "", examples.size() > MOST_NAMED ? ", ..." : ""));
    }

    private Tensor resampled(Tensor map, Tensor.Interpolation mode, Inputs inputs, Cut cut) {
        long[] dims = map.shape().dims();
        long[] positions = new long[dims.length - 2];
        System.arraycopy(dims, 2, positions, 0, positions.length);
        long[] wanted = Resampler.size(
                value(CamSettings.SIZE).dims(), inputs, cut.point().toString(), positions);
        return Resampler.resample(map, wanted, mode);
    }

    private Tensor merged(List<Tensor> maps) {
        Merge merge = value(CamSettings.MERGE);
        Tensor first = maps.get(0);
        if (maps.size() == 1) {
            return merge == Merge.SCALED_MEAN ? scaled(first) : first;
        }
        for (int i = 1; i < maps.size(); i++) {
            if (!maps.get(i).shape().equals(first.shape())) {
                throw new InvalidRequestException(List.of("merge: the map of layer '" + layers().get(i) + "' has shape "
                        + maps.get(i).shape() + ", that of '" + layers().get(0) + "' " + first.shape()
                        + "; bring them to one size with upsample(...), or keep them apart with merge(Merge.EACH)"));
            }
        }
        Tensor merged = merge == Merge.SCALED_MEAN ? scaled(first) : first;
        for (Tensor map : maps.subList(1, maps.size())) {
            merged = switch (merge) {
                case MAX -> map.gt(merged).where(map, merged);
                case SCALED_MEAN -> merged.add(scaled(map));
                default -> merged.add(map);
            };
        }
        return merge == Merge.MAX ? merged : merged.mul(1.0 / maps.size());
    }

    private static Tensor scaled(Tensor map) {
        Shape shape = map.shape();
        Tensor largest = map.abs().reshape(shape.dim(0), shape.row().size()).max(1);
        Tensor ones = largest.tensors().full(largest.shape(), largest.dataType(), 1);
        return map.div(largest.gt(0).where(largest, ones).reshape(shape.rowScale(shape.dim(0))));
    }

    /** Returns the addresses of the layers. */
    public final List<String> layers() {
        return value(CamSettings.LAYER);
    }
}
