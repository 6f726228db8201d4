// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakExtension.class)
class InputsTest {
    private final Tensors tensors = Tensors.ofJava();
    private TensorScope scope;
    private Tensor x;
    private Tensor ids;
    private Tensor scale;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
        x = tensors.of(new double[] {1, 2, 3, 4, 5, 6}, 3, 2);
        ids = tensors.of(new long[] {7, 8, 9}, 3);
        scale = tensors.of(new double[] {0.5}, Shape.scalar());
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private Inputs mixed() {
        return Inputs.none().fixed("ids", ids).attribute("x", x).constant("scale", scale);
    }

    private static void says(ThrowingCallable operation, String message) {
        assertThatThrownBy(operation)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    @DisplayName("Arguments keep their order, names and roles")
    void order() {
        Inputs inputs = mixed();
        assertThat(inputs.size()).isEqualTo(3);
        assertThat(inputs.rows()).isEqualTo(3);
        assertThat(inputs.tensors()).containsExactly(ids, x, scale);
        assertThat(inputs.tensor(1)).isSameAs(x);
        assertThat(inputs.attributed()).containsExactly(x);
        assertThat(inputs.attributedInputs()).extracting(Inputs.Input::name).containsExactly("x");
        assertThat(inputs.origin()).isEmpty();
        assertThat(Inputs.of(x, ids).all()).extracting(Inputs.Input::name).containsExactly("input0", "input1");
    }

    @Test
    @DisplayName(
            "References stand at the end, are tiled and selected along, and make the arguments of the reference run")
    void references() {
        Tensor one = tensors.of(new double[] {-1, -2}, 1, 2);
        Inputs against = mixed().against(List.of(one));
        assertThat(against.all()).extracting(Inputs.Input::name).containsExactly("ids", "x", "scale", "x (reference)");
        assertThat(against.all().get(3).role()).isEqualTo(Inputs.Role.REFERENCE);
        assertThat(against.attributed()).containsExactly(x);
        assertThat(against.references().get(0).toDoubleArray()).containsExactly(-1, -2, -1, -2, -1, -2);
        assertThat(against.withoutReferences().tensors()).containsExactly(ids, x, scale);
        assertThat(mixed().withoutReferences().references()).isEmpty();
        assertThat(against.atReferences().tensors())
                .containsExactly(ids, against.references().get(0), scale);

        Tensor each = x.mul(10);
        Inputs replaced = against.against(List.of(each));
        assertThat(replaced.references()).containsExactly(each);
        assertThat(replaced.select(2, 0).references().get(0).toDoubleArray()).containsExactly(50, 60, 10, 20);
        Inputs expanded = replaced.expand(List.of(x.rows(0, 2)), new long[] {1, 1});
        assertThat(expanded.references().get(0).toDoubleArray()).containsExactly(30, 40, 30, 40);
    }

    @Test
    @DisplayName("References that do not fit are refused, and where they are wanted or not is checked by name")
    void referencesChecked() {
        says(() -> mixed().against(List.of()), "references: 0 tensors given for 1 attributed inputs");
        says(
                () -> mixed().against(List.of(tensors.of(new double[] {1, 2, 3}, 1, 3))),
                "the reference of input 'x' is a float64 tensor of shape (1, 3); it must be a float64 tensor of shape "
                        + "(3, 2), or of one such row");
        says(
                () -> mixed().against(List.of(tensors.of(new long[] {1, 2}, 1, 2))),
                "the reference of input 'x' is a int64 tensor of shape (1, 2); it must be a float64 tensor of shape "
                        + "(3, 2), or of one such row");
        Inputs against = mixed().against(List.of(x));
        against.requireReferences();
        mixed().requireNoReferences();
        assertThatThrownBy(against::requireNoReferences)
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("'x (reference)'");
        assertThatThrownBy(mixed()::requireReferences)
                .isInstanceOf(ModelException.class)
                .hasMessageContainingAll("'x'", "Inputs.against");
    }

    @Test
    @DisplayName("Attributed tensors are replaced; the number must fit")
    void withAttributed() {
        Tensor other = x.mul(2);
        Inputs changed = mixed().withAttributed(List.of(other));
        assertThat(changed.tensors()).containsExactly(ids, other, scale);
        says(() -> mixed().withAttributed(List.of()), "attributed: 0 tensors given for 1 attributed inputs");
        says(() -> mixed().withAttributed(List.of(x, x)), "attributed: 2 tensors given for 1 attributed inputs");
    }

    @Test
    @DisplayName("Expanding tiles what is fixed and leaves what is constant")
    void expand() {
        Tensor rows = tensors.zeros(Shape.of(4, 2), DataType.FLOAT64);
        Inputs expanded = mixed().expand(List.of(rows), new long[] {0, 2, 2, 1});
        assertThat(expanded.tensor(0).toLongArray()).containsExactly(7, 9, 9, 8);
        assertThat(expanded.tensor(1)).isSameAs(rows);
        assertThat(expanded.tensor(2)).isSameAs(scale);
        Inputs same = mixed().expand(List.of(x), new long[] {0, 1, 2});
        assertThat(same.tensor(0)).isSameAs(ids);
    }

    @Test
    @DisplayName("Rows are selected from attributed and fixed inputs alike")
    void select() {
        Inputs selected = mixed().select(2, 0);
        assertThat(selected.tensor(0).toLongArray()).containsExactly(9, 7);
        assertThat(selected.tensor(1).toDoubleArray()).containsExactly(5, 6, 1, 2);
        assertThat(selected.tensor(2)).isSameAs(scale);
        assertThat(selected.source(1)).isZero();
        assertThat(selected.sources()).isEqualTo(3);
        assertThat(mixed().source(1)).isEqualTo(1);
        assertThat(mixed().sources()).isEqualTo(3);
        Inputs single = mixed().select(1).select(0, 0);
        assertThat(single.source(1)).isEqualTo(1);
        assertThat(single.tensor(0).toLongArray()).containsExactly(8, 8);
        assertThat(single.rows()).isEqualTo(2);
        says(() -> mixed().select(1).select(1), "select: index 1 lies outside axis 0 of shape (1,)");
    }

    @Test
    @DisplayName("A tail's inputs are the activation and all inputs fixed, and remember where they come from")
    void behind() {
        Cut cut = ReferenceModel.builder(DataType.FLOAT64, 0)
                .input("in", Shape.of(1))
                .linear("x", "in", 1)
                .build()
                .cut("x");
        Tensor activation = x.add(1);
        Inputs tail = mixed().behind(cut, List.of(activation));
        assertThat(tail.all()).extracting(Inputs.Input::name).containsExactly("x'", "ids", "x", "scale");
        assertThat(tail.all())
                .extracting(Inputs.Input::role)
                .containsExactly(Inputs.Role.ATTRIBUTED, Inputs.Role.FIXED, Inputs.Role.FIXED, Inputs.Role.CONSTANT);
        assertThat(tail.origin().orElseThrow().cut()).isSameAs(cut);
        Inputs selected = tail.select(1);
        assertThat(selected.origin().orElseThrow().inputs().tensor(0).toLongArray())
                .containsExactly(8);
        assertThat(tail.withAttributed(List.of(activation)).origin()).isPresent();
        says(() -> mixed().behind(cut, List.of()), "activations: 0 tensors given for a cut at [x]");
    }

    @Test
    @DisplayName("Inputs of the backend stay as they are")
    void on() {
        Inputs inputs = mixed();
        assertThat(inputs.on(tensors)).isSameAs(inputs);
    }

    @Test
    @DisplayName("Inputs that ask nothing are refused")
    void refusals() {
        says(() -> Inputs.of(), "inputs: none given; a model takes at least one");
        says(() -> Inputs.none().attribute("x", x).fixed("x", ids), "inputs: two are named 'x'; names must differ");
        says(
                () -> Inputs.of(scale),
                "input 'input0' is a scalar; an attributed or fixed input has rows (examples) on axis 0; pass a scalar "
                        + "as constant(...)");
        says(
                () -> Inputs.of(x, ids.rows(0, 2)),
                "input 'input1' has shape (2,) and input 'input0' (3, 2); axis 0 counts rows (examples) and must be"
                        + " equal; pass a tensor without rows as constant(...), or give all an axis of one row in front"
                        + " where the model has none and is loaded as unbatched");
        says(
                () -> Inputs.none().constant("scale", scale).rows(),
                "inputs: all are constant; at least one must have rows (examples)");
        says(
                () -> Inputs.of(x.rows(0, 0)),
                "input 'input0' has shape (0, 2): no rows (examples) to explain; give at least one");
    }

    @Test
    @DisplayName("Inputs without rows are no question, to a model either")
    void no_question() {
        says(() -> Inputs.none().rows(), "inputs: none given; a model takes at least one");
        Model sum = Model.ofTensors(tensors, all -> all.get(0).sum(1));
        says(() -> sum.forward(Inputs.none()), "inputs: none given; a model takes at least one");
        says(
                () -> sum.forward(Inputs.none().constant("x", x)),
                "inputs: all are constant; at least one must have rows (examples)");
    }

    @Test
    @DisplayName("What is added goes behind, and leaves the inputs that it was added to as they were")
    void withers() {
        Inputs one = Inputs.none().attribute("x", x);
        Inputs two = one.with(mixed().all().get(2));
        assertThat(one.size()).isEqualTo(1);
        assertThat(two.all()).extracting(Inputs.Input::name).containsExactly("x", "scale");
        FeatureNames columns = FeatureNames.columns("a", "b");
        Inputs named = Inputs.none().with(new Inputs.Input("x", x, Inputs.Role.ATTRIBUTED, columns, 0));
        assertThat(named.all().get(0).features())
                .isEqualTo(one.named("x", columns).all().get(0).features());
        FeatureNames three = FeatureNames.columns("a", "b", "c");
        assertThatThrownBy(() -> one.with(new Inputs.Input("y", x, Inputs.Role.FIXED, three, 0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'y'");
        assertThat(two.select(1).fixed("ids", ids.rows(2, 3)).source(0)).isEqualTo(1);
    }

    @Test
    @DisplayName("Gradients need an attributed input of a floating type")
    void requireDifferentiable() {
        mixed().requireDifferentiable();
        assertThatThrownBy(() -> Inputs.of(ids).requireDifferentiable())
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("input 'input0' is of type int64, which has no gradient;");
        Inputs fixed = Inputs.none().fixed("x", x);
        assertThatThrownBy(fixed::requireDifferentiable)
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("no input is attributed, so there is no gradient to take;");
    }

    @Test
    void rows_of_a_fixed_input_may_be_counted_by_another_axis() {
        Tensor state = tensors.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3);
        Inputs inputs = Inputs.none().attribute("x", x).fixed("state", state, 1);

        assertThat(inputs.rows()).isEqualTo(3);
        assertThat(inputs.select(2, 0).tensor(1).toDoubleArray()).containsExactly(3, 1, 6, 4);
        assertThat(inputs.select(2, 0).select(1).tensor(1).toDoubleArray()).containsExactly(1, 4);
        Inputs expanded = inputs.expand(List.of(x.rows(1, 2).broadcast(Shape.of(2, 2))), new long[] {1, 1});
        assertThat(expanded.tensor(1).shape()).isEqualTo(Shape.of(2, 2));
        assertThat(expanded.tensor(1).toDoubleArray()).containsExactly(2, 2, 5, 5);

        assertThatThrownBy(() -> Inputs.none().attribute("x", x).fixed("state", state, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("axis 0 counts rows");
        Tensor turned = state.reshape(3, 2);
        assertThatThrownBy(() -> Inputs.none().attribute("x", x).fixed("state", turned, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("axis 1 and axis 0 count rows (examples) and must be equal");
        assertThatThrownBy(() -> Inputs.none().fixed("state", state, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("input 'state' has shape (2, 3) and rowAxis 2; give an axis that it has, counted from 0");
    }

    @Test
    void rows_of_an_attributed_input_may_be_counted_by_another_axis() {
        Tensor series = tensors.of(IntStream.range(0, 12).asDoubleStream().toArray(), 2, 3, 2);
        Inputs inputs = Inputs.none()
                .fixed("x", x)
                .attribute("series", series, 1)
                .named("series", FeatureNames.columns("a", "b"));

        assertThat(inputs.rows()).isEqualTo(3);
        assertThat(inputs.tensor(1)).isSameAs(series);
        Tensor first = inputs.attributed().get(0);
        assertThat(first.shape()).isEqualTo(Shape.of(3, 2, 2));
        assertThat(first.toDoubleArray()).containsExactly(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11);
        assertThat(inputs.rowsFirst(List.of(series)).get(0).toDoubleArray()).isEqualTo(first.toDoubleArray());

        Inputs back = inputs.withAttributed(List.of(first));
        assertThat(back.tensor(1).shape()).isEqualTo(series.shape());
        assertThat(back.tensor(1).toDoubleArray()).isEqualTo(series.toDoubleArray());

        Inputs chosen = inputs.select(2, 0);
        assertThat(chosen.tensor(1).shape()).isEqualTo(Shape.of(2, 2, 2));
        assertThat(chosen.tensor(1).toDoubleArray()).containsExactly(4, 5, 0, 1, 10, 11, 6, 7);

        Inputs expanded = inputs.expand(List.of(first.rows(1, 3)), new long[] {1, 2});
        assertThat(expanded.tensor(1).toDoubleArray()).containsExactly(2, 3, 4, 5, 8, 9, 10, 11);

        Inputs against = inputs.against(List.of(first.rows(0, 1)));
        assertThat(against.atReferences().tensor(1).shape()).isEqualTo(series.shape());
        assertThat(against.atReferences().tensor(1).toDoubleArray())
                .containsExactly(0, 1, 0, 1, 0, 1, 6, 7, 6, 7, 6, 7);
    }

    @Test
    void a_constant_has_no_axis_of_rows() {
        assertThatThrownBy(() -> new Inputs.Input("table", x, Inputs.Role.CONSTANT, FeatureNames.none(), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "input 'table' is constant, which has no rows, and rowAxis is 1; pass it with attribute(...)"
                                + " or fixed(...)");
    }
}
