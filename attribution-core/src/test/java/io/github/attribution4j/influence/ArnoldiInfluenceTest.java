// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.numeric.SymmetricEigen;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.run.Run.Progress;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Influence functions against the dense Hessian, which is found by differences of one parameter at a time. */
@ExtendWith(LeakExtension.class)
class ArnoldiInfluenceTest {
    private static final ParameterizedModel MODEL =
            (ParameterizedModel) ReferenceModels.mlp(DataType.FLOAT64, 0, Activation.TANH, 4, 5, 3);
    private static final List<Checkpoint> ONLY = List.of(Checkpoint.of(MODEL));
    private static final int ROWS = 12;
    private static final double STEP = 1e-5;

    private TensorScope scope;
    private Tensor rows;
    private double[] labels;

    @BeforeEach
    void make() {
        scope = TensorScope.open();
        rows = ReferenceModels.normal(DataType.FLOAT64, 3, ROWS, 4);
        labels = IntStream.range(0, ROWS).mapToDouble(row -> row * 7 % 3).toArray();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private Examples examples(int from, int to) {
        return Examples.of(
                Inputs.of(rows.rows(from, to)), Target.loss(Loss.crossEntropy(), Arrays.copyOfRange(labels, from, to)));
    }

    private Examples training() {
        return examples(0, ROWS);
    }

    private static double[][] all(InfluenceScores scores) {
        return IntStream.range(0, scores.examples()).mapToObj(scores::of).toArray(double[][]::new);
    }

    /** Returns the gradient of the loss of rows, in a model with other parameters. */
    private double[] gradient(ParameterizedModel model, List<String> names, int from, int to) {
        Examples.Part part = examples(from, to).part(0, to - from);
        return new ParameterGradients(model, names)
                .sum(Evaluator.start(new TracIn(), model, part.inputs(), part.target(), Run.defaults()));
    }

    private double[][] hessian(List<String> names) {
        List<double[]> columns = new ArrayList<>();
        for (String name : names) {
            double[] weight = MODEL.weight(name).toDoubleArray();
            for (int i = 0; i < weight.length; i++) {
                double[][] ends = new double[2][];
                for (int end = 0; end < 2; end++) {
                    double[] moved = weight.clone();
                    moved[i] += end == 0 ? STEP : -STEP;
                    Tensor value =
                            Tensors.ofJava().of(moved, MODEL.parameter(name).shape());
                    try (ParameterizedModel other = MODEL.withParameters(Map.of(name, value))) {
                        ends[end] = gradient(other, names, 0, ROWS);
                    }
                }
                double[] column = new double[ends[0].length];
                Arrays.setAll(column, j -> (ends[0][j] - ends[1][j]) / (2 * STEP));
                columns.add(column);
            }
        }
        return columns.toArray(double[][]::new);
    }

    /** Returns influences by eigenvalues above a bound. */
    private double[][] dense(List<String> names, int explained, double ridge, double smallest) {
        double[][] hessian = hessian(names);
        SymmetricEigen eigen = SymmetricEigen.of(hessian, hessian.length);
        double[][] scores = new double[explained][ROWS];
        for (int e = 0; e < explained; e++) {
            double[] ofExample = gradient(MODEL, names, e, e + 1);
            for (int row = 0; row < ROWS; row++) {
                double[] ofRow = gradient(MODEL, names, row, row + 1);
                for (int k = 0; k < hessian.length; k++) {
                    double value = eigen.values()[k] + ridge;
                    if (value > smallest) {
                        double one = 0;
                        double other = 0;
                        for (int i = 0; i < hessian.length; i++) {
                            one += eigen.vectors()[i][k] * ofExample[i];
                            other += eigen.vectors()[i][k] * ofRow[i];
                        }
                        scores[e][row] += one * other / value;
                    }
                }
            }
        }
        return scores;
    }

    @Test
    void the_whole_space_gives_the_dense_inverse() {
        for (List<String> names : List.of(
                List.of("fc2.weight", "fc2.bias"), List.of("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"))) {
            double[][] expected = dense(names, 3, 0.01, 0.05);
            double largest = Arrays.stream(expected)
                    .flatMapToDouble(Arrays::stream)
                    .map(Math::abs)
                    .max()
                    .orElseThrow();
            InfluenceScores scores = new ArnoldiInfluence(names.toArray(String[]::new))
                    .arnoldiTol(1e-6)
                    .projectionDim(60)
                    .hessianReg(0.01)
                    .hessianInverseTol(0.05)
                    .scores(ONLY, training(), examples(0, 3), Run.defaults());
            for (int e = 0; e < 3; e++) {
                assertThat(scores.of(e)).containsExactly(expected[e], within(1e-6 * largest));
            }
            assertThat(scores.report().notices()).isEmpty();
        }
    }

    @Test
    void few_directions_give_the_best_part_of_it() {
        List<String> names = List.of("fc2.weight", "fc2.bias");
        ArnoldiInfluence whole = new ArnoldiInfluence(names.toArray(String[]::new))
                .arnoldiTol(1e-6)
                .projectionDim(18);
        double[] all = whole.self(ONLY.get(0), training(), Run.defaults()).scores();
        double before = 0;
        for (int count : new int[] {1, 3, 6, 18}) {
            double[] some = whole.projectionDim(count)
                    .self(ONLY.get(0), training(), Run.defaults())
                    .scores();
            double part = Arrays.stream(some).sum() / Arrays.stream(all).sum();
            assertThat(part).isGreaterThan(before).isLessThanOrEqualTo(1 + 1e-9);
            before = part;
        }
    }

    @Test
    void seeds_repeat_and_batches_and_threads_change_rounding_only() {
        ArnoldiInfluence method = new ArnoldiInfluence().arnoldiDim(9);
        double[][] expected = all(method.scores(ONLY, training(), examples(0, 2), Run.defaults()));
        assertThat(all(method.scores(ONLY, training(), examples(0, 2), Run.defaults())))
                .isDeepEqualTo(expected);
        assertThat(all(method.scores(
                        ONLY, training(), examples(0, 2), Run.defaults().seed(1))))
                .isNotEqualTo(expected);
        Examples streamed = Examples.streamed(
                "rows",
                "1",
                ROWS,
                (from, to) -> new Examples.Part(
                        Inputs.of(rows.rows(from, to)),
                        Target.loss(Loss.crossEntropy(), Arrays.copyOfRange(labels, (int) from, (int) to))));
        double[][] inParts =
                all(method.scores(ONLY, streamed, examples(0, 2), Run.defaults().batchRows(5)));
        for (int e = 0; e < 2; e++) {
            assertThat(inParts[e]).containsExactly(expected[e], within(1e-6));
        }
    }

    @Test
    void products_are_kept_with_the_rows(@TempDir Path directory) {
        ArnoldiInfluence method = new ArnoldiInfluence().arnoldiDim(9);
        Examples kept = training().keptIn(directory);
        List<Progress> reports = new ArrayList<>();
        InfluenceScores first =
                method.scores(ONLY, kept, examples(0, 2), Run.defaults().progress(reports::add));
        InfluenceScores second = method.scores(ONLY, kept, examples(0, 2), Run.defaults());
        assertThat(all(second)).isDeepEqualTo(all(first));
        // Nine products of two gradients by all rows, and the rows themselves.
        assertThat(first.report().counts().backwardRows()
                        - second.report().counts().backwardRows())
                .isEqualTo((9 * 2 + 1) * ROWS);
        assertThat(reports.stream().map(Progress::fraction).toList()).isSorted().endsWith(1.0);
        // Two more dimensions need two more products, and each row once more in the new directions.
        InfluenceScores larger = method.arnoldiDim(11).scores(ONLY, kept, examples(0, 2), Run.defaults());
        assertThat(all(larger))
                .isDeepEqualTo(all(method.arnoldiDim(11).scores(ONLY, training(), examples(0, 2), Run.defaults())));
        assertThat(larger.report().counts().backwardRows()
                        - second.report().counts().backwardRows())
                .isEqualTo((2 * 2 + 1) * ROWS);
        // Another seed and other parameters have products of their own.
        double[][] other = all(
                method.scores(ONLY, training(), examples(0, 2), Run.defaults().seed(1)));
        assertThat(all(method.scores(ONLY, kept, examples(0, 2), Run.defaults().seed(1))))
                .isDeepEqualTo(other);
        ArnoldiInfluence last = new ArnoldiInfluence("fc2.weight", "fc2.bias").arnoldiDim(9);
        assertThat(all(last.scores(ONLY, kept, examples(0, 2), Run.defaults())))
                .isDeepEqualTo(all(last.scores(ONLY, training(), examples(0, 2), Run.defaults())));
    }

    @Test
    void a_run_that_was_stopped_goes_on_with_the_next_product(@TempDir Path directory) {
        ArnoldiInfluence method = new ArnoldiInfluence().arnoldiDim(9);
        Examples kept = training().keptIn(directory);
        InfluenceScores whole = method.scores(ONLY, training(), examples(0, 2), Run.defaults());
        Cancellation stop = new Cancellation();
        List<Progress> reports = new ArrayList<>();
        // Two reports for each product, one for each gradient: the sixth product is stopped in its middle.
        Run stopped = Run.defaults().cancellation(stop).progress(report -> {
            reports.add(report);
            if (reports.size() == 11) {
                stop.cancel();
            }
        });
        assertThatThrownBy(() -> method.scores(ONLY, kept, examples(0, 2), stopped))
                .isInstanceOf(CancelledException.class);
        InfluenceScores resumed = method.scores(ONLY, kept, examples(0, 2), Run.defaults());
        assertThat(all(resumed)).isDeepEqualTo(all(whole));
        assertThat(whole.report().counts().backwardRows()
                        - resumed.report().counts().backwardRows())
                .isEqualTo(5 * 2 * ROWS);
    }

    /** A loss that bends where the difference is taken has no Hessian; the question after says so too. */
    @Test
    void products_that_are_not_symmetric_are_told_from_kept_ones_as_well(@TempDir Path directory) {
        Loss bent = Loss.of("bent", (output, label) -> Math.abs(output[0] - output[1]), (output, label) -> {
            double sign = Math.signum(Math.sin(1e7 * (output[0] - output[1])));
            return new double[] {sign, -sign, 0};
        });
        Examples kept = Examples.of(Inputs.of(rows), Target.loss(bent, labels)).keptIn(directory);
        ArnoldiInfluence method = new ArnoldiInfluence("fc2.weight").arnoldiDim(6);
        List<String> first =
                method.scores(ONLY, kept, kept, Run.defaults()).report().notices();
        assertThat(first).anyMatch(notice -> notice.startsWith("products with the Hessian are uncertain"));
        assertThat(method.scores(ONLY, kept, kept, Run.defaults()).report().notices())
                .isEqualTo(first);
    }

    @Test
    void products_that_are_no_numbers_are_refused_and_not_kept(@TempDir Path directory) {
        Loss broken = Loss.of("broken", (output, label) -> 1, (output, label) -> new double[] {Double.NaN, 0, 0});
        Examples kept =
                Examples.of(Inputs.of(rows), Target.loss(broken, labels)).keptIn(directory);
        assertThatThrownBy(() -> new ArnoldiInfluence().scores(ONLY, kept, kept, Run.defaults()))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("NaN");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void refusals() {
        Checkpoint wide = Checkpoint.of(ReferenceModels.mlp(DataType.FLOAT64, 0, Activation.TANH, 4, 20_000, 3));
        assertThatThrownBy(() -> new ArnoldiInfluence()
                        .arnoldiDim(100_000)
                        .scores(List.of(wide), training(), examples(0, 1), Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("arnoldi-influence: 100000 + 50 vectors of 160003 parameters take ")
                .hasMessageContaining("name fewer parameters, such as those of the last layer, or make arnoldi-dim");
        assertThatThrownBy(() -> new ArnoldiInfluence()
                        .hessianInverseTol(1e9)
                        .scores(ONLY, training(), examples(0, 1), Run.defaults()))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessage("arnoldi-influence: the Hessian of the loss has no eigenvalue above 1.0E9 in the space that"
                        + " was looked at; raise hessian-reg, or lower hessian-inverse-tol");
        assertThatThrownBy(() -> new ArnoldiInfluence()
                        .scores(ONLY, training(), examples(0, 1), Run.defaults().deadline(Duration.ofNanos(1))))
                .isInstanceOf(DeadlineExceededException.class);
        assertThatThrownBy(() ->
                        new ArnoldiInfluence().hessianReg(-1).scores(ONLY, training(), examples(0, 1), Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("hessian-reg -1.0");
        assertThatThrownBy(() ->
                        new ArnoldiInfluence("fc9.weight").scores(ONLY, training(), examples(0, 1), Run.defaults()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("fc9.weight");
    }
}
