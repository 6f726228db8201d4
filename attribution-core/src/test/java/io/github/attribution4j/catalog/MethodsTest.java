// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.propagation.Rules;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import io.github.attribution4j.text.TokenAttribution;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every method is what its description says, and can be made again from what it says of itself. */
class MethodsTest {
    private static final RuledModel MODEL = ReferenceModels.residualCnn(DataType.FLOAT64, 3, 6);

    /** Values for the settings that have no default. */
    private static final Map<String, String> REQUIRED =
            Map.of("layer", "block.relu", "window", "1,2,2", "method", "input-x-gradient", "unit", "2,1,1");

    /** What the method says of a required setting, where that is not the text given. */
    private static final Map<String, String> SAID = Map.of("unit", "index [2, 1, 1]");

    /** For each setting a text that is not its default, and what the method then says. */
    private static final Map<String, List<String>> OTHER = Map.ofEntries(
            Map.entry("absolute", List.of("false", "false")),
            Map.entry("steps", List.of("7", "7")),
            Map.entry("quadrature", List.of("captum-trapezoid", "captum-trapezoid")),
            Map.entry("fraction", List.of("0.5", "0.5")),
            Map.entry("sigma", List.of("5", "5.0")),
            Map.entry("distance", List.of("0.1", "0.1")),
            Map.entry("spacing", List.of("non-uniform:3", "non-uniform:3")),
            Map.entry("baseline", List.of("0.25", "0.25")),
            Map.entry("multiply-by-inputs", List.of("false", "false")),
            Map.entry("hierarchy", List.of("flat", "flat")),
            Map.entry("convention", List.of("grabisch-roubens", "grabisch-roubens")),
            Map.entry("samples", List.of("6", "6")),
            Map.entry("discretizer", List.of("decile; x: 1,2", "decile; x: 1, 2")),
            Map.entry("positions", List.of("low-discrepancy", "low-discrepancy")),
            Map.entry("stdev", List.of("0.5", "0.5")),
            Map.entry("layer", List.of("pool1", "pool1")),
            Map.entry("relu", List.of("true", "true")),
            Map.entry("upsample", List.of("nearest", "nearest")),
            Map.entry("size", List.of("14x28", "(14, 28)")),
            Map.entry("layout", List.of("tokens:1:14x14", "tokens:1:14x14")),
            Map.entry("merge", List.of("scaled-mean", "scaled-mean")),
            Map.entry("deviations", List.of("0.5", "0.5")),
            Map.entry("centered", List.of("true", "true")),
            Map.entry("channels", List.of("2", "2")),
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
            Map.entry("interpolation", List.of("bilinear", "bilinear")),
            Map.entry("bypass", List.of("stay", "stay")),
            Map.entry("unit", List.of("1, 0:2, :", "sum of [1, 0:2, :]")),
            Map.entry("units", List.of("captum", "captum")),
            Map.entry("layers", List.of("conv1,block.conv", "conv1, block.conv")),
            Map.entry("magnitudes", List.of("true", "true")),
            Map.entry("resample", List.of("nearest", "nearest")),
            Map.entry("mask", List.of("grid:2x3", "grid(2, 3)")),
            Map.entry("shuffles", List.of("3", "3")),
            Map.entry("window", List.of("2,3,3", "2,3,3")),
            Map.entry("stride", List.of("1,2,2", "1,2,2")),
            Map.entry("antithetic", List.of("false", "false")),
            Map.entry("stratified", List.of("true", "true")),
            Map.entry("budget", List.of("2000,error:0.5", "2000,error:0.5")),
            Map.entry("sampling", List.of("captum", "captum")),
            Map.entry("fit", List.of("least-squares", "least-squares")),
            Map.entry("strength", List.of("0.25", "0.25")),
            Map.entry("kernel", List.of("cosine:0.5", "cosine:0.5")),
            Map.entry("link", List.of("logit", "logit")),
            Map.entry("cells", List.of("1,3,3", "1,3,3")),
            Map.entry("keep", List.of("0.25", "0.25")),
            Map.entry("rise.estimator", List.of("centered", "centered")),
            Map.entry("kernel-shap.estimator", List.of("regression", "regression")),
            Map.entry("method", List.of("saliency", "saliency")));

    static Stream<String> names() {
        return Methods.all().stream().map(Description::name);
    }

