// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.GoldenNetwork;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.KernelShap.Estimator;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How far estimates are off for the same evaluations, compared with SHAP and Captum: golden/efficiency.py. */
class EfficiencyGoldenTest {
    private static final Path FILE = Path.of("..", "golden", "efficiency", "efficiency.npz");
    private static final int RUNS = 12;

    @ParameterizedTest
    @ValueSource(strings = {"12-1", "12-10", "20-1", "20-10", "30-1", "30-10"})
    void errors_are_at_most_half_of_those_of_shap_and_a_quarter_of_those_of_captum(String name) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> golden = new LinkedHashMap<>();
            NumpyFiles.readNpz(FILE, Tensors.ofJava()).forEach((key, value) -> {
                if (key.startsWith(name + "/")) {
                    golden.put(key.substring(name.length() + 1), value);
                }
            });
            double[] truth = golden.get("truth").toDoubleArray();
            Map<String, Double> peers = new LinkedHashMap<>();
            golden.forEach((key, value) -> {
                if (key.startsWith("estimates/")) {
                    peers.put(key.substring("estimates/".length()), squaredError(value.toDoubleArray(), truth));
                }
            });
            Model model = GoldenNetwork.of(golden);
            Budget budget = Budget.ofEvaluations((long) golden.get("budget").toDoubleArray()[0]);
            Baseline baseline = Baseline.samples(golden.get("background"));
            Inputs rows = Inputs.of(golden.get("rows"));
            KernelShap method = new KernelShap().baseline(baseline).budget(budget);
            double regression = error(method, model, rows, truth);
            double adjusted = error(method.estimator(Estimator.ADJUSTED), model, rows, truth);
            assertThat(peers).hasSizeGreaterThanOrEqualTo(2);
            assertThat(regression).isLessThan(peers.get("kernel"));
            peers.forEach((peer, error) -> assertThat(adjusted)
                    .as(peer)
                    .isLessThanOrEqualTo((peer.startsWith("captum") ? 0.25 : 0.5) * error));
        }
    }

    private static double error(Attribution<Model> method, Model model, Inputs rows, double[] truth) {
        double error = 0;
        for (int seed = 0; seed < RUNS; seed++) {
            try (Explanation explanation = method.attribute(
                    model, rows, Target.output(), Run.defaults().seed(seed))) {
                error += squaredError(explanation.attribution().toDoubleArray(), truth) / RUNS;
            }
        }
        return error;
    }

    /** Returns the mean squared error of one or several runs. */
    private static double squaredError(double[] values, double[] truth) {
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            double error = values[i] - truth[i % truth.length];
            sum += error * error;
        }
        return sum / values.length;
    }
}
