// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import io.github.attribution4j.testkit.internal.golden.GoldenReplay;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every golden case on the scripted and on the traced archive, within the tolerance of the manifest
 * ({@code golden/README.md}).
 */
class GoldenTest {
    /** Per method: number of comparisons, and the worst difference in tolerances. */
    private record Tally(int comparisons, double worst, String where) {
        Tally plus(double difference, String at) {
            return new Tally(
                    comparisons + 1, Math.max(worst, difference), difference > worst || where.isEmpty() ? at : where);
        }
    }

    private static final List<GoldenModel<TorchScriptModel>> OPEN = new ArrayList<>();
    private static final Map<String, Tally> TALLY = new TreeMap<>();
    private static int compared;

    @TestFactory
    Stream<DynamicContainer> everyCaseOfEveryArchive(TestReporter reporter) {
        List<DynamicContainer> containers = new ArrayList<>();
        for (GoldenData.Entry entry : GoldenData.entries()) {
            List<DynamicTest> tests = new ArrayList<>();
            for (GoldenCase given : GoldenReplay.cases(entry)) {
                tests.add(DynamicTest.dynamicTest(given.id(), () -> replay(entry, given)));
            }
            containers.add(DynamicContainer.dynamicContainer(entry.name(), tests));
        }
        DynamicTest count = DynamicTest.dynamicTest("all cases", () -> {
            TALLY.forEach((method, tally) -> reporter.publishEntry(method, tally.toString()));
            int cases = GoldenData.entries().stream()
                    .mapToInt(entry -> GoldenReplay.cases(entry).size())
                    .sum();
            assertThat(compared).isEqualTo(cases).isGreaterThanOrEqualTo(1700);
        });
        containers.add(DynamicContainer.dynamicContainer("count", List.of(count)));
        return containers.stream();
    }

    /** Captum's classes that look inside, the rule-based ones aside: at four or more layers of six or more models. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "LayerActivation",
                "LayerGradientXActivation",
                "LayerIntegratedGradients",
                "InternalInfluence",
                "LayerConductance",
                "LayerGradientShap",
                "LayerGradCam",
                "LayerFeatureAblation",
                "LayerFeaturePermutation",
                "NeuronGradient",
                "NeuronIntegratedGradients",
                "NeuronConductance",
                "NeuronGradientShap",
                "NeuronFeatureAblation"
            })
    void everyClassOfCaptumStandsAtManyLayers(String captum) {
        Map<String, Set<String>> layers = new TreeMap<>();
        for (GoldenData.Entry entry : GoldenData.entries()) {
            for (GoldenCase given : entry.cases()) {
                if (given.id().startsWith(captum + "-")) {
                    layers.computeIfAbsent(entry.name(), name -> new TreeSet<>())
                            .addAll(List.of(given.layers()));
                }
            }
        }
        for (String kind : List.of("scripted", "traced")) {
            assertThat(layers.entrySet().stream()
                            .filter(model -> model.getKey().endsWith(kind))
                            .filter(model -> model.getValue().size() >= 4)
                            .count())
                    .as("%s models with four layers: %s", kind, layers)
                    .isGreaterThanOrEqualTo(6);
        }
    }

    @AfterAll
    static void close() {
        OPEN.forEach(GoldenModel::close);
        OPEN.clear();
    }

    private static GoldenModel<TorchScriptModel> open(GoldenData.Entry entry) {
        // Cases come archive by archive: one is open at a time.
        if (OPEN.isEmpty() || !OPEN.get(0).entry().equals(entry)) {
            close();
            OPEN.add(TorchGolden.load(entry));
        }
        return OPEN.get(0);
    }

    private static void replay(GoldenData.Entry entry, GoldenCase given) {
        GoldenModel<TorchScriptModel> model = open(entry);
        compared++;
        double worst = GoldenReplay.replay(model, given);
        String where = entry.name() + "/" + given.id();
        TALLY.merge(given.method(), new Tally(1, worst, where), (before, one) -> before.plus(worst, where));
    }
}
