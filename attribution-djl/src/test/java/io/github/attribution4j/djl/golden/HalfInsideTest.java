// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Programs that compute in 16 bits inside, or are stored in 16 bits: as they are, to the accuracy of their types, and
 * converted, to that of the type asked for. The right values are those of eager PyTorch in float64 throughout.
 */
class HalfInsideTest {
    private static final List<String> KINDS = List.of("script", "trace", "frozen");

    /** A program, and what it is compared with. */
    record Case(String name, String kind) {
        Path file() {
            return GoldenData.rows().resolve(name + "_" + kind + ".pt");
        }

        TorchScriptModel load(LoadOptions options) {
            return TorchScriptModel.load(file(), options);
        }

        Map<String, Tensor> arrays(TorchScriptModel model) throws IOException {
            return NumpyFiles.readNpz(GoldenData.rows().resolve(name + ".npz"), model.tensors());
        }

        boolean frozen() {
            return kind.equals("frozen");
        }

        @Override
        public String toString() {
            return name + " " + kind;
        }
    }

    static Stream<Case> mixed() {
        return Stream.of("mixed", "autocast", "written")
                .flatMap(name -> KINDS.stream().map(kind -> new Case(name, kind)));
    }

    static Stream<Case> all() {
        return Stream.concat(mixed(), KINDS.stream().map(kind -> new Case("stored", kind)));
    }

    private static void close(Tensor actual, Tensor expected, double tolerance, String what) {
        assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
        assertThat(actual.toDoubleArray()).as(what).containsExactly(expected.toDoubleArray(), within(tolerance));
    }

    /** Checks outputs and gradients, at the input and at a layer. */
    private static void check(Case tried, TorchScriptModel model, DataType type, double tolerance) throws IOException {
        Map<String, Tensor> arrays = tried.arrays(model);
        Inputs inputs = Inputs.of(arrays.get("x").to(type));
        close(model.forward(inputs), arrays.get("output"), tolerance, "output");
        assertThat(model.forward(inputs).dataType()).isEqualTo(type);
        try (Explanation explanation = Saliency.signed().attribute(model, inputs, Target.index(1))) {
            close(explanation.attribution(), arrays.get("gradient"), tolerance, "gradient");
        }
        if (tried.frozen()) {
            return;
        }
        Cut cut = model.cut("act");
        Tensor value = cut.activations(inputs).get(0);
        assertThat(value.dataType()).isEqualTo(type);
        close(value, arrays.get("value"), tolerance, "value");
        close(cut.tail().forward(cut.tailInputs(inputs, value)), arrays.get("output"), tolerance, "tail");
        long[] rows = {0, 1, 2};
        try (Pullback pullback = cut.pullback(inputs);
                Pullback tail = cut.tail().pullback(cut.tailInputs(inputs, value))) {
            Tensor cotangent = Target.index(1).cotangent(pullback.output(), rows);
            close(pullback.vjp(cotangent).get(0), arrays.get("layer_gradient"), tolerance, "layer gradient");
            close(tail.vjp(cotangent).get(0), arrays.get("layer_gradient"), tolerance, "gradient of the tail");
        }
    }

    @ParameterizedTest
    @MethodSource("mixed")
    void as_they_are(Case tried) throws Exception {
        try (TorchScriptModel model = tried.load(TorchGolden.options());
                TensorScope scope = TensorScope.open()) {
            check(tried, model, DataType.FLOAT32, tried.name().equals("mixed") ? 5e-3 : 5e-2);
        }
    }

    /** At values that are of 16 bits themselves: what is put there is converted, and the gradient passes. */
    @ParameterizedTest
    @MethodSource("mixed")
    void cuts_at_values_of_16_bits(Case tried) throws Exception {
        try (TorchScriptModel model = tried.load(TorchGolden.options());
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(tried.arrays(model).get("x").to(DataType.FLOAT32));
            Tensor output = model.forward(inputs);
            List<Cut.Point> points = tried.frozen()
                    ? model.innerValues(inputs).stream()
                            .map(Cut.Value::point)
                            .filter(point ->
                                    point.kind().equals("to") || point.kind().equals("tanh"))
                            .toList()
                    : List.of(model.cutPoint("b:in"), model.cutPoint("b"), model.cutPoint("a"));
            assertThat(points).isNotEmpty();
            for (Cut.Point point : points) {
                Cut cut = model.cut(point);
                Tensor value = cut.activations(inputs).get(0);
                if (value.shape().dim(0) != 3) {
                    continue;
                }
                assertThat(value.dataType()).isEqualTo(DataType.FLOAT32);
                close(cut.tail().forward(cut.tailInputs(inputs, value)), output, 1e-6, point + " tail");
                try (Pullback pullback = cut.tail().pullback(cut.tailInputs(inputs, value))) {
                    assertThat(pullback.vjp(pullback.output()).get(0).dataType())
                            .isEqualTo(DataType.FLOAT32);
                }
                try (Pullback head = cut.head().pullback(inputs)) {
                    close(head.output(), value, 1e-6, point + " head");
                    assertThat(head.vjp(head.output()).get(0).isFinite()).isTrue();
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void converted_to_float32(Case tried) throws Exception {
        try (TorchScriptModel model = tried.load(TorchGolden.options().dataType(DataType.FLOAT32));
                TensorScope scope = TensorScope.open()) {
            check(tried, model, DataType.FLOAT32, 2e-6);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void converted_to_float64(Case tried) throws Exception {
        try (TorchScriptModel model = tried.load(TorchGolden.options().dataType(DataType.FLOAT64));
                TensorScope scope = TensorScope.open()) {
            check(tried, model, DataType.FLOAT64, 1e-12);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void converted_they_take_rules_and_paths(Case tried) throws Exception {
        try (TorchScriptModel model = tried.load(TorchGolden.options().dataType(DataType.FLOAT64));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(tried.arrays(model).get("x"));
            try (Explanation path = new IntegratedGradients().steps(100).attribute(model, inputs, Target.index(1))) {
                assertThat(path.completenessGap()).containsExactly(new double[3], within(1e-4));
            }
            if (!tried.name().equals("written")) {
                try (Explanation lift = new DeepLift().attribute(model, inputs, Target.index(1))) {
                    assertThat(lift.completenessGap()).containsExactly(new double[3], within(1e-10));
                }
            }
        }
    }

    /** The facade has no type of 16 bits, so such a model takes no input until it is converted. */
    @Test
    void a_model_stored_in_16_bits_names_the_way() throws Exception {
        Case tried = new Case("stored", "script");
        try (TorchScriptModel model = tried.load(TorchGolden.options());
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(tried.arrays(model).get("x").to(DataType.FLOAT32));
            assertThatThrownBy(() -> model.forward(inputs))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("dataType(DataType.FLOAT32)");
        }
    }
}
