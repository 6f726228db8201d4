// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How true the errors of LIME's coefficients are. */
class LimeErrorsTest {
    static final int RUNS = 200;
    static final int GROUPS = 9;
    private static final int ROWS = 40;

    static double score(double[] row) {
        double sum = -1;
        for (int i = 0; i < row.length; i++) {
            sum += row[i] * (i % 4 - 1 + 0.8 * row[(i + 1) % row.length]);
        }
        return Math.tanh(sum / 3);
    }

    static Model model(ToDoubleFunction<double[]> score) {
        return Model.of(
                "score",
                "1",
                rows -> Arrays.stream(rows)
                        .map(row -> new double[] {score.applyAsDouble(row)})
                        .toArray(double[][]::new));
    }

    /**
     * Returns a method.
     *
     * @param samples "groups" and their kernels; "bins" of a table; or its "odd" columns: no row of the background is
     *     in the first bin, all are in the second, and one of 40 in the third
     */
    static Lime method(String samples, Lime.Fit fit) {
        Lime method = new Lime().fit(fit).strength(fit == Lime.Fit.LASSO ? 0.01 : 1);
        RandomGenerator random = Run.defaults().seed(3).random(9);
        double[] background = new double[ROWS * GROUPS];
        Arrays.setAll(background, i -> random.nextGaussian());
        if (samples.equals("odd")) {
            for (int row = 0; row < ROWS; row++) {
                background[row * GROUPS] = row % 2 == 0 ? 0 : 0.5;
                background[row * GROUPS + 1] = 1;
                background[row * GROUPS + 2] = row == 7 ? 1 : 0;
            }
        }
        return switch (samples) {
            case "groups" -> method;
            case "narrow" -> method.kernel(Lime.Kernel.groups(0.12));
            case "tied" ->
                method.kernel(Lime.Kernel.of("tied", (kept, cosine, euclidean) -> kept[0] == kept[1] ? 1 : 0.1));
            default ->
                method.discretizer(Discretizer.quartiles())
                        .baseline(Baseline.samples(Tensors.ofJava().of(background, ROWS, GROUPS)));
        };
    }

    static Inputs ones(int examples) {
        double[] ones = new double[examples * GROUPS];
        Arrays.fill(ones, 1);
        return Inputs.of(Tensors.ofJava().of(ones, examples, GROUPS));
    }

    static Explanation explain(Attribution<Model> method, int examples, Run run) {
        return method.attribute(model(LimeErrorsTest::score), ones(examples), Target.output(), run);
    }

    /** Returns the coefficients of very many draws, to which a ridge and the input's own row are nothing. */
    static double[] truth(String samples, Lime.Fit fit) {
        try (Explanation why =
                explain(method(samples, fit).samples(60_000), 1, Run.defaults().seed(12345))) {
            return why.attribution().toDoubleArray();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "groups, RIDGE, 201", "groups, LEAST_SQUARES, 201", "groups, LASSO, 201", "narrow, RIDGE, 301",
        "tied, LEAST_SQUARES, 201", "tied, LASSO, 201", "bins, RIDGE, 301", "bins, LEAST_SQUARES, 401",
        "bins, LASSO, 401", "odd, LEAST_SQUARES, 1201"
    })
    @DisplayName("In 95 of 100 runs a coefficient is within its interval, which is no wider than it must be")
    void covers(String samples, Lime.Fit fit, int evaluations) {
        Lime asked = method(samples, fit).budget(Budget.ofEvaluations(evaluations));
        double[] inside = new double[GROUPS];
        double[] squares = new double[GROUPS];
        try (TensorScope scope = TensorScope.open()) {
            double[] truth = truth(samples, fit);
            for (int seed = 0; seed < RUNS; seed++) {
                try (Explanation why = explain(asked, 1, Run.defaults().seed(seed))) {
                    double[] values = why.attribution().toDoubleArray();
                    double[] errors = why.standardError().toDoubleArray();
                    for (int i = 0; i < GROUPS; i++) {
                        double off = values[i] - truth[i];
                        inside[i] += Math.abs(off) <= 1.97 * errors[i] ? 1.0 / RUNS : 0;
                        squares[i] += errors[i] == 0 ? 0 : off * off / (errors[i] * errors[i]) / RUNS;
                    }
                }
            }
        }
        assertThat(Arrays.stream(inside).average().orElseThrow()).isGreaterThanOrEqualTo(0.93);
        assertThat(Arrays.stream(inside).min().orElseThrow()).isGreaterThan(0.88);
        // Errors of the lasso bound what is left of them where it shrinks.
        assertThat(Arrays.stream(squares).filter(square -> square > 0).average().orElseThrow())
                .isBetween(fit == Lime.Fit.LASSO ? 0.5 : 0.8, 1.2);
    }