    private static Map<String, String> required(Description<?> description) {
        Map<String, String> given = new LinkedHashMap<>();
        for (Setting<?> setting : description.settings()) {
            if (setting.isRequired()) {
                given.put(setting.name(), REQUIRED.get(setting.name()));
            }
        }
        return given;
    }

    private static Map<String, String> words(Attribution<?> method) {
        Map<String, String> words = new LinkedHashMap<>();
        method.settings().forEach((name, value) -> words.put(name, String.valueOf(value)));
        return words;
    }

    /** Returns the method's own settings, without those of a wrapped method. */
    private static Map<String, String> own(Attribution<?> method) {
        Map<String, String> own = words(method);
        own.keySet().removeIf(name -> name.startsWith("method."));
        return own;
    }

    private static Attribution<? super RuledModel> read(Description<?> description, Map<String, String> given) {
        return Methods.read(description.name(), given, Sources.none());
    }

    private static List<String> other(Description<?> description, String setting) {
        return OTHER.getOrDefault(description.name() + "." + setting, OTHER.getOrDefault(setting, List.of()));
    }

    @ParameterizedTest
    @MethodSource("names")
    void a_method_has_the_settings_of_its_description_with_their_defaults(String name) {
        Description<?> description = Methods.find(name);
        Map<String, String> given = required(description);
        Attribution<?> method = read(description, given);

        assertThat(method.name()).isEqualTo(name);
        assertThat(List.copyOf(own(method).keySet()))
                .isEqualTo(description.settings().stream().map(Setting::name).toList());
        for (Setting<?> setting : description.settings()) {
            String said = own(method).get(setting.name());
            if (setting.isRequired()) {
                assertThat(said).isEqualTo(SAID.getOrDefault(setting.name(), given.get(setting.name())));
            } else {
                given.put(setting.name(), setting.defaultText().orElseThrow());
            }
        }
        assertThat(words(read(description, given))).isEqualTo(words(method));
        assertThat(method).hasToString(Attribution.inWords(method));
    }

    static Stream<List<String>> settings() {
        List<List<String>> all = new ArrayList<>();
        for (Description<?> description : Methods.all()) {
            description.settings().forEach(setting -> all.add(List.of(description.name(), setting.name())));
        }
        return all.stream().filter(which -> !which.get(1).equals("rules"));
    }

    @ParameterizedTest
    @MethodSource("settings")
    void every_setting_reaches_the_method(List<String> which) {
        Description<?> description = Methods.find(which.get(0));
        String setting = which.get(1);
        Map<String, String> given = required(description);
        if (setting.equals("size")) {
            given.put("upsample", "bilinear");
        }
        Map<String, String> before = own(read(description, given));
        given.put(setting, other(description, setting).get(0));
        Map<String, String> after = own(read(description, given));

        assertThat(after.get(setting))
                .isEqualTo(other(description, setting).get(1))
                .isNotEqualTo(before.get(setting));
        before.remove(setting);
        after.remove(setting);
        assertThat(after).isEqualTo(before);
    }

