// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What every {@link DifferentiableModel} promises in addition to {@link ModelContract}. At least one input must be
 * attributed, and the model should be smooth near the inputs: gradients are compared with central differences.
 */
@Experimental
public abstract class PullbackContract extends ModelContract {
    /** For subclasses. */
    protected PullbackContract() {}

    @Override
    protected abstract DifferentiableModel model();

    private Tensor cotangent(DifferentiableModel model, Pullback pullback, long seed) {
        return FiniteDifferences.normal(
                model, pullback.output().dataType(), pullback.output().shape(), seed);
    }

    /** Checks a model's gradients against central differences, with a step and a tolerance for the type. */
    static void checkGradients(DifferentiableModel model, Inputs inputs) {
        try (TensorScope scope = TensorScope.open();
                Pullback pullback = model.pullback(inputs)) {
            boolean single = pullback.output().dataType() == DataType.FLOAT32;
            Tensor cotangent = FiniteDifferences.normal(
                    model, pullback.output().dataType(), pullback.output().shape(), 7);
            List<Tensor> gradients = pullback.vjp(cotangent);
            FiniteDifferences.check(model, inputs, cotangent, gradients, single ? 5e-3 : 1e-5, single ? 1e-2 : 1e-7);
        }
    }

    @Test
    @DisplayName("The pullback's output is the forward run's")
    void output() {
        try (DifferentiableModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, ROWS);
            try (Pullback pullback = model.pullback(inputs)) {
                assertThat(pullback.output()).isCloseToWithin(batchTolerance(), model.forward(inputs));
            }
        }
    }

    @Test
    @DisplayName("The vector-Jacobian product agrees with central differences")
    void finiteDifferences() {
        try (DifferentiableModel model = model();
                TensorScope scope = TensorScope.open()) {
            checkGradients(model, inputs(model, 2));
        }
    }

    @Test
    @DisplayName("There is one gradient for each attributed input, of its shape and type, owned by the scope")
    void gradientsFit() {
        try (DifferentiableModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, ROWS);
            try (Pullback pullback = model.pullback(inputs)) {
                Tensor cotangent = cotangent(model, pullback, 1);
                long before = Lifetime.count();
                List<Tensor> gradients = pullback.vjp(cotangent);
                Assertions.assertThat(Lifetime.count() - before).isEqualTo(gradients.size());
                List<Tensor> attributed = inputs.attributed();
                Assertions.assertThat(gradients).hasSameSizeAs(attributed);
                for (int i = 0; i < attributed.size(); i++) {
                    assertThat(gradients.get(i))
                            .hasShape(attributed.get(i).shape())
                            .hasType(attributed.get(i).dataType());
                    Assertions.assertThat(scope.owns(gradients.get(i))).isTrue();
                }
                Assertions.assertThat(pullback.unused()).isEmpty();
            }
        }
    }

    @Test
    @DisplayName("The product is linear in the cotangent, may be taken again and again, and last by vjpLast")
    void linear() {
        try (DifferentiableModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, ROWS);
            try (Pullback pullback = model.pullback(inputs)) {
                Tensor a = cotangent(model, pullback, 1);
                Tensor b = cotangent(model, pullback, 2);
                List<Tensor> first = pullback.vjp(a);
                List<Tensor> second = pullback.vjp(b);
                List<Tensor> combined = pullback.vjp(a.mul(2).sub(b.mul(3)));
                List<Tensor> zero = pullback.vjp(a.mul(0));
                List<Tensor> again = pullback.vjp(a);
                List<Tensor> last = pullback.vjpLast(b);
                for (int i = 0; i < first.size(); i++) {
                    Tensor expected = first.get(i).mul(2).sub(second.get(i).mul(3));
                    assertThat(combined.get(i))
                            .isCloseToWithin(expected.dataType() == DataType.FLOAT32 ? 1e-5 : 1e-13, expected);
                    assertThat(zero.get(i).abs().max()).hasValues(0);
                    assertThat(again.get(i)).isBitEqualTo(first.get(i));
                    assertThat(last.get(i)).isBitEqualTo(second.get(i));
                }
                assertThat(pullback.output()).isCloseToWithin(batchTolerance(), model.forward(inputs));
            }
        }
    }

    @Test
    @DisplayName("A row's gradient depends on that row alone")
    void gradientRowsAreIndependent() {
        try (DifferentiableModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, ROWS);
            try (Pullback pullback = model.pullback(inputs)) {
                Tensor cotangent = cotangent(model, pullback, 1);
                List<Tensor> all = pullback.vjp(cotangent);
                List<List<Tensor>> single = new ArrayList<>();
                for (int row = 0; row < ROWS; row++) {
                    try (Pullback one = model.pullback(inputs.select(row))) {
                        single.add(one.vjp(cotangent.rows(row, row + 1)));
                    }
                }
                for (int i = 0; i < all.size(); i++) {
                    int input = i;
                    List<Tensor> rows =
                            single.stream().map(row -> row.get(input)).toList();
                    assertThat(all.get(i))
                            .isCloseToWithin(batchTolerance(), model.tensors().concat(rows, 0));
                }
                Tensor onlyRow1 =
                        cotangent.rows(1, 2).broadcast(cotangent.shape()).mul(mask(cotangent, 1));
                for (Tensor gradient : pullback.vjp(onlyRow1)) {
                    assertThat(gradient.rows(0, 1).abs().max()).hasValues(0);
                    assertThat(gradient.rows(2, ROWS).abs().max()).hasValues(0);
                }
            }
        }
    }

    private static Tensor mask(Tensor like, int row) {
        double[] ones = new double[ROWS];
        ones[row] = 1;
        Shape shape = like.shape().rowScale(ROWS);
        return like.tensors().of(ones, shape).to(like.dataType());
    }

    @Test
    @DisplayName("A cotangent of another shape or type is refused, naming both")
    void wrongCotangent() {
        try (DifferentiableModel model = model();
                TensorScope scope = TensorScope.open();
                Pullback pullback = model.pullback(inputs(model, 2))) {
            Shape shape = pullback.output().shape();
            DataType type = pullback.output().dataType();
            Tensor longer = model.tensors().zeros(shape.withRows(3), type);
            Tensor integers = model.tensors().zeros(shape, DataType.INT64);
            assertThatThrownBy(() -> pullback.vjp(longer))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll(shape.toString(), longer.shape().toString());
            assertThatThrownBy(() -> pullback.vjp(integers))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll(type.toString(), "int64");
        }
    }

    @Test
    @DisplayName("The output lives as long as the pullback, whatever scope ends; a closed pullback refuses")
    void lifetime() {
        try (DifferentiableModel model = model();
                TensorScope outer = TensorScope.open()) {
            Inputs inputs = inputs(model, 2);
            Pullback pullback;
            try (TensorScope scope = TensorScope.open()) {
                pullback = model.pullback(inputs);
            }
            Tensor output = pullback.output();
            Tensor cotangent = cotangent(model, pullback, 1);
            Assertions.assertThat(output.isFinite()).isTrue();
            pullback.vjp(cotangent);
            pullback.close();
            pullback.close();
            assertThatThrownBy(output::isFinite).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> pullback.vjp(cotangent)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    @DisplayName("An attributed input of an integer type, or none attributed, is refused")
    void notDifferentiable() {
        try (DifferentiableModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, 2);
            List<Tensor> integers = inputs.attributed().stream()
                    .map(tensor -> tensor.to(DataType.INT64))
                    .toList();
            assertThatThrownBy(() -> model.pullback(inputs.withAttributed(integers)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContainingAll(inputs.attributedInputs().get(0).name(), "int64");
            Inputs fixed = Inputs.none();
            for (Inputs.Input input : inputs.all()) {
                boolean attributed = input.role() == Inputs.Role.ATTRIBUTED;
                Inputs.Role role = attributed ? Inputs.Role.FIXED : input.role();
                fixed = fixed.with(
                        new Inputs.Input(input.name(), input.tensor(), role, input.features(), input.rowAxis()));
            }
            Inputs unattributed = fixed;
            assertThatThrownBy(() -> model.pullback(unattributed))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("attributed");
        }
    }

    @Test
    @DisplayName("A closed model refuses a pullback")
    void closedRefusesPullback() {
        try (DifferentiableModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, 2);
            model.close();
            assertThatThrownBy(() -> model.pullback(inputs)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    @DisplayName("Many threads take gradients of one model at once and get the bits that one thread gets")
    void gradientThreads() throws InterruptedException, ExecutionException {
        try (DifferentiableModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, ROWS);
            InThreads.Computation gradient = () -> {
                try (Pullback pullback = model.pullback(inputs)) {
                    return pullback.vjpLast(cotangent(model, pullback, 1)).get(0);
                }
            };
            InThreads.run(gradient.run(), gradient);
        }
    }
}
