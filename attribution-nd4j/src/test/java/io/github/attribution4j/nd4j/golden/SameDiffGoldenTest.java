// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.nd4j.SameDiffModel;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import io.github.attribution4j.testkit.internal.golden.GoldenReplay;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/** The requests and expected numbers that TorchScript is held to, on the same networks as SameDiff graphs. */
class SameDiffGoldenTest {
    /** Fewer would mean that cases were lost. */
    private static final int COMPARISONS = 600;

    private static GoldenModel<SameDiffModel> open;
    private static final Map<String, Double> WORST = new TreeMap<>();
    private static int compared;

    @TestFactory
    Stream<DynamicContainer> every_case_of_every_graph(TestReporter reporter) {
        List<DynamicContainer> containers = new ArrayList<>();
        for (GoldenData.Entry entry : GoldenGraphs.entries()) {
            List<DynamicTest> tests = new ArrayList<>();
            for (GoldenCase given : GoldenReplay.cases(entry)) {
                tests.add(DynamicTest.dynamicTest(given.id(), () -> replay(entry, given)));
            }
            containers.add(DynamicContainer.dynamicContainer(entry.model(), tests));
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
            open = GoldenGraphs.load(entry);
        }
        Map<String, String> arguments = GoldenGraphs.ARGUMENTS.get(entry.model());
        GoldenCase here = given.isInside() ? given.at(layer -> arguments.getOrDefault(layer, layer)) : given;
        WORST.merge(given.method(), GoldenReplay.replay(open, here), Math::max);
        compared++;
    }

    @AfterAll
    static void close() {
        if (open != null) {
            open.close();
            open = null;
        }
    }
}
