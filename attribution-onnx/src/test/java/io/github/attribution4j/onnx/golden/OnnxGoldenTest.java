// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import io.github.attribution4j.testkit.internal.golden.GoldenReplay;
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
 * The requests and expected numbers that TorchScript is held to, by the same addresses, on the same networks as both
 * exporters of PyTorch write them. What is not in the file any more is refused by name.
 */
class OnnxGoldenTest {
    /** Fewer would mean that cases were lost. */
    private static final int COMPARISONS = 1800;

    /**
     * Convolutions that an exporter joined with their batch norm, and batch norms that are gone with it: the one
     * exporter gives the joined node the name of the convolution, the other that of the batch norm. What was between
     * them is gone in both.
     */
    private static final Map<String, Set<String>> GONE = Map.of(
            "cnn/script",
                    Set.of(
                            "conv1",
                            "layer2.0.conv2",
                            "layer2.1.conv2",
                            "layer2.0.downsample",
                            "bn1",
                            "layer2.0.bn2",
                            "layer2.1.bn1"),
            "cnn/dynamo", Set.of("conv1", "layer2.0.conv2", "layer2.1.conv2"),
            "segmentation/script", Set.of("encode2", "bn2", "bn2:in"),
            "segmentation/dynamo", Set.of("encode2", "bn2:in"));

    private static GoldenModel<OnnxModel> open;
    private static final Map<String, Double> WORST = new TreeMap<>();
    private static int compared;

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
        if (open == null || !open.entry().name().equals(entry.name())) {
            close();
            open = OnnxGolden.load(entry);
        }
        List<String> gone = given.isInside()
                ? Arrays.stream(given.layers())
                        .filter(GONE.getOrDefault(entry.name(), Set.of())::contains)
                        .toList()
                : List.of();
        if (gone.isEmpty()) {
            WORST.merge(given.method(), GoldenReplay.replay(open, given), Math::max);
            compared++;
        } else {
            Throwable refusal = catchThrowable(() -> GoldenReplay.replay(open, given));
            assertThat(refusal)
                    .isInstanceOfAny(UnsupportedModelException.class, UnknownLayerException.class)
                    .hasMessageContaining("layer '" + gone.get(0) + "'");
        }
    }

    @AfterAll
    static void close() {
        if (open != null) {
            open.close();
            open = null;
        }
    }
}
