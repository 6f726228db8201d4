// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.session.SessionSettings;
import io.github.attribution4j.onnx.internal.session.Unjoined;
import io.github.attribution4j.onnx.internal.unfuse.Unfused;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Models with operators that optimizers of ONNX Runtime joined of several. */
class FusedOperatorsTest {
    private static final Golden GOLDEN = Golden.read("fused.npz");

    private static final double NEAR = 1e-5;

    @TestFactory
    @DisplayName("A joined operator computes what the runtime computes of it, and has the gradient of PyTorch")
    Stream<DynamicTest> operators() {
        return GOLDEN.cases().stream()
                .filter(name -> !name.startsWith("refused."))
                .map(name -> DynamicTest.dynamicTest(name, () -> check(name)));
    }

    private static void check(String name) {
        assumeTrue(
                !GOLDEN.has(name + "/block") || GOLDEN.tensor(name + "/block").toDoubleArray()[0] == block(),
                "the file is for processors that keep other numbers of channels together");
        try (OnnxModel model = OnnxModel.load(
                        GOLDEN.bytes(name + "/model"), OnnxOptions.defaults().output("y"));
                TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> expected = GOLDEN.below(name + "/d/");
            Inputs inputs = Inputs.none();
            List<Tensor> right = new ArrayList<>();
            for (Map.Entry<String, Tensor> each : GOLDEN.below(name + "/in/").entrySet()) {
                Tensor gradient = expected.get(each.getKey());
                boolean ofRows = each.getValue().shape().rank() > 1;
                inputs = gradient != null
                        ? inputs.attribute(each.getKey(), each.getValue())
                        : ofRows
                                ? inputs.fixed(each.getKey(), each.getValue())
                                : inputs.constant(each.getKey(), each.getValue());
                if (gradient != null) {
                    right.add(gradient);
                }
            }
            Tensor y = GOLDEN.tensor(name + "/y");
            assertThat(difference(model.forward(inputs), y)).as("output").isLessThan(NEAR);
            try (Pullback run = model.pullback(inputs)) {
                assertThat(difference(run.output(), y)).as("output in words").isLessThan(NEAR);
                List<Tensor> gradients = run.vjp(GOLDEN.tensor(name + "/g"));
                assertThat(gradients).hasSameSizeAs(right);
                for (int i = 0; i < right.size(); i++) {
                    assertThat(difference(gradients.get(i), right.get(i)))
                            .as("gradient " + i)
                            .isLessThan(NEAR);
                }
            }
            assertThat(model.cutPoints()).noneMatch(point -> point.path().startsWith("attribution/"));
        }
    }

    /** The largest difference, by the largest number. */
    private static double difference(Tensor found, Tensor expected) {
        assertThat(found.shape()).isEqualTo(expected.shape());
        double[] numbers = found.toDoubleArray();
        double[] right = expected.toDoubleArray();
        double worst = 0;
        double most = 0;
        for (int i = 0; i < right.length; i++) {
            worst = Math.max(worst, Math.abs(numbers[i] - right[i]));
            most = Math.max(most, Math.abs(right[i]));
        }
        return worst / most;
    }

    private static int block() {
        try (OnnxFile file = OnnxFile.of(GOLDEN.bytes("saved.blocked.all/model"))) {
            return Unjoined.block(file, SessionSettings.DEFAULTS);
        }
    }

    @Test
    @DisplayName("Each operator that is said in other words stands in a file, and nothing of it is left")
    void all() {
        Set<String> asked = new TreeSet<>();
        for (String name : GOLDEN.cases()) {
            try (OnnxFile file = OnnxFile.of(GOLDEN.bytes(name + "/model"))) {
                for (Node node : file.graph().nodes()) {
                    String operator = node.domain() + " " + node.type();
                    if (Unfused.operators().contains(operator)) {
                        asked.add(operator);
                    }
                }
                assertThat(Unfused.needs(file.declared())).as(name).isTrue();
                if (name.startsWith("refused.")) {
                    continue;
                }
                assertThat(Unfused.needs(
                                Unjoined.of(file, SessionSettings.DEFAULTS).declared()))
                        .as(name)
                        .isFalse();
            }
        }
        assertThat(asked).isEqualTo(Unfused.operators());
    }

    @Test
    @DisplayName("A run of the whole model has the bits of the file's own operators")
    void ownBits() {
        String name = "saved.encoder.script.transformers";
        try (OnnxFile file = OnnxFile.of(GOLDEN.bytes(name + "/model"))) {
            OnnxFile said = Unjoined.of(file, SessionSettings.DEFAULTS);
            assertThat(said.joined().nodes()).extracting(Node::type).contains("Attention");
            assertThat(said.graph().nodes()).extracting(Node::type).doesNotContain("Attention");
        }
    }

    @Test
    @DisplayName("Layers keep the names of their modules, also those that were joined")
    void layers() {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes("saved.blocked.extended/model"))) {
            assertThat(model.cutPoints())
                    .extracting(point -> point.path())
                    .contains("stem", "first", "second", "depthwise", "wide", "narrow", "gate", "fc", "out");
        }
    }

    @Test
    @DisplayName("Vectors that were looked up within a joined operator can be attributed")
    void embeddings() {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes("word.embed/model"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.none();
            for (Map.Entry<String, Tensor> each : GOLDEN.below("word.embed/in/").entrySet()) {
                inputs = each.getValue().dataType() == DataType.FLOAT32
                        ? inputs.attribute(each.getKey(), each.getValue())
                        : inputs.fixed(each.getKey(), each.getValue());
            }
            assertThat(model.cutPoint("words").kind()).isEqualTo("Embedding");
            try (Pullback run = model.cut("words").pullback(inputs)) {
                double[] gradient =
                        run.vjp(GOLDEN.tensor("word.embed/g")).get(0).toDoubleArray();
                assertThat(gradient).hasSize(2 * 3 * 8);
                assertThat(DoubleStream.of(gradient).map(Math::abs).max().orElse(0))
                        .isGreaterThan(NEAR);
            }
        }
    }

    @Test
    @DisplayName("What the standard cannot say is refused with the operator, the reason and what helps")
    void refused() {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes("refused.shared/model"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(model.tensors().of(new float[24], 1, 4, 6));
            assertThatThrownBy(() -> model.pullback(inputs))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("gradients do not pass Attention at node 'joined'")
                    .hasMessageContaining("its past and present share memory")
                    .hasMessageContaining("save the model without it");
        }
    }
}
