// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.internal.numeric.Moments;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.shapley.ShapleyInteractions.Convention;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShapleyInteractionsTest {
    private static final int RUNS = 200;

    /** Returns the matrix by what each set of groups adds beyond its parts: Σ m(T) / (|T| − 1) over T with the pair. */
    static double[] byParts(double[] scores, int players, Convention convention) {
        double[] parts = scores.clone();
        for (int player = 0; player < players; player++) {
            for (int set = 0; set < parts.length; set++) {
                if ((set >> player & 1) != 0) {
                    parts[set] -= parts[set ^ 1 << player];
                }
            }
        }
        double[] matrix = new double[players * players];
        for (int i = 0; i < players; i++) {
            for (int j = 0; j < players; j++) {
                int pair = 1 << i | 1 << j;
                for (int set = 0; set < parts.length; set++) {
                    if ((set & pair) == pair) {
                        int size = Integer.bitCount(set);
                        matrix[i * players + j] += parts[set] / (i == j ? size : size - 1);
                    }
                }
            }
        }
        if (convention == Convention.SHAP) {
            for (int i = 0; i < players; i++) {
                for (int j = 0; j < players; j++) {
                    if (i != j) {
                        matrix[i * players + j] /= 2;
                        matrix[i * players + i] -= matrix[i * players + j];
                    }
                }
            }
        }
        return matrix;
    }

    @Test
    @DisplayName("Values are those of the definition under both conventions, with and without a background")
    void exact() {
        for (int seed = 0; seed < 50; seed++) {
            int players = 4 + seed % 7;
            RandomStream random = RandomStream.of(seed, 78);
            Game game = Game.random(players, seed);
            double[] rows = new double[3 * players];
            int[] there = new int[3];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = random.nextInt(4) == 0 ? 1 : 0;
                there[i / players] |= rows[i] == 1 ? 1 << i % players : 0;
            }
            double[] means = new double[1 << players];
            for (int coalition = 0; coalition < means.length; coalition++) {
                for (int row : there) {
                    means[coalition] += game.scores()[coalition | row] / 3;
                }
            }
            for (Convention convention : Convention.values()) {
                ShapleyInteractions method = new ShapleyInteractions().convention(convention);
                Game.Answer answer = game.explain(method, seed);
                assertThat(answer.values()).containsExactly(byParts(game.scores(), players, convention), within(1e-10));
                assertThat(answer.errors()).containsOnly(0);
                try (TensorScope scope = TensorScope.open()) {
                    Baseline background = Baseline.samples(Tensors.ofJava().of(rows, 3, players));
                    assertThat(game.explain(method.baseline(background), seed).values())
                            .containsExactly(byParts(means, players, convention), within(1e-10));
                }
            }
        }
    }

    @Test
    @DisplayName("Lines add up to Shapley values, and the matrix to the difference of scores")
    void addsUp() {
        Game game = Game.random(7, 5);
        Game.Answer answer = game.explain(new ShapleyInteractions(), 0);
        double[] shapley = game.shapleyByOrders();
        for (int i = 0; i < 7; i++) {
            assertThat(Arrays.stream(answer.values(), 7 * i, 7 * i + 7).sum()).isCloseTo(shapley[i], within(1e-10));
        }
        assertThat(answer.gap()).isCloseTo(0, within(1e-10));
        assertThat(answer.rows()).isEqualTo(128);
        assertThat(game.explain(new ShapleyInteractions().convention(Convention.GRABISCH_ROUBENS), 0)
                        .gap())
                .isNaN();
        Game one = Game.random(1, 3);
        assertThat(one.explain(new ShapleyInteractions(), 0).values())
                .containsExactly(one.scores()[1] - one.scores()[0]);
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 14})
    @DisplayName("The mean over many seeds is the interaction, and intervals of two standard errors hold it")
    void sampled(int players) {
        Convention convention = players == 13 ? Convention.SHAP : Convention.GRABISCH_ROUBENS;
        Game game = Game.smooth(players, 1);
        double[] truth = byParts(game.scores(), players, convention);
        Moments moments = new Moments(truth.length);
        int covered = 0;
        ShapleyInteractions method =
                new ShapleyInteractions().convention(convention).samples(20);
        for (int seed = 0; seed < RUNS; seed++) {
            Game.Answer answer = game.explain(method, seed);
            moments.add(answer.values());
            for (int i = 0; i < truth.length; i++) {
                assertThat(answer.errors()[i]).isPositive();
                // Student's t for 19 degrees of freedom
                covered += Math.abs(answer.values()[i] - truth[i]) <= 2.093 * answer.errors()[i] ? 1 : 0;
            }
        }
        for (int i = 0; i < truth.length; i++) {
            assertThat(moments.mean()[i]).isCloseTo(truth[i], within(4 * moments.standardError()[i]));
        }
        assertThat(covered / ((double) truth.length * RUNS)).isBetween(0.93, 0.97);
    }

    @Test
    @DisplayName("Every round is complete, and each pair of a game of pairs is exact after one round")
    void oneRound() {
        Game game = Game.pairs(12, 3);
        double[] truth = byParts(game.scores(), 12, Convention.SHAP);
        Game.Answer answer = game.explain(new ShapleyInteractions().samples(1), 0);
        assertThat(answer.gap()).isCloseTo(0, within(1e-10));
        assertThat(answer.errors()).isEmpty();
        assertThat(answer.rows()).isLessThanOrEqualTo(12 * 11 + 2);
        assertThat(answer.values()).containsExactly(truth, within(1e-10));
    }

    @Test
    @DisplayName("A budget of evaluations is kept, and one that is too small refused")
    void budget() {
        Game game = Game.smooth(13, 2);
        assertThat(game.explain(new ShapleyInteractions().budget(Budget.ofEvaluations(1000)), 0)
                        .rows())
                .isBetween(600L, 1000L);
        assertThatThrownBy(() -> game.explain(new ShapleyInteractions().budget(Budget.ofEvaluations(183)), 0))
                .hasMessageEndingWith(": 13 groups need at least 184 evaluations, a round, the input and the baseline;"
                        + " give that many");
        assertThat(Game.random(4, 1)
                        .explain(new ShapleyInteractions().budget(Budget.ofEvaluations(16)), 0)
                        .rows())
                .isEqualTo(16);
    }

    @Test
    @DisplayName("Pairs are features with the names of both, once each, in explanations and their JSON")
    void features() {
        Model model = Model.of(rows -> Arrays.stream(rows)
                .map(row -> new double[] {3 * row[0] + 2 * row[0] * row[1] + row[2]})
                .toArray(double[][]::new));
        try (TensorScope scope = TensorScope.open()) {
            Tensor rows = Tensors.ofJava().of(new double[] {1, 1, 1, 2, 3, 0}, 2, 3);
            Inputs inputs = Inputs.of(rows).named("age", "income", "size");
            for (Convention convention : Convention.values()) {
                ShapleyInteractions method = new ShapleyInteractions().convention(convention);
                try (Explanation why = method.attribute(model, inputs);
                        Explanation read = Explanation.fromJson(why.toJson())) {
                    for (Explanation one : List.of(why, read)) {
                        assertThat(one.names()).containsExactly("interactions");
                        assertThat(one.attribution().shape()).isEqualTo(Shape.of(2, 3, 3));
                        assertThat(one.featureNames(0).along(2, 0)).containsExactly("age", "income", "size");
                        assertThat(one.asMap(1).keySet())
                                .containsExactly(
                                        "age", "age × income", "age × size", "income", "income × size", "size");
                        boolean shap = convention == Convention.SHAP;
                        assertThat(one.features(1).contributions())
                                .containsExactly(
                                        new double[] {shap ? 6 : 12, 12, 0, shap ? 0 : 6, 0, 0}, within(1e-12));
                        assertThat(one.features(1).top(1).get(0).contribution()).isEqualTo(12);
                    }
                }
            }
        }
    }

    @Test
    @DisplayName("Names of groups that are alike are told apart")
    void sameNames() {
        Model model = Model.of(rows -> Arrays.stream(rows)
                .map(row -> new double[] {row[0] + row[1] + row[2]})
                .toArray(double[][]::new));
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(Tensors.ofJava().of(new double[] {2, 3, 5}, 1, 3));
            FeatureMask mask = FeatureMask.perElement().named("a", "a", "a (2)");
            try (Explanation why = new ShapleyInteractions().mask(mask).attribute(model, inputs)) {
                assertThat(why.featureNames(0).along(1, 0)).containsExactly("a", "a (2)", "a (2) (2)");
                assertThat(why.asMap(0)).hasSize(6);
            }
        }
    }

    @Test
    @DisplayName("Examples with other numbers of groups share the largest matrix")
    void otherGroups() {
        Model model = Model.of(rows -> Arrays.stream(rows)
                .map(row -> new double[] {row[0] * row[1] + row[2]})
                .toArray(double[][]::new));
        try (TensorScope scope = TensorScope.open()) {
            Tensor rows = Tensors.ofJava().of(new double[] {2, 3, 5, 2, 3, 5}, 2, 3);
            FeatureMask mask = FeatureMask.of(Tensors.ofJava().of(new long[] {0, 0, 1, 0, 1, 2}, 2, 3));
            Inputs inputs = Inputs.of(rows).named("a", "b", "c");
            try (Explanation why = new ShapleyInteractions().mask(mask).attribute(model, inputs)) {
                assertThat(why.attribution().toDoubleArray())
                        .containsExactly(
                                new double[] {6, 0, 0, 0, 5, 0, 0, 0, 0, 0, 3, 0, 3, 0, 0, 0, 0, 5}, within(1e-12));
                assertThat(why.asMap(0).keySet()).containsExactly("group 0", "group 0 × c", "c", "no pair");
                assertThat(why.asMap(1).keySet()).contains("a × b");
                assertThat(why.completenessGap()).containsExactly(new double[2], within(1e-12));
            }
        }
        assertThatThrownBy(() -> Game.random(1, 1).explain(new ShapleyInteractions().samples(0), 0))
                .hasMessage("samples 0: must be at least 1");
    }
}
