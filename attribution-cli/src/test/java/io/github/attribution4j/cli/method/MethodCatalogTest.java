// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.setting.Sources;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The catalog says of every method what the method says of itself. */
class MethodCatalogTest {
    /** Values for the settings that have no default. */
    private static final Map<String, String> REQUIRED =
            Map.of("layer", "conv1", "window", "1,2,2", "method", "input-x-gradient", "unit", "5");

    /** What the method says of a required setting, where that is not the text given. */
    private static final Map<String, String> SAID = Map.of("unit", "index 5");

    /** For each setting a text that is not its default, and what the method then says. */
    private static final Map<String, List<String>> OTHER = Map.ofEntries(
            Map.entry("absolute", List.of("false", "false")),
            Map.entry("steps", List.of("7", "7")),
            Map.entry("quadrature", List.of("captum-trapezoid", "captum-trapezoid")),
            Map.entry("baseline", List.of("0.25", "0.25")),
            Map.entry("multiply-by-inputs", List.of("false", "false")),
            Map.entry("samples", List.of("6", "6")),
            Map.entry("stdev", List.of("0.5", "0.5")),
            Map.entry("layer", List.of("layer4.1", "layer4.1")),
            Map.entry("relu", List.of("true", "true")),
            Map.entry("upsample", List.of("nearest", "nearest")),
            Map.entry("size", List.of("14x28", "(14, 28)")),
            Map.entry("layout", List.of("tokens:1:14x14", "tokens:1:14x14")),
            Map.entry("merge", List.of("scaled-mean", "scaled-mean")),
            Map.entry("centered", List.of("true", "true")),
            Map.entry("channels", List.of("8", "8")),
            Map.entry("softmax", List.of("false", "false")),
            Map.entry("relative", List.of("false", "false")),
            Map.entry("rule", List.of("captum-riemann-left", "captum-riemann-left")),
            Map.entry("deep-lift.rule", List.of("reveal-cancel", "reveal-cancel")),
            Map.entry("deep-lift-shap.rule", List.of("reveal-cancel", "reveal-cancel")),
            Map.entry("near", List.of("1e-6", "1.0E-6")),
            Map.entry("tolerance", List.of("0.5", "0.5")),
            Map.entry("allow-incomplete", List.of("true", "true")),
            Map.entry("unknown-as-gradient", List.of("true", "true")),
            Map.entry("draws", List.of("7", "7")),
            Map.entry("composite", List.of("epsilon-gamma-box:-1,2", "epsilon-gamma-box:-1,2")),
            Map.entry("interpolation", List.of("bilinear", "bilinear")),
            Map.entry("bypass", List.of("stay", "stay")),
            Map.entry("unit", List.of("17, 0:2, :", "sum of [17, 0:2, :]")),
            Map.entry("units", List.of("captum", "captum")),
            Map.entry("layers", List.of("conv1,conv2", "conv1, conv2")),
            Map.entry("magnitudes", List.of("true", "true")),
            Map.entry("resample", List.of("nearest", "nearest")),
            Map.entry("mask", List.of("grid:2x4", "grid(2, 4)")),
            Map.entry("shuffles", List.of("3", "3")),
            Map.entry("window", List.of("3,5,5", "3,5,5")),
            Map.entry("stride", List.of("3,2,2", "3,2,2")),
            Map.entry("antithetic", List.of("false", "false")),
            Map.entry("sampling", List.of("captum", "captum")),
            Map.entry("method", List.of("saliency", "saliency")));

    static Stream<String> names() {
        return MethodCatalog.all().stream().map(MethodEntry::name);
    }

    private static Map<String, String> required(MethodEntry entry) {
        Map<String, String> given = new LinkedHashMap<>();
        for (Setting<?> setting : entry.settings()) {
            if (setting.isRequired()) {
                given.put(setting.name(), REQUIRED.get(setting.name()));
            }
        }
        return given;
    }

    private static Attribution<?> build(MethodEntry entry, Map<String, String> given) {
        return entry.build(given, Sources.none()).method();
    }

    private static List<String> other(MethodEntry entry, String setting) {
        List<String> any = OTHER.get(setting);
        return OTHER.getOrDefault(entry.name() + "." + setting, any == null ? List.of() : any);
    }

    /** Returns the method's own settings, without those of a wrapped method. */
    private static Map<String, String> own(Attribution<?> method) {
        Map<String, String> own = new LinkedHashMap<>();
        method.settings().forEach((name, value) -> {
            if (!name.startsWith("method.")) {
                own.put(name, String.valueOf(value));
            }
        });
        return own;
    }

