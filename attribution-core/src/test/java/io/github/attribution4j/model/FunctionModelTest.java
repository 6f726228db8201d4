// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakExtension.class)
class FunctionModelTest {
    private TensorScope scope;
    private Tensor x;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
        x = Tensors.ofJava().of(new double[] {1, 2, 3, 4}, 2, 2);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static void says(ThrowingCallable operation, String message) {
        assertThatThrownBy(operation).isInstanceOf(ModelException.class).hasMessage(message);
    }

    @Test
    @DisplayName("A table function gets plain rows, whatever the input's rank, and gives scores")
    void table() {
        try (Model model = Model.of(rows -> {
            double[][] scores = new double[rows.length][];
            for (int row = 0; row < rows.length; row++) {
                scores[row] = new double[] {rows[row][0] + rows[row][1], rows[row].length};
            }
            return scores;
        })) {
            assertThat(model.forward(Inputs.of(x))).hasShape(2, 2).hasValues(3, 2, 7, 2);
            assertThat(model.forward(Inputs.of(x.reshape(2, 1, 2)))).hasValues(3, 2, 7, 2);
            Assertions.assertThat(model.identity()).isEqualTo(new Model.Identity("function", "", "java", "java"));
            says(
                    () -> model.forward(Inputs.of(x, x)),
                    "a model of a table function takes one input, not 2; use Model.ofTensors for several");
        }
    }

    @Test
    @DisplayName("A table function that loses rows or classes is refused")
    void raggedTable() {
        try (Model lost = Model.of(rows -> new double[1][1]);
                Model ragged = Model.of(rows -> new double[][] {{1, 2}, {3}})) {
            says(
                    () -> lost.forward(Inputs.of(x)),
                    "the table function was given 2 rows and returned 1; it must return one array per row");
            says(
                    () -> ragged.forward(Inputs.of(x)),
                    "the table function returned 1 values for row 1 and 2 for row 0; all rows must have the same"
                            + " number");
        }
    }

    @Test
    @DisplayName("Functions of other signatures are table functions")
    void otherSignatures() {
        try (Model single = Model.of(Model.TableFunction.ofScores(rows ->
                        Arrays.stream(rows).mapToDouble(row -> row[0] * row[1]).toArray()));
                Model narrow = Model.of(Model.TableFunction.ofFloats(rows -> {
                    float[][] scores = new float[rows.length][];
                    for (int row = 0; row < rows.length; row++) {
                        scores[row] = new float[] {rows[row][1], rows[row][0] / 3};
                    }
                    return scores;
                }))) {
            assertThat(single.forward(Inputs.of(x))).hasShape(2, 1).hasValues(2, 12);
            assertThat(narrow.forward(Inputs.of(x))).hasShape(2, 2).hasValues(2, 1f / 3, 4, 1);
        }
    }

    private void says(Model.TableFunction function, String message) {
        try (Model model = Model.of("risk", "3", function)) {
            assertThatThrownBy(() -> model.forward(Inputs.of(x)))
                    .isInstanceOf(ModelException.OnRows.class)
                    .hasMessage(message);
        }
    }

    @Test
    @DisplayName("A scorer that returns nothing or NaN, or throws, is named with the rows")
    void badScores() {
        says(
                rows -> null,
                "the table function of 'risk' returned null for 2 rows, the first [1, 2]; it must return one array per"
                        + " row");
        says(
                Model.TableFunction.ofScores(rows -> null),
                "the table function of 'risk' returned null for 2 rows, the first [1, 2]; it must return one array per"
                        + " row");
        says(
                Model.TableFunction.ofFloats(rows -> null),
                "the table function of 'risk' returned null for 2 rows, the first [1, 2]; it must return one array per"
                        + " row");
        says(
                rows -> new double[][] {{1}, null},
                "the table function of 'risk' returned null for row 1 of the 2 that it was given, [3, 4]; it must"
                        + " return one array per row");
        says(
                Model.TableFunction.ofFloats(rows -> new float[][] {{1}, null}),
                "the table function of 'risk' returned null for row 1 of the 2 that it was given, [3, 4]; it must"
                        + " return one array per row");
        says(
                rows -> new double[][] {{1, 2}, {1, Double.NaN}},
                "the table function of 'risk' returned NaN as value 1 for row 1 of the 2 that it was given, [3, 4];"
                        + " make it score such a row, or choose a baseline whose mixtures with the example it can"
                        + " score");
        says(
                rows -> {
                    throw new IllegalStateException("no such table");
                },
                "the table function of 'risk' failed on 2 rows, the first [1, 2]: java.lang.IllegalStateException: no"
                        + " such table");
    }

