// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.method;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.cam.AblationCam;
import io.github.attribution4j.cam.EigenCam;
import io.github.attribution4j.cam.FullGrad;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.cam.ScoreCam;
import io.github.attribution4j.cli.method.MethodEntry.Need;
import io.github.attribution4j.gradient.GradientShap;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.NearNames;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.FeaturePermutation;
import io.github.attribution4j.perturbation.KernelShap;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.perturbation.ShapleySampling;
import io.github.attribution4j.perturbation.ShapleyValues;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Settings;
import io.github.attribution4j.setting.Sources;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Every method with its settings, as the command line offers them. */
public final class MethodCatalog {
    private static final List<MethodEntry> ALL = Stream.of(
                    List.of(
                            MethodEntry.of(Saliency.DESCRIPTION, BuiltMethod.Anywhere::new),
                            MethodEntry.of(InputXGradient.DESCRIPTION, BuiltMethod.Anywhere::new),
                            MethodEntry.of(IntegratedGradients.DESCRIPTION, BuiltMethod.Anywhere::new),
                            MethodEntry.of(GradientShap.DESCRIPTION, BuiltMethod.Anywhere::new)),
                    PropagationCatalog.all(),
                    LayerCatalog.all(),
                    entries(GradCam.descriptions(), BuiltMethod.AtLayer::new),
                    entries(EigenCam.descriptions(), BuiltMethod.AtLayer::new),
                    List.of(
                            MethodEntry.of(ScoreCam.DESCRIPTION, BuiltMethod.AtLayer::new),
                            MethodEntry.of(AblationCam.DESCRIPTION, BuiltMethod.AtLayer::new),
                            MethodEntry.of(FullGrad.DESCRIPTION, BuiltMethod.AtLayer::new)),
                    List.of(
                            MethodEntry.of(FeatureAblation.DESCRIPTION, BuiltMethod.Anywhere::new),
                            MethodEntry.of(FeaturePermutation.DESCRIPTION, BuiltMethod.Anywhere::new),
                            MethodEntry.of(Occlusion.DESCRIPTION, BuiltMethod.Anywhere::new),
                            MethodEntry.of(ShapleyValues.DESCRIPTION, BuiltMethod.Anywhere::new),
                            MethodEntry.of(ShapleySampling.DESCRIPTION, BuiltMethod.Anywhere::new),
                            MethodEntry.of(KernelShap.DESCRIPTION, BuiltMethod.Anywhere::new)),
                    NoiseTunnel.descriptions().stream()
                            .map(MethodCatalog::tunnel)
                            .toList())
            .flatMap(List::stream)
            .toList();

    private MethodCatalog() {}

    private static <M> List<MethodEntry> entries(List<Description<M>> descriptions, Function<M, BuiltMethod> place) {
        return descriptions.stream()
                .map(description -> MethodEntry.of(description, place))
                .toList();
    }

    public static List<MethodEntry> all() {
        return ALL;
    }

    /** Returns the method of a name; refuses others, naming near ones. */
    public static MethodEntry find(String name) {
        return ALL.stream()
                .filter(entry -> entry.name().equals(name))
                .findFirst()
                .orElseThrow(() -> {
                    List<String> names = ALL.stream().map(MethodEntry::name).toList();
                    return new IllegalArgumentException("method '" + name + "' does not exist; "
                            + NearNames.hint(name, names) + " 'attribution methods' lists all");
                });
    }

    /**
     * Builds a method.
     *
     * @param name of the method
     * @param given settings as texts
     */
    public static BuiltMethod build(String name, Map<String, String> given, Sources sources) {
        return find(name).build(given, sources);
    }

    /**
     * Returns under which name a setting is reached: its own, or that of a wrapped method.
     *
     * @param name of the method
     * @param given settings as texts, which name the wrapped method
     * @param setting for instance {@code baseline}
     */
    public static Optional<String> path(String name, Map<String, String> given, String setting) {
        MethodEntry entry = find(name);
        if (entry.setting(setting).isPresent()) {
            return Optional.of(setting);
        }
        String inner = given.get(SettingTypes.METHOD);
        return entry.wraps() && inner != null
                ? path(inner, inner(given), setting).map(path -> "method." + path)
                : Optional.empty();
    }

    /** Returns what a method needs of a model, that which it wraps included. */
    public static Need need(String name, Map<String, String> given) {
        MethodEntry entry = find(name);
        String inner = given.get(SettingTypes.METHOD);
        return entry.wraps() && inner != null ? need(inner, inner(given)) : entry.need();
    }

    private static Map<String, String> inner(Map<String, String> given) {
        Map<String, String> inner = new LinkedHashMap<>();
        given.forEach((name, value) -> {
            if (name.startsWith("method.")) {
                inner.put(name.substring("method.".length()), value);
            }
        });
        return inner;
    }

    private static MethodEntry tunnel(Description<NoiseTunnel<Model>> description) {
        List<Setting<?>> settings = MethodEntry.settings(description);
        return new MethodEntry(description.name(), Need.METHOD, description.claim(), settings, true, values -> {
            String wrapped = String.valueOf(values.get(settings.get(settings.size() - 1)));
            Map<String, String> given = inner(values.given());
            boolean ownLayer = path(wrapped, given, SettingTypes.LAYER).isPresent();
            @Nullable String layer = ownLayer ? null : given.remove(SettingTypes.LAYER);
            BuiltMethod built = build(wrapped, given, values.sources());
            BuiltMethod placed = layer == null ? built : built.at(layer);
            Map<String, String> own = new LinkedHashMap<>(values.given());
            own.keySet().removeIf(name -> name.startsWith(SettingTypes.METHOD));
            Settings<NoiseTunnel<Model>> read = description.read(own, values.sources());
            return placed instanceof BuiltMethod.Anywhere anywhere
                    ? new BuiltMethod.Anywhere(tunnel(anywhere.method(), read))
                    : new BuiltMethod.AtLayer(tunnel(placed.method(), read));
        });
    }

    @SuppressWarnings("unchecked")
    private static <M extends Model> Attribution<M> tunnel(
            Attribution<M> method, Settings<NoiseTunnel<Model>> settings) {
        return (Attribution<M>)
                (Attribution<?>) settings.with(NoiseTunnel.METHOD, method).method();
    }
}
