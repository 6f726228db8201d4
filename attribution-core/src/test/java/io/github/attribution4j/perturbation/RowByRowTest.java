// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Models whose rows change each other, or which take one row only: explained as if each row were alone. */
@ExtendWith(LeakExtension.class)
class RowByRowTest {
    private static final Tensors JAVA = Tensors.ofJava();
    private static final double[] X = {1, 2, 3, -4, 0.5, -7, 2, 2, -1.5, 3, 1, 0.25};
    private static final FeatureAblation ABLATION = new FeatureAblation();

    /** Σx² of a row: what every model here computes of a row alone, up to a factor. */
    private static double[] squares(double[][] rows) {
        return Stream.of(rows)
                .mapToDouble(row -> Arrays.stream(row).map(v -> v * v).sum())
                .toArray();
    }

    private interface Scores {
        double[] of(double[][] rows);
    }

    private static Model model(Scores scores, List<Integer> sizes) {
        return Model.of(rows -> {
            sizes.add(rows.length);
            return Arrays.stream(scores.of(rows))
                    .mapToObj(v -> new double[] {v})
                    .toArray(double[][]::new);
        });
    }

    private static double[] scaled(double[][] rows, double factor) {
        return Arrays.stream(squares(rows)).map(v -> v * factor).toArray();
    }

    private static double total(double[][] rows) {
        return Stream.of(rows).flatMapToDouble(Arrays::stream).sum();
    }

    static Stream<Arguments> dependent() {
        Scores batchNorm = rows -> {
            double[] all = squares(rows);
            double mean = Arrays.stream(all).average().orElse(0);
            return Arrays.stream(all).map(v -> v + 0.5 * (v - mean)).toArray();
        };
        Scores traced = rows -> {
            double[] all = new double[rows.length];
            all[0] = squares(rows)[0];
            return all;
        };
        Scores timeFirst = rows -> {
            double[] all = squares(rows);
            for (int i = 1; i < all.length; i++) {
                all[i] += 0.3 * all[i - 1];
            }
            return all;
        };
        Scores backwards = rows -> {
            double[] all = squares(rows);
            for (int i = all.length - 2; i >= 0; i--) {
                all[i] += 0.3 * all[i + 1];
            }
            return all;
        };
        Scores branch = rows -> scaled(rows, total(rows) > 0 ? 1 : 3);
        Scores range = rows -> {
            double scale = Stream.of(rows)
                            .flatMapToDouble(Arrays::stream)
                            .map(Math::abs)
                            .max()
                            .orElse(1)
                    / 127;
            double[][] rounded = Stream.of(rows)
                    .map(row -> Arrays.stream(row)
                            .map(v -> scale == 0 ? 0 : Math.rint(v / scale) * scale)
                            .toArray())
                    .toArray(double[][]::new);
            return squares(rounded);
        };
        Scores count = rows -> scaled(rows, 1.0 / rows.length);
        Scores huge =
                rows -> Arrays.stream(batchNorm.of(rows)).map(v -> v * 1e200).toArray();
        Scores tiny =
                rows -> Arrays.stream(batchNorm.of(rows)).map(v -> v * 1e-200).toArray();
        return Stream.of(
                Arguments.of("statistics of the batch", batchNorm),
                Arguments.of("a loop traced for one row", traced),
                Arguments.of("axis 0 read as time", timeFirst),
                Arguments.of("axis 0 read as time, backwards", backwards),
                Arguments.of("a branch on the batch's sum", branch),
                Arguments.of("rounding by the range of the batch", range),
                Arguments.of("a mean over the batch", count),
                Arguments.of("huge outputs", huge),
                Arguments.of("tiny outputs", tiny));
    }

    private static Tensor rows(int count) {
        double[] values = new double[count * 3];
        for (int i = 0; i < values.length; i++) {
            values[i] = X[i % X.length] + Math.floorDiv(i, X.length);
        }
        return JAVA.of(values, count, 3);
    }

