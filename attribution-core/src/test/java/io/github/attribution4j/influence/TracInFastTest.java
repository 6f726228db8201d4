// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** TracIn of one layer against the definition: differences of each row's loss by each parameter. */
@ExtendWith(LeakExtension.class)
class TracInFastTest {
    private static final int ROWS = 6;
    private static final double STEP = 1e-5;

    private final ReferenceModel first = ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.TANH, 4, 5, 3);
    private final ReferenceModel second = ReferenceModels.mlp(DataType.FLOAT64, 2, Activation.TANH, 4, 5, 3);
    private final List<Checkpoint> checkpoints = List.of(new Checkpoint(first, 0.5), new Checkpoint(second, 0.1));
    private final double[] labels = {0, 1, 2, 2, 1, 0};
    private final TracInFast method = new TracInFast("fc2").input("act1");

    private TensorScope scope;
    private Tensor rows;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
        rows = ReferenceModels.normal(DataType.FLOAT64, 3, ROWS, 4);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private Examples examples() {
        return Examples.of(Inputs.of(rows), Target.loss(Loss.crossEntropy(), labels));
    }

    /** Returns the derivative of a row's loss by each weight, and then by each bias, of the last layer. */
    private double[] gradient(ReferenceModel model, int row, boolean bias) {
        double[][] weights = model.weights("fc2");
        double[] biases = model.bias("fc2");
        List<Double> gradient = new ArrayList<>();
        for (double[] out : weights) {
            for (int i = 0; i < out.length; i++) {
                double before = out[i];
                out[i] = before + STEP;
                double above = loss(model, weights, biases, row);
                out[i] = before - STEP;
                gradient.add((above - loss(model, weights, biases, row)) / (2 * STEP));
                out[i] = before;
            }
        }
        for (int i = 0; i < biases.length && bias; i++) {
            double before = biases[i];
            biases[i] = before + STEP;
            double above = loss(model, weights, biases, row);
            biases[i] = before - STEP;
            gradient.add((above - loss(model, weights, biases, row)) / (2 * STEP));
            biases[i] = before;
        }
        return gradient.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private double loss(ReferenceModel model, double[][] weights, double[] biases, int row) {
        ReferenceModel changed = ReferenceModel.builder(DataType.FLOAT64, 0)
                .input("x", Shape.of(4))
                .linear("fc1", "x", model.weights("fc1"), model.bias("fc1"))
                .activation("act1", "fc1", Activation.TANH)
                .linear("fc2", "act1", weights, biases)
                .build();
        double[] logits = changed.forward(Inputs.of(rows.rows(row, row + 1))).toDoubleArray();
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit);
        }
        return Math.log(sum) - logits[(int) labels[row]];
    }

    private double[][] expected(boolean bias) {
        double[][] scores = new double[ROWS][ROWS];
        for (Checkpoint checkpoint : checkpoints) {
            double[][] gradients = IntStream.range(0, ROWS)
                    .mapToObj(row -> gradient((ReferenceModel) checkpoint.model(), row, bias))
                    .toArray(double[][]::new);
            for (int i = 0; i < ROWS; i++) {
                for (int j = 0; j < ROWS; j++) {
                    scores[i][j] += checkpoint.rate() * dot(gradients[i], gradients[j]);
                }
            }
        }
        return scores;
    }

    private static double dot(double[] left, double[] right) {
        double sum = 0;
        for (int i = 0; i < left.length; i++) {
            sum += left[i] * right[i];
        }
        return sum;
    }

    @Test
    void it_is_the_product_of_the_gradients_of_losses_by_weight_and_bias() {
        for (boolean bias : new boolean[] {true, false}) {
            InfluenceScores scores = method.bias(bias).scores(checkpoints, examples(), examples(), Run.defaults());
            double[] self = method.bias(bias)
                    .self(checkpoints, examples(), Run.defaults())
                    .scores();
            double[][] expected = expected(bias);
            for (int i = 0; i < ROWS; i++) {
                assertThat(scores.of(i)).containsExactly(expected[i], within(1e-8));
                assertThat(self[i]).isCloseTo(expected[i][i], within(1e-8)).isNotNegative();
            }
        }
    }

    @Test
    void tracin_of_the_parameters_of_the_layer_is_the_same() {
        TracIn byParameters = new TracIn("fc2.weight", "fc2.bias");
        InfluenceScores scores = method.scores(checkpoints, examples(), examples(), Run.defaults());
        InfluenceScores same = byParameters.scores(checkpoints, examples(), examples(), Run.defaults());
        for (int i = 0; i < ROWS; i++) {
            assertThat(same.of(i)).containsExactly(scores.of(i), within(1e-12));
        }
        assertThat(byParameters.self(checkpoints, examples(), Run.defaults()).scores())
                .containsExactly(
                        method.self(checkpoints, examples(), Run.defaults()).scores(), within(1e-12));
    }

    @Test
    void rows_that_the_model_finds_hard_come_first() {
        SelfInfluence self = method.self(checkpoints, examples(), Run.defaults());
        double[] scores = self.scores();
        assertThat(self.highest(3)).hasSize(3).isSortedAccordingTo((a, b) -> Double.compare(b.score(), a.score()));
        assertThat(self.highest(1).get(0).score())
                .isEqualTo(IntStream.range(0, ROWS)
                        .mapToDouble(i -> scores[i])
                        .max()
                        .orElseThrow());
        assertThat(self.highest(100)).hasSize(ROWS);
        assertThat(self.report().provenances().get(0).inputs()).hasSize(1);
    }

    @Test
    void a_layer_at_several_positions_is_summed_over_them() {
        ReferenceModel model = ReferenceModels.transformer(DataType.FLOAT64, 5, 3, 4);
        Tensor texts = ReferenceModels.normal(DataType.FLOAT64, 6, ROWS, 3, 4);
        Target loss = Target.loss(Loss.crossEntropy(), labels);
        Examples examples = Examples.of(Inputs.of(texts), loss);
        InfluenceScores scores = new TracInFast("down")
                .input("gated")
                .scores(List.of(Checkpoint.of(model)), examples, examples, Run.defaults());
        double[][] gradients = new double[ROWS][];
        for (int row = 0; row < ROWS; row++) {
            gradients[row] = gradientOfDown(model, Inputs.of(texts.rows(row, row + 1)), labels[row]);
        }
        for (int i = 0; i < ROWS; i++) {
            for (int j = 0; j < ROWS; j++) {
                assertThat(scores.of(i, j)).isCloseTo(dot(gradients[i], gradients[j]), within(1e-12));
            }
        }
    }

    /** Returns Σ over positions of g ⊗ (a, 1), from a run of one row. */
    private static double[] gradientOfDown(LayeredModel model, Inputs row, double label) {
        try (var pullback = model.cut("down").pullback(row)) {
            Tensor cotangent = Target.loss(Loss.crossEntropy(), label).cotangent(pullback.output(), new long[] {0});
            double[] back = pullback.vjp(cotangent).get(0).toDoubleArray();
            double[] given = model.cut("gated").activations(row).get(0).toDoubleArray();
            double[] gradient = new double[4 * 9];
            for (int position = 0; position < 3; position++) {
                for (int out = 0; out < 4; out++) {
                    for (int in = 0; in < 9; in++) {
                        gradient[out * 9 + in] += back[position * 4 + out] * (in == 8 ? 1 : given[position * 8 + in]);
                    }
                }
            }
            return gradient;
        }
    }

    @Test
    void projections_are_right_on_average_and_as_exact_as_they_say() {
        ReferenceModel wide = ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.TANH, 4, 60, 3);
        List<Checkpoint> only = List.of(Checkpoint.of(wide));
        double[] exact =
                method.scores(only, examples(), examples(), Run.defaults()).of(0);
        double[] self = method.self(only, examples(), Run.defaults()).scores();
        int numbers = 12;
        int draws = 400;
        double[] mean = new double[ROWS];
        double[] squares = new double[ROWS];
        for (int seed = 0; seed < draws; seed++) {
            double[] one = method.projected(numbers)
                    .scores(only, examples(), examples(), Run.defaults().seed(seed))
                    .of(0);
            for (int row = 0; row < ROWS; row++) {
                mean[row] += one[row] / draws;
                squares[row] += (one[row] - exact[row]) * (one[row] - exact[row]) / draws;
            }
        }
        for (int row = 0; row < ROWS; row++) {
            double error = Math.sqrt(squares[row]);
            assertThat(error).isGreaterThan(0).isLessThan(Math.sqrt(2.0 / numbers * self[0] * self[row]));
            assertThat(mean[row]).isCloseTo(exact[row], within(4 * error / Math.sqrt(draws)));
        }
        assertThat(method.projected(numbers)
                        .self(only, examples(), Run.defaults())
                        .report()
                        .notices())
                .anyMatch(notice -> notice.contains("of more than 12 numbers") && notice.contains("0.41 times"));
        // Vectors that are short enough stay as they are.
        assertThat(method.projected(61)
                        .scores(only, examples(), examples(), Run.defaults())
                        .of(0))
                .containsExactly(exact);
    }

    @Test
    void other_layers_are_refused() {
        Examples examples = examples();
        assertThatThrownBy(() -> new TracInFast("act1").input("fc1").self(checkpoints, examples, Run.defaults()))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("layer 'act1' is a Tanh and shows no weight");
        assertThatThrownBy(() -> new TracInFast("fc2").input("fc1").self(checkpoints, examples, Run.defaults()))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("layer 'fc2' does not compute W a + b of 'fc1'");
        ReferenceModel images = ReferenceModels.cnn(DataType.FLOAT64, 1, Activation.RELU, 1, 4);
        Examples ofImages = Examples.of(
                Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 6, ROWS, 1, 4, 4)),
                Target.loss(Loss.crossEntropy(), labels));
        assertThatThrownBy(() -> new TracInFast("conv2")
                        .input("act1")
                        .self(List.of(Checkpoint.of(images)), ofImages, Run.defaults()))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("name a linear layer");
    }
}
