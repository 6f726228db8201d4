// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.gradient.Woven;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.session.GraphSession.Optimization;
import io.github.attribution4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whole models, as both exporters of PyTorch write them, against autograd in float64: from an array and from a file.
 */
class WholeModelsTest {
    private static final Golden GOLDEN = Golden.read("models.npz");

    @TempDir
    private Path folder;

    @TestFactory
    Stream<DynamicTest> gradients_are_right() {
        return GOLDEN.cases().stream().map(name -> DynamicTest.dynamicTest(name, () -> check(name)));
    }

    private void check(String name) throws IOException {
        Path path = Files.write(folder.resolve(name + ".onnx"), GOLDEN.bytes(name + "/model"));
        try (OnnxFile array = OnnxFile.of(GOLDEN.bytes(name + "/model"));
                OnnxFile file = OnnxFile.open(path)) {
            Map<String, Tensor> expected = GOLDEN.below(name + "/d/");
            for (OnnxFile model : List.of(array, file)) {
                try (Runs runs = new Runs(model, GOLDEN.below(name + "/in/"))) {
                    Woven woven = runs.weave(
                            List.copyOf(expected.keySet()),
                            model.graph().outputs().get(0).name());
                    Tensor cotangent = GOLDEN.tensor(name + "/g");
                    for (Optimization optimization : Optimization.values()) {
                        assertNear(runs.fused(woven, cotangent, optimization), expected);
                        assertNear(runs.split(woven, cotangent, optimization), expected);
                    }
                }
            }
        }
    }

    private static void assertNear(Map<String, float[]> found, Map<String, Tensor> expected) {
        expected.forEach((value, tensor) -> {
            float[] right = tensor.toFloatArray();
            float[] gradient = found.get(value);
            assertThat(gradient).hasSameSizeAs(right);
            float most = 0;
            for (float number : right) {
                most = Math.max(most, Math.abs(number));
            }
            for (int i = 0; i < right.length; i++) {
                assertThat(gradient[i]).as("%s [%s]", value, i).isCloseTo(right[i], offset(1e-5f * most));
            }
        });
    }

    /**
     * The gradient at an inner value, sent on from there by the vector-Jacobian product of what comes before it, is
     * the gradient at the input.
     */
    @Test
    void gradients_at_layers_go_on_to_the_inputs() {
        for (String name : List.of("resnet.script", "encoder.dynamo", "mobile.script")) {
            try (OnnxFile model = OnnxFile.of(GOLDEN.bytes(name + "/model"));
                    Runs runs = new Runs(model, GOLDEN.below(name + "/in/"))) {
                String output = model.graph().outputs().get(0).name();
                String input = model.graph().inputs().get(0).name();
                for (String layer : bottlenecks(model, output)) {
                    Woven tail = runs.weave(List.of(layer), output);
                    float[] atLayer = runs.fused(tail, GOLDEN.tensor(name + "/g"), Optimization.BASIC)
                            .get(layer);
                    Woven head = runs.weave(List.of(input), layer);
                    try (Tensor sent = runs.shapedLike(layer, atLayer)) {
                        assertNear(runs.split(head, sent, Optimization.BASIC), GOLDEN.below(name + "/d/"));
                    }
                }
            }
        }
    }

    /** Inner values through which everything goes: results of nodes that no later node goes around. */
    private static List<String> bottlenecks(OnnxFile model, String output) {
        List<String> found = new ArrayList<>();
        List<Node> nodes = model.graph().nodes();
        for (int i = 1; i < nodes.size() - 1; i++) {
            Set<String> before = new HashSet<>();
            model.graph().inputs().forEach(input -> before.add(input.name()));
            for (int k = 0; k < i; k++) {
                before.addAll(nodes.get(k).outputs());
            }
            boolean alone = nodes.subList(i + 1, nodes.size()).stream()
                    .allMatch(node -> node.reads().stream().noneMatch(before::contains));
            if (alone) {
                found.add(nodes.get(i).output(0));
            }
        }
        assertThat(found).isNotEmpty().doesNotContain(output);
        return found;
    }
}
