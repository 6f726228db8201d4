// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.mask.CoalitionMethod;
import io.github.attribution4j.mask.Coalitions.Link;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.mask.Hierarchy;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
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

/**
 * Values of groups that lie across two inputs, of several examples, outputs, baselines and batches, beside those that
 * follow from rows made by hand.
 */
class GroupedGamesTest {
    private static final Tensors JAVA = Tensors.ofJava();
    private static final double EXACT = 1e-10;
    private static final int CLASSES = 4;
    private static final int FIRST = 4;
    private static final int ELEMENTS = 10;

    /** A node of a tree: a group, or nodes. */
    private record Node(int group, List<Node> children) {
        static Node random(List<Integer> groups, RandomStream random) {
            if (groups.size() == 1) {
                Node leaf = new Node(groups.get(0), List.of());
                return random.nextInt(3) == 0 ? new Node(-1, List.of(leaf)) : leaf;
            }
            int parts = 1 + random.nextInt(Math.min(3, groups.size()));
            List<List<Integer>> split = new ArrayList<>();
            for (int part = 0; part < parts; part++) {
                split.add(new ArrayList<>(List.of(groups.get(part))));
            }
            groups.subList(parts, groups.size())
                    .forEach(group -> split.get(random.nextInt(parts)).add(group));
            return new Node(
                    -1,
                    parts == 1
                            ? groups.stream()
                                    .map(group -> new Node(group, List.of()))
                                    .toList()
                            : split.stream().map(part -> random(part, random)).toList());
        }

        Node with(List<Integer> more) {
            List<Node> all = new ArrayList<>(children);
            more.forEach(group -> all.add(new Node(group, List.of())));
            return new Node(-1, all);
        }

        /** Returns every order of the groups in which no tree is interrupted. */
        List<List<Integer>> orders() {
            return children.isEmpty() ? List.of(List.of(group)) : orders(children);
        }

        private static List<List<Integer>> orders(List<Node> nodes) {
            if (nodes.isEmpty()) {
                return List.of(List.of());
            }
            List<List<Integer>> orders = new ArrayList<>();
            for (Node first : nodes) {
                List<Node> others = new ArrayList<>(nodes);
                others.remove(first);
                for (List<Integer> head : first.orders()) {
                    for (List<Integer> tail : orders(others)) {
                        List<Integer> order = new ArrayList<>(head);
                        order.addAll(tail);
                        orders.add(order);
                    }
                }
            }
            return orders;
        }

        @Override
        public String toString() {
            return children.isEmpty()
                    ? Integer.toString(group)
                    : children.toString().replace('[', '(').replace(']', ')');
        }
    }

    /** One request, drawn from a seed. */
    private static final class Question {
        final RandomStream random;
        final int examples;
        final int[] groups;
        /** For each example the group of each element. */
        final long[][] ids;

        final double[][] x;
        final double[][] linear = new double[CLASSES][ELEMENTS];
        final double[][][] pairs = new double[CLASSES][ELEMENTS][ELEMENTS];
        final Target target;
        final Link link;
        final Baseline baseline;
        final Inputs inputs;
        final FeatureMask mask;
        final Run run;
        final int kind;

        Question(int seed) {
            random = RandomStream.of(seed, 0x6A);
            examples = 1 + seed % 3;
            boolean each = seed % 2 == 1;
            groups = new int[examples];
            ids = new long[examples][];
            for (int example = 0; example < examples; example++) {
                groups[example] = 4 + seed % 4 + (each && example > 0 ? 1 : 0);
                ids[example] = each || example == 0 ? ids(groups[example]) : ids[0];
            }
            for (int k = 0; k < CLASSES; k++) {
                linear[k] = numbers(ELEMENTS);
                for (int i = 0; i < ELEMENTS; i++) {
                    pairs[k][i] = numbers(ELEMENTS);
                }
            }
            x = rows(examples);
            inputs = Inputs.of(tensors(x));
            long[][] given = each ? ids : new long[][] {ids[0]};
            mask = FeatureMask.of(
                    JAVA.of(part(given, 0, FIRST), given.length, FIRST),
                    JAVA.of(part(given, FIRST, ELEMENTS), given.length, 2, 3));
            kind = seed / 4 % 3;
            target = switch (kind) {
                case 0 -> Target.index(2);
                case 1 ->
                    Target.difference(
                            Target.sum(Target.index(0), Target.index(1)), Target.sum(Target.index(2), Target.index(3)));
                default -> Target.sigmoid(Target.index(1));
            };
            link = kind == 2 && seed % 2 == 0 ? Link.LOGIT : Link.IDENTITY;
            double[][] some = rows(4);
            some[2] = some[0];
            baseline = switch (seed % 5) {
                case 0 -> Baseline.constant(0.3, -0.2);
                case 1 -> Baseline.of(tensors(rows(examples)));
                case 2 -> Baseline.of(tensors(rows(1)));
                case 3 -> Baseline.samples(tensors(some));
                default -> Baseline.kMeans(2, tensors(some));
            };
            int[] batches = {0, 1, 7};
            int batch = batches[seed / 2 % 3];
            run = batch == 0 ? Run.defaults() : Run.defaults().batchRows(batch);
        }