    @ParameterizedTest
    @MethodSource("names")
    void hasExactlyTheSettingsOfTheMethodWithTheirDefaults(String name) {
        MethodEntry entry = MethodCatalog.find(name);
        Map<String, String> given = required(entry);
        Attribution<?> method = build(entry, given);

        assertThat(method.name()).isEqualTo(name);
        assertThat(List.copyOf(own(method).keySet())).isEqualTo(entry.settingNames());
        own(method).forEach((setting, value) -> {
            if (setting.equals("rules")) {
                return; // Said in full; see MethodsTest.
            }
            String text = entry.setting(setting).orElseThrow().defaultText();
            assertThat(value)
                    .as(setting)
                    .isEqualTo(text == null ? SAID.getOrDefault(setting, given.get(setting)) : text);
        });
    }

    static Stream<List<String>> settings() {
        List<List<String>> all = new ArrayList<>();
        for (MethodEntry entry : MethodCatalog.all()) {
            entry.settings().forEach(setting -> all.add(List.of(entry.name(), setting.name())));
        }
        return all.stream().filter(which -> !which.get(1).equals("rules"));
    }

    @ParameterizedTest
    @MethodSource("settings")
    void everySettingReachesTheMethod(List<String> which) {
        MethodEntry entry = MethodCatalog.find(which.get(0));
        String setting = which.get(1);
        Map<String, String> given = required(entry);
        Map<String, String> before = own(build(entry, given));
        given.put(setting, other(entry, setting).get(0));
        if (setting.equals("size")) {
            before.put("upsample", "bilinear");
            given.put("upsample", "bilinear");
        }
        Map<String, String> after = own(build(entry, given));

        assertThat(after.get(setting)).isEqualTo(other(entry, setting).get(1)).isNotEqualTo(before.get(setting));
        before.remove(setting);
        after.remove(setting);
        assertThat(after).isEqualTo(before);
    }

    @Test
    void settingsOfAWrappedMethodReachIt() {
        Map<String, String> given =
                Map.of("method", "integrated-gradients", "method.steps", "9", "method.layer", "conv2", "samples", "3");
        Attribution<?> method = build(MethodCatalog.find("smooth-grad"), given);
        assertThat(method.settings())
                .containsEntry("method.steps", 9)
                .containsEntry("method.layer", "conv2")
                .containsEntry("samples", 3);
    }

    @Test
    void tunnelsMayBeNested() {
        Map<String, String> given =
                Map.of("method", "smooth-grad-squared", "method.method", "saliency", "method.method.absolute", "false");
        Attribution<?> method = build(MethodCatalog.find("var-grad"), given);
        assertThat(method.settings()).containsEntry("method.method.absolute", false);
    }

    @Test
    void refusesUnknownNamesWithNearOnes() {
        assertThatThrownBy(() -> MethodCatalog.find("kernelshap"))
                .hasMessageStartingWith("method 'kernelshap' does not exist; did you mean 'kernel-shap'");
        assertThatThrownBy(() -> build(MethodCatalog.find("kernel-shap"), Map.of("sample", "3", "maks", "grid:2x2")))
                .hasMessageContaining("has no setting 'sample'; did you mean 'samples'")
                .hasMessageContaining("has no setting 'maks'; did you mean 'mask'");
        assertThatThrownBy(() -> build(MethodCatalog.find("input-x-gradient"), Map.of("steps", "3")))
                .hasMessage("method input-x-gradient has no setting 'steps'; it has none");
    }

    @Test
    void refusesBadValuesAndMissingOnes() {
        assertThatThrownBy(() -> build(MethodCatalog.find("integrated-gradients"), Map.of("steps", "many")))
                .hasMessage("setting steps=many: must be an integer");
        assertThatThrownBy(() -> build(MethodCatalog.find("integrated-gradients"), Map.of("quadrature", "simpson")))
                .hasMessageStartingWith("setting quadrature=simpson: choose one of gauss-legendre, riemann-left");
        assertThatThrownBy(() -> build(MethodCatalog.find("saliency"), Map.of("absolute", "maybe")))
                .hasMessage("setting absolute=maybe: must be true or false");
        assertThatThrownBy(() -> build(MethodCatalog.find("occlusion"), Map.of()))
                .hasMessageStartingWith("setting 'window' is needed");
        assertThatThrownBy(() -> build(MethodCatalog.find("grad-cam"), Map.of("layer", "a", "size", "4x4")))
                .hasMessageContaining("upsample");
        assertThatThrownBy(() -> build(MethodCatalog.find("score-cam"), Map.of("layer", "a", "channels", "0")))
                .hasMessage("setting channels=0: must be at least 1, or all");
        assertThatThrownBy(() -> build(MethodCatalog.find("grad-cam"), Map.of("layer", "a", "layout", "rows")))
                .hasMessage("setting layout=rows: choose channels-first, channels-last, or such as tokens:1:14x14");
        assertThatThrownBy(() -> build(MethodCatalog.find("saliency"), Map.of())
                        .name()
                        .concat(build(MethodCatalog.find("smooth-grad"), Map.of())
                                .name()))
                .hasMessageStartingWith("setting 'method' is needed");
    }
}
