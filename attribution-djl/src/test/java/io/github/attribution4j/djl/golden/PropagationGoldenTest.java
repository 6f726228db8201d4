// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import io.github.attribution4j.testkit.internal.golden.RuledReplay;
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

/**
 * Guided backprop, deconvolution, guided Grad-CAM, DeepLIFT and LRP against Captum where it is exact, and against an
 * oracle in float64 where it is not: {@code golden/propagation}.
 */
class PropagationGoldenTest {
    private static final List<GoldenModel<TorchScriptModel>> OPEN = new ArrayList<>();
    private static final Map<String, Double> WORST = new TreeMap<>();

    @TestFactory
    Stream<DynamicContainer> rectifiers() {
        return cases(150, "guided-backprop", "deconvolution", "guided-grad-cam");
    }

    @TestFactory
    Stream<DynamicContainer> deepLift() {
        return cases(390, "deep-lift", "deep-lift-shap");
    }

    @TestFactory
    Stream<DynamicContainer> lrp() {
        return cases(55, "lrp");
    }

    /** The cases of some methods on every archive, of which there are at least so many. */
    private static Stream<DynamicContainer> cases(int atLeast, String... methods) {
        List<DynamicContainer> containers = new ArrayList<>();
        int count = 0;
        for (GoldenData.Entry entry : GoldenData.entries(GoldenData.propagation())) {
            List<DynamicTest> tests = new ArrayList<>();
            for (GoldenCase given : entry.cases()) {
                // A frozen archive has no modules.
                if (List.of(methods).contains(given.method())
                        && !(entry.kind().equals("frozen") && RuledReplay.namesModules(given))) {
                    tests.add(DynamicTest.dynamicTest(given.id(), () -> replay(entry, given)));
                }
            }
            count += tests.size();
            containers.add(DynamicContainer.dynamicContainer(entry.name(), tests));
        }
        assertThat(count).as("cases of %s", List.of(methods)).isGreaterThanOrEqualTo(atLeast);
        return containers.stream();
    }

    @AfterAll
    static void report(TestReporter reporter) {
        WORST.forEach((method, worst) -> reporter.publishEntry(method, worst + " tolerances"));
        close();
    }

    private static void close() {
        OPEN.forEach(GoldenModel::close);
        OPEN.clear();
    }

    private static GoldenModel<TorchScriptModel> open(GoldenData.Entry entry) {
        if (OPEN.isEmpty() || !OPEN.get(0).entry().equals(entry)) {
            close();
            OPEN.add(TorchGolden.load(entry));
        }
        return OPEN.get(0);
    }

    private static void replay(GoldenData.Entry entry, GoldenCase given) {
        WORST.merge(given.method(), RuledReplay.replay(open(entry), given), Math::max);
    }
}
