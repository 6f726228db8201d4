// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.cam.GradCam.Merge;
import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The settings of class activation maps. */
final class CamSettings {
    static final Setting<List<String>> LAYER = Setting.required(
            "layer", Kind.ADDRESSES, "usually the last one with positions; several are merged; --layer sets it too");
    static final Setting<ActivationLayout> LAYOUT = Setting.of(
            "layout",
            ActivationLayout.KIND,
            ActivationLayout.channelsFirst(),
            "where the activation has its channels; tokens are those of a vision transformer, after LEADING others");
    static final Setting<Boolean> RELU =
            Setting.of("relu", Kind.FLAG, false, "whether negative values of the map become 0");
    static final Setting<Optional<Tensor.Interpolation>> UPSAMPLE = Setting.of(
            "upsample",
            Kind.<Optional<Tensor.Interpolation>>of(
                            "one of none, nearest, bilinear",
                            text -> text.strip().equals("none")
                                    ? Optional.empty()
                                    : Optional.of(interpolation(text, "none, nearest, bilinear")))
                    .said(mode -> mode.map(CamSettings::text).orElse("none")),
            Optional.empty(),
            "whether and how the map is resampled to the input's size");
    /** The shape of a scalar means the input's size. */
    static final Setting<Shape> SIZE = Setting.of(
            "size",
            Kind.of("input, or extents such as 28x28", CamSettings::size)
                    .said(size -> size.rank() == 0 ? "input" : size),
            Shape.of(),
            "the size that upsample resamples to");

    static final Setting<Merge> MERGE =
            Setting.of("merge", Kind.choice(Merge.class), Merge.MEAN, "what becomes of the maps of several layers");
    /** 0 means all. */
    static final Setting<Integer> CHANNELS = Setting.of(
                    "channels",
                    Kind.of("all, or an integer", CamSettings::channels).said(most -> most == 0 ? "all" : most),
                    0,
                    "how many channels are evaluated at most, the strongest ones")
            .trial(2);

    private CamSettings() {}

    /** Returns the settings of a class activation map; {@code own} come after the layer. */
    static Setting<?>[] and(Setting<?>... own) {
        return Stream.of(Stream.of(LAYER), Arrays.stream(own), Stream.of(LAYOUT, RELU, UPSAMPLE, SIZE, MERGE))
                .flatMap(settings -> settings)
                .toArray(Setting<?>[]::new);
    }

    /** Returns the default settings at some layers. */
    static <M> Settings<M> at(Description<M> description, String... layers) {
        List<String> addresses = List.of(layers);
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("layers: none given; name at least one");
        }
        return description.defaults().with(LAYER, addresses);
    }

    /** Checks settings that depend on each other. */
    static void check(Settings<?> settings) {
        List<String> layers = settings.get(LAYER);
        if (new HashSet<>(layers).size() != layers.size()) {
            throw new IllegalArgumentException("layers: " + layers + " names one twice; name each once");
        }
        if (settings.get(SIZE).rank() > 0 && settings.get(UPSAMPLE).isEmpty()) {
            throw new IllegalArgumentException("setting size is used by upsample alone; set upsample=bilinear too");
        }
    }

    /** Returns the kind of interpolation settings. */
    static Kind<Tensor.Interpolation> interpolation() {
        return Kind.of("one of nearest, bilinear", text -> interpolation(text, "nearest, bilinear"))
                .said(CamSettings::text);
    }

    private static Tensor.Interpolation interpolation(String text, String all) {
        return Arrays.stream(Tensor.Interpolation.values())
                .filter(mode -> text(mode).equals(text.strip()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("choose one of " + all));
    }

    private static String text(Tensor.Interpolation mode) {
        return mode.name().toLowerCase(Locale.ROOT);
    }

    private static Shape size(String text) {
        return text.strip().equals("input")
                ? Shape.of()
                : size(Numbers.integers(text.replace("(", "").replace(")", "")));
    }

    /** Returns extents as a shape, each at least 1. */
    static Shape size(long... extents) {
        for (long extent : extents) {
            if (extent < 1) {
                throw new IllegalArgumentException("upsample: extent " + extent + " must be at least 1");
            }
        }
        return Shape.of(extents);
    }

    private static int channels(String text) {
        int most = text.strip().equals("all") ? 0 : Integer.parseInt(text.strip());
        if (most < 0 || (most == 0 && !text.strip().equals("all"))) {
            throw new IllegalArgumentException("must be at least 1, or all");
        }
        return most;
    }
}
