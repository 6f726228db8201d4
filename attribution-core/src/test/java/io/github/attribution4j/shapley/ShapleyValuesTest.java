// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShapleyValuesTest {
    private static final double EXACT = 1e-12;
    private final ShapleyValues method = new ShapleyValues();

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8})
    @DisplayName("Values are the mean gains over all orders")
    void equalsTheMeanOverOrders(int players) {
        for (int seed = 0; seed < 5; seed++) {
            Game game = Game.random(players, seed);
            assertThat(game.explain(method, 0).values()).containsExactly(game.shapleyByOrders(), within(EXACT));
        }
    }

    @Test
    @DisplayName("Each coalition is evaluated once")
    void evaluatesEachCoalitionOnce() {
        Set<String> seen = new HashSet<>();
        List<String> again = new ArrayList<>();
        Model model = Model.of(rows -> {
            for (double[] row : rows) {
                if (!seen.add(Arrays.toString(row))) {
                    again.add(Arrays.toString(row));
                }
            }
            return Arrays.stream(rows)
                    .map(row -> new double[] {Arrays.stream(row).sum()})
                    .toArray(double[][]::new);
        });
        try (TensorScope scope = TensorScope.open();
                Explanation explanation =
                        method.attribute(model, Inputs.of(Tensors.ofJava().of(new double[] {1, 2, 3, 4, 5}, 1, 5)))) {
            assertThat(explanation.counts().forwardRows()).isEqualTo(32);
            assertThat(seen).hasSize(32);
            assertThat(again)
                    .as("the row compared with itself alone")
                    .hasSize((int) explanation.counts().checkRows())
                    .hasSize(1);
        }
    }

    @Test
    @DisplayName("Values add up to the score's difference from the baseline's")
    void complete() {
        for (int seed = 0; seed < 5; seed++) {
            Game game = Game.random(7, seed);
            Game.Answer answer = game.explain(method, 0);
            double difference = game.scores()[127] - game.scores()[0];
            assertThat(Arrays.stream(answer.values()).sum()).isCloseTo(difference, within(EXACT));
            assertThat(answer.gap()).isCloseTo(0, within(EXACT));
        }
    }

    @Test
    @DisplayName("Players that do the same get the same, and one that does nothing gets nothing")
    void symmetricAndDummy() {
        Game random = Game.random(4, 9);
        double[] scores = new double[64];
        for (int s = 0; s < 64; s++) {
            int both = (s & 1) + (s >> 1 & 1);
            scores[s] = random.scores()[both | (s >> 2 & 3) << 2];
        }
        double[] values = new Game(6, scores).explain(method, 0).values();
        assertThat(values[0]).isCloseTo(values[1], within(EXACT));
        assertThat(values[4]).isCloseTo(0, within(EXACT));
        assertThat(values[5]).isCloseTo(0, within(EXACT));
    }

    @Test
    @DisplayName("Values of a sum of games are sums of values")
    void additive() {
        Game a = Game.random(6, 1);
        Game b = Game.random(6, 2);
        double[] ofA = a.explain(method, 0).values();
        double[] ofB = b.explain(method, 0).values();
        double[] ofSum = a.plus(b).explain(method, 0).values();
        for (int i = 0; i < 6; i++) {
            assertThat(ofSum[i]).isCloseTo(ofA[i] + ofB[i], within(EXACT));
        }
    }

    @Test
    @DisplayName("More than 24 groups are refused")
    void refusesManyGroups() {
        Game game = Game.random(2, 0);
        try (TensorScope scope = TensorScope.open()) {
            Tensor input = Tensors.ofJava().full(Shape.of(1, 25), DataType.FLOAT32, 1);
            assertThatThrownBy(() -> method.attribute(game.model(), Inputs.of(input)))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessage("shapley-values: the mask makes 25 groups, and exact values need 2^25 rows for each "
                            + "example; give a mask with at most 24 groups, or use shapley-sampling or kernel-shap");
        }
    }

    @Test
    @DisplayName("Settings say baseline and mask")
    void settings() {
        ShapleyValues built =
                new ShapleyValues().baseline(Baseline.constant(0.5)).mask(FeatureMask.grid(2, 3));
        assertThat(built.settings()).hasToString("{baseline=0.5, link=identity, mask=grid(2, 3)}");
        assertThat(method.settings()).hasToString("{baseline=0.0, link=identity, mask=per-element}");
    }

    @Test
    @DisplayName("A baseline that is a distribution is refused")
    void refusesDistributions() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor input = Tensors.ofJava().full(Shape.of(1, 2), DataType.FLOAT32, 1);
            ShapleyValues drawn = new ShapleyValues().baseline(Baseline.normal(0, 1));
            assertThatThrownBy(() -> drawn.attribute(Game.random(2, 0).model(), Inputs.of(input)))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessage(
                            "baseline normal(0.0, 1.0) is a distribution without a list of samples, and shapley-values"
                                    + " takes the mean over all of them; give Baseline.samples(...), or one reference"
                                    + " with Baseline.of(...)");
        }
    }
}
