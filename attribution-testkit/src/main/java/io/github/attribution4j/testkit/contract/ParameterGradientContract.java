// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.ParameterizedModel.Parameter;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What every {@link ParameterizedModel} promises that gives gradients by parameters: they are the derivatives by what a
 * copy changes, rows add up, and neither model nor other runs notice.
 */
@Experimental
@ExtendWith(LeakExtension.class)
public abstract class ParameterGradientContract {
    private static final int ROWS = 3;
    private static final int DIRECTIONS = 3;

    /** For subclasses. */
    protected ParameterGradientContract() {}

    /** Opens a model; the test closes it. */
    protected abstract ParameterizedModel model();

    /** Makes inputs, owned by the current scope, the same at every call. */
    protected abstract Inputs inputs(Model model, int rows);

    /** Returns names of learned parameters, all or some of them. */
    protected List<String> names(ParameterizedModel model) {
        return model.parameters().stream()
                .filter(Parameter::isLearned)
                .map(Parameter::name)
                .toList();
    }

    private static Tensor random(Shape shape, DataType type, long key) {
        RandomStream random = RandomStream.of(17, key);
        double[] numbers = new double[Math.toIntExact(shape.size())];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = random.nextGaussian();
        }
        return Tensors.ofJava().of(numbers, type, shape);
    }

    private static Tensor cotangent(Tensor output) {
        Tensor numbers = random(output.shape(), output.dataType(), -1);
        return output.tensors().of(numbers.toDoubleArray(), output.dataType(), output.shape());
    }

    private List<double[]> gradients(ParameterizedModel model, List<String> names, Inputs inputs, Tensor cotangent) {
        try (TensorScope scope = TensorScope.open();
                Pullback pullback = model.pullbackTo(names, inputs)) {
            return pullback.vjpLast(cotangent).stream()
                    .map(Tensor::toDoubleArray)
                    .toList();
        }
    }

    private static double dot(double[] left, double[] right) {
        double sum = 0;
        for (int i = 0; i < left.length; i++) {
            sum += left[i] * right[i];
        }
        return sum;
    }

    @Test
    @DisplayName("A gradient is the derivative of the output by what a copy of the model changes")
    void derivatives() {
        try (ParameterizedModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, ROWS);
            Tensor output = model.forward(inputs);
            Tensor cotangent = cotangent(output);
            List<String> names = names(model);
            List<double[]> gradients = gradients(model, names, inputs, cotangent);
            Assertions.assertThat(gradients).hasSameSizeAs(names);
            for (int i = 0; i < names.size(); i++) {
                Tensor weight = model.weight(names.get(i));
                boolean exact = weight.dataType() == DataType.FLOAT64;
                for (int direction = 0; direction < DIRECTIONS; direction++) {
                    Tensor along = random(weight.shape(), weight.dataType(), direction);
                    double step = exact
                            ? 1e-7
                            : 1e-2 / Math.sqrt((double) weight.shape().size());
                    double above = changed(model, names.get(i), weight.add(along.mul(step)), inputs, cotangent);
                    double below = changed(model, names.get(i), weight.add(along.mul(-step)), inputs, cotangent);
                    double[] gradient = gradients.get(i);
                    double size =
                            Math.sqrt(dot(gradient, gradient) * weight.shape().size());
                    Assertions.assertThat(dot(gradient, along.toDoubleArray()))
                            .as("derivative by %s", names.get(i))
                            .isCloseTo((above - below) / (2 * step), within((exact ? 1e-6 : 1e-2) * (size + 1e-2)));
                }
            }
        }
    }

    private static double changed(
            ParameterizedModel model, String name, Tensor value, Inputs inputs, Tensor cotangent) {
        try (TensorScope scope = TensorScope.open();
                ParameterizedModel copy = model.withParameters(Map.of(name, value))) {
            return dot(copy.forward(inputs).toDoubleArray(), cotangent.toDoubleArray());
        }
    }

    @Test
    @DisplayName("Gradients of several rows are the sum of those of each; shapes and types are those of parameters")
    void rows() {
        try (ParameterizedModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, ROWS);
            List<String> names = names(model);
            Tensor cotangent = cotangent(model.forward(inputs));
            List<double[]> together = gradients(model, names, inputs, cotangent);
            List<double[]> sums = new ArrayList<>();
            for (int row = 0; row < ROWS; row++) {
                List<double[]> one = gradients(model, names, inputs.select(row), cotangent.rows(row, row + 1));
                for (int i = 0; i < names.size(); i++) {
                    if (row == 0) {
                        sums.add(one.get(i));
                    } else {
                        for (int k = 0; k < one.get(i).length; k++) {
                            sums.get(i)[k] += one.get(i)[k];
                        }
                    }
                }
            }
            for (int i = 0; i < names.size(); i++) {
                double size = Math.sqrt(dot(together.get(i), together.get(i)));
                Assertions.assertThat(sums.get(i)).containsExactly(together.get(i), within(1e-5 * (size + 1)));
            }
            try (Pullback pullback = model.pullbackTo(names, inputs)) {
                Assertions.assertThat(pullback.output().toDoubleArray())
                        .containsExactly(model.forward(inputs).toDoubleArray(), within(1e-5));
                List<Tensor> twice = pullback.vjp(cotangent);
                for (int i = 0; i < names.size(); i++) {
                    Parameter parameter = model.parameter(names.get(i));
                    assertThat(twice.get(i)).hasShape(parameter.shape()).hasType(parameter.dataType());
                    Assertions.assertThat(pullback.vjp(cotangent).get(i).toDoubleArray())
                            .containsExactly(together.get(i), within(1e-5));
                }
            }
        }
    }

    @Test
    @DisplayName("Some parameters get what they get among all, and by any name; the model does not change")
    void some() {
        try (ParameterizedModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, ROWS);
            Tensor before = model.forward(inputs);
            Tensor cotangent = cotangent(before);
            List<String> names = names(model);
            List<double[]> all = gradients(model, names, inputs, cotangent);
            for (int i = 0; i < names.size(); i++) {
                double size = Math.sqrt(dot(all.get(i), all.get(i)));
                List<String> aliases = new ArrayList<>(List.of(names.get(i)));
                aliases.addAll(model.parameter(names.get(i)).otherNames());
                for (String alias : aliases) {
                    Assertions.assertThat(gradients(model, List.of(alias), inputs, cotangent)
                                    .get(0))
                            .containsExactly(all.get(i), within(1e-6 * (size + 1)));
                }
            }
            assertThat(model.forward(inputs)).isBitEqualTo(before);
        }
    }

    @Test
    @DisplayName("Unknown names, none, one parameter twice and what is not learned are refused")
    void refusals() {
        try (ParameterizedModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, 1);
            String name = names(model).get(0);
            assertThatThrownBy(() -> model.pullbackTo(List.of(), inputs))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("give at least one");
            assertThatThrownBy(() -> model.pullbackTo(List.of(name, name), inputs))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("each once");
            assertThatThrownBy(() -> model.pullbackTo(List.of(name + "x"), inputs))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("parameter '" + name + "x' does not exist");
            for (Parameter parameter : model.parameters()) {
                if (!parameter.isLearned()) {
                    assertThatThrownBy(() -> model.pullbackTo(List.of(parameter.name()), inputs))
                            .isInstanceOf(UnsupportedModelException.class)
                            .hasMessageContaining("is not learned");
                }
            }
        }
    }

    @Test
    @DisplayName("Threads get the bits of one thread, and a closed model refuses")
    void threads() throws InterruptedException, ExecutionException {
        ParameterizedModel model = model();
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, ROWS);
            List<String> names = names(model);
            Tensor cotangent = cotangent(model.forward(inputs));
            InThreads.run(first(model, names, inputs, cotangent), () -> first(model, names, inputs, cotangent));
            model.close();
            assertThatThrownBy(() -> model.pullbackTo(names, inputs)).isInstanceOf(IllegalStateException.class);
        } finally {
            model.close();
        }
    }

    private static Tensor first(ParameterizedModel model, List<String> names, Inputs inputs, Tensor cotangent) {
        try (Pullback pullback = model.pullbackTo(names, inputs)) {
            return pullback.vjpLast(cotangent).get(0);
        }
    }
}
