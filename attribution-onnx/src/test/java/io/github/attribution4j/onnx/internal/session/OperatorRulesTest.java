// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.gradient.Rules;
import io.github.attribution4j.onnx.internal.gradient.Woven;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.proto.Bytes;
import io.github.attribution4j.onnx.internal.proto.Message;
import io.github.attribution4j.onnx.internal.session.GraphSession.Optimization;
import io.github.attribution4j.tensor.Tensor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each rule alone, with every attribute, against PyTorch's autograd or finite differences in float64: with fixed and
 * with open sizes, in one graph and in two.
 */
class OperatorRulesTest {
    private static final Golden GOLDEN = Golden.read("operators.npz");
    private static final Golden WEIGHTS = Golden.read("weights.npz");
    private static final long LARGE = 512L << 20;

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

    /** Of 512 MB of weights and more no copy is turned around; all but a few of these are zeros that nothing reads. */
    @TestFactory
    Stream<DynamicTest> gradients_are_right_where_weights_are_large(@TempDir Path folder) throws IOException {
        try (RandomAccessFile zeros =
                new RandomAccessFile(folder.resolve("zeros").toFile(), "rw")) {
            zeros.setLength(LARGE);
        }
        return Stream.of(GOLDEN, WEIGHTS)
                .flatMap(golden -> golden.cases().stream()
                        .filter(name -> name.startsWith("matmul") || name.startsWith("conv"))
                        .map(name -> DynamicTest.dynamicTest(name, () -> {
                            Path path = folder.resolve(name + ".onnx");
                            Files.write(path, large(GOLDEN.bytes(name + "/fixed")));
                            try (OnnxFile file = OnnxFile.open(path)) {
                                assertThat(file.graph().isLarge()).isTrue();
                                check(name, file, golden.below(name + "/d/"));
                            }
                        })));
    }

    private static byte[] large(byte[] model) {
        Message.Builder tensor =
                Message.builder().number(1, LARGE).number(2, 2).text(8, "zeros").number(14, 1);
        Map.of("location", "zeros", "length", Long.toString(LARGE))
                .forEach((key, value) -> tensor.message(
                        13, Message.builder().text(1, key).text(2, value).build()));
        Message read = Message.read(Bytes.of(model));
        Message graph = read.messages(7)
                .get(0)
                .without(number -> false)
                .message(5, tensor.build())
                .build();
        return read.without(number -> number == 7).message(7, graph).build().toBytes();
    }

    private static void check(String name, String sizes, Map<String, Tensor> expected) {
        try (OnnxFile file = OnnxFile.of(GOLDEN.bytes(name + "/" + sizes))) {
            check(name, file, expected);
        }
    }

    private static void check(String name, OnnxFile file, Map<String, Tensor> expected) {
        Tensor cotangent = GOLDEN.tensor(name + "/g");
        try (Runs runs = new Runs(file, GOLDEN.below(name + "/in/"))) {
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
