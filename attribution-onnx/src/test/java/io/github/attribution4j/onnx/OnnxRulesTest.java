// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.Operation.Kind;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.propagation.Rules;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What files have as operations, and what refuses rules. */
class OnnxRulesTest {
    private static OnnxModel model(String name) {
        return OnnxModel.load(GoldenData.folder().resolve("onnx/rules").resolve(name + ".onnx"));
    }

    private static Inputs rows(int width) {
        float[] values = new float[2 * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.sin(1.7 * i + 0.4);
        }
        return Inputs.of(Tensors.ofJava().of(values, 2, width));
    }

    @DisplayName("Operations have the names and kinds of PyTorch's, also where an exporter writes several nodes")
    @ParameterizedTest
    @ValueSource(strings = {"script", "dynamo"})
    void operations(String exporter) {
        try (OnnxModel model = model("functional." + exporter)) {
            assertThat(model.operations())
                    .filteredOn(operation -> operation.kind() == Kind.WEIGHTED || operation.kind() == Kind.ACTIVATION)
                    .extracting(Operation::name)
                    .filteredOn(name -> !name.equals("relu6") && !name.equals("clamp"))
                    .containsExactly(
                            "linear",
                            "gelu",
                            "linear",
                            "silu",
                            "tanh",
                            "linear",
                            "hardswish",
                            "relu",
                            "linear",
                            "mish",
                            "linear");
        }
        try (OnnxModel model = model("attention." + exporter)) {
            List<Operation> all = model.operations();
            assertThat(all)
                    .filteredOn(operation -> operation.kind() == Kind.WEIGHTED)
                    .extracting(Operation::address)
                    .containsExactlyInAnyOrder(
                            "embed/linear#0",
                            "query/linear#0",
                            "key/linear#0",
                            "value/linear#0",
                            "project/linear#0",
                            "fc1/linear#0",
                            "fc2/linear#0",
                            "out/linear#0");
            assertThat(all).extracting(Operation::name).contains("layer_norm", "softmax", "matmul", "gelu");
        }
    }

    @DisplayName("An operator that cannot follow its rule is refused when the copy is made, by address")
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "relu     | plus   | it takes Pass",
                "linear   | taylor | it takes Weighted rules, Norm and Pass",
                "softmax  | plus   | it takes SoftmaxTaylor",
                "mul      | plus   | it takes Uniform"
            })
    void unfit(String name, String rule, String message) {
        BackwardRule given = rule.equals("plus") ? Rules.zPlus() : Rules.softmaxTaylor();
        String file = name.equals("relu") || name.equals("linear") ? "tabular.script" : "gated.script";
        try (OnnxModel model = model(file)) {
            RuleSet rules = Composites.epsilon(1e-6).override(Operation.Selector.name(name), given);
            assertThatThrownBy(() -> model.with(rules))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining(name + "#0'")
                    .hasMessageContaining(message);
            try (Explanation still = new Lrp(Composites.epsilon(1e-6)).attribute(model, rows(10), Target.index(1))) {
                assertThat(still.attribution().toDoubleArray()).isNotEmpty();
            }
        }
    }

    @Test
    @DisplayName("What has no rule is refused by address and node where something must go back through it")
    void missing() {
        RuleSet onlyWeights = RuleSet.of(Operation.Selector.kind(Kind.WEIGHTED), Rules.epsilon(1e-6));
        try (OnnxModel model = model("tabular.script");
                TensorScope scope = TensorScope.open()) {
            assertThatThrownBy(() -> back(model, rows(10), onlyWeights))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("relu2/relu#0")
                    .hasMessageContaining("tanh/tanh#0")
                    .hasMessageContaining("there is no RELEVANCE rule for it");
            assertThat(back(model, rows(10), onlyWeights.otherwise(Rules.gradient())))
                    .hasSize(20);
        }
    }

    @DisplayName("A sigmoid linear unit that a cut separates follows the rules of its parts, which conserve as well")
    @ParameterizedTest
    @ValueSource(strings = {"script", "dynamo"})
    void separated(String exporter) {
        RuleSet rules = Composites.epsilon(1e-9);
        try (OnnxModel model = model("functional." + exporter);
                TensorScope scope = TensorScope.open()) {
            String inside = model.cutPoints().stream()
                    .filter(point -> point.kind().equals("Sigmoid"))
                    .findFirst()
                    .orElseThrow()
                    .toString();
            // The value beside it is no leaf, so that the sigmoid gets all of the product.
            double[] separate;
            try (BackwardRun run =
                    model.with(rules).cut(model.cut(inside).points()).run(rows(10))) {
                separate = run.back(run.output()).get(0).toDoubleArray();
            }
            String product = model.cutPoints().stream()
                    .filter(point -> point.kind().equals("Tanh"))
                    .findFirst()
                    .orElseThrow()
                    .toString();
            double[] whole;
            try (BackwardRun run =
                    model.with(rules).cut(model.cut(product).points()).run(rows(10))) {
                whole = run.back(run.output()).get(0).toDoubleArray();
            }
            assertThat(separate).hasSameSizeAs(whole);
            assertThat(sum(separate)).isCloseTo(sum(whole), within(1e-4 * size(whole)));
        }
    }

    private static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }

    private static double size(double[] values) {
        double size = 0;
        for (double value : values) {
            size += Math.abs(value);
        }
        return size;
    }

    private static double[] back(OnnxModel model, Inputs inputs, RuleSet rules) {
        try (BackwardRun run = model.with(rules).run(inputs)) {
            Tensor relevance = run.output();
            return run.back(relevance).get(0).toDoubleArray();
        }
    }
}
