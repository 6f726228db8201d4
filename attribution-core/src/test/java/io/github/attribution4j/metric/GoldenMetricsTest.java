// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.RowsContract;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.GoldenNetwork;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What golden/metrics.py computed with Captum, for the perturbations in its file. */
class GoldenMetricsTest {
    private static final Path GOLDEN = Path.of("..", "golden", "metrics", "metrics.npz");
    private static final double CLOSE = 1e-9;
    private static final int SAMPLES = 9;

    private TensorScope scope;
    private Map<String, Tensor> golden;
    private Model model;
    private Inputs inputs;

    @BeforeEach
    void read() throws IOException {
        scope = TensorScope.open();
        golden = NumpyFiles.readNpz(GOLDEN, Tensors.ofJava());
        model = GoldenNetwork.of(golden);
        inputs = Inputs.of(golden.get("rows"));
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** Subtracts the changes in the file. */
    private Tensor change(Tensor rows, int input, long[] examples, long[] samples, Run run) {
        long[] numbers = new long[examples.length];
        for (int r = 0; r < numbers.length; r++) {
            numbers[r] = examples[r] * SAMPLES + samples[r];
        }
        long features = rows.shape().dim(1);
        return rows.sub(
                golden.get("changes").reshape(rowsOf(features), features).select(0, numbers));
    }

    private long rowsOf(long features) {
        return golden.get("changes").shape().size() / features;
    }

    @ParameterizedTest
    @CsvSource({
        "local, LOCAL, false",
        "local normalized, LOCAL, true",
        "global, GLOBAL, false",
        "global normalized, GLOBAL, true"
    })
    void infidelity_is_that_of_captum(String name, Infidelity.Kinds kinds, boolean normalized) {
        Infidelity metric = new Infidelity()
                .samples(SAMPLES)
                .attributions(kinds)
                .normalized(normalized)
                .baseline(Baseline.of(golden.get("baseline")))
                .perturbation(this::change);
        Judgement judged =
                metric.judge(model, inputs, Target.output(), new Given(golden.get("attributions")), Run.defaults());
        assertThat(judged.scores()).containsExactly(golden.get(name).toDoubleArray(), within(CLOSE));
        assertThat(judged.counts().forwardRows()).isEqualTo(4 + 4 + 4 * SAMPLES);
    }

    @Test
    void a_changed_row_is_the_same_in_any_range() {
        Infidelity metric = new Infidelity().samples(3).perturbation(Perturbation.uniform(0.1));
        Evaluator evaluator = Evaluator.start(metric, model, inputs, Target.output(), Run.defaults());
        try (Explanation explanation = new Given(golden.get("attributions")).attribute(model, inputs)) {
            RowsContract.check(metric.new ChangedRows(evaluator, explanation));
        }
    }

    @Test
    void the_largest_sensitivity_is_that_of_captum() {
        Judgement judged = Sensitivity.max()
                .samples(SAMPLES)
                .perturbation(this::change)
                .judge(model, inputs, Target.output(), new FeatureAblation(), Run.defaults());
        assertThat(judged.scores())
                .containsExactly(golden.get("sensitivity-max").toDoubleArray(), within(CLOSE));
    }
}
