// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
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
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.shapley.KernelShap.Estimator;
import io.github.attribution4j.shapley.KernelShap.Sampling;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When an estimator ends: after evaluations, at an error, at a deadline; and what it says then. */
class BudgetTest {
    private static final int RUNS = 200;

    private static Attribution<Model> with(String method, Budget budget) {
        return switch (method) {
            case "walks" -> new ShapleySampling().antithetic(false).budget(budget);
            case "pairs" -> new ShapleySampling().budget(budget);
            case "stratified" -> new ShapleySampling().stratified(true).budget(budget);
            case "leverage" -> new KernelShap().estimator(Estimator.REGRESSION).budget(budget);
            case "adjusted" -> new KernelShap().budget(budget);
            case "captum" -> new KernelShap().sampling(Sampling.CAPTUM).budget(budget);
            default -> throw new IllegalArgumentException(method);
        };
    }

    static Stream<String> methods() {
        return Stream.of("walks", "pairs", "stratified", "leverage", "adjusted", "captum");
    }

    private static Explanation explain(Game game, Attribution<Model> method, int examples, Run run) {
        double[] ones = new double[examples * game.players()];
        Arrays.fill(ones, 1);
        Tensor input = Tensors.ofJava().of(ones, examples, game.players());
        return method.attribute(game.model(), Inputs.of(input), Target.output(), run);
    }

    /** An error that a sample of some hundred evaluations reaches. */
    private static double error(String method, double[] truth) {
        double scale = Arrays.stream(truth).map(Math::abs).max().orElseThrow();
        return scale / (List.of("captum", "walks").contains(method) ? 6 : 25);
    }

