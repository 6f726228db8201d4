// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.method;

import io.github.attribution4j.Baseline;
import io.github.attribution4j.cam.AblationCam;
import io.github.attribution4j.cam.ActivationLayout;
import io.github.attribution4j.cam.ClassActivationMap;
import io.github.attribution4j.cam.EigenCam;
import io.github.attribution4j.cam.EigenGradCam;
import io.github.attribution4j.cam.FullGrad;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.cam.GradCamElementwise;
import io.github.attribution4j.cam.GradCamPlusPlus;
import io.github.attribution4j.cam.HiResCam;
import io.github.attribution4j.cam.LayerCam;
import io.github.attribution4j.cam.Merge;
import io.github.attribution4j.cam.ScoreCam;
import io.github.attribution4j.cam.XGradCam;
import io.github.attribution4j.cli.method.MethodEntry.Need;
import io.github.attribution4j.cli.method.MethodEntry.Values;
import io.github.attribution4j.tensor.Interpolation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** The class activation maps of the {@link MethodCatalog}. */
final class CamCatalog {
    private static final Setting<String> LAYER = SettingTypes.text(
            SettingTypes.LAYER,
            "layer, or several: a,b",
            "usually the last one with positions; several are merged; --layer sets it too");
    static final Setting<ActivationLayout> LAYOUT = new Setting<>(
            "layout",
            "channels-first, channels-last, or tokens:LEADING:ROWSxCOLUMNS (tokens:LEADING for a square)",
            "channels-first",
            "where the activation has its channels; tokens are those of a vision transformer, behind LEADING others",
            (text, sources) -> layout(text));
    private static final Setting<Boolean> RELU =
            SettingTypes.flag("relu", false, "whether negative values of the map become 0");
    private static final Setting<Optional<Interpolation>> UPSAMPLE = new Setting<>(
            "upsample",
            "one of none, nearest, bilinear",
            "none",
            "whether and how the map is resampled to the input's size",
            (text, sources) -> upsample(text));
    private static final Setting<long[]> SIZE = new Setting<>(
            "size",
            "input, or extents such as 28x28",
            "input",
            "the size that upsample resamples to",
            (text, sources) -> text.equals("input") ? new long[0] : SettingTypes.integers(text));
    private static final Setting<Merge> MERGE =
            SettingTypes.choice("merge", Merge.class, Merge.MEAN, "what becomes of the maps of several layers");
    private static final Setting<Boolean> CENTERED =
            SettingTypes.flag("centered", false, "whether each channel's mean over positions is subtracted before");
    private static final Setting<Integer> CHANNELS = new Setting<>(
            "channels",
            "all, or an integer",
            "all",
            "how many channels are evaluated at most, the strongest ones",
            (text, sources) -> text.equals("all") ? 0 : positive(text));
    private static final Setting<Boolean> SOFTMAX =
            SettingTypes.flag("softmax", true, "whether weights are the softmax of the increases, or those themselves");
    private static final Setting<Baseline> BASELINE = SettingTypes.baseline("what a fully masked input looks like");
    private static final Setting<Boolean> RELATIVE =
            SettingTypes.flag("relative", true, "whether what is lost is divided by the score's magnitude");

    private CamCatalog() {}

    static List<MethodEntry> all() {
        return List.of(
                entry(
                        "grad-cam",
                        "where a layer looked: its activation, weighted by what the score gains from each channel",
                        List.of(),
                        (values, layers) -> built(values, GradCam.builder(layers), GradCam.Builder::build)),
                entry(
                        "grad-cam-plus-plus",
                        "grad-cam that counts several places with the same evidence as much as one",
                        List.of(),
                        (values, layers) ->
                                built(values, GradCamPlusPlus.builder(layers), GradCamPlusPlus.Builder::build)),
                entry(
                        "x-grad-cam",
                        "grad-cam whose channels weigh what the score would lose without them, to first order",
                        List.of(),
                        (values, layers) -> built(values, XGradCam.builder(layers), XGradCam.Builder::build)),
                entry(
                        "hi-res-cam",
                        "activation times gradient at each position: only places that were used",
                        List.of(),
                        (values, layers) -> built(values, HiResCam.builder(layers), HiResCam.Builder::build)),
                entry(
                        "layer-cam",
                        "activation times positive gradient at each position, for early layers too",
                        List.of(),
                        (values, layers) -> built(values, LayerCam.builder(layers), LayerCam.Builder::build)),
                entry(
                        "grad-cam-elementwise",
                        "the positive part of activation times gradient at each position",
                        List.of(),
                        (values, layers) ->
                                built(values, GradCamElementwise.builder(layers), GradCamElementwise.Builder::build)),
                entry(
                        "eigen-cam",
                        "the strongest pattern of a layer's activation, without gradients, for no class in particular",
                        List.of(CENTERED),
                        (values, layers) -> built(
                                values,
                                EigenCam.builder(layers).centered(values.get(CENTERED)),
                                EigenCam.Builder::build)),
                entry(
                        "eigen-grad-cam",
                        "the strongest pattern of activation times gradient",
                        List.of(CENTERED),
                        (values, layers) -> built(
                                values,
                                EigenGradCam.builder(layers).centered(values.get(CENTERED)),
                                EigenGradCam.Builder::build)),
                entry(
                        "score-cam",
                        "a layer's channels weighted by the score of the input seen through each; no gradients",
                        List.of(BASELINE, CHANNELS, SOFTMAX),
                        (values, layers) -> built(values, scoreCam(values, layers), ScoreCam.Builder::build)),
                entry(
                        "ablation-cam",
                        "a layer's channels weighted by what the score loses without each; no gradients",
                        List.of(CHANNELS, RELATIVE),
                        (values, layers) -> built(values, ablationCam(values, layers), AblationCam.Builder::build)),
                fullGrad());
    }