    @Test
    @DisplayName("What fails on its rows is not run again row by row")
    void noSecondTry() {
        AtomicInteger calls = new AtomicInteger();
        Model model = Model.of(rows -> {
            calls.incrementAndGet();
            return null;
        });
        assertThatThrownBy(() -> new FeatureAblation().attribute(model, Inputs.of(x)))
                .isInstanceOf(ModelException.OnRows.class);
        Assertions.assertThat(calls.get()).isEqualTo(1);
    }

    @Test
    @DisplayName("A function of tensors leaves its output only, and its intermediate tensors end with the call")
    void tensors() {
        try (Model sum = Model.ofTensors(
                Tensors.ofJava(), all -> all.get(0).add(all.get(1)).mul(2).add(1))) {
            long before = Lifetime.count();
            Tensor output = sum.forward(Inputs.of(x, x));
            Assertions.assertThat(Lifetime.count()).isEqualTo(before + 1);
            assertThat(output).hasValues(5, 9, 13, 17);
        }
    }

    @Test
    @DisplayName("An input returned as it is stays the caller's")
    void identity() {
        try (Model model = Model.ofTensor(input -> input)) {
            model.forward(Inputs.of(x)).close();
            assertThat(x).hasValues(1, 2, 3, 4);
        }
    }

    @Test
    @DisplayName("An output that does not count the rows is refused")
    void wrongRows() {
        try (Model total = Model.ofTensor(Tensor::sum);
                Model one = Model.ofTensor(input -> input.rows(0, 1))) {
            says(
                    () -> total.forward(Inputs.of(x)),
                    "the function was given 2 rows and returned shape (); axis 0 of the output must count the same"
                            + " rows");
            says(
                    () -> one.forward(Inputs.of(x)),
                    "the function was given 2 rows and returned shape (1, 2); axis 0 of the output must count the same "
                            + "rows");
        }
    }

    @Test
    @DisplayName("A derivative that does not fit the inputs is refused")
    void wrongDerivative() {
        DifferentiableModel few = DifferentiableModel.of(Model.ofTensor(input -> input), (inputs, c) -> List.of());
        DifferentiableModel wrong =
                DifferentiableModel.of(Model.ofTensor(input -> input), (inputs, c) -> List.of(c.to(DataType.FLOAT32)));
        try (few;
                wrong;
                Pullback fewPullback = few.pullback(Inputs.of(x));
                Pullback wrongPullback = wrong.pullback(Inputs.of(x))) {
            says(
                    () -> fewPullback.vjp(x),
                    "the derivative returned 0 tensors for 1 attributed inputs; it must return one for each, in order");
            says(
                    () -> wrongPullback.vjp(x),
                    "the derivative returned a float32 tensor of shape (2, 2) for input 'input0', which is a float64 "
                            + "tensor of shape (2, 2); shape and type must be equal");
            assertThatThrownBy(() -> fewPullback.vjp(x.rows(0, 1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "cotangent: a float64 tensor of shape (1, 2) was given for an output of type float64 and "
                                    + "shape (2, 2); they must be equal");
        }
    }

    @Test
    @DisplayName("A derivative may return the cotangent itself, which stays the caller's")
    void cotangentReturned() {
        DifferentiableModel identity =
                DifferentiableModel.of(Model.ofTensor(input -> input), (inputs, cotangent) -> List.of(cotangent));
        try (identity;
                Pullback pullback = identity.pullback(Inputs.of(x))) {
            Assertions.assertThat(identity.tensors()).isSameAs(Tensors.ofJava());
            Assertions.assertThat(identity.identity().name()).isEqualTo("function");
            Tensor cotangent = x.mul(2);
            pullback.vjpLast(cotangent).get(0).close();
            Assertions.assertThat(pullback.unused()).isEmpty();
            assertThat(cotangent).hasValues(2, 4, 6, 8);
            pullback.close();
            assertThatThrownBy(() -> pullback.vjp(cotangent))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("this pullback was closed; run the model's pullback again");
        }
    }

    @Test
    @DisplayName("Failures carry a message and, where the engine failed, its cause")
    void exceptions() {
        Throwable cause = new IllegalStateException("native text");
        Assertions.assertThat(new ModelException("one line", cause))
                .hasMessage("one line")
                .hasCause(cause);
        Assertions.assertThat(new ModelException.OutOfMemory("20 rows", cause))
                .hasMessage("20 rows")
                .hasCause(cause);
        Assertions.assertThat(new UnsupportedModelException("why"))
                .hasMessage("why")
                .hasNoCause();
        Assertions.assertThat(new UnsupportedModelException("why", cause)).hasCause(cause);
    }
}