    @ParameterizedTest
    @MethodSource("names")
    void what_a_method_says_of_itself_makes_it_again_to_the_bit(String name) {
        Description<?> description = Methods.find(name);
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 5, 2, 2, 6, 6));
            Attribution<? super RuledModel> method = cheap(description);
            Target target = method.ownScore().isPresent()
                    ? Target.output()
                    : Target.argmax().named("a", "b", "c");
            assertMadeAgain(method, MODEL, inputs, target);
        }
    }

    static Attribution<? super RuledModel> cheap(Description<?> description) {
        Map<String, String> given = required(description);
        for (Setting<?> setting : description.settings()) {
            setting.trialText().ifPresent(text -> given.put(setting.name(), text));
        }
        if (description.has("mask")) {
            given.put("mask", "grid:2x1");
        }
        return read(description, given);
    }

    private static void assertMadeAgain(
            Attribution<? super RuledModel> method, RuledModel model, Inputs inputs, Target target) {
        assertMadeAgain(method, model, inputs, target, Sources.none());
    }

    private static void assertMadeAgain(
            Attribution<? super RuledModel> method, RuledModel model, Inputs inputs, Target target, Sources sources) {
        Run run = Run.defaults().seed(11).batchRows(7);
        try (Explanation first = method.attribute(model, inputs, target, run);
                Explanation kept = Explanation.fromJson(first.toJson());
                Explanation again = again(kept, model, inputs, sources)) {
            assertThat(again.differences(kept)).isEmpty();
            assertThat(again.provenance().differences(kept.provenance())).isEmpty();
        }
    }

    private static Explanation again(Explanation kept, RuledModel model, Inputs inputs, Sources sources) {
        Attribution<? super RuledModel> method = Methods.of(kept.provenance(), sources);
        return method.attribute(
                model, inputs, Methods.target(kept, method), kept.provenance().run());
    }

    @Test
    void a_method_at_a_layer_towards_a_neuron_and_in_tunnels_is_made_again() {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 5, 2, 2, 6, 6));
            IntegratedGradients few = new IntegratedGradients().steps(3);
            assertMadeAgain(few.at("relu1"), MODEL, inputs, Target.index(1));
            assertMadeAgain(few.towards("relu1", Target.at(1, 2, 2)), MODEL, inputs, Target.output());
            assertMadeAgain(
                    NoiseTunnel.smoothGrad(few.at("relu1")).samples(2).stdev(0.1), MODEL, inputs, Target.indexes(2, 0));
            assertMadeAgain(
                    Attribution.<RuledModel>at("relu1", NoiseTunnel.varGrad(few).samples(2)),
                    MODEL,
                    inputs,
                    Target.difference(Target.index(2), Target.sum(Target.index(0), Target.index(1))));
            assertMadeAgain(
                    NoiseTunnel.varGrad(NoiseTunnel.smoothGradSquared(Saliency.signed())
                                    .samples(2))
                            .samples(2),
                    MODEL,
                    inputs,
                    Target.probability(1));
        }
    }

    @Test
    void a_method_by_token_is_made_again() {
        RuledModel words = ReferenceModels.tokens(DataType.FLOAT64, 3, 4, 9, 2);
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.none()
                    .attribute("tokens", Tensors.ofJava().of(new long[] {1, 2, 3, 4}, 1, 4))
                    .fixed("x", ReferenceModels.normal(DataType.FLOAT64, 1, 1, 2));
            TokenAttribution<RuledModel> byToken = TokenAttribution.of(new IntegratedGradients().steps(3));
            assertMadeAgain(
                    byToken.at("embedding").reduction(TokenAttribution.Reduction.NORM), words, inputs, Target.index(0));
            assertMadeAgain(byToken.at("embedding").together(), words, inputs, Target.index(0));
        }
    }

    @Test
    void arrays_are_asked_for_by_digest() {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 5, 2, 2, 6, 6));
            Tensor reference = ReferenceModels.normal(DataType.FLOAT64, 6, 1, 2, 6, 6);
            Tensor groups = Tensors.ofJava()
                    .of(new long[72], 1, 2, 6, 6)
                    .add(Tensors.ofJava().of(new long[] {0, 3, 5, 5, 3, 0}, 1, 1, 1, 6));
            FeatureAblation ablation = new FeatureAblation()
                    .baseline(Baseline.of(reference))
                    .mask(FeatureMask.of(groups).renumbered());
            List<String> asked = new ArrayList<>();
            Sources sources = name -> {
                asked.add(name);
                return List.of(name.startsWith("ids ") ? groups : reference);
            };
            assertMadeAgain(ablation, MODEL, inputs, Target.index(1), sources);
            assertThat(asked).hasSize(2);
            assertThat(asked.get(0)).matches("\\(1, 2, 6, 6\\) sha256:[0-9a-f]{16}");
            assertThatThrownBy(() -> Methods.read("feature-ablation", words(ablation), Sources.none()))
                    .hasMessageContaining("setting baseline=tensor (1, 2, 6, 6) sha256:");
        }
    }

    @Test
    void explanations_say_what_differs() {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 5, 1, 2, 6, 6));
            try (Explanation one = new KernelShap().samples(200).attribute(MODEL, inputs, Target.index(1));
                    Explanation other = new KernelShap()
                            .samples(200)
                            .attribute(
                                    MODEL,
                                    inputs,
                                    Target.index(1),
                                    Run.defaults().seed(1));
                    Explanation third = new Saliency().attribute(MODEL, inputs, Target.index(1))) {
                assertThat(one.differences(other))
                        .anyMatch(line -> line.matches("attributions of input0: \\d+ of 72 differ, by at most .*"));
                assertThat(one.provenance().differences(other.provenance())).containsExactly("seed: 0, and 1");
                assertThat(one.differences(third)).contains("baseline scores: there are none there");
                assertThat(one.provenance().differences(third.provenance()))
                        .contains("method: kernel-shap, and saliency", "setting samples: 200, and none");
            }
        }
    }

    @Test
    void settings_of_a_wrapped_method_reach_it() {
        Map<String, String> given =
                Map.of("method", "integrated-gradients", "method.steps", "9", "method.layer", "conv2", "samples", "3");
        assertThat(words(Methods.read("smooth-grad", given, Sources.none())))
                .containsEntry("method", "integrated-gradients at layer")
                .containsEntry("method.steps", "9")
                .containsEntry("method.layer", "conv2")
                .containsEntry("samples", "3");
        Map<String, String> nested =
                Map.of("method", "smooth-grad-squared", "method.method", "saliency", "method.method.absolute", "false");
        assertThat(words(Methods.read("var-grad", nested, Sources.none())))
                .containsEntry("method.method.absolute", "false");
    }

    @Test
    void every_composite_is_read_by_its_name_and_from_its_rules() {
        List<String> all = new ArrayList<>();
        for (String composite : List.of(
                "epsilon:0.1",
                "epsilon-plus",
                "epsilon-plus-flat",
                "epsilon-alpha2-beta1",
                "epsilon-alpha2-beta1-flat",
                "epsilon-gamma-box:-1,2",
                "attn-lrp",
                "conservative-transformer")) {
            String rules = words(Methods.read("lrp", Map.of("composite", composite), Sources.none()))
                    .get("rules");
            all.add(rules);
            assertThat(words(Methods.read("lrp", Map.of("rules", rules), Sources.none())))
                    .containsExactly(Map.entry("rules", rules));
        }
        assertThat(all).doesNotHaveDuplicates();
        assertRefused(
                "lrp",
                "composite",
                "epsilon-minus",
                "setting rules=epsilon-minus: choose one of epsilon:EPSILON, epsilon-plus");
        assertRefused(
                "lrp", "rules", "epsilon-plus:3", "setting rules=epsilon-plus:3: takes no numbers; leave them out");
        assertRefused("lrp", "rules", "epsilon-gamma-box:1", "setting rules=epsilon-gamma-box:1: needs numbers");
        String own = words(new Lrp(RuleSet.of(Rules.pass()))).get("rules");
        assertRefused("lrp", "rules", own, "setting rules=" + own + ": choose one of epsilon:EPSILON");
    }

    @Test
    void unknown_names_are_refused_with_near_ones() {
        assertThatThrownBy(() -> Methods.find("kernelshap"))
                .hasMessageStartingWith("method 'kernelshap' does not exist; did you mean 'kernel-shap'");
        assertThatThrownBy(() -> Methods.read("kernel-shap", Map.of("sample", "3", "maks", "grid:2x2"), Sources.none()))
                .hasMessageContaining("has no setting 'sample'; did you mean 'samples'")
                .hasMessageContaining("has no setting 'maks'; did you mean 'mask'");
        assertThatThrownBy(() -> Methods.read("input-x-gradient", Map.of("steps", "3"), Sources.none()))
                .hasMessage("input-x-gradient has no setting 'steps'; it has none");
    }

    @Test
    void bad_values_and_missing_ones_are_refused() {
        assertRefused("integrated-gradients", "steps", "many", "setting steps=many: must be an integer");
        assertRefused(
                "integrated-gradients",
                "quadrature",
                "simpson",
                "setting quadrature=simpson: choose one of gauss-legendre, riemann-left");
        assertRefused("saliency", "absolute", "maybe", "setting absolute=maybe: must be true or false");
        assertRefused(
                "kernel-shap", "samples", "1", "setting samples=1: must be at least 2, the input and the baseline");
        assertThatThrownBy(() -> Methods.read("occlusion", Map.of(), Sources.none()))
                .hasMessageStartingWith("setting 'window' is needed");
        assertThatThrownBy(() -> Methods.read("smooth-grad", Map.of(), Sources.none()))
                .hasMessageStartingWith("setting 'method' is needed");
    }

    private static void assertRefused(String method, String setting, String text, String message) {
        assertThatThrownBy(() -> Methods.read(method, Map.of(setting, text), Sources.none()))
                .hasMessageStartingWith(message);
    }
}