        private long[] ids(int count) {
            int[] order = RandomStream.permutation(random, ELEMENTS);
            long[] own = new long[ELEMENTS];
            for (int i = 0; i < ELEMENTS; i++) {
                own[order[i]] = i < count ? i : random.nextInt(count);
            }
            return own;
        }

        private double[] numbers(int count) {
            return IntStream.range(0, count)
                    .mapToDouble(i -> random.nextGaussian() / 3)
                    .toArray();
        }

        private double[][] rows(int count) {
            return IntStream.range(0, count).mapToObj(i -> numbers(ELEMENTS)).toArray(double[][]::new);
        }

        private static Tensor[] tensors(double[][] rows) {
            return new Tensor[] {
                JAVA.of(part(rows, 0, FIRST), rows.length, FIRST),
                JAVA.of(part(rows, FIRST, ELEMENTS), rows.length, 2, 3)
            };
        }

        private static double[] part(double[][] rows, int from, int to) {
            return Arrays.stream(rows)
                    .flatMapToDouble(row -> Arrays.stream(row, from, to))
                    .toArray();
        }

        private static long[] part(long[][] rows, int from, int to) {
            return Arrays.stream(rows)
                    .flatMapToLong(row -> Arrays.stream(row, from, to))
                    .toArray();
        }

        private double output(double[] row, int k) {
            double sum = 0;
            for (int i = 0; i < ELEMENTS; i++) {
                sum += linear[k][i] * row[i];
                for (int j = 0; j < i; j++) {
                    sum += pairs[k][i][j] * row[i] * row[j];
                }
            }
            return sum + Math.sin(3 * sum + row[k]);
        }

        Model model() {
            return Model.ofTensors(JAVA, given -> {
                int rows = (int) given.get(0).shape().dim(0);
                double[] first = given.get(0).toDoubleArray();
                double[] second = given.get(1).toDoubleArray();
                double[] outputs = new double[rows * CLASSES];
                for (int r = 0; r < rows; r++) {
                    double[] row = Arrays.copyOfRange(first, r * FIRST, r * FIRST + ELEMENTS);
                    System.arraycopy(second, r * (ELEMENTS - FIRST), row, FIRST, ELEMENTS - FIRST);
                    for (int k = 0; k < CLASSES; k++) {
                        outputs[r * CLASSES + k] = output(row, k);
                    }
                }
                return JAVA.of(outputs, rows, CLASSES);
            });
        }

        private double score(double[] row) {
            return switch (kind) {
                case 0 -> output(row, 2);
                case 1 -> output(row, 0) + output(row, 1) - output(row, 2) - output(row, 3);
                default -> 1 / (1 + Math.exp(-output(row, 1)));
            };
        }

        /** Returns v of every coalition of an example's groups. */
        double[] values(int example) {
            boolean set = baseline.isDistribution();
            List<Tensor> all = set ? baseline.samples(inputs, run) : baseline.references(inputs, run);
            double[] first = all.get(0).toDoubleArray();
            double[] second = all.get(1).toDoubleArray();
            int rows = first.length / FIRST;
            double[] weights = baseline.weights();
            double[] values = new double[1 << groups[example]];
            for (int coalition = 0; coalition < values.length; coalition++) {
                double mean = 0;
                for (int sample = 0; sample < (set ? rows : 1); sample++) {
                    int of = set || rows == 1 ? sample : example;
                    double[] row = new double[ELEMENTS];
                    for (int i = 0; i < ELEMENTS; i++) {
                        double absent = i < FIRST ? first[of * FIRST + i] : second[of * (ELEMENTS - FIRST) + i - FIRST];
                        row[i] = (coalition >> ids[example][i] & 1) != 0 ? x[example][i] : absent;
                    }
                    double weight = !set ? 1 : weights.length == 0 ? 1.0 / rows : weights[sample];
                    mean += weight * score(row);
                }
                values[coalition] = link == Link.LOGIT ? Math.log(mean / (1 - mean)) : mean;
            }
            return values;
        }

        Explanation explain(CoalitionMethod<?> method) {
            return method.baseline(baseline).link(link).mask(mask).attribute(model(), inputs, target, run);
        }

