// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BaselineTest {
    private static final Tensors JAVA = Tensors.ofJava();
    private TensorScope scope;
    private Inputs inputs;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
        inputs = Inputs.of(JAVA.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3), JAVA.of(new double[] {7, 8}, 2, 1));
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void constants_take_each_inputs_type_and_row_shape() {
        List<Tensor> references = Baseline.constant(0.5, -1).references(inputs, Run.defaults());

        assertThat(references.get(0).shape()).isEqualTo(Shape.of(1, 3));
        assertThat(references.get(0).dataType()).isEqualTo(DataType.FLOAT32);
        assertThat(references.get(0).toFloatArray()).containsExactly(0.5f, 0.5f, 0.5f);
        assertThat(references.get(1).dataType()).isEqualTo(DataType.FLOAT64);
        assertThat(references.get(1).toDoubleArray()).containsExactly(-1);
    }

    @Test
    void tensors_give_their_row_of_the_example() {
        Baseline baseline = Baseline.of(JAVA.of(new float[] {0, 0, 0, 1, 1, 1}, 2, 3), JAVA.of(new double[] {9}, 1, 1));
        List<Tensor> rows = baseline.rows(inputs, new long[] {1, 1, 0}, new long[3], Run.defaults());

        assertThat(rows.get(0).toFloatArray()).containsExactly(1, 1, 1, 1, 1, 1, 0, 0, 0);
        assertThat(rows.get(1).shape()).isEqualTo(Shape.of(1, 1));
    }

    @Test
    void samples_draw_the_same_row_of_every_tensor_and_follow_seed_example_and_sample() {
        Baseline baseline = Baseline.samples(
                JAVA.of(new float[] {0, 0, 0, 1, 1, 1, 2, 2, 2}, 3, 3), JAVA.of(new double[] {0, 1, 2}, 3, 1));
        long[] examples = IntStream.range(0, 60).mapToLong(i -> i % 2).toArray();
        long[] samples = IntStream.range(0, 60).mapToLong(i -> i / 2).toArray();
        List<Tensor> rows =
                baseline.rows(inputs, examples, samples, Run.defaults().seed(3));
        double[] second = rows.get(1).toDoubleArray();

        assertThat(rows.get(0).select(1, 0).toDoubleArray()).isEqualTo(second);
        assertThat(DoubleStream.of(second).distinct().sorted().toArray()).containsExactly(0, 1, 2);
        List<Tensor> oneRow = baseline.rows(
                inputs, new long[] {1}, new long[] {7}, Run.defaults().seed(3));
        assertThat(oneRow.get(1).toDoubleArray()[0]).isEqualTo(second[15]);
        assertThat(baseline.rows(inputs, examples, samples, Run.defaults().seed(4))
                        .get(1)
                        .toDoubleArray())
                .isNotEqualTo(second);
        assertThat(baseline.isDistribution()).isTrue();
    }

    @Test
    void the_mean_of_samples() {
        Baseline baseline =
                Baseline.mean(JAVA.of(new float[] {0, 2, 4, 2, 4, 6}, 2, 3), JAVA.of(new double[] {1, 3, 5}, 3, 1));
        List<Tensor> references = baseline.references(inputs, Run.defaults());

        assertThat(references.get(0).toFloatArray()).containsExactly(1, 3, 5);
        assertThat(references.get(1).toDoubleArray()).containsExactly(3);
    }

    @Test
    void noise_depends_on_the_draw_and_stays_in_its_bounds() {
        Inputs wide = Inputs.of(JAVA.zeros(Shape.of(2, 5000), DataType.FLOAT64));
        double[] uniform =
                Baseline.uniform(2, 3).references(wide, Run.defaults()).get(0).toDoubleArray();
        double[] normal =
                Baseline.normal(1, 0.1).references(wide, Run.defaults()).get(0).toDoubleArray();

        assertThat(DoubleStream.of(uniform).boxed())
                .allMatch(value -> value >= 2 && value < 3)
                .doesNotHaveDuplicates();
        assertThat(DoubleStream.of(normal).average().orElseThrow()).isCloseTo(1, within(0.01));
        double[] secondExample = Baseline.uniform(2, 3)
                .rows(wide, new long[] {1}, new long[1], Run.defaults())
                .get(0)
                .toDoubleArray();
        assertThat(secondExample[17]).isEqualTo(uniform[5017]);
    }

    @Test
    void a_blur_keeps_constants_and_spreads_a_point_as_a_gaussian() {
        double[] point = new double[49];
        point[24] = 1;
        Inputs image = Inputs.of(JAVA.of(point, 1, 1, 7, 7));
        double[] blurred =
                Baseline.blurred(1).references(image, Run.defaults()).get(0).toDoubleArray();
        double sum = 0;
        for (int d = -3; d <= 3; d++) {
            sum += Math.exp(-0.5 * d * d);
        }

        assertThat(blurred[24]).isCloseTo(1 / (sum * sum), within(1e-12));
        assertThat(blurred[25]).isCloseTo(Math.exp(-0.5) / (sum * sum), within(1e-12));
        assertThat(DoubleStream.of(blurred).sum()).isCloseTo(1, within(1e-12));
        Inputs flat = Inputs.of(JAVA.full(Shape.of(1, 5, 4), DataType.FLOAT64, 3));
        assertThat(DoubleStream.of(Baseline.blurred(2)
                                .references(flat, Run.defaults())
                                .get(0)
                                .toDoubleArray())
                        .boxed())
                .allMatch(value -> Math.abs(value - 3) < 1e-12);
    }

    @Test
    void a_lifted_baseline_is_what_the_head_answers_once_where_it_is_one_row() {
        Cut cut = ReferenceModel.builder(DataType.FLOAT64, 0)
                .input("x", Shape.of(1))
                .linear("layer", "x", new double[][] {{10}}, new double[] {1})
                .build()
                .cut("layer");
        Inputs original = Inputs.of(JAVA.of(new double[] {1, 2}, 2, 1));
        Inputs tail = original.behind(cut, List.of(JAVA.of(new double[] {11, 21}, 2, 1)));

        assertThat(Baseline.constant(3)
                        .throughHead()
                        .references(tail, Run.defaults())
                        .get(0)
                        .toDoubleArray())
                .containsExactly(31);
        assertThat(Baseline.constant(3)
                        .through(Model.ofTensor(x -> x.mul(-1)))
                        .references(tail, Run.defaults())
                        .get(0)
                        .toDoubleArray())
                .containsExactly(-3);
        assertThat(problems(Baseline.zeros().throughHead(), inputs))
                .containsExactly(
                        "baseline 0.0 through head is lifted through the head of a cut, but the method is not applied"
                                + " at a layer; use it with method.at(layer), or give the baseline without"
                                + " throughHead()");
        assertThat(problems(Baseline.constant(1, 2).throughHead(), tail)).hasSize(1);
    }

    @Test
    void baselines_that_do_not_fit_are_refused_all_at_once() {
        assertThat(problems(Baseline.constant(1, 2, 3), inputs))
                .containsExactly(
                        "baseline [1.0, 2.0, 3.0]: 3 numbers for 2 attributed inputs; give one for all, or one "
                                + "for each");
        assertThat(problems(Baseline.constant(Double.NaN), inputs)).hasSize(1);
        assertThat(problems(Baseline.of(JAVA.of(new float[4], 1, 4), JAVA.of(new double[3], 3, 1)), inputs))
                .containsExactly(
                        "baseline for input 'input0' has shape (1, 4) and the input has shape (2, 3); all axes but the "
                                + "first must be equal",
                        "baseline for input 'input1' has 3 rows for 2 examples; give one row for all or one for each,"
                                + " or Baseline.samples(...) for a set");
        assertThat(problems(Baseline.of(JAVA.of(new float[3], 1, 3)), inputs))
                .containsExactly("baseline: 1 tensors for 2 attributed inputs; give one for each");
        assertThat(problems(
                        Baseline.of(JAVA.of(new float[] {1, Float.NaN, 0}, 1, 3), JAVA.of(new double[1], 1, 1)),
                        inputs))
                .containsExactly("baseline for input 'input0' holds NaN or infinite values");
        assertThat(problems(Baseline.samples(JAVA.of(new float[6], 2, 3), JAVA.of(new double[3], 3, 1)), inputs))
                .hasSize(1);
        assertThat(problems(Baseline.mean(JAVA.of(new float[0], 0, 3), JAVA.of(new double[1], 1, 1)), inputs))
                .hasSize(1);
        assertThat(problems(Baseline.blurred(1), inputs)).hasSize(2);
        Inputs tokens = Inputs.of(JAVA.of(new long[] {1, 2}, 2, 1));
        assertThat(problems(Baseline.uniform(0, 1), tokens)).hasSize(1);
        assertThatThrownBy(() -> Baseline.uniform(1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Baseline.normal(0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Baseline.blurred(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void baselines_describe_themselves_without_their_values() {
        assertThat(Baseline.zeros().describe()).isEqualTo("0.0");
        assertThat(Baseline.blurred(2).describe()).isEqualTo("blurred(2.0)");
        assertThat(Baseline.normal(0, 1).describe()).isEqualTo("normal(0.0, 1.0)");
        assertThat(Baseline.of(JAVA.of(new float[] {1234}, 1, 1)).describe())
                .startsWith("tensor (1, 1) sha256:")
                .doesNotContain("1234.0");
    }

    @Test
    void fractions_are_refused_where_the_input_has_whole_numbers() {
        Inputs ids = Inputs.none().attribute("ids", JAVA.of(new long[] {3, 4}, 1, 2));
        String refusal = "baseline for input 'ids' holds 2.5, and the input is int64; give whole numbers";
        Tensor fractions = JAVA.of(new float[] {1, 2.5f}, 1, 2);
        for (Baseline baseline : List.of(
                Baseline.constant(2.5),
                Baseline.of(fractions),
                Baseline.samples(fractions),
                Baseline.kMeans(1, fractions),
                Baseline.mean(JAVA.of(new long[] {1, 2, 1, 3}, 2, 2)))) {
            assertThat(problems(baseline, ids)).as(baseline.describe()).containsExactly(refusal);
        }
        Tensor whole = JAVA.of(new float[] {1, 2, 3, 4}, 2, 2);
        for (Baseline baseline : List.of(
                Baseline.constant(2), Baseline.of(whole.rows(0, 1)), Baseline.samples(whole), Baseline.mean(whole))) {
            assertThat(problems(baseline, ids)).isEmpty();
        }
        Inputs flags = Inputs.none().attribute("flags", JAVA.of(new boolean[] {true, false}, Shape.of(1, 2)));
        assertThat(problems(Baseline.zeros(), flags)).isEmpty();
    }

    private static List<String> problems(Baseline baseline, Inputs inputs) {
        Problems problems = new Problems();
        baseline.check(inputs, problems);
        try {
            problems.throwIfAny();
            return List.of();
        } catch (InvalidRequestException e) {
            return e.problems();
        }
    }
}
