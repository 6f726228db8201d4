// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import static io.github.attribution4j.perturbation.LimeErrorsTest.GROUPS;
import static io.github.attribution4j.perturbation.LimeErrorsTest.explain;
import static io.github.attribution4j.perturbation.LimeErrorsTest.method;
import static io.github.attribution4j.perturbation.LimeErrorsTest.model;
import static io.github.attribution4j.perturbation.LimeErrorsTest.ones;
import static io.github.attribution4j.perturbation.LimeErrorsTest.score;
import static io.github.attribution4j.perturbation.LimeErrorsTest.truth;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When LIME ends: after evaluations, at an error, at a deadline; and what it says then. */
class LimeBudgetTest {
    private TensorScope scope;

    @BeforeEach
    void openScope() {
        scope = TensorScope.open();
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    @ParameterizedTest
    @EnumSource(Lime.Fit.class)
    @DisplayName("Once all coalitions are paid for, coefficients are those of a sample without end")
    void few(Lime.Fit fit) {
        double[] truth = truth("groups", fit);
        for (Budget budget : List.of(Budget.ofEvaluations(5000), Budget.ofError(1e-9))) {
            try (Explanation why = explain(method("groups", fit).budget(budget), 1, Run.defaults())) {
                assertThat(why.attribution().toDoubleArray()).containsExactly(truth, within(0.01));
                assertThat(why.standardError().toDoubleArray()).containsOnly(0);
                assertThat(why.measures().get("half-width")).containsExactly(0);
                assertThat(why.counts().forwardRows()).isEqualTo(1 << GROUPS);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"groups, RIDGE", "groups, LASSO", "bins, LEAST_SQUARES"})
    @DisplayName("A number of evaluations is kept to, also where an error is not reached, which is said")
    void evaluations(String samples, Lime.Fit fit) {
        Lime method = method(samples, fit);
        Budget budget = Budget.ofEvaluations(301);
        try (Explanation some = explain(method.budget(budget), 2, Run.defaults());
                Explanation both = explain(method.budget(budget.error(1e-6)), 2, Run.defaults())) {
            assertThat(some.counts().forwardRows()).isEqualTo(2 * 301);
            assertThat(some.measures()).containsOnlyKeys("intercept", "r-squared", "evaluations", "half-width");
            assertThat(some.measures().get("evaluations")).containsExactly(301, 301);
            assertThat(both.counts().forwardRows()).isEqualTo(2 * 301);
            assertThat(both.attribution().toDoubleArray())
                    .containsExactly(some.attribution().toDoubleArray());
            assertThat(both.standardError().toDoubleArray())
                    .containsExactly(some.standardError().toDoubleArray());
            assertThat(both.measures().get("intercept"))
                    .containsExactly(some.measures().get("intercept"));
            assertThat(both.measures().get("error-reached")).containsExactly(0, 0);
            assertThat(both.notices())
                    .singleElement(STRING)
                    .startsWith("budget 301,error:1.0E-6: the error 1.0E-6 was not reached for 2 of 2 examples: 95 %"
                            + " intervals are up to ± ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"groups", "bins"})
    @DisplayName("Without a budget the samples are those of samples, with no errors; anytime without a deadline, too")
    void bySamples(String samples) {
        Lime method = method(samples, Lime.Fit.RIDGE).samples(400);
        Budget anytime = Budget.unset().anytime();
        Run late = Run.defaults().deadline(Duration.ofMinutes(5));
        try (Explanation plain = explain(method, 2, Run.defaults());
                Explanation same = explain(method.budget(anytime), 2, Run.defaults());
                Explanation rounds = explain(method.budget(anytime), 2, late)) {
            double[] values = plain.attribution().toDoubleArray();
            assertThat(plain.measures()).containsOnlyKeys("intercept", "r-squared");
            assertThat(plain.standardErrors()).isEmpty();
            assertThat(same.standardErrors()).isEmpty();
            assertThat(same.attribution().toDoubleArray()).containsExactly(values);
            assertThat(same.provenance().settings()).containsEntry("budget", "samples");
            assertThat(rounds.attribution().toDoubleArray()).containsExactly(values);
            assertThat(rounds.measures().get("intercept"))
                    .containsExactly(plain.measures().get("intercept"));
            assertThat(rounds.counts().forwardRows()).isEqualTo(plain.counts().forwardRows());
            assertThat(rounds.standardError().toDoubleArray()).doesNotContain(0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"groups", "bins"})
    @DisplayName("What is reached depends neither on batches nor on other examples")
    void independent(String samples) {
        Lime asked = method(samples, Lime.Fit.RIDGE).budget(Budget.ofError(0.25));
        try (Explanation three = explain(asked, 3, Run.defaults());
                Explanation small = explain(asked, 3, Run.defaults().batchRows(7));
                Explanation alone = explain(asked, 1, Run.defaults().exampleKeys(2))) {
            double[] values = three.attribution().toDoubleArray();
            assertThat(small.attribution().toDoubleArray()).containsExactly(values);
            assertThat(alone.attribution().toDoubleArray())
                    .containsExactly(Arrays.copyOfRange(values, 2 * GROUPS, 3 * GROUPS));
            assertThat(alone.measures().get("evaluations")[0])
                    .isEqualTo(three.measures().get("evaluations")[2]);
        }
    }

    /** Returns the model, which stands still for a while once so many rows were scored. */
    private static Model stalling(long rows) {
        AtomicLong left = new AtomicLong(rows);
        return model(row -> {
            if (left.decrementAndGet() == 0) {
                try {
                    Thread.sleep(1200);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            return score(row);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"groups", "bins"})
    @DisplayName("A deadline gives the estimate so far, which is computed again without one")
    void deadline(String samples) {
        Lime method = method(samples, Lime.Fit.LASSO);
        Lime asked = method.budget(Budget.unset().anytime());
        Run run = Run.defaults().batchRows(16).deadline(Duration.ofSeconds(1));
        try (Explanation late = asked.attribute(stalling(700), ones(2), Target.output(), run);
                Explanation again = again(method, late)) {
            assertThat(late.notices()).singleElement(STRING).startsWith("budget anytime: the deadline passed after ");
            assertThat(late.provenance().settings().get("budget")).startsWith("rounds:");
            assertThat(late.measures().get("evaluations")[0]).isBetween(191.0, 350.0);
            assertThat(late.measures()).containsKey("half-width");
            assertThat(again.differences(late)).isEmpty();
            assertThat(again.attribution().toDoubleArray())
                    .containsExactly(late.attribution().toDoubleArray());
            assertThat(again.standardError().toDoubleArray())
                    .containsExactly(late.standardError().toDoubleArray());
            assertThat(again.measures().get("evaluations"))
                    .containsExactly(late.measures().get("evaluations"));
        }
    }

    @Test
    @DisplayName("A deadline before the first round, or without anytime, is a failure")
    void strict() {
        Run run = Run.defaults().batchRows(16).deadline(Duration.ofSeconds(1));
        Lime asked = new Lime().budget(Budget.unset().anytime());
        assertThatThrownBy(() -> asked.attribute(stalling(20), ones(2), Target.output(), run))
                .isInstanceOf(DeadlineExceededException.class);
        assertThatThrownBy(() -> new Lime().attribute(stalling(300), ones(2), Target.output(), run))
                .isInstanceOf(DeadlineExceededException.class);
    }

    /** Computes an explanation again, without a clock; a background is not in its provenance, but its digest. */
    private static Explanation again(Lime method, Explanation late) {
        String rounds = late.provenance().settings().get("budget").replace("rounds:", "");
        Attribution.Forward again = method.settings().get("baseline").equals("0.0")
                ? (Attribution.Forward) Methods.of(late.provenance())
                : method.budget(Budget.unset().rounds(Integer.parseInt(rounds)));
        return again.attribute(
                model(LimeErrorsTest::score),
                ones(2),
                Target.output(),
                late.provenance().run());
    }

    @Test
    @DisplayName("A budget that affords no sample is refused, as is an answer at a deadline inside another method")
    void refusals() {
        assertRefused(
                new Lime().budget(Budget.ofEvaluations(1)),
                "lime: budget 1 does not pay for a sample and the input; give at least 2 evaluations");
        assertRefused(
                NoiseTunnel.smoothGrad(new Lime().budget(Budget.unset().anytime())),
                "budget anytime: an answer at the deadline is given by the method itself, not inside another one, such"
                        + " as a noise tunnel or at a layer; leave anytime out");
    }

    private static void assertRefused(Attribution<Model> method, String message) {
        assertThatThrownBy(() -> explain(method, 1, Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage(message);
    }
}
