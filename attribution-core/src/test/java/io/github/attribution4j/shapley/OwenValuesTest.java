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
import io.github.attribution4j.mask.Hierarchy;
import io.github.attribution4j.mask.Hierarchy.Tree;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OwenValuesTest {
    private static final int RUNS = 200;

    /** A tree that has many orders, so that sampling is cheaper than exact values. */
    private static final Tree WIDE =
            Tree.of(List.of(Tree.of(IntStream.range(0, 9).mapToObj(Tree::of).toList()), Tree.of(9), Tree.of(10)));

    private static OwenValues method(Tree tree) {
        return new OwenValues().hierarchy(Hierarchy.parse(tree.isGroup() ? "(" + tree + ")" : tree.toString()));
    }

    private static Tree random(List<Integer> groups, RandomStream random) {
        if (groups.size() == 1) {
            return Tree.of(groups.get(0));
        }
        int parts = 2 + random.nextInt(Math.min(3, groups.size() - 1));
        List<List<Integer>> split = new ArrayList<>();
        for (int part = 0; part < parts; part++) {
            split.add(new ArrayList<>(List.of(groups.get(part))));
        }
        groups.subList(parts, groups.size())
                .forEach(group -> split.get(random.nextInt(parts)).add(group));
        return Tree.of(split.stream().map(part -> random(part, random)).toList());
    }

    /** Returns every order of the groups in which no tree is interrupted. */
    private static List<List<Integer>> orders(Tree tree) {
        if (tree.isGroup()) {
            return List.of(List.of(tree.group()));
        }
        List<List<Integer>> orders = new ArrayList<>();
        for (Tree first : tree.children()) {
            List<Tree> others = new ArrayList<>(tree.children());
            others.remove(first);
            for (List<Integer> head : orders(first)) {
                for (List<Integer> tail : orders(Tree.of(others))) {
                    List<Integer> order = new ArrayList<>(head);
                    order.addAll(tail);
                    orders.add(order);
                }
            }
        }
        return orders;
    }

    private static double[] byOrders(Tree tree, double[] scores) {
        List<List<Integer>> orders = orders(tree);
        double[] values = new double[tree.size()];
        for (List<Integer> order : orders) {
            int coalition = 0;
            for (int group : order) {
                int with = coalition | 1 << group;
                values[group] += (scores[with] - scores[coalition]) / orders.size();
                coalition = with;
            }
        }
        return values;
    }

    @Test
    @DisplayName("Values are those over all orders that keep trees together, with and without a background")
    void exact() {
        for (int seed = 0; seed < 50; seed++) {
            int players = 4 + seed % 7;
            RandomStream random = RandomStream.of(seed, 77);
            Tree tree = random(IntStream.range(0, players).boxed().toList(), random);
            Game game = Game.random(players, seed);
            OwenValues method = method(tree).samples(1000);
            Game.Answer answer = game.explain(method, seed);
            assertThat(answer.values()).containsExactly(byOrders(tree, game.scores()), within(1e-10));
            assertThat(answer.errors()).containsOnly(0);
            assertThat(answer.gap()).isCloseTo(0, within(1e-10));
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
            try (TensorScope scope = TensorScope.open()) {
                Baseline background = Baseline.samples(Tensors.ofJava().of(rows, 3, players));
                assertThat(game.explain(method.baseline(background), seed).values())
                        .containsExactly(byOrders(tree, means), within(1e-10));
            }
        }
    }

    @Test
    @DisplayName("Without a tree they are Shapley values, and a tree's groups add up to its value as one group")
    void special() {
        Game game = Game.random(6, 3);
        assertThat(game.explain(new OwenValues().hierarchy(Hierarchy.flat()), 1).values())
                .containsExactly(game.shapleyByOrders(), within(1e-12));
        double[] nested = game.explain(new OwenValues().hierarchy(Hierarchy.of(FeatureMask.ranges(1, 2, 3, 1))), 1)
                .values();
        double[] whole = game.explain(new ShapleyValues().mask(FeatureMask.ranges(1, 2, 3, 1)), 1)
                .values();
        assertThat(nested[0] + nested[1]).isCloseTo(whole[0], within(1e-12));
        assertThat(nested[2] + nested[3] + nested[4]).isCloseTo(whole[2], within(1e-12));
        assertThat(nested[5]).isCloseTo(whole[5], within(1e-12));
        assertThat(Game.random(1, 2).explain(new OwenValues(), 1).errors()).containsExactly(0);
    }

    @Test
    @DisplayName("A tree of halves costs about M² evaluations")
    void cost() {
        Game game = Game.random(16, 5);
        Game.Answer answer = game.explain(new OwenValues(), 1);
        assertThat(answer.rows()).isBetween(100L, 2L * 16 * 16);
        Tree halves = Tree.of(halves(0, 16));
        assertThat(EveryContext.within(halves, 10_000)).isPresent();
        assertThat(EveryContext.within(halves, answer.rows() - 2)).isPresent();
        assertThat(EveryContext.within(halves, answer.rows() - 3)).isEmpty();
        assertThat(EveryContext.within(Tree.of(halves(0, 64)), 20_000)
                        .orElseThrow()
                        .count())
                .isLessThan(2 * 64 * 64);
    }

    private static List<Tree> halves(int from, int to) {
        if (to - from == 1) {
            return List.of(Tree.of(from));
        }
        int middle = (from + to) / 2;
        return List.of(Tree.of(halves(from, middle)), Tree.of(halves(middle, to)));
    }

    @Test
    @DisplayName("Orders of a tree that is as deep as it has groups keep its trees together")
    void deep() {
        int groups = 5000;
        Tree tree = Tree.of(0);
        for (int group = 1; group < groups; group++) {
            tree = Tree.of(List.of(tree, Tree.of(group)));
        }
        int[] order = TreeOrder.draw(tree, RandomStream.of(7, 7));
        int low = order.length;
        int high = -1;
        for (int group = 0; group < groups; group++) {
            int at = place(order, group);
            assertThat(group == 0 || at == low - 1 || at == high + 1).isTrue();
            low = Math.min(low, at);
            high = Math.max(high, at);
        }
        assertThat(low).isZero();
        assertThat(order[0]).isNotZero();
    }

    private static int place(int[] order, int group) {
        int at = 0;
        while (order[at] != group) {
            at++;
        }
        return at;
    }

    @Test
    @DisplayName("64 groups fit into the bits of a coalition")
    void sixtyFourGroups() {
        double[] weights = new double[64];
        Arrays.setAll(weights, i -> i + 1);
        Model model = Model.of(rows -> Arrays.stream(rows)
                .map(row -> {
                    double sum = 0;
                    for (int i = 0; i < row.length; i++) {
                        sum += weights[i] * row[i];
                    }
                    return new double[] {sum + 10 * row[0] * row[63]};
                })
                .toArray(double[][]::new));
        double[] ones = new double[64];
        Arrays.fill(ones, 1);
        try (TensorScope scope = TensorScope.open();
                Explanation why = new OwenValues()
                        .samples(300)
                        .attribute(model, Inputs.of(Tensors.ofJava().of(ones, 1, 64)))) {
            double[] values = why.attribution().toDoubleArray();
            weights[0] += 5;
            weights[63] += 5;
            assertThat(values).containsExactly(weights, within(1e-9));
            assertThat(why.standardError().toDoubleArray()).containsOnly(0);
        }
    }

    @Test
    @DisplayName("The mean over many seeds is the Owen value, and intervals of two standard errors hold it")
    void sampled() {
        Game game = Game.smooth(11, 1);
        double[] truth = byOrdersOf(game);
        Moments moments = new Moments(11);
        int covered = 0;
        OwenValues method = method(WIDE).samples(60);
        for (int seed = 0; seed < RUNS; seed++) {
            Game.Answer answer = game.explain(method, seed);
            assertThat(answer.gap()).isCloseTo(0, within(1e-9));
            moments.add(answer.values());
            for (int i = 0; i < 11; i++) {
                assertThat(answer.errors()[i]).isPositive();
                covered += Math.abs(answer.values()[i] - truth[i]) <= 2 * answer.errors()[i] ? 1 : 0;
            }
        }
        for (int i = 0; i < 11; i++) {
            assertThat(moments.mean()[i]).isCloseTo(truth[i], within(4 * moments.standardError()[i]));
        }
        assertThat(covered / (11.0 * RUNS)).isBetween(0.93, 0.98);
    }

    /** Returns the values over {@link #WIDE}: exact ones, which another test compares with all orders. */
    private static double[] byOrdersOf(Game game) {
        return game.explain(method(WIDE).samples(100_000), 0).values();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    @DisplayName("Few orders are complete, and one pair gives no errors")
    void few(int samples) {
        Game game = Game.random(11, 4);
        Game.Answer answer = game.explain(method(WIDE).samples(samples), 0);
        assertThat(answer.gap()).isCloseTo(0, within(1e-10));
        assertThat(answer.errors()).hasSize(samples == 2 ? 0 : 11);
        assertThat(answer.rows()).isLessThanOrEqualTo(samples * 10 + 2);
        assertThatThrownBy(() -> game.explain(method(WIDE).samples(3), 0))
                .hasMessage("samples 3: orders come in pairs; give an even number");
    }

    @Test
    @DisplayName("A budget of evaluations is kept, and an error is reached")
    void budget() {
        Game game = Game.smooth(11, 2);
        assertThat(game.explain(method(WIDE).budget(Budget.ofEvaluations(300)), 0)
                        .rows())
                .isBetween(200L, 300L);
        double[] truth = byOrdersOf(game);
        double[] values =
                game.explain(method(WIDE).budget(Budget.ofError(0.05)), 0).values();
        for (int i = 0; i < 11; i++) {
            assertThat(values[i]).isCloseTo(truth[i], within(0.05));
        }
    }
}
