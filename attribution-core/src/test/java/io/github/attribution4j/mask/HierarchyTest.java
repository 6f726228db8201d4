// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.mask.Hierarchy.Linkage;
import io.github.attribution4j.mask.Hierarchy.Tree;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class HierarchyTest {
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

    private Inputs zeros(long... dims) {
        return Inputs.of(tensors.zeros(Shape.of(dims), DataType.FLOAT32));
    }

    private static List<String> trees(Hierarchy hierarchy, FeatureMask mask, Inputs inputs) {
        Problems problems = new Problems();
        Groups groups = mask.resolve(inputs, problems).orElseThrow();
        List<Tree> trees = hierarchy.trees(groups, inputs, problems);
        problems.throwIfAny();
        return trees.stream().map(Tree::toString).toList();
    }

    private static void assertRefused(Hierarchy hierarchy, FeatureMask mask, Inputs inputs, String message) {
        assertThatThrownBy(() -> trees(hierarchy, mask, inputs))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage(message);
    }

    @Test
    @DisplayName("Cells of a grid are halved along their lines, positions of a row in their middle")
    void halves() {
        Hierarchy halves = Hierarchy.halves();
        assertThat(trees(halves, FeatureMask.grid(2, 4), zeros(1, 3, 4, 16)))
                .containsExactly("(((0, 4), (1, 5)), ((2, 6), (3, 7)))");
        assertThat(trees(halves, FeatureMask.grid(3, 3), zeros(1, 9, 9)))
                .containsExactly("((0, (1, 2)), ((3, 6), ((4, 5), (7, 8))))");
        assertThat(trees(halves, FeatureMask.perElement(), zeros(2, 5)))
                .containsExactly("((0, 1), (2, (3, 4)))", "((0, 1), (2, (3, 4)))");
        assertThat(trees(halves, FeatureMask.ofIds(new long[] {0, 1, 0, 1}), zeros(1, 4)))
                .containsExactly("(0, 1)");
        assertThat(trees(halves, FeatureMask.ofIds(new long[] {0, 1, 1, 0}), zeros(1, 4)))
                .containsExactly("(0, 1)");
        assertThat(trees(halves, FeatureMask.ofIds(new long[4]), zeros(1, 4))).containsExactly("0");
    }

    @Test
    @DisplayName("Several inputs are apart first, and each example has its own tree where it has its own groups")
    void inputsAndExamples() {
        Inputs two = Inputs.of(
                tensors.zeros(Shape.of(2, 3), DataType.FLOAT32), tensors.zeros(Shape.of(2, 2, 2), DataType.FLOAT32));
        assertThat(trees(Hierarchy.halves(), FeatureMask.perElement(), two))
                .containsOnly("((0, (1, 2)), ((3, 4), (5, 6)))");
        FeatureMask own = FeatureMask.of(tensors.of(new long[] {0, 1, 2, 0, 2, 1}, 2, 3));
        assertThat(trees(Hierarchy.halves(), own, zeros(2, 3))).containsExactly("(0, (1, 2))", "(0, (2, 1))");
        assertThat(trees(Hierarchy.flat(), own, zeros(2, 3))).containsExactly("(0, 1, 2)", "(0, 1, 2)");
    }

    @Test
    @DisplayName("Groups lie within those of larger masks, or are refused")
    void within() {
        Inputs image = zeros(1, 1, 4, 4);
        assertThat(trees(Hierarchy.of(FeatureMask.grid(1, 2), FeatureMask.grid(2, 2)), FeatureMask.grid(2, 4), image))
                .containsExactly("(((0, 1), (4, 5)), ((2, 3), (6, 7)))");
        assertThat(trees(Hierarchy.of(FeatureMask.grid(2, 2)), FeatureMask.grid(2, 2), image))
                .containsExactly("(0, 1, 2, 3)");
        assertRefused(
                Hierarchy.of(FeatureMask.grid(1, 4)),
                FeatureMask.grid(2, 2),
                image,
                "hierarchy: group 0 of the mask lies in several groups of grid(1, 4); a larger mask must contain whole"
                        + " groups");
        assertRefused(
                Hierarchy.of(FeatureMask.grid(9, 9)),
                FeatureMask.grid(3, 3),
                image,
                "mask grid(9, 9): input 'input0' of shape (1, 1, 4, 4) has only 4 x 4 elements on its last two axes;"
                        + " ask for fewer cells");
    }

    /** Columns 0 and 2 are nearly the same, 1 and 4 nearly opposite, 3 is neither, 5 does not vary. */
    private Tensor background() {
        RandomStream random = RandomStream.of(5, 1);
        double[] rows = new double[6 * 200];
        for (int row = 0; row < 200; row++) {
            double a = random.nextGaussian();
            double b = random.nextGaussian();
            double[] columns = {
                a,
                b,
                3 * a + 0.1 * random.nextGaussian(),
                0.7 * a + random.nextGaussian(),
                -b + 0.3 * random.nextGaussian(),
                0.1
            };
            System.arraycopy(columns, 0, rows, row * 6, 6);
        }
        return tensors.of(rows, 200, 6);
    }

    @Test
    @DisplayName("Columns that say nearly the same are joined first")
    void correlation() {
        for (Linkage linkage : Linkage.values()) {
            Hierarchy hierarchy = Hierarchy.correlation(linkage, background());
            assertThat(trees(hierarchy, FeatureMask.perElement(), zeros(1, 6)))
                    .containsExactly("((((0, 2), 3), (1, 4)), 5)");
            assertRefused(
                    hierarchy,
                    FeatureMask.perElement(),
                    zeros(1, 5),
                    "hierarchy: the background has rows of shapes [(6,)], and the inputs [(5,)]; the two must be"
                            + " equal");
        }
        assertThat(trees(
                        Hierarchy.correlation(Linkage.AVERAGE, background()),
                        FeatureMask.ranges(1, 1, 2, 2, 1),
                        zeros(1, 6)))
                .containsExactly("(((0, 1), 2), 3)");
        assertThatThrownBy(() -> Hierarchy.correlation(Linkage.AVERAGE, tensors.of(new float[2], 1, 2)))
                .hasMessage("hierarchy: a background of shape (1, 2); correlations need at least 2 rows, the same"
                        + " number for each input");
    }

    @Test
    @DisplayName("Chains of nearest neighbors join what a search for the nearest pair joins")
    void joinsTheNearest() {
        for (int seed = 0; seed < 20; seed++) {
            RandomStream random = RandomStream.of(seed, 9);
            int columns = 3 + seed;
            double[] rows = new double[columns * 30];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = random.nextGaussian() + (i % columns % 3 == 0 ? random.nextGaussian() : 0);
            }
            Tensor background = tensors.of(rows, 30, columns);
            for (Linkage linkage : Linkage.values()) {
                List<String> found =
                        trees(Hierarchy.correlation(linkage, background), FeatureMask.perElement(), zeros(1, columns));
                assertThat(sets(found.get(0))).isEqualTo(sets(nearestPairs(rows, columns, linkage)));
            }
        }
    }

    /** Returns the sets of numbers of all parentheses, sorted. */
    private static List<String> sets(String tree) {
        List<String> sets = new ArrayList<>();
        for (int start = tree.indexOf('('); start >= 0; start = tree.indexOf('(', start + 1)) {
            int depth = 0;
            int end = start;
            do {
                depth += tree.charAt(end) == '(' ? 1 : tree.charAt(end) == ')' ? -1 : 0;
                end++;
            } while (depth > 0);
            sets.add(Arrays.stream(tree.substring(start, end).split("\\D+", -1))
                    .filter(text -> !text.isEmpty())
                    .sorted()
                    .toList()
                    .toString());
        }
        return sets.stream().sorted().toList();
    }

    private static String nearestPairs(double[] rows, int columns, Linkage linkage) {
        List<String> trees = new ArrayList<>();
        List<List<Integer>> members = new ArrayList<>();
        for (int i = 0; i < columns; i++) {
            trees.add("" + i);
            members.add(List.of(i));
        }
        while (trees.size() > 1) {
            double least = Double.POSITIVE_INFINITY;
            int[] pair = new int[2];
            for (int i = 0; i < trees.size(); i++) {
                for (int j = 0; j < i; j++) {
                    double sum = 0;
                    double largest = 0;
                    for (int a : members.get(i)) {
                        for (int b : members.get(j)) {
                            double distance = 1 - Math.abs(correlation(rows, columns, a, b));
                            sum += distance;
                            largest = Math.max(largest, distance);
                        }
                    }
                    double distance = linkage == Linkage.COMPLETE
                            ? largest
                            : sum / members.get(i).size() / members.get(j).size();
                    if (distance < least) {
                        least = distance;
                        pair = new int[] {j, i};
                    }
                }
            }
            List<Integer> both = new ArrayList<>(members.get(pair[0]));
            both.addAll(members.remove(pair[1]));
            members.set(pair[0], both);
            trees.set(pair[0], "(" + trees.get(pair[0]) + ", " + trees.get(pair[1]) + ")");
            trees.remove(pair[1]);
        }
        return trees.get(0);
    }

    private static double correlation(double[] rows, int columns, int a, int b) {
        int n = rows.length / columns;
        double ma = 0;
        double mb = 0;
        for (int r = 0; r < n; r++) {
            ma += rows[r * columns + a] / n;
            mb += rows[r * columns + b] / n;
        }
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int r = 0; r < n; r++) {
            double x = rows[r * columns + a] - ma;
            double y = rows[r * columns + b] - mb;
            ab += x * y;
            aa += x * x;
            bb += y * y;
        }
        return ab / Math.sqrt(aa * bb);
    }

    @Test
    @DisplayName("A tree is given by names or numbers of groups; those it does not have are added to its root")
    void byHand() {
        Inputs table = zeros(1, 4).named("age", "income", "height", "weight");
        assertThat(trees(Hierarchy.parse(" ((age,income ), (height, 3))"), FeatureMask.perElement(), table))
                .containsExactly("((0, 1), (2, 3))");
        assertThat(trees(Hierarchy.parse("((weight, height))"), FeatureMask.perElement(), table))
                .containsExactly("((3, 2), 0, 1)");
        FeatureMask mask = FeatureMask.ranges(1, 2, 1, 1).named("person", "tall", "");
        assertThat(trees(Hierarchy.parse("(weight, (tall, person))"), mask, table))
                .containsExactly("(2, (1, 0))");
        assertRefused(
                Hierarchy.parse("(age, hight)"),
                FeatureMask.perElement(),
                table,
                "hierarchy: there is no group 'hight' among 4; did you mean 'height', 'weight'?");
        assertRefused(
                Hierarchy.parse("((age, 1), age)"),
                FeatureMask.perElement(),
                table,
                "hierarchy: group 'age' occurs twice");
        for (String wrong : List.of("(a, b", "(a,)", "()", "(a) b", "((a) b)")) {
            assertThatThrownBy(() -> Hierarchy.parse(wrong)).hasMessageContaining("is not expected there");
        }
    }

    @Test
    @DisplayName("A larger mask that parts groups of the next one is refused, and so is a tree too deep to read")
    void larger() {
        assertRefused(
                Hierarchy.of(FeatureMask.grid(2, 2), FeatureMask.grid(3, 3)),
                FeatureMask.perElement(),
                zeros(1, 6, 6),
                "hierarchy: grid(2, 2) parts groups of grid(3, 3); a larger mask must contain whole groups of the"
                        + " next");
        assertThat(trees(
                        Hierarchy.of(FeatureMask.grid(2, 2), FeatureMask.grid(4, 4)),
                        FeatureMask.perElement(),
                        zeros(1, 4, 4)))
                .hasSize(1);
        for (int levels : new int[] {999, 1000, 100_000}) {
            String deep = "(".repeat(levels) + "0, 1" + ")".repeat(levels);
            if (levels < 1000) {
                assertThat(trees(Hierarchy.parse(deep), FeatureMask.perElement(), zeros(1, 2)))
                        .containsExactly("(0, 1)");
            } else {
                assertThatThrownBy(() -> Hierarchy.parse(deep))
                        .hasMessage("the tree has more than 1000 levels; give a flatter one");
            }
        }
    }

    @Test
    @DisplayName("A hierarchy is read as it is written")
    void texts() {
        for (String text : List.of(
                "halves", "flat", "within:grid(2, 2) > grid(4, 4)", "within:sentences", "((age, income), (2, 3))")) {
            assertThat(Hierarchy.parse(text)).hasToString(text);
        }
        assertThatThrownBy(() -> Hierarchy.parse("halfs")).hasMessageContaining("'halfs' is none of halves, flat");
        Hierarchy correlation = Hierarchy.correlation(Linkage.COMPLETE, background());
        List<String> asked = new ArrayList<>();
        Hierarchy read = Setting.of("hierarchy", Hierarchy.KIND, Hierarchy.flat(), "")
                .read(correlation.toString(), name -> {
                    asked.add(name);
                    return List.of(background());
                });
        assertThat(read).hasToString(correlation.toString());
        assertThat(asked).singleElement().asString().matches("\\(200, 6\\) sha256:[0-9a-f]{16}");
    }

    @Test
    @DisplayName("A tree knows its groups")
    void tree() {
        Tree pair = Tree.of(List.of(Tree.of(3), Tree.of(1)));
        Tree tree = Tree.of(List.of(pair, Tree.of(0)));
        assertThat(tree.groups()).containsExactly(3, 1, 0);
        assertThat(tree.size()).isEqualTo(3);
        assertThat(Tree.of(List.of(pair))).isSameAs(pair);
        assertThat(tree)
                .isEqualTo(Tree.of(List.of(Tree.of(List.of(Tree.of(3), Tree.of(1))), Tree.of(0))))
                .hasToString("((3, 1), 0)");
        assertThatThrownBy(tree::group).hasMessage("the tree has 3 groups; ask its children");
        assertThatThrownBy(() -> Tree.of(List.of(pair, Tree.of(1)))).hasMessage("group tree: group 1 occurs twice");
        assertThatThrownBy(() -> Tree.of(List.of())).hasMessageContaining("give at least one");
    }
}
