// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.FeatureNames.Span;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class FeatureMaskTest {
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

    private Inputs inputs(long[]... shapes) {
        Tensor[] zeros = new Tensor[shapes.length];
        for (int i = 0; i < shapes.length; i++) {
            zeros[i] = tensors.zeros(Shape.of(shapes[i]), DataType.FLOAT32);
        }
        return Inputs.of(zeros);
    }

    private static long[] shape(long... dims) {
        return dims;
    }

    private Tensor ids(Shape shape, long... values) {
        return tensors.of(values, shape);
    }

    /** Returns the group of every element of an input's mask for one example. */
    private static List<Integer> groups(FeatureMask mask, Inputs inputs, int input, int example) {
        Problems problems = new Problems();
        Optional<Groups> resolved = mask.resolve(inputs, problems);
        problems.throwIfAny();
        Groups groups = resolved.orElseThrow();
        int size = groups.rowSize(input);
        Integer[] found = new Integer[size];
        for (int group = 0; group < groups.count(example); group++) {
            boolean[] kept = new boolean[groups.most()];
            boolean[] elements = new boolean[size];
            kept[group] = true;
            groups.gather(input, example, kept, elements, 0);
            for (int i = 0; i < size; i++) {
                if (elements[i]) {
                    assertThat(found[i]).isNull();
                    found[i] = group;
                }
            }
        }
        return new ArrayList<>(List.of(found));
    }

    private static void assertRefused(FeatureMask mask, Inputs inputs, String message) {
        assertThatThrownBy(() -> mask.groups(inputs))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage(message);
    }

    @Test
    @DisplayName("Per element, groups are numbered through all inputs")
    void perElement() {
        Inputs inputs = inputs(shape(2, 2, 2), shape(2, 3));
        FeatureMask mask = FeatureMask.perElement();
        assertThat(mask.groups(inputs)).isEqualTo(7);
        assertThat(groups(mask, inputs, 0, 1)).containsExactly(0, 1, 2, 3);
        assertThat(groups(mask, inputs, 1, 1)).containsExactly(4, 5, 6);
    }

    @Test
    @DisplayName("A grid counts cells, of which sizes differ by at most one, and all channels share a cell")
    void grid() {
        Inputs inputs = inputs(shape(1, 3, 4, 5));
        FeatureMask mask = FeatureMask.grid(2, 2);
        assertThat(mask.groups(inputs)).isEqualTo(4);
        assertThat(groups(mask, inputs, 0, 0))
                .containsExactly(0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 2, 2, 3, 3, 3);
        assertThat(groups(FeatureMask.grid(4, 5), inputs, 0, 0)).doesNotHaveDuplicates();
        assertThat(FeatureMask.grid(3, 4).groups(inputs(shape(1, 7, 11)))).isEqualTo(12);
        assertRefused(
                FeatureMask.grid(5, 2),
                inputs,
                "mask grid(5, 2): input 'input0' of shape (1, 3, 4, 5) has only 4 x 5 elements on its last two axes; "
                        + "ask for fewer cells");
    }

    @Test
    @DisplayName("Patches have a size, and the last of an axis is smaller")
    void patches() {
        Inputs inputs = inputs(shape(1, 1, 3, 5));
        assertThat(groups(FeatureMask.patches(2, 2), inputs, 0, 0))
                .containsExactly(0, 0, 1, 1, 2, 0, 0, 1, 1, 2, 3, 3, 4, 4, 5);
        assertRefused(
                FeatureMask.patches(2, 2),
                inputs(shape(2, 8)),
                "mask patches(2, 2): input 'input0' has shape (2, 8); it cuts two axes after that of the examples: use"
                        + " ranges(...) or perElement(), or perInput(...) for a mask of its own for each input");
        assertThatThrownBy(() -> FeatureMask.patches(2, 0))
                .hasMessage("mask patches(2, 0): the size of a patch must be at least 1, not 0");
    }

    @Test
    @DisplayName("Ranges cut one axis")
    void ranges() {
        assertThat(groups(FeatureMask.ranges(1, 1, 3, 2), inputs(shape(2, 6)), 0, 1))
                .containsExactly(0, 1, 1, 1, 2, 2);
        assertThat(FeatureMask.ranges(-2, 2, 2).groups(inputs(shape(1, 4, 7)))).isEqualTo(2);
        assertRefused(
                FeatureMask.ranges(1, 1, 3),
                inputs(shape(2, 6)),
                "mask ranges(axis 1: 1, 3): the lengths add up to 4, and axis 1 of input 'input0' of shape (2, 6) has "
                        + "extent 6; the two must be equal");
        assertRefused(
                FeatureMask.ranges(2, 1, 3),
                inputs(shape(2, 6)),
                "mask ranges(axis 2: 1, 3): input 'input0' has shape (2, 6); choose one of its axes 1 to 1");
        assertThatThrownBy(() -> FeatureMask.ranges(0, 2))
                .hasMessage("mask ranges(axis 0: 2): axis 0 counts examples; cut another axis");
        assertThatThrownBy(() -> FeatureMask.ranges(1)).hasMessage("mask ranges(axis 1: ): give at least one length");
        assertThatThrownBy(() -> FeatureMask.ranges(1, 2, -1))
                .hasMessage("mask ranges(axis 1: 2, -1): every length must be at least 1, not -1");
    }

    @Test
    @DisplayName("Windows have a length, and are called after their ends")
    void windows() {
        Inputs inputs = inputs(shape(2, 5, 3));
        FeatureMask mask = FeatureMask.windows(1, 2);
        assertThat(groups(mask, inputs, 0, 1)).containsExactly(0, 0, 1, 1, 2);
        assertThat(mask.resolve(inputs, new Problems()).orElseThrow().names())
                .containsExactly(List.of("steps 0 to 1", "steps 2 to 3", "steps 4"));
        Inputs named = inputs.named("input0", FeatureNames.none().along(1, List.of("Mon", "Tue", "Wed", "Thu", "Fri")));
        assertThat(FeatureMask.windows(-2, 3)
                        .resolve(named, new Problems())
                        .orElseThrow()
                        .names())
                .containsExactly(List.of("Mon to Wed", "Thu to Fri"));
        assertThat(FeatureMask.windows(1, 9).groups(inputs)).isEqualTo(1);
        assertRefused(
                FeatureMask.windows(3, 2),
                inputs,
                "mask windows(axis 3: 2): input 'input0' has shape (2, 5, 3); choose one of its axes 1 to 2");
        assertThatThrownBy(() -> FeatureMask.windows(0, 2))
                .hasMessage("mask windows(axis 0: 2): axis 0 counts examples; cut another axis");
        assertThatThrownBy(() -> FeatureMask.windows(1, 0))
                .hasMessage("mask windows(axis 1: 0): the length must be at least 1, not 0");
    }

    @Test
    @DisplayName("Spans come with the names of features, the same in all rows or each its own")
    void spans() {
        FeatureNames months = FeatureNames.none()
                .along(1, List.of("Jan", "Feb", "Mar", "Apr", "May"))
                .spans("seasons", 1, List.of(List.of(new Span("winter", 2), new Span("spring", 3))));
        Inputs inputs = inputs(shape(2, 5, 2)).named("input0", months);
        FeatureMask seasons = FeatureMask.spans("seasons");
        assertThat(groups(seasons, inputs, 0, 1)).containsExactly(0, 0, 1, 1, 1);
        assertThat(seasons.resolve(inputs, new Problems()).orElseThrow().names())
                .containsExactly(List.of("winter", "spring"));
        assertThat(seasons).hasToString("spans(seasons)");
        Inputs two = inputs(shape(2, 5, 2), shape(2, 3))
                .named("input0", months)
                .named(
                        "input1",
                        FeatureNames.none()
                                .alongEach(1, List.of(List.of("a", "b"), List.of("c", "d", "e")))
                                .spans(
                                        "seasons",
                                        1,
                                        List.of(
                                                List.of(new Span("ab", 2)),
                                                List.of(new Span("c", 1), new Span("de", 2)))));
        assertThat(groups(seasons, two, 1, 0)).containsExactly(2, 2, 3);
        assertThat(groups(seasons, two, 1, 1)).containsExactly(2, 3, 3);
        FeatureMask each = FeatureMask.perInput(FeatureMask.ranges(1, 2, 3), seasons);
        for (FeatureMask mask : List.of(seasons, each)) {
            boolean named = mask.equals(seasons);
            assertThat(mask.resolve(two, new Problems()).orElseThrow().names())
                    .containsExactly(
                            List.of(named ? "winter" : "", named ? "spring" : "", "ab", "padding"),
                            List.of(named ? "winter" : "", named ? "spring" : "", "c", "de"));
        }
        assertRefused(
                FeatureMask.spans("season"),
                inputs,
                "mask spans(season): input 'input0' has no season; did you mean 'seasons'?");
        assertRefused(
                FeatureMask.words(),
                inputs(shape(1, 2)),
                "mask words: input 'input0' has no words; give them with FeatureNames.spans(...), or inputs made by"
                        + " Tokens");
        assertThatThrownBy(() -> months.spans("halves", 1, List.of(List.of(new Span("one", 2)))))
                .hasMessage("feature names: the halves of row 0 have 2 positions of axis 1, and 5 have names; the two"
                        + " must be equal");
        assertThatThrownBy(() -> months.spans("halves", 2, List.of(List.of(new Span("one", 2)))))
                .hasMessage("feature names: halves are given for 1 rows of axis 2, and names for 0; give as many");
    }

    @Test
    @DisplayName("Given numbers are shared by inputs, broadcast, and may differ from example to example")
    void given() {
        Inputs inputs = inputs(shape(2, 2, 2), shape(2, 3));
        FeatureMask shared = FeatureMask.of(ids(Shape.of(1, 1, 2), 0, 1), ids(Shape.of(3), 1, 2, 2));
        assertThat(shared.groups(inputs)).isEqualTo(3);
        assertThat(groups(shared, inputs, 0, 0)).containsExactly(0, 1);
        assertThat(groups(shared, inputs, 1, 0)).containsExactly(1, 2, 2);
        FeatureMask own = FeatureMask.of(ids(Shape.of(2, 3), 0, 1, 2, 1, 0, 1));
        Inputs one = inputs(shape(2, 3));
        assertThat(own.groups(one)).isEqualTo(3);
        assertThat(groups(own, one, 0, 0)).containsExactly(0, 1, 2);
        assertThat(groups(own, one, 0, 1)).containsExactly(1, 0, 1);
        assertThat(groups(FeatureMask.ofIds(new long[] {1, 1, 0}), one, 0, 1)).containsExactly(1, 1, 0);
    }

    @Test
    @DisplayName("A mask for each example follows its example when rows are selected")
    void followsSelectedRows() {
        FeatureMask own = FeatureMask.of(ids(Shape.of(2, 3), 0, 1, 2, 1, 0, 1));
        Inputs selected = inputs(shape(2, 3)).select(1, 1, 0).select(2, 0);
        assertThat(groups(own, selected, 0, 0)).containsExactly(0, 1, 2);
        assertThat(groups(own, selected, 0, 1)).containsExactly(1, 0, 1);
    }

    @Test
    @DisplayName("A mask for each input keeps their groups apart")
    void perInput() {
        Inputs inputs = inputs(shape(2, 1, 2, 2), shape(2, 3), shape(2, 2));
        FeatureMask mask = FeatureMask.perInput(
                FeatureMask.of(ids(Shape.of(2, 1, 1, 2), 0, 0, 0, 1)),
                FeatureMask.ranges(1, 1, 2),
                FeatureMask.perElement());
        assertThat(mask.groups(inputs)).isEqualTo(6);
        assertThat(groups(mask, inputs, 0, 0)).containsExactly(0, 0);
        assertThat(groups(mask, inputs, 1, 0)).containsExactly(1, 2, 2);
        assertThat(groups(mask, inputs, 2, 0)).containsExactly(3, 4);
        assertThat(groups(mask, inputs, 0, 1)).containsExactly(0, 1);
        assertThat(groups(mask, inputs, 1, 1)).containsExactly(2, 3, 3);
        assertThat(groups(mask, inputs, 2, 1)).containsExactly(4, 5);
        assertRefused(
                FeatureMask.perInput(FeatureMask.perElement()),
                inputs,
                "mask per-element: 1 masks for 3 attributed inputs; give one for each");
    }

    @Test
    @DisplayName("Numbers with gaps, negative numbers and numbers that do not fit are refused")
    void refusals() {
        Inputs inputs = inputs(shape(2, 3));
        assertRefused(
                FeatureMask.ofIds(new long[] {0, 4, 2}),
                inputs,
                "mask has groups up to 4 but no element in 1, 3; a group without elements has no attribution: renumber "
                        + "the groups, or use renumbered()");
        assertRefused(
                FeatureMask.of(ids(Shape.of(2, 3), 0, 1, 2, 1_000_000_000_000L, 0, 0)),
                inputs,
                "mask of example 1 has groups up to 1000000000000 but no element in 1, 2, 3, 4, 5 and 999999999994"
                        + " more; a group without elements has no attribution: renumber the groups, or use"
                        + " renumbered()");
        assertRefused(
                FeatureMask.ofIds(new long[] {0, -1, 1}),
                inputs,
                "mask holds the group number -1; groups are numbered 0, 1, 2, ...: renumber them, or use renumbered()");
        assertRefused(
                FeatureMask.of(ids(Shape.of(3, 3), 0, 1, 2, 0, 1, 2, 0, 1, 2)),
                inputs,
                "mask for input 'input0' has shape (3, 3) and the input (2, 3); axis 0 must be 1 or the number of "
                        + "examples, 2, and every other axis 1 or the input's");
        assertRefused(
                FeatureMask.ofIds(new long[] {0, 1}),
                inputs,
                "mask for input 'input0' has 2 numbers, and a row of shape (3,) has 3 elements; give one for each");
        assertRefused(
                FeatureMask.of(ids(Shape.of(1, 3), 0, 1, 2)),
                inputs(shape(1, 3), shape(1, 3)),
                "mask: 1 tensors for 2 attributed inputs; give one for each");
        assertRefused(
                FeatureMask.ofIds(new long[] {0, 1, 1}).named("age"),
                inputs,
                "mask ids (3,) sha256:" + digest(0, 1, 1) + " named [age]: 1 names for 2 groups; give one for each");
        assertThatThrownBy(() -> FeatureMask.of(tensors.of(new float[] {0, 1}, 1, 2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("mask: tensor 0 is of type float32; group numbers are integers: convert it with "
                        + "to(DataType.INT64)");
        assertThatThrownBy(() -> FeatureMask.of(tensors.of(new boolean[] {true}, Shape.of(1, 1))))
                .hasMessage("mask: tensor 0 is of type bool; group numbers are integers: convert it with "
                        + "to(DataType.INT64)");
        assertThatThrownBy(FeatureMask::ofIds).hasMessage("mask: nothing given; give one for each attributed input");
    }

    private static String digest(long... values) {
        return Numbering.digest(new MaskIds.Ids(Shape.of(1, values.length), values));
    }

    @Test
    @DisplayName("Renumbering closes gaps, in each example by itself")
    void renumbered() {
        Inputs inputs = inputs(shape(2, 3), shape(2, 2));
        FeatureMask mask = FeatureMask.of(ids(Shape.of(2, 3), 7, -2, 7, 0, 0, 9), ids(Shape.of(1, 2), 7, 100))
                .renumbered();
        assertThat(groups(mask, inputs, 0, 0)).containsExactly(1, 0, 1);
        assertThat(groups(mask, inputs, 1, 0)).containsExactly(1, 2);
        assertThat(groups(mask, inputs, 0, 1)).containsExactly(0, 0, 2);
        assertThat(groups(mask, inputs, 1, 1)).containsExactly(1, 3);
    }

    @Test
    @DisplayName("Masks of several inputs keep groups apart whatever their numbers, and their names at their groups")
    void combinedNumbers() {
        Inputs inputs = inputs(shape(1, 3), shape(1, 2));
        FeatureMask negative =
                FeatureMask.perInput(FeatureMask.ofIds(new long[] {0, 1, 1}), FeatureMask.ofIds(new long[] {-1, 0}));
        assertRefused(
                negative,
                inputs,
                "mask ids (2,) sha256:" + digest(-1, 0) + " for input 'input1' holds the group number -1; groups are"
                        + " numbered 0, 1, 2, ...: renumber them, or use renumbered()");
        assertRefused(
                FeatureMask.perInput(
                        FeatureMask.ofIds(new long[] {0, 1, 3_000_000_000L}).named("a", "b", "c"),
                        FeatureMask.perElement()),
                inputs,
                "mask ids (3,) sha256:" + digest(0, 1, 3_000_000_000L)
                        + " named [a, b, c]: 3 names for 3000000001 groups of input 'input0'; give one for each");
        FeatureMask gaps = FeatureMask.perInput(
                FeatureMask.ofIds(new long[] {0, 5, 2}),
                FeatureMask.perElement().named("x", "y"));
        assertThat(gaps.renumbered()
                        .resolve(inputs, new Problems())
                        .orElseThrow()
                        .names())
                .containsExactly(List.of("", "", "", "x", "y"));
        assertThat(groups(gaps.renumbered(), inputs, 1, 0)).containsExactly(3, 4);
    }

    @Test
    @DisplayName("Values of groups are read back from those of elements, for each example's own groups")
    void byGroup() {
        Inputs inputs = Inputs.of(
                tensors.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2), tensors.of(new float[] {9, 10}, 2, 1));
        FeatureMask mask = FeatureMask.of(ids(Shape.of(2, 1, 2), 0, 1, 0, 0), ids(Shape.of(1, 1), 0));
        Model sum = Model.ofTensors(
                tensors, all -> all.get(0).sum(1, 2).add(all.get(1).sum(1)));
        try (Explanation explanation = new FeatureAblation().mask(mask).attribute(sum, inputs)) {
            double[][] values = mask.byGroup(inputs, explanation.attributions());
            assertThat(values).isDeepEqualTo(new double[][] {{1 + 3 + 9, 2 + 4}, {5 + 6 + 7 + 8 + 10}});
        }
    }

    @Test
    @DisplayName("Every element has the number of its group, in masks that are broadcast and of an example's own")
    void groupNumbers() {
        Inputs image = Inputs.of(tensors.of(new float[16], 1, 2, 2, 4));
        assertThat(FeatureMask.grid(1, 2).groupNumbers(image, 0, 0))
                .containsExactly(0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1);
        Inputs two = Inputs.of(tensors.of(new float[4], 2, 2), tensors.of(new float[2], 2, 1));
        FeatureMask mask = FeatureMask.of(ids(Shape.of(2, 2), 0, 1, 1, 0), ids(Shape.of(1, 1), 1));
        assertThat(mask.groupNumbers(two, 0, 0)).containsExactly(0, 1);
        assertThat(mask.groupNumbers(two, 0, 1)).containsExactly(1, 0);
        assertThat(mask.groupNumbers(two, 1, 1)).containsExactly(1);
        assertThatThrownBy(() -> FeatureMask.grid(3, 3).groupNumbers(image, 0, 0))
                .isInstanceOf(InvalidRequestException.class);
    }

    @Test
    @DisplayName("A mask is read as it is written")
    void parse() {
        for (String text : List.of(
                "per-element",
                "grid(4, 3)",
                "patches(16, 8)",
                "ranges(axis -1: 1, 1, 3)",
                "superpixels(50, 0.25)",
                "windows(axis 1: 24)",
                "words",
                "sentences",
                "spans(seasons)",
                "grid(2, 2) | per-element | ranges(axis 1: 5)")) {
            assertThat(FeatureMask.parse(text)).hasToString(text);
        }
        assertThat(FeatureMask.parse(" grid (4,3)|ranges( axis 2:1,2 )"))
                .hasToString("grid(4, 3) | ranges(axis 2: 1, 2)");
        assertThat(FeatureMask.parse("superpixels:50|windows:-1:7"))
                .hasToString("superpixels(50, 0.5) | windows(axis -1: 7)");
        assertThatThrownBy(() -> FeatureMask.parse("superpixels:1.5"))
                .hasMessage("superpixels need a count, and may have a compactness, such as superpixels:50 or"
                        + " superpixels:50,0.5");
        assertThatThrownBy(() -> FeatureMask.parse("windows:7"))
                .hasMessage("windows need an axis and a length, such as windows:1:24");
        assertThatThrownBy(() -> FeatureMask.parse("gird(4, 3)"))
                .hasMessage("mask 'gird(4, 3)': 'gird(4, 3)' is none of per-element, grid(cells high, cells wide),"
                        + " patches(height, width), superpixels(count, compactness), ranges(axis n: length, length,"
                        + " ...), windows(axis n: length), words, sentences and columns(group: column, column; ...);"
                        + " several are separated by |, one for each input");
        assertThatThrownBy(() -> FeatureMask.parse("grid(99999999999, 1)"))
                .hasMessage("mask 'grid(99999999999, 1)': a number is too large");
        assertThatThrownBy(() -> FeatureMask.parse("grid(0, 1)"))
                .hasMessage("mask grid(0, 1): the number of cells must be at least 1, not 0");
    }

    @Test
    @DisplayName("A mask says what it is")
    void describes() {
        assertThat(FeatureMask.perInput(
                        FeatureMask.grid(2, 3), FeatureMask.ranges(-1, 1, 2).named("age", "income")))
                .hasToString("grid(2, 3) | ranges(axis -1: 1, 2) named [age, income]");
        FeatureMask given = FeatureMask.of(ids(Shape.of(1, 2), 0, 1));
        assertThat(given.toString()).matches("ids \\(1, 2\\) sha256:[0-9a-f]{16}");
        assertThat(given)
                .doesNotHaveToString(FeatureMask.of(ids(Shape.of(1, 2), 1, 0)).toString());
        assertThat(given.renumbered().named("a", "b").names()).containsExactly("a", "b");
    }
}
