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
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How far estimates are off for the same evaluations, compared with SHAP and Captum: golden/efficiency.py,
 * efficiency_held_out.py and efficiency_third.py.
 */
class EfficiencyGoldenTest {
    private static final Path FILE = Path.of("..", "golden", "efficiency", "efficiency.npz");
    private static final Path HELD_OUT = Path.of("..", "golden", "efficiency", "held_out.npz");
    private static final Path THIRD = Path.of("..", "golden", "efficiency", "third.npz");
    private static final int RUNS = 12;
    private static final int HELD_OUT_RUNS = 6;
    private static final List<String> THIRD_NAMES = List.of(
            "crowd-28-1",
            "crowd-21-10",
            "steps-26-1",
            "steps-18-10",
            "saturated-13-1",
            "saturated-12-10",
            "forest-22-1",
            "forest-25-10",
            "survey-14-10",
            "mixed-17-1",
            "mixed-29-10",
            "steep-13-10");
    /** An error below this part of the values is rounding: additive and pairwise scores are attributed exactly. */
    private static final double EXACT = 1e-20;

    @ParameterizedTest
    @ValueSource(strings = {"12-1", "12-10", "20-1", "20-10", "30-1", "30-10"})
    void errors_are_at_most_half_of_those_of_shap_and_a_quarter_of_those_of_captum(String name) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> golden = golden(FILE, name);
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
            double regression = error(method.estimator(Estimator.REGRESSION), model, rows, truth, RUNS);
            double adjusted = error(method, model, rows, truth, RUNS);
            assertThat(peers).hasSizeGreaterThanOrEqualTo(2);
            assertThat(regression).isLessThan(peers.get("kernel"));
            peers.forEach((peer, error) -> assertThat(adjusted)
                    .as(peer)
                    .isLessThanOrEqualTo((peer.startsWith("captum") ? 0.25 : 0.5) * error));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mlp-12-1",
                "mlp-15-10",
                "units-30-1",
                "units-24-10",
                "boosted-12-10",
                "trees-20-1",
                "trees-30-10",
                "logistic-14-1",
                "logistic-12-10",
                "pairwise-24-1",
                "pairwise-16-10",
                "linear-20-10"
            })
    void so_they_are_for_models_of_other_kinds(String name) throws IOException {
        double product = 1;
        double[] ratios = ratios(HELD_OUT, name);
        for (int i = 0; i < ratios.length; i++) {
            assertThat(ratios[i]).as("budget " + i).isLessThan(1.25);
            product *= ratios[i];
        }
        assertThat(Math.pow(product, 1.0 / ratios.length)).isLessThanOrEqualTo(0.5);
    }

    @Test
    void they_are_less_for_each_model_that_nothing_was_chosen_with_and_less_than_half_on_average() throws IOException {
        double logarithms = 0;
        int count = 0;
        for (String name : THIRD_NAMES) {
            for (double ratio : ratios(THIRD, name)) {
                assertThat(ratio).as(name).isBetween(0.01, 1.0);
                logarithms += Math.log(ratio);
                count++;
            }
        }
        assertThat(count).isEqualTo(48);
        assertThat(Math.exp(logarithms / count)).isLessThanOrEqualTo(0.4);
    }

    /** Returns for each budget the error as {@link #ratio} does; 0 if it is rounding. */
    private static double[] ratios(Path file, String name) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> golden = golden(file, name);
            double[] truth = golden.get("truth").toDoubleArray();
            double[] budgets = golden.get("budgets").toDoubleArray();
            Model model = GoldenNetwork.of(golden);
            KernelShap method = new KernelShap().baseline(Baseline.samples(golden.get("background")));
            double scale = squaredError(truth, new double[truth.length]);
            double[] ratios = new double[budgets.length];
            for (int i = 0; i < budgets.length; i++) {
                double error = error(
                        method.budget(Budget.ofEvaluations((long) budgets[i])),
                        model,
                        Inputs.of(golden.get("rows")),
                        truth,
                        HELD_OUT_RUNS);
                ratios[i] = error < EXACT * scale ? 0 : ratio(golden, i, error);
            }
            return ratios;
        }
    }

    /** Returns the error as a part of those of SHAP, or of half of those of Captum, whichever is the largest part. */
    private static double ratio(Map<String, Tensor> golden, int budget, double error) {
        double largest = 0;
        for (Map.Entry<String, Tensor> entry : golden.entrySet()) {
            if (entry.getKey().startsWith("errors/")) {
                double part = entry.getKey().startsWith("errors/captum") ? 0.5 : 1;
                largest = Math.max(largest, error / (part * entry.getValue().toDoubleArray()[budget]));
            }
        }
        return largest;
    }

    private static Map<String, Tensor> golden(Path file, String name) throws IOException {
        Map<String, Tensor> golden = new LinkedHashMap<>();
        NumpyFiles.readNpz(file, Tensors.ofJava()).forEach((key, value) -> {
            if (key.startsWith(name + "/")) {
                golden.put(key.substring(name.length() + 1), value);
            }
        });
        return golden;
    }

    private static double error(Attribution<Model> method, Model model, Inputs rows, double[] truth, int runs) {
        double error = 0;
        for (int seed = 0; seed < runs; seed++) {
            try (Explanation explanation = method.attribute(
                    model, rows, Target.output(), Run.defaults().seed(seed))) {
                error += squaredError(explanation.attribution().toDoubleArray(), truth) / runs;
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