    @ParameterizedTest
    @CsvSource({
        "groups, RIDGE, 0.08",
        "groups, LASSO, 0.08",
        "bins, LEAST_SQUARES, 0.25",
        "bins, LASSO, 0.25",
        "narrow, RIDGE, 0.15",
        "odd, RIDGE, 0.8"
    })
    @DisplayName("In 95 of 100 runs all coefficients are as near as was asked for")
    void reachesTheError(String samples, Lime.Fit fit, double error) {
        int near = 0;
        int whole = 0;
        try (TensorScope scope = TensorScope.open()) {
            double[] truth = truth(samples, fit);
            Lime asked = method(samples, fit).budget(Budget.ofError(error));
            for (int seed = 0; seed < RUNS; seed++) {
                try (Explanation why = explain(asked, 1, Run.defaults().seed(seed))) {
                    double[] values = why.attribution().toDoubleArray();
                    double worst = 0;
                    for (int i = 0; i < GROUPS; i++) {
                        worst = Math.max(worst, Math.abs(values[i] - truth[i]));
                    }
                    near += worst <= error ? 1 : 0;
                    double evaluations = why.measures().get("evaluations")[0];
                    whole += evaluations == 1 << GROUPS ? 1 : 0;
                    assertThat(why.measures().get("error-reached")).containsExactly(1);
                    assertThat(why.measures().get("half-width")[0]).isLessThanOrEqualTo(error);
                    assertThat(why.counts().forwardRows()).isEqualTo((long) evaluations);
                    assertThat(why.notices()).noneMatch(notice -> notice.startsWith("budget"));
                }
            }
        }
        assertThat(near).isGreaterThanOrEqualTo(RUNS * 95 / 100);
        assertThat(whole).as("runs that evaluated everything").isZero();
    }

    @Test
    @DisplayName("What a ridge takes from a coefficient is in its error, also where no chance is")
    void pull() {
        Lime asked = method("groups", Lime.Fit.RIDGE).budget(Budget.ofEvaluations(120));
        try (TensorScope scope = TensorScope.open();
                Explanation why = asked.attribute(model(row -> row[0] - 2 * row[3]), ones(1))) {
            double[] values = why.attribution().toDoubleArray();
            double[] errors = why.standardError().toDoubleArray();
            double[] weights = {1, 0, 0, -2, 0, 0, 0, 0, 0};
            for (int i = 0; i < GROUPS; i++) {
                assertThat(values[i]).isNotEqualTo(weights[i]);
                assertThat(Math.abs(values[i] - weights[i])).isLessThan(1.97 * errors[i]);
            }
            assertThat(errors[3]).isBetween(0.02, 0.3);
        }
    }

    @Test
    @DisplayName("A bin that too few samples are in has no error, and an error to reach waits for them")
    void rare() {
        try (TensorScope scope = TensorScope.open();
                Explanation few =
                        explain(method("odd", Lime.Fit.RIDGE).budget(Budget.ofEvaluations(120)), 1, Run.defaults());
                Explanation enough =
                        explain(method("odd", Lime.Fit.RIDGE).budget(Budget.ofError(2)), 1, Run.defaults())) {
            assertThat(few.standardErrors()).isEmpty();
            assertThat(few.measures()).containsOnlyKeys("intercept", "r-squared", "evaluations");
            assertThat(few.notices())
                    .contains("no standard errors: they need more samples, by their weights, than groups, and some that"
                            + " keep each group and some that do not; allow more evaluations, or give a mask with"
                            + " fewer groups");
            assertThat(enough.measures().get("evaluations")[0]).isGreaterThan(250);
            assertThat(enough.standardError().toDoubleArray()[1]).isZero();
        }
    }
}
