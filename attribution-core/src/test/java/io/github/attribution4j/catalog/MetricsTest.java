// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.Metric;
import io.github.attribution4j.metric.PerturbationCurve;
import io.github.attribution4j.metric.localization.Localization;
import io.github.attribution4j.metric.localization.Region;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every metric is what its description says, and can be made again from what it says of itself. */
class MetricsTest {
    private static final RuledModel MODEL = ReferenceModels.residualCnn(DataType.FLOAT64, 3, 6);

    /** Values for the settings that have no default, which say themselves so. */
    private static final Map<String, String> REQUIRED = Map.of("region", "boxes:1,0,3,6");

    /** For each setting a text that is not its default, and what the metric then says. */
    private static final Map<String, List<String>> OTHER = Map.ofEntries(
            Map.entry("points", List.of("0.25,0.5", "[0.25, 0.5]")),
            Map.entry("region", List.of("boxes: 0,0,2,2", "boxes:0,0,2,2")),
            Map.entry("order", List.of("least-relevant-first", "least-relevant-first")),
            Map.entry("mask", List.of("grid:2x3", "grid(2, 3)")),
            Map.entry("baseline", List.of("0.25", "0.25")),
            Map.entry("sets", List.of("7", "7")),
            Map.entry("share", List.of("0.5", "0.5")),
            Map.entry("samples", List.of("6", "6")),
            Map.entry("perturbation", List.of("normal:0.5", "normal:0.5")),
            Map.entry("attributions", List.of("local", "local")),
            Map.entry("normalized", List.of("true", "true")),
            Map.entry("epsilon", List.of("0.5", "0.5")),
            Map.entry("layer", List.of("conv\\,1:in", "conv\\,1:in")),
            Map.entry("top", List.of("3", "3")),
            Map.entry("shift", List.of("0.5", "0.5")),
            Map.entry("accuracy", List.of("true", "true")),
            Map.entry("least-score", List.of("0.25", "0.25")),
            Map.entry("threshold", List.of("0.125", "0.125")),
            Map.entry("parameter-randomization.order", List.of("bottom-up", "bottom-up")),
            Map.entry("smooth-parameter-randomization.order", List.of("independent", "independent")),
            Map.entry("layers", List.of("conv1", "conv1")),
            Map.entry("draw", List.of("permutation", "permutation")),
            Map.entry("similarity", List.of("pearson", "pearson")),
            Map.entry("magnitudes", List.of("true", "true")),
            Map.entry("noise", List.of("0.5", "0.5")),
            Map.entry("bins", List.of("7", "7")),
            Map.entry("relevance-mass-accuracy.counted", List.of("positive", "positive")),
            Map.entry("counted", List.of("absolute", "absolute")),
            Map.entry("weighted", List.of("true", "true")),
            Map.entry("reference", List.of("saliency", "saliency")));

    static Stream<String> names() {
        return Metrics.all().stream().map(Description::name);
    }

    private static Map<String, String> words(Metric metric) {
        Map<String, String> words = new LinkedHashMap<>();
        metric.settings().forEach((name, value) -> words.put(name, String.valueOf(value)));
        return words;
    }

    /** Returns a metric whose other settings have their defaults, if they have some. */
    private static Metric read(String name, Map<String, String> given) {
        Map<String, String> all = new LinkedHashMap<>(given);
        for (Setting<?> setting : Metrics.find(name).settings()) {
            if (setting.isRequired()) {
                all.putIfAbsent(setting.name(), REQUIRED.get(setting.name()));
            }
        }
        return Metrics.read(name, all, Sources.none());
    }