    /** Makes a method of the values of its settings. */
    private interface Maker {
        ClassActivationMap make(Values values, String[] layers);
    }

    private static MethodEntry entry(String name, String claim, List<Setting<?>> own, Maker maker) {
        List<Setting<?>> settings = new ArrayList<>(List.of(LAYER));
        settings.addAll(own);
        settings.addAll(List.of(LAYOUT, RELU, UPSAMPLE, SIZE, MERGE));
        return new MethodEntry(name, Need.LAYERS, claim, settings, false, values -> {
            return new BuiltMethod.AtLayer(maker.make(values, layers(values.get(LAYER))));
        });
    }

    private static String[] layers(String text) {
        return Arrays.stream(text.split(",", -1)).map(String::strip).toArray(String[]::new);
    }

    private static ScoreCam.Builder scoreCam(Values values, String[] layers) {
        ScoreCam.Builder builder =
                ScoreCam.builder(layers).baseline(values.get(BASELINE)).softmax(values.get(SOFTMAX));
        int channels = values.get(CHANNELS);
        return channels == 0 ? builder : builder.channels(channels);
    }

    private static AblationCam.Builder ablationCam(Values values, String[] layers) {
        AblationCam.Builder builder = AblationCam.builder(layers).relative(values.get(RELATIVE));
        int channels = values.get(CHANNELS);
        return channels == 0 ? builder : builder.channels(channels);
    }

    /** Sets what all have in common. */
    private static <B extends ClassActivationMap.Builder<B>, T extends ClassActivationMap> T built(
            Values values, B builder, Function<B, T> build) {
        builder.layout(values.get(LAYOUT)).relu(values.get(RELU)).merge(values.get(MERGE));
        long[] extents = values.get(SIZE);
        Optional<Interpolation> mode = values.get(UPSAMPLE);
        if (extents.length > 0 && mode.isEmpty()) {
            throw new IllegalArgumentException("setting size is used by upsample alone; set upsample=bilinear too");
        }
        mode.ifPresent(chosen -> builder.upsample(chosen, extents));
        return build.apply(builder);
    }

    private static MethodEntry fullGrad() {
        Setting<String> layers = new Setting<>(
                "layers", "all, or layers: a,b", "all", "the layers whose biases count", (text, sources) -> text);
        Setting<Boolean> magnitudes =
                SettingTypes.flag("magnitudes", false, "whether magnitudes of every channel's contribution are summed");
        Setting<Interpolation> resample = SettingTypes.choice(
                "resample", Interpolation.class, Interpolation.BILINEAR, "how contributions reach the input's size");
        return new MethodEntry(
                "full-grad",
                Need.LAYERS,
                "what the input and every bias contribute at each position; complete for rectifier networks",
                List.of(layers, magnitudes, LAYOUT, resample),
                false,
                values -> {
                    FullGrad.Builder builder = FullGrad.builder()
                            .magnitudes(values.get(magnitudes))
                            .layout(values.get(LAYOUT))
                            .resample(values.get(resample));
                    String named = values.get(layers);
                    if (!named.equals("all")) {
                        builder.layers(layers(named));
                    }
                    return new BuiltMethod.AtLayer(builder.build());
                });
    }

    private static int positive(String text) {
        int number = Integer.parseInt(text.strip());
        if (number < 1) {
            throw new IllegalArgumentException("must be at least 1, or all");
        }
        return number;
    }

    private static ActivationLayout layout(String text) {
        String[] parts = text.strip().toLowerCase(Locale.ROOT).split(":", -1);
        boolean tokens = parts[0].equals("tokens") && parts.length >= 2 && parts.length <= 3;
        if (!tokens && parts.length > 1) {
            throw new IllegalArgumentException("choose channels-first, channels-last, or such as tokens:1:14x14");
        }
        return switch (parts[0]) {
            case "channels-first" -> ActivationLayout.channelsFirst();
            case "channels-last" -> ActivationLayout.channelsLast();
            case "tokens" ->
                ActivationLayout.tokens(
                        tokens ? Integer.parseInt(parts[1].strip()) : 0,
                        parts.length == 3 ? SettingTypes.integers(parts[2]) : new long[0]);
            default ->
                throw new IllegalArgumentException("choose channels-first, channels-last, or such as tokens:1:14x14");
        };
    }

    private static Optional<Interpolation> upsample(String text) {
        return switch (text) {
            case "none" -> Optional.empty();
            case "nearest" -> Optional.of(Interpolation.NEAREST);
            case "bilinear" -> Optional.of(Interpolation.BILINEAR);
            default -> throw new IllegalArgumentException("choose one of none, nearest, bilinear");
        };
    }
}
