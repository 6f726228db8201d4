// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What an engine must report about an attributed input on which the output does not depend. */
@Experimental
@ExtendWith(LeakExtension.class)
public abstract class UnusedInputContract {
    /** For subclasses. */
    protected UnusedInputContract() {}

    /** Returns a new model that takes inputs (x, y) and does not use y. */
    protected abstract DifferentiableModel model();

    /** Returns x of two rows. */
    protected abstract Tensor used(DifferentiableModel model);

    /** Returns y of two rows. */
    protected abstract Tensor unused(DifferentiableModel model);

    @Test
    @DisplayName("The gradient of an unused input is zero, and the pullback names the input")
    void zeroAndNamed() {
        try (DifferentiableModel model = model();
                TensorScope scope = TensorScope.open()) {
            Tensor y = unused(model);
            Inputs inputs = Inputs.none().attribute("x", used(model)).attribute("y", y);
            try (Pullback pullback = model.pullback(inputs)) {
                Tensor cotangent = FiniteDifferences.normal(
                        model, pullback.output().dataType(), pullback.output().shape(), 1);
                List<Tensor> gradients = pullback.vjp(cotangent);
                Assertions.assertThat(gradients).hasSize(2);
                Assertions.assertThat(gradients.get(0).abs().max().toDoubleArray()[0])
                        .isPositive();
                assertThat(gradients.get(1)).hasShape(y.shape()).hasType(y.dataType());
                assertThat(gradients.get(1).abs().max()).hasValues(0);
                Assertions.assertThat(pullback.unused()).containsExactly("y");
            }
        }
    }

    @Test
    @DisplayName("Where no attributed input is used, there is no gradient, and that is an error that names them")
    void noneUsed() {
        try (DifferentiableModel model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.none().fixed("x", used(model)).attribute("y", unused(model));
            assertThatThrownBy(() -> {
                        try (Pullback pullback = model.pullback(inputs)) {
                            pullback.vjp(FiniteDifferences.normal(
                                    model,
                                    pullback.output().dataType(),
                                    pullback.output().shape(),
                                    1));
                        }
                    })
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("y");
        }
    }
}