        /** Returns for each example the attribution of each element, first those of the first input. */
        double[][] attributions(Explanation explanation) {
            double[] first = explanation.attributions().get(0).toDoubleArray();
            double[] second = explanation.attributions().get(1).toDoubleArray();
            double[][] rows = new double[examples][ELEMENTS];
            for (int example = 0; example < examples; example++) {
                System.arraycopy(first, example * FIRST, rows[example], 0, FIRST);
                int rest = ELEMENTS - FIRST;
                System.arraycopy(second, example * rest, rows[example], FIRST, rest);
            }
            return rows;
        }
    }

    private static double[] byOrders(Node tree, double[] values, int groups) {
        List<List<Integer>> orders = tree.orders();
        double[] gains = new double[groups];
        for (List<Integer> order : orders) {
            int coalition = 0;
            for (int group : order) {
                int with = coalition | 1 << group;
                gains[group] += (values[with] - values[coalition]) / orders.size();
                coalition = with;
            }
        }
        return gains;
    }

    private static Node flat(int groups) {
        return new Node(-1, List.of()).with(IntStream.range(0, groups).boxed().toList());
    }

    private static void assertValues(Question question, CoalitionMethod<?> method, double[][] expected) {
        try (Explanation why = question.explain(method)) {
            double[][] attributions = question.attributions(why);
            for (int example = 0; example < question.examples; example++) {
                long[] ids = question.ids[example];
                double[] groups = expected[example];
                double[] elements =
                        Arrays.stream(ids).mapToDouble(id -> groups[(int) id]).toArray();
                assertThat(attributions[example]).as("%s", method).containsExactly(elements, within(EXACT));
                assertThat(why.completenessGap()[example]).isCloseTo(0, within(EXACT));
            }
        }
    }

    @Test
    @DisplayName("Exact Shapley, Owen and interaction values of groups are those of rows made by hand")
    void exact() {
        for (int seed = 0; seed < 50; seed++) {
            try (TensorScope scope = TensorScope.open()) {
                Question question = new Question(seed);
                Node tree = Node.random(
                        IntStream.range(0, question.groups[0]).boxed().toList(), question.random);
                double[][] shapley = new double[question.examples][];
                double[][] owen = new double[question.examples][];
                for (int example = 0; example < question.examples; example++) {
                    int groups = question.groups[example];
                    double[] values = question.values(example);
                    shapley[example] = byOrders(flat(groups), values, groups);
                    List<Integer> more =
                            IntStream.range(question.groups[0], groups).boxed().toList();
                    owen[example] = byOrders(tree.with(more), values, groups);
                }
                assertValues(question, new ShapleyValues(), shapley);
                assertValues(question, new KernelShap().samples(1 << 10), shapley);
                assertValues(question, new ShapleySampling().budget(Budget.ofError(1e-9)), shapley);
                assertValues(question, new OwenValues().samples(2000).hierarchy(Hierarchy.flat()), shapley);
                Hierarchy hierarchy = Hierarchy.parse(tree.toString());
                assertValues(question, new OwenValues().samples(2000).hierarchy(hierarchy), owen);
                assertValues(
                        question, new OwenValues().budget(Budget.ofError(1e-9)).hierarchy(hierarchy), owen);
                assertInteractions(question, new ShapleyInteractions());
                assertInteractions(question, new ShapleyInteractions().budget(Budget.ofError(1e-9)));
            }
        }
    }

    private static void assertInteractions(Question question, ShapleyInteractions method) {
        int most = Arrays.stream(question.groups).max().orElseThrow();
        try (Explanation why = question.explain(method)) {
            double[] all = why.attribution().toDoubleArray();
            assertThat(why.attribution().shape()).isEqualTo(Shape.of(question.examples, most, most));
            for (int example = 0; example < question.examples; example++) {
                int groups = question.groups[example];
                double[] expected = ShapleyInteractionsTest.byParts(
                        question.values(example), groups, ShapleyInteractions.Convention.SHAP);
                for (int i = 0; i < most; i++) {
                    for (int j = 0; j < most; j++) {
                        boolean there = i < groups && j < groups;
                        assertThat(all[(example * most + i) * most + j])
                                .isCloseTo(there ? expected[i * groups + j] : 0, within(EXACT));
                    }
                }
            }
        }
    }

    private static double[] weights(int features) {
        return IntStream.range(0, features).mapToDouble(i -> 1 + i % 7).toArray();
    }

    /** A model of single features and of the pair of the first and the last, explained at ones against zeros. */
    private static Model ends(int features) {
        double[] weights = weights(features);
        return Model.of(rows -> Arrays.stream(rows)
                .map(row -> {
                    double sum = 6 * row[0] * row[features - 1];
                    for (int i = 0; i < features; i++) {
                        sum += weights[i] * row[i];
                    }
                    return new double[] {sum};
                })
                .toArray(double[][]::new));
    }

