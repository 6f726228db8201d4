// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.onnx.internal.graph.ModuleValues;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import io.github.attribution4j.testkit.internal.golden.GoldenReplay;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
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
 * The requests and expected numbers that TorchScript is held to, on the same networks as both exporters of PyTorch
 * write them.
 */
class OnnxGoldenTest {
    /** Fewer would mean that cases were lost. */
    private static final int COMPARISONS = 1400;

    private static Open open;
    private static final Map<String, Double> WORST = new TreeMap<>();
    private static int compared;

    /** A model, and the values of its modules. */
    private record Open(GoldenModel<OnnxModel> golden, Map<String, String> values) {
        static Open of(GoldenData.Entry entry) {
            Path path = GoldenData.onnx(entry.model(), entry.kind());
            OnnxModel model = OnnxModel.load(path);
            Map<String, Cut.Point> points = new HashMap<>();
            model.cutPoints().forEach(point -> points.put(point.path(), point));
            try (OnnxFile file = OnnxFile.open(path)) {
                return new Open(
                        GoldenModel.of(entry, model), new ModuleValues(file.graph(), points::containsKey).values());
            }
        }
    }

    @TestFactory
    Stream<DynamicContainer> every_case_of_every_file(TestReporter reporter) {
        List<DynamicContainer> containers = new ArrayList<>();
        for (GoldenData.Entry entry : GoldenData.onnx()) {
            List<DynamicTest> tests = new ArrayList<>();
            for (GoldenCase given : GoldenReplay.cases(entry)) {
                tests.add(DynamicTest.dynamicTest(given.id(), () -> replay(entry, given)));
            }
            containers.add(DynamicContainer.dynamicContainer(entry.name(), tests));
        }
        DynamicTest count = DynamicTest.dynamicTest("all cases", () -> {
            WORST.forEach((method, worst) -> reporter.publishEntry(method, "worst " + worst + " tolerances"));
            assertThat(compared).isGreaterThanOrEqualTo(COMPARISONS);
        });
        containers.add(DynamicContainer.dynamicContainer("count", List.of(count)));
        return containers.stream();
    }

    private static void replay(GoldenData.Entry entry, GoldenCase given) {
        if (open == null || !open.golden().entry().name().equals(entry.name())) {
            close();
            open = Open.of(entry);
        }
        Map<String, String> values = open.values();
        if (given.isInside() && !values.keySet().containsAll(Set.of(given.layers()))) {
            return;
        }
        GoldenCase asked = given.isInside() ? given.at(values::get) : given;
        double worst = GoldenReplay.replay(open.golden(), asked);
        WORST.merge(given.method(), worst, Math::max);
        compared++;
    }

    @AfterAll
    static void close() {
        if (open != null) {
            open.golden().close();
            open = null;
        }
    }
}
