// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.internal.numeric.Moments;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShapleySamplingTest {
    private static final int RUNS = 500;

    private static ShapleySampling method(int samples, boolean antithetic) {
        return new ShapleySampling().samples(samples).antithetic(antithetic);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("The mean over many seeds is the Shapley value")
    void unbiased(boolean antithetic) {
        Game game = Game.smooth(8, 1);
        Moments moments = new Moments(8);
        for (int seed = 0; seed < RUNS; seed++) {
            moments.add(game.explain(method(6, antithetic), seed).values());
        }
        double[] truth = game.shapleyByOrders();
        for (int i = 0; i < 8; i++) {
            assertThat(moments.mean()[i]).isCloseTo(truth[i], within(4 * moments.standardError()[i]));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("About 95 % of intervals of 2 standard errors hold the Shapley value")
    void standardErrorsCover(boolean antithetic) {
        Game game = Game.smooth(8, 2);
        double[] truth = game.shapleyByOrders();
        int covered = 0;
        for (int seed = 0; seed < RUNS; seed++) {
            Game.Answer answer = game.explain(method(200, antithetic), seed);
            for (int i = 0; i < 8; i++) {
                covered += Math.abs(answer.values()[i] - truth[i]) <= 2 * answer.errors()[i] ? 1 : 0;
            }
        }
        assertThat(covered / (8.0 * RUNS)).isBetween(0.93, 0.97);
    }

    @Test
    @DisplayName("Antithetic walks err less than as many plain ones where a score saturates")
    void antitheticWalksErrLess() {
        for (int seed = 0; seed < 4; seed++) {
            Game game = Game.pairs(8, seed).saturated();
            assertThat(meanSquaredError(game, method(20, true)))
                    .isLessThan(0.9 * meanSquaredError(game, method(20, false)));
        }
    }

    @Test
    @DisplayName("One pair of antithetic walks is exact for a score of single groups and pairs of groups")
    void antitheticWalksAreExactForPairs() {
        Game game = Game.pairs(7, 3);
        for (int seed = 0; seed < 10; seed++) {
            assertThat(game.explain(method(2, true), seed).values())
                    .containsExactly(game.shapleyByOrders(), within(1e-12));
        }
    }

    private static double meanSquaredError(Game game, ShapleySampling method) {
        double[] truth = game.shapleyByOrders();
        double sum = 0;
        for (int seed = 0; seed < RUNS; seed++) {
            double[] values = game.explain(method, seed).values();
            for (int i = 0; i < truth.length; i++) {
                sum += (values[i] - truth[i]) * (values[i] - truth[i]);
            }
        }
        return sum / RUNS;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 20})
    @DisplayName("However few the walks, values are complete")
    void complete(int samples) {
        Game game = Game.random(9, 4);
        Game.Answer answer = game.explain(method(samples, false), 0);
        double difference = game.scores()[511] - game.scores()[0];
        assertThat(Arrays.stream(answer.values()).sum()).isCloseTo(difference, within(1e-12));
        assertThat(answer.gap()).isCloseTo(0, within(1e-12));
    }

    @Test
    @DisplayName("One group gets the whole difference, two are exact after one pair of walks")
    void oneAndTwoGroups() {
        Game one = Game.random(1, 5);
        Game.Answer single = one.explain(new ShapleySampling().samples(2), 0);
        assertThat(single.values()).containsExactly(one.scores()[1] - one.scores()[0]);
        assertThat(single.errors()).containsExactly(0);
        assertThat(single.rows()).isEqualTo(2);
        Game two = Game.random(2, 5);
        assertThat(two.explain(new ShapleySampling().samples(2), 0).values())
                .containsExactly(two.shapleyByOrders(), within(1e-12));
        Game.Answer more = two.explain(new ShapleySampling().samples(4), 0);
        assertThat(more.errors()).containsExactly(new double[] {0, 0}, within(1e-12));
    }

    @Test
    @DisplayName("Coalitions that walks meet again are not evaluated again")
    void evaluatesEachCoalitionOnce() {
        assertThat(Game.random(4, 6)
                        .explain(new ShapleySampling().samples(400), 0)
                        .rows())
                .isEqualTo(16);
    }

    @Test
    @DisplayName("A single pair of walks has no standard errors, and the explanation says so")
    void tooFewForErrors() {
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = new ShapleySampling()
                        .samples(2)
                        .attribute(
                                Game.random(4, 7).model(),
                                Inputs.of(Tensors.ofJava().of(new float[] {1, 1, 1, 1}, 1, 4)))) {
            assertThat(explanation.standardErrors()).isEmpty();
            assertThat(explanation.notices())
                    .containsExactly("no standard errors: they need at least 2 pairs of walks, samples 4");
        }
    }

    @Test
    @DisplayName("More groups than bits of a long: an additive score is attributed exactly")
    void manyGroups() {
        int features = 100;
        double[] x = new double[features];
        RandomStream random = RandomStream.of(1);
        Arrays.setAll(x, i -> random.nextGaussian());
        Model sum = Model.of(rows -> Arrays.stream(rows)
                .map(row -> new double[] {Arrays.stream(row).sum()})
                .toArray(double[][]::new));
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = new ShapleySampling()
                        .samples(4)
                        .attribute(sum, Inputs.of(Tensors.ofJava().of(x, 1, features)))) {
            assertThat(explanation.attribution().toDoubleArray()).containsExactly(x, within(1e-12));
            assertThat(explanation.counts().forwardRows()).isEqualTo(4 * 99 + 2);
        }
    }

    @Test
    @DisplayName("The seed decides the walks")
    void seeds() {
        Game game = Game.random(8, 8);
        ShapleySampling method = new ShapleySampling().samples(4);
        assertThat(game.explain(method, 3).values())
                .containsExactly(game.explain(method, 3).values());
        assertThat(game.explain(method, 3).values())
                .isNotEqualTo(game.explain(method, 4).values());
    }

    @Test
    @DisplayName("Examples draw walks of their own")
    void examplesDiffer() {
        Game game = Game.random(6, 8);
        double[] ones = new double[12];
        Arrays.fill(ones, 1);
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = new ShapleySampling()
                        .samples(4)
                        .attribute(
                                game.model(),
                                Inputs.of(Tensors.ofJava().of(ones, 2, 6)),
                                Target.output(),
                                Run.defaults())) {
            double[] values = explanation.attribution().toDoubleArray();
            assertThat(Arrays.copyOf(values, 6)).isNotEqualTo(Arrays.copyOfRange(values, 6, 12));
        }
    }

    @Test
    @DisplayName("Settings out of range are refused")
    void refusals() {
        Model model = Model.ofTensor("sum", "1", x -> x.sum(1));
        Inputs inputs = Inputs.of(Tensors.ofJava().of(new double[] {1, 2}, 1, 2));
        assertThatThrownBy(() -> new ShapleySampling().samples(0).attribute(model, inputs))
                .hasMessage("samples 0: must be at least 1");
        assertThatThrownBy(() -> new ShapleySampling().samples(25).attribute(model, inputs))
                .hasMessage("samples 25: antithetic walks come in pairs; give an even number, or antithetic(false)");
        assertThat(new ShapleySampling().settings())
                .hasToString(
                        "{samples=50, antithetic=true, stratified=false, budget=samples, baseline=0.0, link=identity,"
                                + " mask=per-element}");
    }
}
