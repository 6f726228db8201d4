// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When RISE ends: after evaluations, at an error, at a deadline; and what it says then. */
class RiseBudgetTest {
    private static final int RUNS = 200;
    private static final int ELEMENTS = 4;
    private static final double KEEP = 0.4;

    private final Tensors tensors = Tensors.ofJava();
    private TensorScope scope;

    @BeforeEach
    void openScope() {
        scope = TensorScope.open();
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    private static double score(double[] row) {
        double sum = 2;
        for (int i = 0; i < row.length; i++) {
            sum += row[i] * (i + 1 - row[(i + 1) % row.length]);
        }
        return Math.tanh(sum / 4);
    }

    private static Model model() {
        return Model.of(
                "score",
                "1",
                rows -> Arrays.stream(rows)
                        .map(row -> new double[] {score(row)})
                        .toArray(double[][]::new));
    }

    private static Rise method(Rise.Estimator estimator, Budget budget) {
        return new Rise().cells(ELEMENTS).keep(KEEP).estimator(estimator).budget(budget);
    }

    private Inputs ones(int examples) {
        double[] ones = new double[examples * ELEMENTS];
        Arrays.fill(ones, 1);
        return Inputs.of(tensors.of(ones, examples, ELEMENTS));
    }

    private static Explanation explain(Attribution<Model> method, Inputs inputs, Run run) {
        return method.attribute(model(), inputs, Target.output(), run);
    }

    /** Returns what all masks together give: one cell for each element, so that no mask is shifted. */
    private static double[] truth(Rise.Estimator estimator) {
        double[] expected = new double[ELEMENTS];
        double mean = 0;
        RandomGrid grid = RandomGrid.of(Shape.of(ELEMENTS), new long[] {ELEMENTS});
        for (int cells = 0; cells < 1 << ELEMENTS; cells++) {
            int kept = Integer.bitCount(cells);
            double probability = Math.pow(KEEP, kept) * Math.pow(1 - KEEP, ELEMENTS - kept);
            double[] mask = new double[ELEMENTS];
            grid.draw(new Cells(cells), KEEP, mask, 0);
            double score = score(mask);
            mean += probability * score;
            for (int i = 0; i < ELEMENTS; i++) {
                expected[i] += probability * score * mask[i] / KEEP;
            }
        }
        if (estimator == Rise.Estimator.CENTERED) {
            for (int i = 0; i < ELEMENTS; i++) {
                expected[i] -= mean;
            }
        }
        return expected;
    }

    /** Keeps the cells of a number's bits, one after the other. */
    private static final class Cells implements RandomGenerator {
        private int left;

        Cells(int cells) {
            left = cells;
        }

        @Override
        public double nextDouble() {
            double next = (left & 1) == 1 ? 0 : 1;
            left >>= 1;
            return next;
        }

        @Override
        public int nextInt(int bound) {
            assertThat(bound).isEqualTo(1);
            return 0;
        }

        @Override
        public long nextLong() {
            throw new UnsupportedOperationException();
        }
    }

    @ParameterizedTest
    @EnumSource(Rise.Estimator.class)
    @DisplayName("In 95 of 100 runs all elements are as near as was asked for")
    void reachesTheError(Rise.Estimator estimator) {
        double[] truth = truth(estimator);
        double error = 0.06;
        int near = 0;
        for (int seed = 0; seed < RUNS; seed++) {
            try (Explanation why = explain(
                    method(estimator, Budget.ofError(error)),
                    ones(1),
                    Run.defaults().seed(seed))) {
                double[] values = why.attribution().toDoubleArray();
                double worst = 0;
                for (int i = 0; i < ELEMENTS; i++) {
                    worst = Math.max(worst, Math.abs(values[i] - truth[i]));
                }
                near += worst <= error ? 1 : 0;
                assertThat(why.measures().get("error-reached")).containsExactly(1);
                assertThat(why.measures().get("half-width")[0]).isLessThanOrEqualTo(error);
                assertThat(why.measures().get("evaluations")[0]).isBetween(101.0, 20_000.0);
                assertThat(why.counts().forwardRows())
                        .isEqualTo((long) why.measures().get("evaluations")[0]);
                assertThat(why.notices()).isEmpty();
            }
        }
        assertThat(near).isGreaterThanOrEqualTo(RUNS * 95 / 100);
    }

    @ParameterizedTest
    @EnumSource(Rise.Estimator.class)
    @DisplayName("A number of evaluations is that of samples and one, and what it does not reach is said")
    void evaluations(Rise.Estimator estimator) {
        Rise.Estimator other = estimator == Rise.Estimator.PAPER ? Rise.Estimator.CENTERED : Rise.Estimator.PAPER;
        Budget budget = Budget.ofEvaluations(301);
        try (Explanation samples = explain(method(estimator, Budget.unset()).samples(300), ones(2), Run.defaults());
                Explanation some = explain(method(estimator, budget), ones(2), Run.defaults());
                Explanation both = explain(method(estimator, budget.error(1e-6)), ones(2), Run.defaults());
                Explanation another = explain(method(other, budget), ones(2), Run.defaults())) {
            double[] values = samples.attribution().toDoubleArray();
            assertThat(samples.measures()).isEmpty();
            assertThat(some.measures()).containsOnlyKeys("evaluations", "half-width");
            assertThat(some.attribution().toDoubleArray()).containsExactly(values);
            assertThat(both.attribution().toDoubleArray()).containsExactly(values);
            assertThat(both.standardError().toDoubleArray())
                    .containsExactly(samples.standardError().toDoubleArray());
            assertThat(both.measures().get("error-reached")).containsExactly(0, 0);
            assertThat(both.notices())
                    .singleElement(STRING)
                    .startsWith("budget 301,error:1.0E-6: the error 1.0E-6 was not reached for 2 of 2 examples: 95 %"
                            + " intervals are up to ± ");
            assertThat(another.attribution().toDoubleArray()).isNotEqualTo(values);
        }
    }

    @Test
    @DisplayName("What is reached depends neither on batches nor on other examples")
    void independent() {
        Rise asked = method(Rise.Estimator.PAPER, Budget.ofError(0.05));
        Tensor rows = tensors.of(new double[] {1, 1, 1, 1, 3, -1, 0.5, 2, 0, 0, 0, 9}, 3, ELEMENTS);
        try (Explanation three = explain(asked, Inputs.of(rows), Run.defaults());
                Explanation small =
                        explain(asked, Inputs.of(rows), Run.defaults().batchRows(7));
                Explanation alone = explain(
                        asked, Inputs.of(rows.slice(0, 1, 2)), Run.defaults().exampleKeys(1))) {
            double[] values = three.attribution().toDoubleArray();
            assertThat(small.attribution().toDoubleArray()).containsExactly(values);
            assertThat(alone.attribution().toDoubleArray()).containsExactly(Arrays.copyOfRange(values, 4, 8));
            assertThat(alone.measures().get("evaluations")[0])
                    .isEqualTo(three.measures().get("evaluations")[1]);
            assertThat(Arrays.stream(three.measures().get("evaluations")).distinct())
                    .hasSizeGreaterThan(1);
        }
    }

    /** Returns the model, which stands still for a while once so many rows were scored. */
    private static Model stalling(long rows) {
        AtomicLong left = new AtomicLong(rows);
        return Model.of("score", "1", batch -> {
            if (left.addAndGet(-batch.length) < 0) {
                try {
                    Thread.sleep(1200);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            return Arrays.stream(batch).map(row -> new double[] {score(row)}).toArray(double[][]::new);
        });
    }

    @Test
    @DisplayName("A deadline gives the estimate so far, which is computed again without one; not before the first")
    void deadline() {
        Rise asked = method(Rise.Estimator.CENTERED, Budget.unset().anytime());
        Run run = Run.defaults().batchRows(16).deadline(Duration.ofSeconds(1));
        try (Explanation late = asked.attribute(stalling(900), ones(2), Target.output(), run);
                Explanation again = ((Attribution.Forward) Methods.of(late.provenance()))
                        .attribute(
                                model(),
                                ones(2),
                                Target.output(),
                                late.provenance().run())) {
            assertThat(late.notices()).singleElement(STRING).startsWith("budget anytime: the deadline passed after ");
            assertThat(late.provenance().settings().get("budget")).startsWith("rounds:");
            assertThat(late.measures().get("evaluations")[0]).isBetween(101.0, 451.0);
            assertThat(again.attribution().toDoubleArray())
                    .containsExactly(late.attribution().toDoubleArray());
            assertThat(again.standardError().toDoubleArray())
                    .containsExactly(late.standardError().toDoubleArray());
            assertThat(again.measures().get("evaluations"))
                    .containsExactly(late.measures().get("evaluations"));
        }
        assertThatThrownBy(() -> asked.attribute(stalling(20), ones(2), Target.output(), run))
                .isInstanceOf(DeadlineExceededException.class);
        Rise strict = method(Rise.Estimator.CENTERED, Budget.unset());
        assertThatThrownBy(() -> strict.attribute(stalling(900), ones(2), Target.output(), run))
                .isInstanceOf(DeadlineExceededException.class);
    }

    @Test
    @DisplayName("A budget that affords no estimate is refused, as is an answer at a deadline inside another method")
    void refusals() {
        assertRefused(
                new Rise().budget(Budget.ofEvaluations(2)),
                "rise: budget 2 does not pay for two masks and the input; give at least 3 evaluations");
        assertRefused(
                NoiseTunnel.smoothGrad(new Rise().budget(Budget.unset().anytime())),
                "budget anytime: an answer at the deadline is given by the method itself, not inside another one, such"
                        + " as a noise tunnel or at a layer; leave anytime out");
    }

    private void assertRefused(Attribution<Model> method, String message) {
        assertThatThrownBy(() -> explain(method, ones(1), Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage(message);
    }
}
