// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import io.github.attribution4j.testkit.internal.golden.RuledReplay;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/**
 * Guided backprop, deconvolution, guided Grad-CAM, DeepLIFT and LRP on files of both exporters: the requests, numbers
 * and tolerances of {@code golden/propagation}, as for archives.
 */
class OnnxPropagationGoldenTest {
    /** Layers that exporters join with what comes after them. */
    private static final Map<String, Set<String>> GONE = Map.of(
            "shortcut.script", Set.of("block2.conv2", "block1.bn2", "block2.bn1", "block2.bn2"),
            "shortcut.dynamo", Set.of("block2.conv2"),
            "segmentation.script", Set.of("encode2"),
            "segmentation.dynamo", Set.of("encode2"));

    private static final Map<String, Double> WORST = new TreeMap<>();
    private static GoldenModel<OnnxModel> open;
    private static String opened = "";

    @TestFactory
    Stream<DynamicContainer> rectifiers() {
        return cases(100, "guided-backprop", "deconvolution", "guided-grad-cam");
    }

    @TestFactory
    Stream<DynamicContainer> lrp() {
        return cases(40, "lrp");
    }

    @TestFactory
    Stream<DynamicContainer> deep_lift() {
        return cases(100, "deep-lift", "deep-lift-shap");
    }

    private static Stream<DynamicContainer> cases(int atLeast, String... methods) {
        List<DynamicContainer> containers = new ArrayList<>();
        int count = 0;
        for (GoldenData.Entry entry : GoldenData.entries(GoldenData.propagation())) {
            if (!entry.kind().equals("scripted")) {
                continue;
            }
            for (String exporter : List.of("script", "dynamo")) {
                List<DynamicTest> tests = new ArrayList<>();
                for (GoldenCase given : entry.cases()) {
                    if (List.of(methods).contains(given.method())) {
                        tests.add(DynamicTest.dynamicTest(given.id(), () -> replay(entry, exporter, given)));
                    }
                }
                count += tests.size();
                containers.add(DynamicContainer.dynamicContainer(entry.model() + "." + exporter, tests));
            }
        }
        assertThat(count).as("cases of %s", List.of(methods)).isGreaterThanOrEqualTo(atLeast);
        return containers.stream();
    }

    private static Path file(GoldenData.Entry entry, String exporter) {
        Path own = OnnxGolden.ruled(entry.model(), exporter);
        return Files.exists(own) ? own : GoldenData.onnx(entry.model(), exporter);
    }

    private static void replay(GoldenData.Entry entry, String exporter, GoldenCase given) {
        String name = entry.model() + "." + exporter;
        if (open == null || !opened.equals(name)) {
            close();
            open = GoldenModel.of(entry, OnnxModel.load(file(entry, exporter)));
            opened = name;
        }
        boolean gone =
                given.isInside() && Arrays.stream(given.layers()).anyMatch(GONE.getOrDefault(name, Set.of())::contains);
        if (gone) {
            assertThatThrownBy(() -> RuledReplay.replay(open, given))
                    .isInstanceOfAny(UnsupportedModelException.class, UnknownLayerException.class)
                    .hasMessageContaining("layer '" + given.layers()[0] + "'");
        } else {
            WORST.merge(given.method(), RuledReplay.replay(open, given), Math::max);
        }
    }

    @AfterAll
    static void report(TestReporter reporter) {
        WORST.forEach((method, worst) -> reporter.publishEntry(method, worst + " tolerances"));
        close();
    }

    private static void close() {
        if (open != null) {
            open.close();
            open = null;
        }
    }
}
