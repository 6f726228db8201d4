// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.Assertions;

/** Compares gradients with central differences of the output along drawn directions. */
final class FiniteDifferences {
    private static final int DIRECTIONS = 6;

    private FiniteDifferences() {}

    /** Returns standard normal numbers on the model's backend. */
    static Tensor normal(Model model, DataType type, Shape shape, long seed) {
        Random random = new Random(seed);
        double[] values = new double[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextGaussian();
        }
        return model.tensors().of(values, shape).to(type);
    }

    /**
     * Checks Σ(gradient · d) against Σ((f(x + h·d) - f(x - h·d)) · cotangent) / 2h.
     *
     * @param step h
     * @param tolerance relative to the sum of magnitudes on the left
     */
    static void check(
            Model model, Inputs inputs, Tensor cotangent, List<Tensor> gradients, double step, double tolerance) {
        for (int direction = 0; direction < DIRECTIONS; direction++) {
            try (TensorScope scope = TensorScope.open()) {
                List<Tensor> forth = new ArrayList<>();
                List<Tensor> back = new ArrayList<>();
                double expected = 0;
                double magnitude = 0;
                for (int i = 0; i < gradients.size(); i++) {
                    Tensor x = inputs.attributed().get(i);
                    Tensor towards = normal(model, x.dataType(), x.shape(), 100L * direction + i);
                    forth.add(x.add(towards.mul(step)));
                    back.add(x.add(towards.mul(-step)));
                    double[] gradient = gradients.get(i).toDoubleArray();
                    double[] d = towards.toDoubleArray();
                    for (int k = 0; k < d.length; k++) {
                        expected += gradient[k] * d[k];
                        magnitude += Math.abs(gradient[k] * d[k]);
                    }
                }
                double[] after = model.forward(inputs.withAttributed(forth)).toDoubleArray();
                double[] before = model.forward(inputs.withAttributed(back)).toDoubleArray();
                double[] weights = cotangent.toDoubleArray();
                double measured = 0;
                for (int k = 0; k < weights.length; k++) {
                    measured += weights[k] * (after[k] - before[k]) / (2 * step);
                }
                Assertions.assertThat(measured)
                        .as("central difference of step %s along direction %d, against the pullback", step, direction)
                        .isCloseTo(expected, Assertions.within(tolerance * magnitude));
                Assertions.assertThat(magnitude)
                        .as("gradients are all zero, so this test shows nothing; choose other inputs")
                        .isPositive();
            }
        }
    }
}
