// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Heads and tails that compute only what they need, from their second use on, give the bits of the whole program. */
@ExtendWith(LeakExtension.class)
class SlicesTest {
    @ParameterizedTest
    @DisplayName("At every layer of a network, values and gradients of heads and tails keep their bits")
    @CsvSource({"cnn, 3, 16", "residual, 1, 8", "segmentation, 3, 8"})
    void everyLayer(String network, int channels, int size) {
        everyLayer(network + ".scripted.pt", channels, size, size);
        everyLayer(network + ".traced.pt", channels, size, size);
    }

    private static void everyLayer(String archive, long... shape) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TestModels.golden(archive)) {
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT32, 2, 1, shape));
            for (Cut.Point point : model.cutPoints()) {
                same(model.cut(point), inputs);
            }
        }
    }

    private static void same(Cut cut, Inputs inputs) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor activation = cut.head().forward(inputs);
            Inputs given = cut.tailInputs(inputs, List.of(activation));
            List<List<Double>> heads = new ArrayList<>();
            List<List<Double>> tails = new ArrayList<>();
            for (int use = 0; use < 3; use++) {
                heads.add(bits(cut.head().forward(inputs)));
                heads.add(gradients(cut.head(), inputs));
                tails.add(bits(cut.tail().forward(given)));
                tails.add(gradients(cut.tail(), given));
            }
            assertThat(heads.subList(2, 6)).as("head at %s", cut.points()).isEqualTo(twice(heads));
            assertThat(tails.subList(2, 6)).as("tail at %s", cut.points()).isEqualTo(twice(tails));
        }
    }

    private static List<List<Double>> twice(List<List<Double>> uses) {
        return List.of(uses.get(0), uses.get(1), uses.get(0), uses.get(1));
    }

    private static List<Double> gradients(DifferentiableModel model, Inputs inputs) {
        try (Pullback pullback = model.pullback(inputs)) {
            double[] ones = new double[Math.toIntExact(pullback.output().shape().size())];
            Arrays.setAll(ones, i -> 1 + i % 3);
            Tensor cotangent = pullback.output()
                    .tensors()
                    .of(ones, pullback.output().dataType(), pullback.output().shape());
            return bits(pullback.vjp(cotangent).get(0));
        }
    }

    private static List<Double> bits(Tensor tensor) {
        return Arrays.stream(tensor.toDoubleArray()).boxed().toList();
    }
}
