// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.internal.numeric.Estimate;
import io.github.attribution4j.internal.numeric.Moments;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.shapley.KernelShap.Estimator;
import io.github.attribution4j.shapley.KernelShap.Sampling;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelShapTest {
    private static final int RUNS = 300;

    private static KernelShap captum(int samples) {
        return new KernelShap().samples(samples).sampling(Sampling.CAPTUM);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 6, 8})
    @DisplayName("With a budget of every coalition, values are exact")
    void exactOnceTheBudgetCoversAll(int players) {
        Game game = Game.random(players, 1);
        Game.Answer answer = game.explain(new KernelShap().samples(Math.max(2, 1 << players)), 0);
        assertThat(answer.values()).containsExactly(game.shapleyByOrders(), within(1e-12));
        assertThat(answer.errors()).containsExactly(new double[players]);
        assertThat(answer.rows()).isEqualTo(1 << players);
    }

    @ParameterizedTest
    @CsvSource({"2, false", "3, false", "4, false", "5, false", "8, false", "3, true", "7, true", "8, true"})
    @DisplayName("The regression on all pairs has the Shapley values as its solution")
    void regressionOnAllPairs(int players, boolean adjusted) {
        Game game = Game.random(players, 2);
        LeverageDesign design = new LeverageDesign(players, adjusted, size -> RandomStream.of(3, size));
        design.grow((1 << players) - 2);
        assertThat(design.isExhausted()).isTrue();
        double[] scores = new double[design.count()];
        for (int i = 0; i < scores.length; i++) {
            boolean[] kept = new boolean[players];
            design.fill(i, kept);
            int coalition = 0;
            for (int player = 0; player < players; player++) {
                coalition |= kept[player] ? 1 << player : 0;
            }
            scores[i] = game.scores()[coalition];
        }
        double full = game.scores()[game.scores().length - 1];
        Estimate estimate = design.estimate(game.scores()[0], scores, full);
        assertThat(Arrays.stream(scores).distinct().count()).isEqualTo((1 << players) - 2);
        assertThat(estimate.values()).containsExactly(game.shapleyByOrders(), within(1e-12));
        assertThat(estimate.errors()).containsExactly(new double[players], within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({"3, 6", "3, 7", "4, 8", "5, 12", "8, 40", "9, 500"})
    @DisplayName("Whatever the sample, values are complete")
    void complete(int players, int samples) {
        Game game = Game.random(players, 3);
        for (int seed = 0; seed < 20; seed++) {
            Game.Answer answer = game.explain(new KernelShap().samples(samples), seed);
            assertThat(answer.gap()).isCloseTo(0, within(1e-12));
            assertThat(answer.rows()).isLessThanOrEqualTo(samples).isGreaterThanOrEqualTo(samples - 1);
        }
    }

    @ParameterizedTest
    @CsvSource({"LEVERAGE, 40", "LEVERAGE, 60", "CAPTUM, 40"})
    @DisplayName("An additive score is attributed exactly by any sample")
    void additiveScoresAreExact(Sampling sampling, int samples) {
        double[] weights = {3, -1, 0.5, 2, -4, 1, 0, 7, 2, -2, 0.1, 5};
        double[] scores = new double[1 << 12];
        for (int s = 0; s < scores.length; s++) {
            for (int i = 0; i < 12; i++) {
                scores[s] += (s >> i & 1) * weights[i];
            }
        }
        KernelShap method = new KernelShap().samples(samples).sampling(sampling);
        for (int seed = 0; seed < 10; seed++) {
            assertThat(new Game(12, scores).explain(method, seed).values()).containsExactly(weights, within(1e-9));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {24, 48, 120})
    @DisplayName("Sampling by leverage errs less than Captum's for the same budget")
    void leverageBeatsCaptum(int samples) {
        double leverage = 0;
        double captum = 0;
        for (int seed = 0; seed < RUNS; seed++) {
            Game game = Game.smooth(8, seed % 5);
            leverage += squaredError(game, new KernelShap().samples(samples), seed);
            captum += squaredError(game, captum(samples), seed);
        }
        assertThat(leverage).isLessThan(0.7 * captum);
    }

    private static double squaredError(Game game, KernelShap method, long seed) {
        double[] truth = game.shapleyByOrders();
        double[] values = game.explain(method, seed).values();
        double sum = 0;
        for (int i = 0; i < truth.length; i++) {
            sum += (values[i] - truth[i]) * (values[i] - truth[i]);
        }
        return sum;
    }

    @ParameterizedTest
    @CsvSource({"LEVERAGE, 80", "LEVERAGE, 160", "CAPTUM, 200"})
    @DisplayName("About 95 % of intervals of 2 standard errors hold the Shapley value")
    void standardErrorsCover(Sampling sampling, int samples) {
        Game game = Game.smooth(8, 6);
        double[] truth = game.shapleyByOrders();
        KernelShap method = new KernelShap().samples(samples).sampling(sampling).estimator(Estimator.REGRESSION);
        int covered = 0;
        for (int seed = 0; seed < RUNS; seed++) {
            Game.Answer answer = game.explain(method, seed);
            for (int i = 0; i < 8; i++) {
                covered += Math.abs(answer.values()[i] - truth[i]) <= 2 * answer.errors()[i] ? 1 : 0;
            }
        }
        assertThat(covered / (8.0 * RUNS)).isBetween(0.92, 0.985);
    }

    @Test
    @DisplayName("The mean over many seeds approaches the Shapley value")
    void consistent() {
        Game game = Game.smooth(8, 7);
        double[] truth = game.shapleyByOrders();
        Moments moments = new Moments(8);
        for (int seed = 0; seed < RUNS; seed++) {
            moments.add(game.explain(new KernelShap().samples(120).estimator(Estimator.REGRESSION), seed)
                    .values());
        }
        for (int i = 0; i < 8; i++) {
            assertThat(moments.mean()[i]).isCloseTo(truth[i], within(5 * moments.standardError()[i] + 1e-3));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 300})
    @DisplayName("The adjusted mean is unbiased, complete, and its intervals hold")
    void adjustedMean(int samples) {
        Game game = Game.pairs(9, 7).saturated();
        double[] truth = game.shapleyByCoalitions();
        Moments moments = new Moments(9);
        int covered = 0;
        int runs = 2 * RUNS;
        for (int seed = 0; seed < runs; seed++) {
            Game.Answer answer = game.explain(new KernelShap().samples(samples), seed);
            moments.add(answer.values());
            assertThat(answer.gap()).isCloseTo(0, within(1e-12));
            for (int i = 0; i < 9; i++) {
                covered += Math.abs(answer.values()[i] - truth[i]) <= 1.96 * answer.errors()[i] ? 1 : 0;
            }
        }
        for (int i = 0; i < 9; i++) {
            assertThat(moments.mean()[i]).isCloseTo(truth[i], within(4 * moments.standardError()[i]));
        }
        assertThat(covered / (9.0 * runs)).isGreaterThan(0.93);
    }

    @ParameterizedTest
    @CsvSource({"20, false", "40, true", "81, true", "120, true"})
    @DisplayName(
            "With few pairs the model itself errs less than the regression, on a rough score too, and intervals hold")
    void fewPairs(int samples, boolean hasErrors) {
        Game game = Game.pairs(9, 11).saturated();
        double[] truth = game.shapleyByCoalitions();
        KernelShap method = new KernelShap().samples(samples);
        double adjusted = 0;
        double regression = 0;
        int covered = 0;
        for (int seed = 0; seed < RUNS; seed++) {
            Game.Answer answer = game.explain(method, seed);
            adjusted += squaredError(game, method, seed);
            regression += squaredError(game, method.estimator(Estimator.REGRESSION), seed);
            assertThat(answer.gap()).isCloseTo(0, within(1e-12));
            assertThat(answer.errors()).hasSize(hasErrors ? 9 : 0);
            for (int i = 0; i < answer.errors().length; i++) {
                covered += Math.abs(answer.values()[i] - truth[i]) <= 1.96 * answer.errors()[i] ? 1 : 0;
            }
        }
        assertThat(adjusted).isLessThan(0.95 * regression);
        assertThat(covered / (9.0 * RUNS)).isGreaterThan(hasErrors ? 0.93 : -1);
    }

    @Test
    @DisplayName("Captum's sampling has its own regression, whatever the estimator")
    void captumEstimator() {
        Game game = Game.smooth(6, 2);
        assertThat(game.explain(captum(30).estimator(Estimator.REGRESSION), 1).values())
                .containsExactly(game.explain(captum(30), 1).values());
    }

    @Test
    @DisplayName("Captum's sampling answers one and two groups, and its gap says how far it is from complete")
    void captumEdges() {
        Game one = Game.random(1, 8);
        assertThat(one.explain(captum(25), 0).values()).containsExactly(one.scores()[1] - one.scores()[0]);
        Game two = Game.random(2, 8);
        Game.Answer answer = two.explain(captum(500), 0);
        assertThat(answer.values()).containsExactly(two.shapleyByOrders(), within(0.2));
        assertThat(answer.rows()).isEqualTo(4);
        assertThat(Math.abs(Game.random(5, 8).explain(captum(100), 0).gap())).isBetween(1e-9, 1e-3);
        assertThat(Game.random(3, 8).explain(captum(2), 0).values()).hasSize(3);
    }

    @Test
    @DisplayName("More groups than bits of a long: an additive score is attributed exactly")
    void manyGroups() {
        int features = 200;
        double[] x = new double[features];
        RandomStream random = RandomStream.of(1);
        Arrays.setAll(x, i -> random.nextGaussian());
        Model sum = Model.of(rows -> Arrays.stream(rows)
                .map(row -> new double[] {Arrays.stream(row).sum()})
                .toArray(double[][]::new));
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = new KernelShap()
                        .samples(1000)
                        .attribute(sum, Inputs.of(Tensors.ofJava().of(x, 1, features)))) {
            assertThat(explanation.attribution().toDoubleArray()).containsExactly(x, within(1e-9));
        }
    }

    @Test
    @DisplayName("Too few samples, too many groups are refused, with what to do")
    void refusals() {
        assertRefused(new KernelShap().samples(1), 1, "samples 1: must be at least 2, the input and the baseline");
        assertRefused(
                new KernelShap().samples(25),
                16,
                "kernel-shap: samples 25 do not determine the attributions of 16 groups; give at least 32 samples, "
                        + "better 160, or a mask with fewer groups");
        assertRefused(
                new KernelShap().samples(10_000),
                2049,
                "kernel-shap: the mask makes 2049 groups, and the regression has a matrix of 2049 x 2049; give a mask "
                        + "with at most 2048 groups, or use shapley-sampling");
        assertThat(new KernelShap().settings())
                .hasToString("{samples=512, sampling=leverage, estimator=adjusted, budget=samples,"
                        + " baseline=0.0, link=identity, mask=per-element}");
    }

    private static void assertRefused(KernelShap method, int features, String message) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor input = Tensors.ofJava().of(new float[features], 1, features);
            assertThatThrownBy(() -> method.attribute(Game.random(2, 0).model(), Inputs.of(input)))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessage(message);
        }
    }

    @Test
    @DisplayName("A sample too small for standard errors gives none, and says so")
    void tooFewForErrors() {
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = new KernelShap()
                        .samples(16)
                        .attribute(
                                Game.random(8, 9).model(),
                                Inputs.of(
                                        Tensors.ofJava().of(new float[8], 1, 8).add(1)))) {
            assertThat(explanation.standardErrors()).isEmpty();
            assertThat(explanation.notices())
                    .containsExactly("no standard errors: 16 samples are too few to tell for 8 groups; give more "
                            + "samples, or fewer groups");
        }
    }
}
