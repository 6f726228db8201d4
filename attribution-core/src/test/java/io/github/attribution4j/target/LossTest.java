// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LossTest {
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

    private static void assertRefused(Target target, Shape output, long examples, String problem) {
        Problems problems = new Problems();
        target.check(output, examples, problems);
        assertThatThrownBy(problems::throwIfAny).hasMessage(problem);
    }

    @Test
    @DisplayName("Losses of logits, probabilities and numbers are those of the formulas, each row with its label")
    void values() {
        Tensor logits = tensors.of(new double[] {1, 2, 4, 0, 0, 0, 900, -900, 0}, 3, 3);
        double[] losses = Target.loss(Loss.crossEntropy(), 2, 0, 1).scores(logits, new long[] {1, 0, 2});
        assertThat(losses[0]).isCloseTo(Math.log(Math.exp(1) + Math.exp(2) + Math.exp(4)) - 1, within(1e-12));
        assertThat(losses[1]).isCloseTo(Math.log(3), within(1e-12));
        assertThat(losses[2]).isEqualTo(1800);
        Tensor single = tensors.of(new double[] {0.5, -40, 800}, 3);
        assertThat(Target.loss(Loss.crossEntropy(), 1, 0, 0).scores(single, new long[] {0, 1, 2}))
                .containsExactly(new double[] {Math.log(1 + Math.exp(-0.5)), Math.exp(-40), 800}, within(1e-12));
        Tensor probabilities = tensors.of(new double[] {0.25, 0.75, 1, 0}, 2, 2);
        assertThat(Target.loss(Loss.logLoss(), 0, 1).scores(probabilities, new long[] {0, 1}))
                .containsExactly(new double[] {Math.log(4), -Math.log(1e-15)}, within(1e-12));
        Tensor one = tensors.of(new double[] {0.25}, 1, 1);
        assertThat(Target.loss(Loss.logLoss(), 0).scores(one, new long[1]))
                .containsExactly(new double[] {-Math.log(0.75)}, within(1e-12));
        Tensor numbers = tensors.of(new float[] {1, 5}, 2);
        assertThat(Target.loss(Loss.squaredError(), 3, 4.5)
                        .score(numbers, new long[] {0, 1})
                        .toDoubleArray())
                .containsExactly(4, 0.25);
        Loss own = Loss.of("absolute", (output, label) -> Math.abs(output[1] - label));
        assertThat(Target.loss(own, 7).scores(probabilities, new long[] {0, 0})).containsExactly(6.25, 7);
    }

    @Test
    @DisplayName("Derivatives are those of differences, and a loss without one is refused by gradients")
    void derivatives() {
        RandomStream random = RandomStream.of(3, 3);
        for (int size : new int[] {1, 4}) {
            for (Loss loss : List.of(Loss.crossEntropy(), Loss.logLoss(), Loss.squaredError())) {
                boolean number = loss.toString().equals("squared-error");
                if (number && size > 1) {
                    continue;
                }
                double[] labels = number ? new double[] {0.3, 2} : new double[] {1, 0};
                double[] output = new double[2 * size];
                for (int i = 0; i < output.length; i++) {
                    output[i] = 0.1 + 0.8 * random.nextDouble();
                }
                Target target = Target.loss(loss, labels);
                Tensor derivative = target.cotangent(tensors.of(output, 2, size), new long[] {1, 0});
                assertThat(derivative.dataType()).isEqualTo(DataType.FLOAT64);
                for (int i = 0; i < output.length; i++) {
                    double[] more = output.clone();
                    double[] less = output.clone();
                    more[i] += 1e-6;
                    less[i] -= 1e-6;
                    int row = i / size;
                    double change = target.scores(tensors.of(more, 2, size), new long[] {1, 0})[row]
                            - target.scores(tensors.of(less, 2, size), new long[] {1, 0})[row];
                    assertThat(derivative.toDoubleArray()[i]).isCloseTo(change / 2e-6, within(1e-6));
                }
            }
        }
        Target own = Target.loss(Loss.of("mine", (output, label) -> 0), 1);
        assertThatThrownBy(() -> own.cotangent(tensors.of(new float[1], 1, 1), new long[1]))
                .isInstanceOf(ModelException.class)
                .hasMessage("loss mine has no derivative, which gradients need; give it one, or use a method that runs"
                        + " the model forward only");
    }

    @Test
    @DisplayName("Labels that do not fit are refused, and probabilities taken for logits get a notice")
    void checks() {
        Target classes = Target.loss(Loss.crossEntropy(), 0, 3, 1);
        assertRefused(
                classes,
                Shape.of(2, 3),
                2,
                "loss cross-entropy: 3 labels for 2 examples; give one for each; loss cross-entropy"
                        + ": the label 3.0 of example 1 is no class from 0 to 2");
        assertRefused(
                Target.loss(Loss.logLoss(), 0.5),
                Shape.of(1),
                1,
                "loss log-loss: the label 0.5 of example 0 is no class from 0 to 1");
        assertRefused(
                Target.loss(Loss.squaredError(), 1),
                Shape.of(1, 2),
                1,
                "loss squared-error: the label 1.0 of example 0 is one number, and the model's output has 2 for each"
                        + " row");
        assertThatThrownBy(() -> Target.loss(Loss.squaredError()))
                .hasMessage("loss squared-error: no labels given; give one for each example");
        for (double[] logits : new double[][] {{-0.5, 0.5}, {2, 0.5}, {Double.NaN, 0.5}}) {
            assertThat(Target.loss(Loss.logLoss(), 0).notices(tensors.of(logits, 1, 2)))
                    .containsExactly("some of the model's outputs are no probabilities from 0 to 1, and log-loss takes"
                            + " them for such: use cross-entropy for logits");
        }
        assertThat(Target.loss(Loss.of("cross-entropy", (output, label) -> 0), 0)
                        .notices(tensors.of(new double[] {0.25, 0.75}, 1, 2)))
                .isEmpty();
        for (double[] wrong : new double[][] {{}, {1}, {1, 2, 3}}) {
            Target own = Target.loss(Loss.of("mine", (output, label) -> 0, (output, label) -> wrong), 1);
            assertThatThrownBy(() -> own.cotangent(tensors.of(new float[2], 1, 2), new long[1]))
                    .hasMessage("loss mine: its derivative has " + wrong.length
                            + " elements, and a row of the output 2; return one for each");
        }
        Tensor probabilities = tensors.of(new double[] {0.25, 0.75}, 1, 2);
        assertThat(Target.loss(Loss.crossEntropy(), 0).notices(probabilities))
                .singleElement()
                .asString()
                .endsWith("use log-loss");
        assertThat(Target.loss(Loss.logLoss(), 0).notices(probabilities)).isEmpty();
        assertThat(classes.forExamples(new long[] {2, 0, 2})
                        .scores(tensors.zeros(Shape.of(1, 3), DataType.FLOAT32), new long[] {1}))
                .containsExactly(new double[] {Math.log(3)}, within(1e-6));
        assertThat(classes.describe()).matches("cross-entropy of labels \\(3,\\) sha256:[0-9a-f]{16}");
    }
}