    /** What an explanation says of rows. */
    private static List<String> ofRows(Explanation why) {
        return why.notices().stream().filter(line -> line.contains("row")).toList();
    }

    /** Rows of which one that is neither first nor last is exceeded by another: comparing it tells everything. */
    private static Tensor plain() {
        return JAVA.of(new double[] {1, 2, 3, 0.5, 1, 2, 4, 5, 6, 2, 2, 1}, 4, 3);
    }

    /** What each row gives alone, by calls of one row of a model of its own. */
    private static double[] alone(Scores scores, Tensor x) {
        double[] all = x.toDoubleArray();
        double[] expected = new double[all.length];
        for (int i = 0; i < all.length; i++) {
            int row = i / 3;
            double[] full = Arrays.copyOfRange(all, row * 3, row * 3 + 3);
            double[] without = full.clone();
            without[i % 3] = 0;
            expected[i] = scores.of(new double[][] {full})[0] - scores.of(new double[][] {without})[0];
        }
        return expected;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("dependent")
    void rows_that_change_each_other_are_explained_one_by_one(String kind, Scores scores) {
        for (int count : new int[] {2, 4, 9}) {
            List<Integer> sizes = new ArrayList<>();
            Model model = model(scores, sizes);
            try (TensorScope scope = TensorScope.open();
                    Explanation why = ABLATION.attribute(model, Inputs.of(rows(count)), Target.index(0))) {
                assertThat(why.attribution().toDoubleArray()).containsExactly(alone(scores, rows(count)));
                assertThat(ofRows(why))
                        .anyMatch(line -> line.startsWith("the model's rows change each other: of row ")
                                && line.endsWith("alone: explained row by row"));
                assertThat(why.counts().largestBatch()).isEqualTo(1);
            }
            sizes.clear();
            try (TensorScope scope = TensorScope.open();
                    Explanation again = ABLATION.attribute(model, Inputs.of(rows(count)), Target.index(0))) {
                assertThat(again.counts().checkRows()).as("known by now").isZero();
                assertThat(ofRows(again)).anyMatch(line -> line.contains("change each other"));
            }
            assertThat(sizes).containsOnly(1);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("dependent")
    void bits_do_not_depend_on_the_number_of_examples(String kind, Scores scores) {
        Model model = model(scores, new ArrayList<>());
        try (TensorScope scope = TensorScope.open();
                Explanation few = ABLATION.attribute(model, Inputs.of(rows(3)), Target.index(0));
                Explanation many = ABLATION.attribute(model, Inputs.of(rows(40)), Target.index(0))) {
            assertThat(few.attribution().toDoubleArray())
                    .containsExactly(many.attribution().rows(0, 3).toDoubleArray());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("dependent")
    void eight_threads_that_find_out_at_once_get_the_same_bits(String kind, Scores scores)
            throws InterruptedException, ExecutionException {
        Model model = model(scores, Collections.synchronizedList(new ArrayList<>()));
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try {
            List<Future<double[]>> results = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                results.add(pool.submit(() -> {
                    try (TensorScope scope = TensorScope.open();
                            Explanation why = ABLATION.attribute(model, Inputs.of(rows(4)), Target.index(0))) {
                        return why.attribution().toDoubleArray();
                    }
                }));
            }
            try (TensorScope scope = TensorScope.open()) {
                for (Future<double[]> result : results) {
                    assertThat(result.get()).containsExactly(alone(scores, rows(4)));
                }
            }
        } finally {
            pool.shutdown();
        }
    }

    @Test
    void the_comparison_mostly_costs_one_row_once_for_a_model_and_a_shape() {
        List<Integer> sizes = new ArrayList<>();
        Model model = model(RowByRowTest::squares, sizes);
        for (int call = 0; call < 3; call++) {
            sizes.clear();
            try (TensorScope scope = TensorScope.open();
                    Explanation why = ABLATION.attribute(model, Inputs.of(plain()), Target.index(0))) {
                assertThat(why.counts().checkRows()).isEqualTo(call == 0 ? 1 : 0);
                assertThat(why.counts().forwardRows()).isEqualTo(16);
                assertThat(ofRows(why)).isEmpty();
            }
            assertThat(sizes.stream().mapToInt(Integer::intValue).sum()).isEqualTo(call == 0 ? 17 : 16);
        }
        try (TensorScope scope = TensorScope.open();
                Tensor wider = JAVA.full(Shape.of(2, 5), DataType.FLOAT64, 2);
                Explanation why = ABLATION.attribute(model, Inputs.of(wider), Target.index(0))) {
            assertThat(why.counts().checkRows())
                    .as("another shape; equal rows say nothing of each other")
                    .isEqualTo(3);
        }
    }

    @Test
    void equal_rows_say_nothing_and_the_comparison_is_kept_for_others() {
        Scores batchNorm = rows -> {
            double[] all = squares(rows);
            double mean = Arrays.stream(all).average().orElse(0);
            return Arrays.stream(all).map(v -> v + 0.5 * (v - mean)).toArray();
        };
        Model model = model(batchNorm, new ArrayList<>());
        try (TensorScope scope = TensorScope.open()) {
            Tensor same = rows(1).select(0, 0, 0, 0);
            // One group: the only changed row of each example is zero, and so are those of the others.
            FeatureAblation whole = new FeatureAblation().mask(FeatureMask.of(JAVA.of(new long[3], 1, 3)));
            try (Explanation why = whole.attribute(model, Inputs.of(same), Target.index(0))) {
                assertThat(ofRows(why)).isEmpty();
                assertThat(why.counts().checkRows()).isEqualTo(4);
            }
            try (Explanation why = ABLATION.attribute(model, Inputs.of(rows(3)), Target.index(0))) {
                assertThat(ofRows(why)).anyMatch(line -> line.contains("change each other"));
                assertThat(why.attribution().toDoubleArray()).containsExactly(alone(batchNorm, rows(3)));
            }
        }
    }

    @Test
    void rounding_of_coarse_types_inside_is_no_dependence() {
        // As bfloat16 does: the last bits depend on the number of rows, and on nothing else.
        Scores coarse = rows -> Arrays.stream(squares(rows))
                .map(v -> v * (1 + (rows.length % 2) * 0.004))
                .toArray();
        List<Integer> sizes = new ArrayList<>();
        try (TensorScope scope = TensorScope.open();
                Explanation why = ABLATION.attribute(model(coarse, sizes), Inputs.of(plain()), Target.index(0))) {
            assertThat(ofRows(why)).isEmpty();
            assertThat(why.counts().checkRows())
                    .as("one alone, and as many copies as the call had")
                    .isEqualTo(5);
        }
    }

    @Test
    void a_random_model_is_called_that() {
        Random random = new Random(5);
        Scores dropout = rows -> Arrays.stream(squares(rows))
                .map(v -> random.nextBoolean() ? 2 * v : random.nextDouble())
                .toArray();
        try (TensorScope scope = TensorScope.open();
                Explanation why =
                        ABLATION.attribute(model(dropout, new ArrayList<>()), Inputs.of(plain()), Target.index(0))) {
            assertThat(ofRows(why))
                    .anyMatch(line -> line.startsWith("the model is random: row "))
                    .noneMatch(line -> line.contains("change each other"));
        }
    }

    @Test
    void an_output_that_holds_nothing_is_refused() {
        Model empty = Model.ofTensor(rows ->
                rows.tensors().of(new double[0], Shape.of(rows.shape().dim(0), 0)));
        try (TensorScope scope = TensorScope.open()) {
            assertThatThrownBy(() -> ABLATION.attribute(empty, Inputs.of(plain()), Target.index(0)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("of shape (")
                    .hasMessageEndingWith("which holds nothing for these inputs: there is nothing to explain at it");
        }
    }

    /** Throws unless the number of rows is as it likes. */
    private static Scores demanding(IntPredicate fits) {
        return rows -> {
            if (!fits.test(rows.length)) {
                throw new ModelException("shape '[1, 3]' is invalid for input of size " + rows.length * 3 + "\nmore");
            }
            return squares(rows);
        };
    }

    @Test
    void a_model_for_one_row_is_given_one_at_a_time() {
        List<Integer> sizes = new ArrayList<>();
        Model model = model(demanding(rows -> rows == 1), sizes);
        for (int call = 0; call < 2; call++) {
            sizes.clear();
            try (TensorScope scope = TensorScope.open();
                    Explanation why = ABLATION.attribute(model, Inputs.of(rows(3)), Target.index(0))) {
                assertThat(why.attribution().toDoubleArray()).containsExactly(alone(RowByRowTest::squares, rows(3)));
                assertThat(ofRows(why))
                        .containsExactly(
                                "a call of 3 rows failed (shape '[1, 3]' is invalid for input of size 9) and one "
                                        + "of a single row did not: explained row by row");
            }
            assertThat(sizes.stream().filter(size -> size > 1)).hasSize(call == 0 ? 1 : 0);
        }
    }

    @Test
    void a_model_that_refuses_single_rows_is_given_each_beside_a_copy() {
        Model model = model(demanding(rows -> rows > 1), new ArrayList<>());
        for (int count : new int[] {1, 2, 5}) {
            for (int batch : new int[] {1, 2, 3, 100}) {
                try (TensorScope scope = TensorScope.open();
                        Explanation why = ABLATION.attribute(
                                model,
                                Inputs.of(rows(count)),
                                Target.index(0),
                                Run.defaults().batchRows(batch))) {
                    assertThat(why.attribution().toDoubleArray())
                            .containsExactly(alone(RowByRowTest::squares, rows(count)));
                    assertThat(ofRows(why))
                            .anyMatch(line -> line.startsWith(
                                    "a call of one row failed (shape '[1, 3]' " + "is invalid for input of size 3)"));
                }
            }
        }
    }

    @Test
    void a_model_for_as_many_rows_as_there_are_examples_is_given_each_so_many_times() {
        for (int count : new int[] {3, 5}) {
            for (int batch : new int[] {1, count, 100}) {
                Model model = model(demanding(rows -> rows == count), new ArrayList<>());
                try (TensorScope scope = TensorScope.open();
                        Explanation why = ABLATION.attribute(
                                model,
                                Inputs.of(rows(count)),
                                Target.index(0),
                                Run.defaults().batchRows(batch))) {
                    assertThat(why.attribution().toDoubleArray())
                            .containsExactly(alone(RowByRowTest::squares, rows(count)));
                    assertThat(ofRows(why))
                            .anyMatch(line -> line.endsWith("each single row was run beside " + (count - 1)
                                    + " copies of itself; the model was saved for " + count + " rows"));
                }
            }
        }
    }

    @Test
    void a_model_for_so_many_rows_that_computes_by_their_place_is_refused() {
        Scores lengths = rows -> {
            double[] all = demanding(count -> count == 3).of(rows);
            all[2] /= 2;
            return all;
        };
        try (TensorScope scope = TensorScope.open()) {
            for (Tensor given : new Tensor[] {rows(3), rows(1).select(0, 0, 0, 0)}) {
                assertThatThrownBy(() -> ABLATION.attribute(
                                model(lengths, new ArrayList<>()), Inputs.of(given), Target.index(0)))
                        .isInstanceOf(ModelException.class)
                        .hasMessageContaining("is invalid for input of size 3");
            }
        }
    }

    @Test
    void an_output_of_other_rows_is_a_failure_like_any_other() {
        Model one = Model.ofTensor(
                x -> x.rows(x.shape().dim(0) - 1, x.shape().dim(0)).mul(2));
        Model squeezed = Model.ofTensors(JAVA, all -> all.get(0).mul(2));
        try (TensorScope scope = TensorScope.open();
                Explanation why = ABLATION.attribute(one, Inputs.of(rows(3)), Target.index(1))) {
            assertThat(why.attribution().toDoubleArray()[1]).isCloseTo(2 * rows(3).toDoubleArray()[1], within(0.0));
            assertThat(ofRows(why))
                    .anyMatch(line -> line.contains("(the function was given 3 rows and returned shape"));
            squeezed.close();
        }
    }

    @Test
    void axis_0_that_counts_something_else_is_not_taken_for_two_rows() {
        Model perClass =
                new Fixed(x -> x.sum(0, 1).reshape(1).broadcast(Shape.of(2)).mul(JAVA.of(new double[] {1, 5}, 2)));
        try (TensorScope scope = TensorScope.open()) {
            for (int count : new int[] {1, 2, 3}) {
                assertThatThrownBy(() -> ABLATION.attribute(perClass, Inputs.of(rows(count)), Target.output()))
                        .isInstanceOf(ModelException.class)
                        .hasMessageContaining("axis 0 of the output must count rows");
            }
        }
    }

    @Test
    void a_row_that_fails_alone_fails_as_before_and_the_model_is_not_blamed() {
        Scores picky = rows -> {
            for (double[] row : rows) {
                if (row[0] > 100) {
                    throw new ModelException("index out of range");
                }
            }
            return squares(rows);
        };
        Model model = model(picky, new ArrayList<>());
        try (TensorScope scope = TensorScope.open()) {
            Tensor bad = JAVA.of(new double[] {1, 2, 3, 101, 2, 3}, 2, 3);
            assertThatThrownBy(() -> ABLATION.attribute(model, Inputs.of(bad), Target.index(0)))
                    .isInstanceOf(ModelException.class)
                    .hasMessage("index out of range");
            try (Explanation why = ABLATION.attribute(model, Inputs.of(rows(3)), Target.index(0))) {
                assertThat(ofRows(why)).isEmpty();
                assertThat(why.counts().largestBatch()).isGreaterThan(1);
            }
        }
    }

    /** A model whose output nobody looks at before the runner does. */
    private record Fixed(UnaryOperator<Tensor> function) implements Model {
        @Override
        public Tensor forward(Inputs inputs) {
            return function.apply(inputs.tensor(0));
        }

        @Override
        public Tensors tensors() {
            return JAVA;
        }

        @Override
        public Model.Identity identity() {
            return new Model.Identity("fixed", "", "java", "java");
        }
    }

    /** Says that rows depend on each other, and computes x² whatever is beside it. */
    private static final class Saying implements Model {
        private final List<Long> sizes = new ArrayList<>();

        @Override
        public Tensor forward(Inputs inputs) {
            sizes.add(inputs.rows());
            return inputs.tensor(0).mul(inputs.tensor(0));
        }

        @Override
        public Tensors tensors() {
            return JAVA;
        }

        @Override
        public Model.Identity identity() {
            return new Model.Identity("saying", "", "java", "java");
        }

        @Override
        public Optional<String> oneRowAtATime() {
            return Optional.of("the model knows one row");
        }
    }

    @Test
    void a_model_that_says_so_is_given_its_rows_one_by_one() {
        Saying model = new Saying();
        DifferentiableModel wrapper = DifferentiableModel.of(
                model, (inputs, cotangent) -> List.of(inputs.tensor(0).mul(2).mul(cotangent)));
        try (Tensor x = JAVA.of(new double[] {1, 2, 3}, 3, 1);
                Explanation why = ABLATION.attribute(wrapper, Inputs.of(x), Target.index(0))) {
            assertThat(why.attribution().toDoubleArray()).containsExactly(1, 4, 9);
            assertThat(ofRows(why)).containsExactly("the model knows one row: explained row by row");
            assertThat(model.sizes).containsOnly(1L);
        }
    }
}