    private static Inputs ones(int features) {
        double[] ones = new double[features];
        Arrays.fill(ones, 1);
        return Inputs.of(JAVA.of(ones, 1, features));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 20, 21, 30, 31, 32, 33, 62, 63, 64, 65, 1000})
    @DisplayName("Coalitions of any number of features are right: the sign bit, more than 64, the last feature")
    void manyFeatures(int features) {
        double[] expected = weights(features);
        expected[0] += 3;
        expected[features - 1] += 3;
        List<CoalitionMethod<?>> methods = List.of(
                new ShapleySampling().samples(2),
                new ShapleySampling().samples(4).stratified(true),
                new KernelShap().samples(2 * features + 40),
                new OwenValues().samples(2),
                new OwenValues().samples(2).hierarchy(Hierarchy.flat()));
        try (TensorScope scope = TensorScope.open()) {
            for (CoalitionMethod<?> method : methods) {
                try (Explanation why = method.attribute(ends(features), ones(features))) {
                    assertThat(why.attribution().toDoubleArray())
                            .as("%s", method)
                            .containsExactly(expected, within(1e-8));
                }
            }
            ShapleyInteractions interactions = new ShapleyInteractions().samples(1);
            if (features > 63) {
                assertThatThrownBy(() -> interactions.attribute(ends(features), ones(features)))
                        .hasMessageContaining("give a mask with at most 63 groups");
                return;
            }
            try (Explanation why = interactions.attribute(ends(features), ones(features))) {
                double[] matrix = new double[features * features];
                for (int i = 0; i < features; i++) {
                    matrix[i * features + i] = weights(features)[i];
                }
                matrix[features - 1] = 3;
                matrix[(features - 1) * features] = 3;
                assertThat(why.attribution().toDoubleArray()).containsExactly(matrix, within(1e-8));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("An error to reach is reached in 95 of 100 runs, by all values of an example together")
    void errorsHold(boolean pairs) {
        int players = pairs ? 16 : 12;
        Game game = Game.smooth(players, 6);
        double error = pairs ? 0.3 : 0.08;
        OwenValues owen = new OwenValues().hierarchy(Hierarchy.parse("((0, 1, 2, 3, 4, 5, 6, 7, 8, 9), 10, 11)"));
        CoalitionMethod<?> method =
                pairs ? new ShapleyInteractions().budget(Budget.ofError(error)) : owen.budget(Budget.ofError(error));
        CoalitionMethod<?> exact = pairs ? new ShapleyInteractions().samples(10_000) : owen.samples(10_000);
        double[] truth = game.explain(exact, 0).values();
        int reached = 0;
        int sampled = 0;
        for (int seed = 0; seed < 200; seed++) {
            Game.Answer answer = game.explain(method, seed);
            double largest = 0;
            for (int i = 0; i < truth.length; i++) {
                largest = Math.max(largest, Math.abs(answer.values()[i] - truth[i]));
            }
            reached += largest <= error ? 1 : 0;
            sampled += answer.errors()[0] > 0 ? 1 : 0;
        }
        assertThat(reached).isGreaterThanOrEqualTo(190);
        assertThat(sampled).isEqualTo(200);
    }

    @Test
    @DisplayName("An error to reach costs few evaluations, not all coalitions, and they are exact where those are few")
    void errorsCostLittle() {
        Game game = Game.smooth(16, 4);
        double[] truth = game.shapleyByCoalitions();
        Game.Answer owen =
                game.explain(new OwenValues().hierarchy(Hierarchy.flat()).budget(Budget.ofError(0.3)), 1);
        assertThat(owen.rows()).isLessThan(3000);
        for (int i = 0; i < 16; i++) {
            assertThat(owen.values()[i]).isCloseTo(truth[i], within(0.3));
        }
        Game.Answer pairs = game.explain(new ShapleyInteractions().budget(Budget.ofError(0.3)), 1);
        assertThat(pairs.rows()).isLessThan(10_000);
        double[] matrix = ShapleyInteractionsTest.byParts(game.scores(), 16, ShapleyInteractions.Convention.SHAP);
        for (int i = 0; i < matrix.length; i++) {
            assertThat(pairs.values()[i]).isCloseTo(matrix[i], within(0.3));
        }
        Game.Answer tiny = game.explain(new ShapleyInteractions().budget(Budget.ofError(1e-12)), 1);
        assertThat(tiny.rows()).isEqualTo(1 << 16);
        assertThat(tiny.values()).containsExactly(matrix, within(1e-9));
        assertThat(tiny.errors()).containsOnly(0);
    }
}
