// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.perturbation.Rise;
import io.github.attribution4j.run.Run;
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

/** RISE on real archives against what {@code golden/rise.py} computed in float64 with masks resized by PyTorch. */
class RiseGoldenTest {
    @ParameterizedTest
    @CsvSource({
        "mlp_double, 1, 1e-12",
        "mlp_softmax, 2, 1e-5",
        "cnn, 3, 1e-5",
        "multi_input, 0, 1e-5",
        "residual, 1, 1e-5"
    })
    void values_and_errors_are_those_of_the_formula(String name, long target, double relative) {
        try (TensorScope scope = TensorScope.open();
                GoldenModel<TorchScriptModel> golden = TorchGolden.load(GoldenData.entry(name + "/traced"))) {
            Map<String, Tensor> expected =
                    GoldenModel.arrays(GoldenData.data().getParent().resolve("rise/rise.npz"), Tensors.ofJava());
            for (int cells : new int[] {3, 7}) {
                for (Rise.Estimator estimator : Rise.Estimator.values()) {
                    try (Explanation why = new Rise()
                            .samples(40)
                            .cells(cells)
                            .keep(0.4)
                            .estimator(estimator)
                            .baseline(Baseline.constant(0.1))
                            .attribute(
                                    golden.model(),
                                    golden.inputs(),
                                    Target.index(target),
                                    Run.defaults().seed(7))) {
                        for (int i = 0; i < why.names().size(); i++) {
                            String key = name + "/" + cells + "/" + estimator + "/"
                                    + why.names().get(i);
                            assertEqual(why.attributions().get(i), expected, key, relative);
                            assertEqual(why.standardErrors().get(i), expected, key + "/error", relative);
                        }
                    }
                }
            }
        }
    }

    private static void assertEqual(Tensor found, Map<String, Tensor> expected, String key, double relative) {
        double[] values = expected.get(key).broadcast(found.shape()).toDoubleArray();
        double largest = Arrays.stream(values).map(Math::abs).max().orElseThrow();
        assertThat(found.toDoubleArray()).as(key).containsExactly(values, within(relative * largest));
    }
}
