// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.gradient.Rules;
import io.github.attribution4j.onnx.internal.gradient.Woven;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.session.GraphSession.Optimization;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Each rule alone, with every attribute, against PyTorch's autograd or finite differences in float64: with fixed and
 * with open sizes, in one graph and in two.
 */
class OperatorRulesTest {
    private static final Golden GOLDEN = Golden.read("operators.npz");

    private static final long LARGE = 512L << 20;
    private static final Golden WEIGHTS = Golden.read("weights.npz");

    @TestFactory
    Stream<DynamicTest> gradients_are_right() {
        return GOLDEN.cases().stream()
                .flatMap(name -> Stream.of("fixed", "open")
                        .map(sizes -> DynamicTest.dynamicTest(
                                name + ", " + sizes, () -> check(name, sizes, GOLDEN.below(name + "/d/")))));
    }

    /** Constants are differentiated by like inputs; they remain constants. */
    @TestFactory
    Stream<DynamicTest> gradients_by_weights_are_right() {
        return WEIGHTS.cases().stream()
                .flatMap(name -> Stream.of("fixed", "open")
                        .map(sizes -> DynamicTest.dynamicTest(
                                name + ", " + sizes, () -> check(name, sizes, WEIGHTS.below(name + "/d/")))));
    }

    private static void check(String name, String sizes, Map<String, Tensor> expected) {
        Tensor cotangent = GOLDEN.tensor(name + "/g");
        try (OnnxFile file = OnnxFile.of(GOLDEN.bytes(name + "/" + sizes));
                Runs runs = new Runs(file, GOLDEN.below(name + "/in/"))) {
            Woven woven = runs.weave(List.copyOf(expected.keySet()), "y");
            Map<String, float[]> fused = runs.fused(woven, cotangent, Optimization.BASIC);
            Map<String, float[]> split = runs.split(woven, cotangent, Optimization.BASIC);
            Map<String, float[]> all = runs.fused(woven, cotangent, Optimization.ALL);
            expected.forEach((value, tensor) -> {
                float[] right = tensor.toFloatArray();
                assertNear(fused.getOrDefault(value, new float[right.length]), right, "fused, " + value);
                assertNear(all.getOrDefault(value, new float[right.length]), right, "optimized, " + value);
                assertThat(split.get(value)).as("split, %s", value).isEqualTo(fused.get(value));
            });
        }
    }

    private static void assertNear(float[] found, float[] right, String what) {
        assertThat(found).as(what).hasSameSizeAs(right);
        float most = 0.1f;
        for (float number : right) {
            most = Float.isFinite(number) ? Math.max(most, Math.abs(number)) : most;
        }
        for (int i = 0; i < right.length; i++) {
            if (!Float.isFinite(right[i])) {
                assertThat(found[i]).as("%s [%s]", what, i).isEqualTo(right[i]);
                continue;
            }
            assertThat(found[i]).as("%s [%s]", what, i).isCloseTo(right[i], offset(1e-5f * most));
        }
    }

    /** A rule without a case would be a rule that nobody has seen work. */
    @Test
    void every_rule_has_a_case() {
        Set<String> seen = new TreeSet<>();
        GOLDEN.cases().forEach(name -> see(GOLDEN.bytes(name + "/fixed"), seen));
        Golden quantized = Golden.read("quantized.npz");
        quantized.cases().forEach(name -> see(quantized.bytes(name + "/model"), seen));
        List<String> missing = new ArrayList<>(Rules.operators());
        missing.removeAll(seen);
        assertThat(missing).isEmpty();
    }

    private static void see(byte[] model, Set<String> seen) {
        try (OnnxFile file = OnnxFile.of(model)) {
            file.graph().nodes().stream().map(Node::type).forEach(seen::add);
        }
    }
}