    @ParameterizedTest
    @MethodSource("methods")
    @DisplayName("In 95 of 100 runs all attributions are as near as was asked for")
    void reachesTheError(String method) {
        for (Game game : List.of(Game.smooth(12, 1), Game.pairs(11, 2).saturated())) {
            double[] truth = game.shapleyByCoalitions();
            double error = error(method, truth);
            int near = 0;
            int whole = 0;
            for (int seed = 0; seed < RUNS; seed++) {
                try (TensorScope scope = TensorScope.open();
                        Explanation explanation = explain(
                                game,
                                with(method, Budget.ofError(error)),
                                1,
                                Run.defaults().seed(seed))) {
                    double[] values = explanation.attribution().toDoubleArray();
                    double worst = 0;
                    for (int i = 0; i < values.length; i++) {
                        worst = Math.max(worst, Math.abs(values[i] - truth[i]));
                    }
                    near += worst <= error ? 1 : 0;
                    assertThat(explanation.measures().get("error-reached")).containsExactly(1);
                    assertThat(explanation.measures().get("half-width")[0]).isLessThanOrEqualTo(error);
                    assertThat(explanation.notices()).isEmpty();
                    whole += explanation.measures().get("evaluations")[0] == game.scores().length ? 1 : 0;
                }
            }
            assertThat(near).isGreaterThanOrEqualTo(RUNS * 95 / 100);
            assertThat(whole).as("runs that evaluated everything").isLessThan(RUNS / 20);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pairs", "stratified", "leverage", "adjusted"})
    @DisplayName("With an error to reach, few groups end with exact values")
    void fewGroupsBecomeExact(String method) {
        Game game = Game.random(6, 4);
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = explain(game, with(method, Budget.ofError(1e-9)), 1, Run.defaults())) {
            assertThat(explanation.attribution().toDoubleArray())
                    .containsExactly(game.shapleyByOrders(), within(1e-12));
            assertThat(explanation.measures().get("half-width")[0]).isLessThan(1e-9);
            assertThat(explanation.counts().forwardRows()).isEqualTo(64);
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    @DisplayName("A number of evaluations is kept to, also where an error is not reached, which is said")
    void evaluations(String method) {
        Game game = Game.random(12, 5);
        try (TensorScope scope = TensorScope.open();
                Explanation one = explain(game, with(method, Budget.ofEvaluations(500)), 2, Run.defaults());
                Explanation both =
                        explain(game, with(method, Budget.ofEvaluations(500).error(1e-6)), 2, Run.defaults())) {
            assertThat(one.counts().forwardRows()).isBetween(2L * 300, 2L * 500 - 1);
            assertThat(one.measures()).containsOnlyKeys("evaluations", "half-width");
            assertThat(both.attribution().toDoubleArray())
                    .containsExactly(one.attribution().toDoubleArray());
            assertThat(both.measures().get("error-reached")).containsExactly(0, 0);
            assertThat(both.notices())
                    .singleElement(STRING)
                    .startsWith("budget 500,error:1.0E-6: the error 1.0E-6 was"
                            + " not reached for 2 of 2 examples: 95 % intervals are up to ± ");
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    @DisplayName("What is reached depends neither on batches nor on other examples")
    void independent(String method) {
        Game game = Game.smooth(9, 6);
        Attribution<Model> asked = with(method, Budget.ofError(error(method, game.shapleyByOrders())));
        try (TensorScope scope = TensorScope.open();
                Explanation three = explain(game, asked, 3, Run.defaults());
                Explanation small = explain(game, asked, 3, Run.defaults().batchRows(7));
                Explanation alone = explain(game, asked, 1, Run.defaults().exampleKeys(2))) {
            double[] values = three.attribution().toDoubleArray();
            assertThat(small.attribution().toDoubleArray()).containsExactly(values);
            assertThat(alone.attribution().toDoubleArray()).containsExactly(Arrays.copyOfRange(values, 18, 27));
            assertThat(alone.measures().get("evaluations")[0])
                    .isEqualTo(three.measures().get("evaluations")[2]);
        }
    }

    /** Returns a game whose model stands still after so many rows, until a deadline has passed. */
    private static Model stalling(Game game, long rows, long millis) {
        AtomicLong left = new AtomicLong(rows);
        Model model = game.model();
        return Model.ofTensor("game", "1", x -> {
            if (left.addAndGet(-x.shape().dim(0)) < 0) {
                try {
                    Thread.sleep(millis);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            return model.forward(Inputs.of(x));
        });
    }

    @ParameterizedTest
    @MethodSource("methods")
    @DisplayName("A deadline gives the estimate so far, which is computed again without one; not before the first")
    void deadline(String method) {
        Game game = Game.random(12, 7);
        Attribution<Model> asked = with(method, Budget.ofEvaluations(4000).anytime());
        Run run = Run.defaults().batchRows(16).deadline(Duration.ofMillis(1500));
        try (TensorScope scope = TensorScope.open()) {
            double[] ones = new double[24];
            Arrays.fill(ones, 1);
            Inputs inputs = Inputs.of(Tensors.ofJava().of(ones, 2, 12));
            try (Explanation late = asked.attribute(stalling(game, 2000, 1600), inputs, Target.output(), run);
                    Explanation again = again(late, game.model(), inputs)) {
                assertThat(late.notices())
                        .singleElement(STRING)
                        .startsWith("budget 4000,anytime: the deadline passed after ");
                assertThat(late.measures().get("half-width")[0]).isPositive();
                assertThat(late.standardErrors()).hasSize(1);
                assertThat(late.provenance().settings().get("budget")).startsWith("4000,rounds:");
                assertThat(again.attribution().toDoubleArray())
                        .containsExactly(late.attribution().toDoubleArray());
                assertThat(again.standardError().toDoubleArray())
                        .containsExactly(late.standardError().toDoubleArray());
                assertThat(again.measures().get("evaluations"))
                        .containsExactly(late.measures().get("evaluations"));
                assertThat(again.provenance().settings())
                        .isEqualTo(late.provenance().settings());
            }
            Model slow = stalling(game, 20, 1600);
            assertThatThrownBy(() -> asked.attribute(slow, inputs, Target.output(), run))
                    .isInstanceOf(DeadlineExceededException.class);
            Attribution<Model> strict = with(method, Budget.ofEvaluations(4000));
            Model stalled = stalling(game, 2000, 1600);
            assertThatThrownBy(() -> strict.attribute(stalled, inputs, Target.output(), run))
                    .isInstanceOf(DeadlineExceededException.class);
        }
    }

    private static Explanation again(Explanation explanation, Model model, Inputs inputs) {
        return ((Attribution.Forward) Methods.of(explanation.provenance()))
                .attribute(
                        model, inputs, Target.output(), explanation.provenance().run());
    }

    @Test
    @DisplayName("A budget is text on the command line and in provenance")
    void text() {
        for (String text :
                List.of("samples", "2000", "error:0.01", "2000,error:0.01,anytime", "anytime", "9,rounds:3")) {
            assertThat(Methods.read("shapley-sampling", Map.of("budget", text), Sources.none())
                            .settings()
                            .get("budget"))
                    .hasToString(text);
        }
        assertThatThrownBy(() -> Methods.read("kernel-shap", Map.of("budget", "much"), Sources.none()))
                .hasMessage("setting budget=much: must be " + Budget.KIND.form());
        assertThatThrownBy(() -> Methods.read("kernel-shap", Map.of("budget", "error:0"), Sources.none()))
                .hasMessage("setting budget=error:0: budget: error 0.0: must be more than 0, in units of the score");
        assertThatThrownBy(() -> Budget.ofEvaluations(0)).hasMessage("budget: evaluations 0: must be at least 1");
    }

    @Test
    @DisplayName("A budget that affords no estimate is refused, as is an answer at a deadline inside another method")
    void refusals() {
        Game game = Game.random(6, 8);
        assertRefused(
                game,
                new ShapleySampling().budget(Budget.ofEvaluations(11)),
                "budget 11: 6 groups need at least 12 evaluations, 2 walks, the input and the baseline; give that"
                        + " many");
        assertRefused(
                game,
                new KernelShap().budget(Budget.ofEvaluations(11)),
                "kernel-shap: budget 11 does not determine the attributions of 6 groups; give at least 12 evaluations,"
                        + " better 60, or a mask with fewer groups");
        assertRefused(
                game,
                NoiseTunnel.smoothGrad(new KernelShap().budget(Budget.unset().anytime())),
                "budget anytime: an answer at the deadline is given by the method itself, not inside another one, such"
                        + " as a noise tunnel or at a layer; leave anytime out");
    }

    private static void assertRefused(Game game, Attribution<Model> method, String message) {
        try (TensorScope scope = TensorScope.open()) {
            assertThatThrownBy(() -> explain(game, method, 1, Run.defaults()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessage(message);
        }
    }
}
