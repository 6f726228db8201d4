// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;

/**
 * A cooperative game: a score for each coalition of players. As a model it takes rows of ones and zeros; explained at
 * ones against zeros, the attributions are the players' values.
 */
@SuppressWarnings("ArrayRecordComponent")
record Game(int players, double[] scores) {
    /** Returns a game whose scores have nothing to do with each other. */
    static Game random(int players, long seed) {
        RandomStream random = RandomStream.of(seed, players);
        double[] scores = new double[1 << players];
        Arrays.setAll(scores, i -> random.nextGaussian());
        return new Game(players, scores);
    }

    /** Returns a game of single players and pairs, with a little of everything else, as models often are. */
    static Game smooth(int players, long seed) {
        RandomStream random = RandomStream.of(seed, players, 1);
        double[] single = new double[players];
        double[][] pair = new double[players][players];
        for (int i = 0; i < players; i++) {
            single[i] = random.nextGaussian();
            for (int j = 0; j < i; j++) {
                pair[i][j] = random.nextGaussian() / players;
            }
        }
        double[] scores = new double[1 << players];
        for (int s = 0; s < scores.length; s++) {
            double sum = 0;
            for (int i = 0; i < players; i++) {
                if ((s >> i & 1) != 0) {
                    sum += single[i];
                    for (int j = 0; j < i; j++) {
                        sum += (s >> j & 1) != 0 ? pair[i][j] : 0;
                    }
                }
            }
            scores[s] = sum + Math.sin(sum) / 2;
        }
        return new Game(players, scores);
    }

    /** Returns a game of single players and pairs alone. */
    static Game pairs(int players, long seed) {
        RandomStream random = RandomStream.of(seed, players, 2);
        double[] effects = new double[1 << players];
        for (int s = 0; s < effects.length; s++) {
            effects[s] = Integer.bitCount(s) <= 2 ? random.nextGaussian() : 0;
        }
        double[] scores = new double[1 << players];
        for (int s = 0; s < scores.length; s++) {
            for (int part = 0; part < effects.length; part++) {
                scores[s] += (part & s) == part ? effects[part] : 0;
            }
        }
        return new Game(players, scores);
    }

    /** Returns a game whose score saturates, as a probability does. */
    Game saturated() {
        double[] saturated =
                Arrays.stream(scores).map(score -> 1 / (1 + Math.exp(-score))).toArray();
        return new Game(players, saturated);
    }

    Game plus(Game other) {
        double[] sum = new double[scores.length];
        Arrays.setAll(sum, i -> scores[i] + other.scores[i]);
        return new Game(players, sum);
    }

    Model model() {
        return Model.of(
                "game",
                "1",
                rows -> Arrays.stream(rows)
                        .map(row -> new double[] {scores[coalition(row)]})
                        .toArray(double[][]::new));
    }

    private static int coalition(double[] row) {
        int coalition = 0;
        for (int i = 0; i < row.length; i++) {
            coalition |= row[i] == 1 ? 1 << i : 0;
        }
        return coalition;
    }

    /** What a method says of the game. */
    record Answer(double[] values, double[] errors, double gap, long rows) {}

    Answer explain(Attribution<? super Model> method, long seed) {
        try (TensorScope scope = TensorScope.open()) {
            double[] ones = new double[players];
            Arrays.fill(ones, 1);
            Tensor input = Tensors.ofJava().of(ones, 1, players);
            try (Explanation explanation = method.attribute(
                    model(), Inputs.of(input), Target.output(), Run.defaults().seed(seed))) {
                return new Answer(
                        explanation.attribution().toDoubleArray(),
                        explanation.standardErrors().isEmpty()
                                ? new double[0]
                                : explanation.standardError().toDoubleArray(),
                        explanation.hasCompletenessGap() ? explanation.completenessGap()[0] : Double.NaN,
                        explanation.counts().forwardRows());
            }
        }
    }

    /** Returns the Shapley values, by walking every order of the players. */
    double[] shapleyByOrders() {
        double[] sums = new double[players];
        int[] order = new int[players];
        Arrays.setAll(order, i -> i);
        int orders = 0;
        do {
            int coalition = 0;
            for (int player : order) {
                int with = coalition | 1 << player;
                sums[player] += scores[with] - scores[coalition];
                coalition = with;
            }
            orders++;
        } while (next(order));
        int total = orders;
        return Arrays.stream(sums).map(sum -> sum / total).toArray();
    }

    /** Returns the Shapley values, coalition by coalition: for more players than orders can be walked. */
    double[] shapleyByCoalitions() {
        double[] weights = new double[players];
        double choices = 1;
        for (int size = 0; size < players; size++) {
            weights[size] = 1 / (players * choices);
            choices = choices * (players - 1 - size) / (size + 1);
        }
        double[] values = new double[players];
        for (int s = 0; s < scores.length; s++) {
            for (int i = 0; i < players; i++) {
                boolean in = (s >> i & 1) != 0;
                values[i] += (in ? 1 : -1) * weights[Integer.bitCount(s) - (in ? 1 : 0)] * scores[s];
            }
        }
        return values;
    }

    private static boolean next(int[] order) {
        int i = order.length - 2;
        while (i >= 0 && order[i] > order[i + 1]) {
            i--;
        }
        if (i < 0) {
            return false;
        }
        int j = order.length - 1;
        while (order[j] < order[i]) {
            j--;
        }
        swap(order, i, j);
        for (int a = i + 1, b = order.length - 1; a < b; a++, b--) {
            swap(order, a, b);
        }
        return true;
    }

    private static void swap(int[] order, int i, int j) {
        int swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
}
