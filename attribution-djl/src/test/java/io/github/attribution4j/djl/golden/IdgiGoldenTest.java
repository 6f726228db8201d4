// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.Idgi;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** IDGI on real archives against what {@code golden/idgi.py} computed step by step in float64. */
class IdgiGoldenTest {
    @ParameterizedTest
    @CsvSource({"mlp_double, 1, 1e-9", "mlp_softmax, 2, 1e-4", "cnn, 3, 1e-4", "multi_input, 0, 1e-4"})
    void attributions_are_those_of_the_algorithm(String name, long target, double relative) {
        try (TensorScope scope = TensorScope.open();
                GoldenModel<TorchScriptModel> golden = TorchGolden.load(GoldenData.entry(name + "/traced"))) {
            Map<String, Tensor> expected =
                    GoldenModel.arrays(GoldenData.data().getParent().resolve("idgi/idgi.npz"), Tensors.ofJava());
            for (int steps : new int[] {1, 7, 40}) {
                try (Explanation why = new Idgi()
                        .steps(steps)
                        .baseline(Baseline.constant(0.1))
                        .attribute(golden.model(), golden.inputs(), Target.index(target))) {
                    for (String input : why.names()) {
                        double[] values =
                                expected.get(name + "/" + steps + "/" + input).toDoubleArray();
                        double largest =
                                Arrays.stream(values).map(Math::abs).max().orElseThrow();
                        assertThat(why.attributions()
                                        .get(why.names().indexOf(input))
                                        .toDoubleArray())
                                .as("%s of %s, %d steps", input, name, steps)
                                .containsExactly(values, within(relative * largest));
                    }
                }
            }
        }
    }
}
