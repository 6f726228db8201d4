// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetTest {
    private static final long[] TWO = {0, 1};
    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor logits() {
        return Tensors.ofJava().of(new double[] {1, 3, 2, 5, 4, 6}, 2, 3);
    }

    @Test
    void one_class_for_all_rows() {
        assertThat(Target.index(2).score(logits(), TWO).toDoubleArray()).containsExactly(2, 6);
        assertThat(Target.index(2).cotangent(logits(), TWO).toDoubleArray()).containsExactly(0, 0, 1, 0, 0, 1);
    }

    @Test
    void one_class_for_each_example_follows_the_rows_of_the_example() {
        Target target = Target.indexes(0, 1);

        assertThat(target.score(logits(), new long[] {1, 0}).toDoubleArray()).containsExactly(3, 5);
        assertThat(target.forExamples(new long[] {1, 1, 0})
                        .score(logits(), new long[] {0, 2})
                        .toDoubleArray())
                .containsExactly(3, 5);
    }

    @Test
    void an_element_of_an_output_of_any_rank() {
        Tensor output =
                Tensors.ofJava().of(new double[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, 2, 2, 2, 2);

        assertThat(Target.at(1, 0, 1).score(output, TWO).toDoubleArray()).containsExactly(5, 13);
        assertThat(Target.atEach(new long[] {0, 0, 1}, new long[] {1, 1, 1})
                        .score(output, TWO)
                        .toDoubleArray())
                .containsExactly(1, 15);
    }

    @Test
    void argmax_is_decided_at_the_explained_output() {
        Target decided = Target.argmax().resolve(logits());

        assertThat(decided.describe()).isEqualTo("index 1, 2");
        assertThat(Target.argmax().score(logits(), TWO).toDoubleArray()).containsExactly(3, 6);
        assertThat(Target.argmax().cotangent(logits(), TWO).toDoubleArray()).containsExactly(0, 1, 0, 0, 0, 1);
    }

    @Test
    void sigmoid_is_the_probability_of_a_logit_also_of_huge_ones() {
        Tensor logits = Tensors.ofJava().of(new double[] {0, Math.log(3), -800, 800, -Math.log(4)}, 5, 1);
        long[] five = {0, 1, 2, 3, 4};
        Target target = Target.sigmoid(Target.output());
        double[] p = {0.5, 0.75, 0, 1, 0.2};
        double[] slope = {0.25, 0.1875, 0, 0, 0.16};
        assertThat(target.score(logits, five).toDoubleArray()).containsExactly(p, within(1e-12));
        assertThat(target.cotangent(logits, five).toDoubleArray()).containsExactly(slope, within(1e-12));
        assertThat(target.cotangent(logits, five).shape()).isEqualTo(Shape.of(5, 1));
        assertThat(target.describe()).isEqualTo("sigmoid of output");
        assertThat(Target.sigmoid(Target.argmax()).resolve(logits()).describe()).isEqualTo("sigmoid of index 1, 2");
    }

    @ParameterizedTest
    @CsvSource({"1", "3"})
    void the_softmax_of_a_single_logit_is_refused_with_the_sigmoid_offered(int rows) {
        for (Shape shape : List.of(Shape.of(rows, 1), Shape.of(rows))) {
            Problems problems = new Problems();
            Target.probability(0).check(shape, rows, problems);
            assertThatThrownBy(problems::throwIfAny)
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("whose softmax is always 1")
                    .hasMessageContaining("Target.sigmoid(Target.output())");
        }
    }

    @Test
    void the_softmax_of_probabilities_is_noticed() {
        Tensor probabilities = Tensors.ofJava().of(new double[] {0.2, 0.5, 0.3, 1, 0, 0}, 2, 3);
        assertThat(Target.probability(1).notices(probabilities))
                .singleElement()
                .asString()
                .contains("are probabilities already")
                .contains("Target.index(1)");
        assertThat(Target.difference(Target.probability(1), Target.probability(2))
                        .notices(probabilities))
                .hasSize(2);
        // Logits, some labels that do not exclude each other, and scores that add up to 1 by chance but for one.
        for (double[] others : new double[][] {{1, 3, 2, 5, 4, 6}, {0.9, 0.9, 0, 1, 0, 0}, {0.5, 0.7, -0.2, 1, 0, 0}}) {
            assertThat(Target.probability(1).notices(Tensors.ofJava().of(others, 2, 3)))
                    .isEmpty();
        }
        assertThat(Target.index(1).notices(probabilities)).isEmpty();
    }

    @Test
    void sums_are_sets_and_their_difference_one_against_another() {
        Target sum = Target.sum(Target.index(0), Target.index(2));
        assertThat(sum.score(logits(), TWO).toDoubleArray()).containsExactly(3, 11);
        assertThat(sum.cotangent(logits(), TWO).toDoubleArray()).containsExactly(1, 0, 1, 1, 0, 1);
        Target difference = Target.difference(sum, Target.index(1));
        assertThat(difference.score(logits(), TWO).toDoubleArray()).containsExactly(0, 7);
        assertThat(difference.cotangent(logits(), TWO).toDoubleArray()).containsExactly(1, -1, 1, 1, -1, 1);
        assertThat(difference.describe()).isEqualTo("(index 0 plus index 2) minus index 1");
        assertThatThrownBy(Target::sum).hasMessageContaining("none given");
    }

    @Test
    void a_difference_of_the_same_is_refused() {
        Problems problems = new Problems();
        Target.difference(Target.index(1), Target.index(1)).check(Shape.of(2, 3), 2, problems);
        assertThatThrownBy(problems::throwIfAny).hasMessageContaining("is 0 whatever the model answers");
    }

    @Test
    void a_slice_of_everything_has_words() {
        assertThat(Target.slice().describe()).isEqualTo("sum of all values");
    }

    @Test
    void probability_is_the_softmax_also_of_huge_logits() {
        Tensor huge = Tensors.ofJava().of(new double[] {1000, 1000 + Math.log(3)}, 1, 2);

        assertThat(Target.probability(1).score(huge, new long[] {0}).toDoubleArray()[0])
                .isCloseTo(0.75, within(1e-12));
    }

    static List<Target> targets() {
        return List.of(
                Target.index(1),
                Target.indexes(2, 0),
                Target.probability(1),
                Target.argmax(),
                Target.difference(Target.index(0), Target.probability(2)),
                Target.difference(Target.sum(Target.index(0), Target.index(1)), Target.index(2)),
                Target.sigmoid(Target.index(1)),
                Target.sigmoid(Target.difference(Target.index(0), Target.index(2))),
                Target.of("sum of squares", output -> output.mul(output).sum(1), output -> output.mul(2)));
    }

    @ParameterizedTest
    @MethodSource("targets")
    void the_cotangent_is_the_derivative_of_the_score(Target target) {
        double[] cotangent = target.cotangent(logits(), TWO).toDoubleArray();
        double step = 1e-6;
        for (int i = 0; i < 6; i++) {
            double[] up = logits().toDoubleArray();
            double[] down = logits().toDoubleArray();
            up[i] += step;
            down[i] -= step;
            double slope = (sum(target, up) - sum(target, down)) / (2 * step);
            assertThat(cotangent[i]).as("element %d", i).isCloseTo(slope, within(1e-8));
        }
    }

    static List<Target> described() {
        Target a = Target.index(0);
        Target b = Target.indexes(1, 2);
        return List.of(
                a,
                b,
                Target.at(1),
                Target.probability(2),
                Target.slice(":2"),
                Target.slice(),
                Target.sigmoid(b),
                Target.difference(b, a),
                Target.difference(Target.sum(a, b), Target.sum(Target.index(2), Target.probability(1))),
                Target.difference(Target.sigmoid(a), Target.sigmoid(b)),
                Target.difference(a, Target.difference(b, Target.index(2))),
                Target.difference(Target.difference(a, b), Target.index(2)),
                Target.sum(Target.difference(a, b), Target.difference(Target.index(2), b)),
                Target.sum(Target.sum(a, b), Target.sigmoid(a), Target.slice("1:")),
                Target.sigmoid(Target.difference(a, Target.sum(b, b))),
                Target.sigmoid(Target.sum(a, b)),
                Target.sum(Target.difference(a, b)),
                Target.difference(Target.sum(Target.difference(a, b)), a));
    }

    @ParameterizedTest
    @MethodSource("described")
    void a_description_is_read_as_the_same_target(Target target) {
        assertReadAsSame(target, target.describe(), List.of());
        Target named = target.named("cat", "dog (small), and a fox", "x minus y");
        if (named.describe().contains("sum of '")) {
            assertThatThrownBy(() -> Target.parse(named.describe(), named.classes()))
                    .hasMessageEndingWith("is made of more than its description; give it");
        } else {
            assertReadAsSame(named, named.describe(), named.classes());
        }
    }

    private static void assertReadAsSame(Target target, String description, List<String> classes) {
        Target read = Target.parse(description, classes);
        assertThat(read.describe()).isEqualTo(description);
        assertThat(read.scores(logits(), TWO)).containsExactly(target.scores(logits(), TWO));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "index 0 minus index 1 minus index 2",
                "index 0 plus index 1",
                "(index 0 minus index 1",
                "index 0, sigmoid of index 1",
                "index x",
                "my function",
                "index 0 minus my function, index 1 minus my function",
                "sum of [x]"
            })
    void a_description_that_is_not_the_whole_target_is_refused(String description) {
        assertThatThrownBy(() -> Target.parse(description, List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("target '" + description + "': is made of more than its description; give it");
    }

    private static double sum(Target target, double[] values) {
        return target.score(Tensors.ofJava().of(values, 2, 3), TWO).sum().toDoubleArray()[0];
    }

    @Test
    void a_single_output_may_have_one_or_two_axes() {
        assertThat(Target.output()
                        .score(Tensors.ofJava().of(new double[] {1, 2}, 2), TWO)
                        .toDoubleArray())
                .containsExactly(1, 2);
        assertThat(Target.output()
                        .score(Tensors.ofJava().of(new double[] {1, 2}, 2, 1), TWO)
                        .toDoubleArray())
                .containsExactly(1, 2);
        assertThat(Target.output()
                        .cotangent(Tensors.ofJava().of(new double[] {1, 2}, 2, 1), TWO)
                        .shape())
                .isEqualTo(Shape.of(2, 1));
    }

    @Test
    void targets_outside_the_output_are_refused_by_name() {
        assertThat(problems(Target.output(), Shape.of(2, 3)))
                .containsExactly(
                        "target: none given, but the model's output has shape (2, 3), 3 values for each example; "
                                + "choose one, for instance Target.index(c), Target.at(...) or Target.argmax()");
        assertThat(problems(Target.index(3), Shape.of(2, 3)))
                .containsExactly("target [3]: 3 lies outside 0 to 2, axis 1 of the model's output of shape (2, 3)");
        assertThat(problems(Target.index(-1), Shape.of(2, 3))).hasSize(1);
        assertThat(problems(Target.indexes(1, 1, 1), Shape.of(2, 3)))
                .containsExactly("target index 1, 1, 1: 3 targets for 2 examples; give one for all, or one for each");
        assertThat(problems(Target.index(1), Shape.of(2, 3, 4, 4)))
                .containsExactly("target [1] has 1 coordinates, but the model's output has shape (2, 3, 4, 4), 3 axes "
                        + "after the rows; give one coordinate for each with Target.at(...)");
        assertThat(problems(Target.argmax(), Shape.of(2, 3, 4))).hasSize(1);
        assertThat(problems(Target.probability(5), Shape.of(2, 3))).hasSize(1);
        assertThat(problems(Target.probability(1), Shape.of(2))).hasSize(1);
        assertThat(problems(Target.difference(Target.index(7), Target.index(8)), Shape.of(2, 3)))
                .hasSize(2);
    }

    private static List<String> problems(Target target, Shape output) {
        Problems problems = new Problems();
        target.check(output, 2, problems);
        try {
            problems.throwIfAny();
            return new ArrayList<>();
        } catch (InvalidRequestException e) {
            return e.problems();
        }
    }

    @Test
    void a_function_that_returns_another_shape_is_refused() {
        Target target = Target.of("bad", output -> output, output -> output.sum(1));

        assertThatThrownBy(() -> target.score(logits(), TWO))
                .isInstanceOf(ModelException.class)
                .hasMessage(
                        "target 'bad' returned scores of shape (2, 3) for 2 rows; it must return one score for each "
                                + "row, shape (2,)");
        assertThatThrownBy(() -> target.cotangent(logits(), TWO))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith(
                        "target 'bad' returned a derivative of shape (2,) and type float64; it must have");
    }

    @Test
    void slices_sum_what_NumPy_would_select() {
        Tensor output =
                Tensors.ofJava().of(IntStream.range(0, 24).asDoubleStream().toArray(), 2, 3, 4);
        Target window = Target.slice("1, 1:3");
        assertThat(window.score(output, TWO).toDoubleArray()).containsExactly(5 + 6, 17 + 18);
        assertThat(window.cotangent(output, TWO).toDoubleArray())
                .containsExactly(0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0);
        assertThat(Target.slice("-1").score(output, TWO).toDoubleArray()).containsExactly(38, 86);
        assertThat(Target.slice(":, ::2").score(output, TWO).toDoubleArray()).containsExactly(30, 102);
        assertThat(Target.slice("0:2, -2:").score(output, TWO).toDoubleArray()).containsExactly(18, 66);
        assertThat(Target.slice().score(output, TWO).toDoubleArray()).containsExactly(66, 210);
        assertThat(Target.slice(Target.Slice.at(1), Target.Slice.range(1, 3)).describe())
                .isEqualTo(window.describe())
                .isEqualTo("sum of [1, 1:3]");
        assertThat(window).isEqualTo(Target.slice(" 1 ,1 : 3"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "3|3 selects positions outside of an axis of 3",
                "-4|-4 selects positions outside of an axis of 3",
                "0, 2:5|2:5 selects positions outside of an axis of 4",
                "0, 2:2|2:2 selects nothing of an axis of 4",
                "0, 0, 0|selects on 3 axes, but the output has shape (2, 3, 4), 2 after the rows"
            })
    void slices_that_do_not_fit_are_refused(String text, String expected) {
        Problems problems = new Problems();
        Target.slice(text).check(Shape.of(2, 3, 4), 2, problems);
        assertThatThrownBy(problems::throwIfAny).hasMessageContaining(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1,,2", "a", "1:2:3:4", "1.5", "1:2:0", "..."})
    void text_that_is_no_slice_is_refused(String text) {
        assertThatThrownBy(() -> Target.slice(text)).isInstanceOf(IllegalArgumentException.class);
    }

    private static Tensor segmentation() {
        double[] values = new double[2 * 3 * 2 * 2];
        for (int i = 0; i < values.length; i++) {
            values[i] = i * i % 7 - 2;
        }
        return Tensors.ofJava().of(values, 2, 3, 2, 2);
    }

    @Test
    void a_region_is_a_channel_summed_over_a_mask() {
        Tensor output = segmentation();
        double[] values = output.toDoubleArray();
        Target target = Target.region(1, Tensors.ofJava().of(new double[] {1, 0, 0, 0.5}, 2, 2));

        assertThat(target.score(output, TWO).toDoubleArray())
                .containsExactly(values[4] + 0.5 * values[7], values[16] + 0.5 * values[19]);
        double[] cotangent = target.cotangent(output, TWO).toDoubleArray();
        double[] expected = new double[24];
        expected[4] = expected[16] = 1;
        expected[7] = expected[19] = 0.5;
        assertThat(cotangent).isEqualTo(expected);
        assertThat(target.describe()).startsWith("channel 1 over 2 of 4 places (mask ");
        assertThat(problems(target, Shape.of(2, 3, 2, 2))).isEmpty();
        assertThat(problems(target, Shape.of(2, 1, 2, 2)))
                .containsExactly(
                        "target: channel 1 of an output of shape (2, 1, 2, 2) does not exist; axis 1 counts channels "
                                + "from 0");
        assertThat(problems(target, Shape.of(2, 3, 4)))
                .containsExactly(
                        "target: a mask of shape (2, 2) needs an output of shape (rows, channels, ...) with these "
                                + "extents after the channels, and the model's has shape (2, 3, 4)");
        assertThatThrownBy(() -> Target.region(0, Tensors.ofJava().of(new double[4], 2, 2)))
                .hasMessage("mask of shape (2, 2): all 0, so there is no region; choose places");
        assertThatThrownBy(() -> Target.region(-1, Tensors.ofJava().of(new double[] {1}, 1)))
                .hasMessage("channel -1: channels count from 0");
    }

    @Test
    void a_detection_is_decided_once_and_keeps_its_boxes() {
        // Three boxes of centre, size and two scores.
        double[] first = {5, 5, 4, 4, 0.1, 0.9, 5.5, 5, 4, 4, 0.2, 0.7, 20, 20, 4, 4, 0.3, 0.5};
        Tensor output = Tensors.ofJava().of(first, 1, 3, 6);
        Target target = Target.detection(Target.BoxLayout.CENTER_AND_SIZE, 5, new double[] {3, 3, 7, 7}, 0.5);
        long[] one = {0};

        assertThat(target.score(output, one).toDoubleArray()).containsExactly(0.9 + 0.7);
        Target decided = target.resolve(output);
        double[] moved = first.clone();
        moved[0] = 50;
        assertThat(decided.score(Tensors.ofJava().of(moved, 1, 3, 6), one).toDoubleArray())
                .containsExactly(0.9 + 0.7);
        double[] expected = new double[18];
        expected[5] = expected[11] = 1;
        assertThat(decided.cotangent(output, one).toDoubleArray()).isEqualTo(expected);
        assertThat(decided.describe())
                .isEqualTo("column 5 of boxes over [3.0, 3.0, 7.0, 7.0] (overlap >= 0.5): [2] boxes");
        assertThat(decided.forExamples(new long[] {0, 0})
                        .score(Tensors.ofJava().of(first, 1, 3, 6), new long[] {1})
                        .toDoubleArray())
                .containsExactly(0.9 + 0.7);
        // Corners: the same numbers mean other boxes.
        assertThatThrownBy(() -> Target.detection(Target.BoxLayout.CORNERS, 5, new double[] {3, 3, 7, 7}, 0.5)
                        .resolve(output))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("target: no box of example 0 overlaps [3.0, 3.0, 7.0, 7.0] by 0.5 or more");
        assertThat(problems(target, Shape.of(2, 3, 5)))
                .containsExactly("target: a detection needs an output of shape (rows, boxes, columns) with more than 5 "
                        + "columns, and the model's has shape (2, 3, 5)");
    }

    @Test
    void overlaps_are_intersection_over_union() {
        double[] box = {0, 0, 2, 2};
        assertThat(DetectionTarget.overlap(box, box)).isEqualTo(1);
        assertThat(DetectionTarget.overlap(box, new double[] {1, 1, 3, 3})).isEqualTo(1.0 / 7);
        assertThat(DetectionTarget.overlap(box, new double[] {2, 0, 3, 3})).isZero();
        assertThat(DetectionTarget.overlap(box, new double[] {1, 1, 1, 1})).isZero();
    }

    @Test
    void wrong_detections_are_refused() {
        double[] box = {0, 0, 2, 2};
        assertThatThrownBy(() -> Target.detection(Target.BoxLayout.CORNERS, 3, box, 0.5))
                .hasMessage("scoreColumn 3: columns 0 to 3 are coordinates; scores follow from 4");
        assertThatThrownBy(() -> Target.detection(Target.BoxLayout.CORNERS, 4, new double[] {0, 0, 0, 2}, 0.5))
                .hasMessage("box [0.0, 0.0, 0.0, 2.0]: must be x1, y1, x2, y2 with x1 < x2 and y1 < y2");
        assertThatThrownBy(() -> Target.detection(Target.BoxLayout.CORNERS, 4, box, 0))
                .hasMessage("leastOverlap 0.0: must be above 0 and at most 1");
    }
}
