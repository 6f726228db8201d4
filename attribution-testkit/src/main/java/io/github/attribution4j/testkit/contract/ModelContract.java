// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What every {@link Model} promises. A binding extends this class, or {@link PullbackContract} or {@link CutContract},
 * once for each kind of model that it makes.
 *
 * <p>Every test makes its own model and closes it.
 */
@Experimental
@ExtendWith(LeakExtension.class)
public abstract class ModelContract {
    static final int ROWS = 5;

    /** For subclasses. */
    protected ModelContract() {}

    /** Returns a new model, which the test closes. */
    protected abstract Model model();

    /**
     * Returns inputs that differ from row to row, equal at every call, their tensors of {@code model.tensors()} and
     * owned by the current scope.
     *
     * @param rows number of rows; row r is the same for all numbers
     */
    protected abstract Inputs inputs(Model model, int rows);

    /**
     * Returns the largest difference allowed between outputs (and gradients) of one row in batches of different sizes,
     * divided by the largest number; 0 demands equality. Engines choose kernels by size, so 1e-5 is usual in float32.
     */
    protected abstract double batchTolerance();

    @Test
    @DisplayName("Axis 0 of the output counts the rows")
    void rows() {
        try (Model model = model();
                TensorScope scope = TensorScope.open()) {
            for (int rows : new int[] {1, 2, ROWS}) {
                Tensor output = model.forward(inputs(model, rows));
                Assertions.assertThat(output.shape().rank()).isGreaterThanOrEqualTo(1);
                Assertions.assertThat(output.shape().dim(0)).isEqualTo(rows);
                Assertions.assertThat(model.tensors().owns(output)).isTrue();
            }
        }
    }

    @Test
    @DisplayName("A batch gives what its rows give one by one, in any order")
    void rowsAreIndependent() {
        try (Model model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, ROWS);
            List<Tensor> single = new ArrayList<>();
            for (int row = 0; row < ROWS; row++) {
                single.add(model.forward(inputs.select(row)));
            }
            Tensor expected = model.tensors().concat(single, 0);
            assertThat(model.forward(inputs)).isCloseToWithin(batchTolerance(), expected);
            assertThat(model.forward(inputs.select(3, 1, 1)))
                    .isCloseToWithin(batchTolerance(), expected.select(0, 3, 1, 1));
            Assertions.assertThat(differ(expected.rows(0, 1), expected.rows(1, 2)))
                    .as("rows of inputs(...) must lead to different outputs, else this test shows nothing")
                    .isTrue();
        }
    }

    private static boolean differ(Tensor a, Tensor b) {
        return a.toByteBuffer().mismatch(b.toByteBuffer()) >= 0;
    }

    @Test
    @DisplayName("The same inputs give the same bits")
    void repeatable() {
        try (Model model = model();
                TensorScope scope = TensorScope.open()) {
            Tensor first = model.forward(inputs(model, ROWS));
            assertThat(model.forward(inputs(model, ROWS))).isBitEqualTo(first);
            model.forward(inputs(model, 2));
            assertThat(model.forward(inputs(model, ROWS))).isBitEqualTo(first);
        }
    }

    @Test
    @DisplayName("Inputs are not changed and not closed")
    void inputsUntouched() {
        try (Model model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, ROWS);
            List<Tensor> before = inputs(model, ROWS).tensors();
            model.forward(inputs).close();
            for (int i = 0; i < before.size(); i++) {
                assertThat(inputs.tensor(i)).isBitEqualTo(before.get(i));
            }
        }
    }

    @Test
    @DisplayName("A run leaves one tensor, the output, which belongs to the caller's scope")
    void outputBelongsToScope() {
        try (Model model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, 2);
            long before = Lifetime.count();
            Tensor output = model.forward(inputs);
            Assertions.assertThat(Lifetime.count() - before).isEqualTo(1);
            Assertions.assertThat(scope.owns(output)).isTrue();
        }
    }

    @Test
    @DisplayName("A closed model refuses to run; closing twice is nothing")
    void closed() {
        try (Model model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, 2);
            model.close();
            model.close();
            assertThatThrownBy(() -> model.forward(inputs))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
    }

    @Test
    @DisplayName("The model says what it is, and how much memory a row takes or that it does not know")
    void identity() {
        try (Model model = model();
                TensorScope scope = TensorScope.open()) {
            Assertions.assertThat(model.identity().name()).isNotBlank();
            Assertions.assertThat(model.identity().engine()).isNotBlank();
            Assertions.assertThat(model.identity().device()).isNotBlank();
            Assertions.assertThat(model.identity().digest()).matches("([0-9a-f]{64})?");
            Inputs row = inputs(model, 1);
            model.bytesPerRow(row, false)
                    .ifPresent(bytes -> Assertions.assertThat(bytes).isPositive());
            model.bytesPerRow(row, true)
                    .ifPresent(bytes -> Assertions.assertThat(bytes).isPositive());
        }
    }

    @Test
    @DisplayName("The memory that a row takes does not depend on the rows that are given, nor on how many")
    void bytesPerRow() {
        try (Model model = model();
                TensorScope scope = TensorScope.open()) {
            for (boolean gradients : new boolean[] {false, true}) {
                OptionalLong one = model.bytesPerRow(inputs(model, 1), gradients);
                Assertions.assertThat(model.bytesPerRow(inputs(model, ROWS), gradients))
                        .isEqualTo(one);
                Assertions.assertThat(model.bytesPerRow(inputs(model, ROWS).select(ROWS - 1), gradients))
                        .isEqualTo(one);
            }
        }
        // The number of rows of the first call must not matter.
        try (Model model = model();
                Model another = model();
                TensorScope scope = TensorScope.open()) {
            Assertions.assertThat(another.bytesPerRow(inputs(another, ROWS), false))
                    .isEqualTo(model.bytesPerRow(inputs(model, 1), false));
        }
    }

    @Test
    @DisplayName(
            "Many threads, new ones and virtual ones too, run one model at once and get the bits that one thread gets")
    void threads() throws InterruptedException, ExecutionException {
        try (Model model = model();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, ROWS);
            InThreads.run(model.forward(inputs), () -> model.forward(inputs));
        }
    }
}