    @Test
    void names_differ_from_each_other_and_from_those_of_methods() {
        assertThat(Stream.concat(names(), MethodsTest.names())).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("names")
    void a_metric_has_the_settings_of_its_description_with_their_defaults(String name) {
        Description<? extends Metric> description = Metrics.find(name);
        Metric metric = read(name, Map.of());

        assertThat(metric.name()).isEqualTo(name);
        assertThat(description.claim()).endsWith(metric.higherIsBetter() ? "higher is better" : "lower is better");
        Map<String, String> defaults = new LinkedHashMap<>();
        for (Setting<?> setting : description.settings()) {
            defaults.put(setting.name(), setting.defaultText().orElseGet(() -> REQUIRED.get(setting.name())));
        }
        assertThat(words(metric)).containsOnlyKeys(defaults.keySet());
        assertThat(words(read(name, defaults))).isEqualTo(words(metric));
    }

    static Stream<List<String>> settings() {
        List<List<String>> all = new ArrayList<>();
        for (Description<?> description : Metrics.all()) {
            description.settings().forEach(setting -> all.add(List.of(description.name(), setting.name())));
        }
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("settings")
    void every_setting_reaches_the_metric(List<String> which) {
        String name = which.get(0);
        String setting = which.get(1);
        List<String> other = OTHER.getOrDefault(name + "." + setting, OTHER.getOrDefault(setting, List.of()));
        assertThat(other).as("another value of '%s', in OTHER", setting).hasSize(2);
        Map<String, String> before = words(read(name, Map.of()));
        Map<String, String> after = words(read(name, Map.of(setting, other.get(0))));

        assertThat(after.get(setting)).isEqualTo(other.get(1)).isNotEqualTo(before.get(setting));
        before.remove(setting);
        after.keySet().removeIf(one -> one.equals(setting) || one.startsWith(setting + "."));
        assertThat(after).isEqualTo(before);
    }

    @ParameterizedTest
    @MethodSource("names")
    void what_a_metric_says_of_itself_makes_it_again_to_the_bit(String name) {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 5, 2, 2, 6, 6));
            Target target = name.equals("random-logit") ? Target.index(1) : Target.probability(1);
            Run run = Run.defaults().seed(11).batchRows(7);
            Judgement first =
                    cheap(Metrics.find(name)).judge(MODEL, inputs, target, new IntegratedGradients().steps(2), run);
            Attribution<? super RuledModel> method = Methods.of(first.explained());
            Judgement again = Metrics.of(first.provenance())
                    .judge(MODEL, inputs, target, method, first.provenance().run());
            assertThat(again.scores()).containsExactly(first.scores());
            assertThat(again.provenance().differences(first.provenance())).isEmpty();
        }
    }

    private static Metric cheap(Description<? extends Metric> description) {
        Map<String, String> given = new LinkedHashMap<>();
        for (Setting<?> setting : description.settings()) {
            setting.trialText().ifPresent(text -> given.put(setting.name(), text));
        }
        if (description.has("mask")) {
            given.put("mask", "grid:2x1");
        }
        if (description.has("reference")) {
            given.put("reference", "integrated-gradients");
            given.put("reference.steps", "3");
        }
        return read(description.name(), given);
    }

    @Test
    void arrays_are_asked_for_by_digest() {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 5, 2, 2, 6, 6));
            Tensor reference = ReferenceModels.normal(DataType.FLOAT64, 6, 1, 2, 6, 6);
            Judgement first = PerturbationCurve.deletion()
                    .baseline(Baseline.of(reference))
                    .judge(MODEL, inputs, Target.index(1), new IntegratedGradients().steps(2), Run.defaults());
            assertThatThrownBy(() -> Metrics.of(first.provenance())).hasMessageContaining("there are no files here");
            Judgement again = Metrics.of(first.provenance(), digest -> List.of(reference))
                    .judge(MODEL, inputs, Target.index(1), new IntegratedGradients().steps(2), Run.defaults());
            assertThat(again.scores()).containsExactly(first.scores());
        }
    }

    @Test
    void a_reference_is_a_method_with_settings_of_its_own() {
        Map<String, String> given = Map.of(
                "reference", "smooth-grad", "reference.method", "saliency", "reference.method.absolute", "false");
        Map<String, String> words = words(read("kendall-agreement", given));
        assertThat(words).containsAllEntriesOf(given).containsEntry("reference.samples", "5");
        assertThat(words(read("kendall-agreement", words))).isEqualTo(words);
        assertThatThrownBy(() -> read("kendall-agreement", Map.of("reference", "saliencies")))
                .hasMessageContaining("method 'saliencies' does not exist; did you mean 'saliency'");
        assertThatThrownBy(() -> read("kendall-agreement", Map.of("reference", "saliency", "reference.steps", "3")))
                .hasMessageContaining("saliency has no setting 'steps'");
        assertThatThrownBy(() -> read("kendall-agreement", Map.of("reference.steps", "3")))
                .hasMessageContaining("kendall-agreement has no setting 'reference.steps'");
    }

    @Test
    void masks_of_a_region_are_asked_for_by_digest() {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 5, 2, 2, 6, 6));
            Tensor mask =
                    ReferenceModels.normal(DataType.FLOAT64, 6, 2, 1, 6, 6).gt(0);
            Judgement first = Localization.auc(Region.of(mask))
                    .judge(MODEL, inputs, Target.index(1), new IntegratedGradients().steps(2), Run.defaults());
            assertThatThrownBy(() -> Metrics.of(first.provenance())).hasMessageContaining("there are no files here");
            Judgement again = Metrics.of(first.provenance(), digest -> List.of(mask))
                    .judge(MODEL, inputs, Target.index(1), new IntegratedGradients().steps(2), Run.defaults());
            assertThat(again.scores()).containsExactly(first.scores());
            assertThat(again.provenance().differences(first.provenance())).isEmpty();
        }
    }

    @Test
    void unknown_names_are_refused_with_near_ones() {
        assertThatThrownBy(() -> Metrics.find("deletions"))
                .hasMessage("metric 'deletions' does not exist; did you mean 'deletion'? Metrics.all() lists all");
        assertThatThrownBy(() -> read("deletion", Map.of("point", "3")))
                .hasMessage("deletion has no setting 'point'; did you mean 'points'?");
        assertThatThrownBy(() -> read("infidelity", Map.of("samples", "many")))
                .hasMessageStartingWith("setting samples=many: must be an integer");
    }
}
