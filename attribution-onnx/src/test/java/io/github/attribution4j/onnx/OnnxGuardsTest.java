// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models of other types than float32, of fixed numbers of rows, with rows that change each other, with state. */
class OnnxGuardsTest {
    private static final Golden ODD = Golden.read("odd.npz");

    private static Tensor expected(String name, String what) {
        return ODD.tensor("expected/" + name + "/" + what);
    }

    private static void assertNear(Tensor found, Tensor expected, double tolerance) {
        assertThat(found.shape()).isEqualTo(expected.shape());
        double[] left = found.toDoubleArray();
        double[] right = expected.toDoubleArray();
        for (int i = 0; i < right.length; i++) {
            assertThat(left[i]).isCloseTo(right[i], offset(tolerance));
        }
    }

    private static Tensor random(long... dims) {
        Shape shape = Shape.of(dims);
        Random random = new Random(3);
        float[] values = new float[(int) shape.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensors.ofJava().of(values, shape);
    }

    @ParameterizedTest
    @CsvSource({
        "half, FLOAT32, 'x: float16[N, 3] given as float32 -> y: float16[N, 2]', 2e-3, 8e-3",
        "half-inside, FLOAT32, 'x: float32[N, 3] -> y: float32[N, 2]', 2e-3, 8e-3",
        "double, FLOAT64, 'x: float64[N, 3] -> y: float64[N, 2]', 1e-12, 1e-12",
        "brain-float, FLOAT32, 'x: bfloat16[N, 3] given as float32 -> y: float32[N, 2]', 1e-6, 2e-3"
    })
    // A gradient of an input of 16 bits is rounded to them.
    void floats_of_every_width_have_gradients(
            String name, DataType type, String signature, double tolerance, double rounded) {
        try (OnnxModel model = OnnxModel.load(ODD.bytes(name));
                TensorScope scope = TensorScope.open()) {
            assertThat(model.signature()).isEqualTo(signature);
            Inputs inputs = Inputs.of(expected(name, "x").to(type));
            assertNear(model.forward(inputs), expected(name, "y"), tolerance);
            try (Pullback run = model.pullback(inputs)) {
                Tensor ones = run.output().mul(0).add(1);
                assertNear(run.vjp(ones).get(0), expected(name, "d"), rounded);
            }
            Cut cut = model.cut("h");
            Tensor inside = cut.activations(inputs).get(0);
            assertThat(inside.dataType()).isEqualTo(type);
            assertNear(cut.tail().forward(cut.tailInputs(inputs, inside)), expected(name, "y"), tolerance);
            try (Pullback run = cut.pullback(inputs)) {
                assertThat(run.vjp(run.output()).get(0).dataType()).isEqualTo(type);
            }
            assertThatThrownBy(() -> model.forward(Inputs.of(Tensors.ofJava().of(new long[3], 1, 3))))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContainingAll("'x' is int64", "takes " + type.label(), "to(DataType." + type + ")");
        }
    }

    @ParameterizedTest
    @CsvSource({"bytes, UINT8", "int8, INT32"})
    void whole_numbers_are_taken_and_have_no_gradient(String name, DataType type) {
        try (OnnxModel model = OnnxModel.load(ODD.bytes(name));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(expected(name, "x").to(type));
            assertNear(model.forward(inputs), expected(name, "y"), 1e-6);
            assertThatThrownBy(() -> model.pullback(inputs)).isInstanceOf(ModelException.class);
            try (Explanation why = new Saliency().at("h").attribute(model, inputs, Target.index(0))) {
                assertThat(why.attribution().shape()).isEqualTo(Shape.of(2, 2));
            }
        }
    }

    @Test
    void an_output_of_whole_numbers_can_be_chosen_and_has_no_gradient() {
        OnnxOptions label = OnnxOptions.defaults().output("label");
        try (OnnxModel model = OnnxModel.load(ODD.bytes("integer-output"), label);
                OnnxModel scores = OnnxModel.load(ODD.bytes("integer-output"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(random(2, 3));
            assertThat(scores.output()).isEqualTo("y");
            assertThat(model.forward(inputs).dataType()).isEqualTo(DataType.INT64);
            assertThatThrownBy(() -> model.pullback(inputs)).isInstanceOf(ModelException.class);
        }
    }

    @Test
    void a_file_of_one_row_is_explained_row_by_row_with_a_notice() {
        try (OnnxModel model = OnnxModel.load(ODD.bytes("batch-of-one"));
                TensorScope scope = TensorScope.open()) {
            assertThat(model.oneRowAtATime().orElseThrow()).contains("fixes one row", "x' is float32[1, 3]");
            Inputs inputs = Inputs.of(expected("batch-of-one", "x").to(DataType.FLOAT32));
            Target both = Target.sum(Target.index(0), Target.index(1));
            try (Explanation why = Saliency.signed().attribute(model, inputs, both);
                    Explanation path = new IntegratedGradients().steps(20).attribute(model, inputs, both)) {
                assertNear(why.attribution(), expected("batch-of-one", "d"), 1e-5);
                assertThat(why.notices()).anyMatch(line -> line.contains("fixes one row"));
                assertThat(path.notices()).anyMatch(line -> line.contains("fixes one row"));
            }
            assertThatThrownBy(() -> model.forward(inputs))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContainingAll("'x' has shape (2, 3)", "[1, 3]", "fixes the number of rows");
        }
    }

    @Test
    void a_file_of_two_rows_takes_two() {
        try (OnnxModel model = OnnxModel.load(ODD.bytes("batch-of-two"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(expected("batch-of-two", "x").to(DataType.FLOAT32));
            assertNear(model.forward(inputs), expected("batch-of-two", "y"), 1e-6);
            assertThat(model.oneRowAtATime()).isEmpty();
            assertThatThrownBy(() -> model.forward(inputs.select(0)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContainingAll("'x' has shape (1, 3)", "[2, 3]", "fixes the number of rows");
        }
    }

    @Test
    void a_model_without_an_axis_of_rows_gets_its_examples_one_by_one() {
        OnnxOptions options = OnnxOptions.defaults().unbatched();
        try (OnnxModel model = OnnxModel.load(ODD.bytes("without-rows"), options);
                OnnxModel plain = OnnxModel.load(ODD.bytes("without-rows"));
                TensorScope scope = TensorScope.open()) {
            Tensor x = random(3, 4, 3);
            Inputs inputs = Inputs.of(x);
            Tensor y = model.forward(inputs);
            assertThat(y.shape()).isEqualTo(Shape.of(3, 4, 2));
            Cut cut = model.cut("h");
            Tensor h = cut.activations(inputs).get(0);
            assertThat(h.shape()).isEqualTo(Shape.of(3, 4, 5));
            assertNear(cut.tail().forward(cut.tailInputs(inputs, h)), y, 1e-6);
            try (Explanation why = Saliency.signed().attribute(model, inputs, Target.at(2, 1));
                    Explanation inside = new Saliency().at("h").attribute(model, inputs, Target.at(2, 1))) {
                assertThat(why.notices()).anyMatch(line -> line.contains("without an axis of rows"));
                assertThat(inside.attribution().shape()).isEqualTo(Shape.of(3, 4, 5));
                for (int row = 0; row < 3; row++) {
                    Inputs alone =
                            Inputs.none().attribute("x", x.rows(row, row + 1).reshape(Shape.of(4, 3)));
                    assertNear(plain.forward(alone), y.rows(row, row + 1).reshape(Shape.of(4, 2)), 1e-6);
                    float[] gradient = why.attribution().rows(row, row + 1).toFloatArray();
                    try (Pullback run = plain.pullback(alone)) {
                        float[] sent = new float[8];
                        sent[2 * 2 + 1] = 1;
                        float[] right =
                                run.vjp(Tensors.ofJava().of(sent, 4, 2)).get(0).toFloatArray();
                        assertThat(gradient).containsExactly(right, offset(1e-6f));
                    }
                }
            }
            assertThat(model.identity().loaded()).containsEntry("unbatched", "true");
        }
    }

    @Test
    void rows_that_change_each_other_are_found_by_comparing() {
        try (OnnxModel model = OnnxModel.load(ODD.bytes("rows-change-each-other"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(random(4, 3));
            try (Explanation why = new FeatureAblation().attribute(model, inputs, Target.index(0))) {
                assertThat(why.notices()).anyMatch(line -> line.contains("row by row"));
            }
        }
    }

    @Test
    void a_range_of_all_rows_is_known_beforehand() {
        try (OnnxModel model = OnnxModel.load(ODD.bytes("dynamic-quantization"));
                TensorScope scope = TensorScope.open()) {
            assertThat(model.oneRowAtATime().orElseThrow())
                    .contains("quantizes by the range of all rows of a call", "DynamicQuantizeLinear");
            Inputs inputs = Inputs.of(random(4, 3));
            try (Explanation all = new FeatureAblation().attribute(model, inputs, Target.index(0));
                    Explanation one = new FeatureAblation().attribute(model, inputs.select(2), Target.index(0))) {
                assertThat(all.attribution().rows(2, 3).toFloatArray())
                        .isEqualTo(one.attribution().toFloatArray());
            }
        }
    }

    @Test
    void state_is_an_input_with_its_rows_on_another_axis() {
        try (OnnxModel model = OnnxModel.load(ODD.bytes("state"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.none()
                    .with(new Inputs.Input("x", random(5, 3, 3), Inputs.Role.ATTRIBUTED, FeatureNames.none(), 1))
                    .with(new Inputs.Input("h0", random(1, 3, 4), Inputs.Role.FIXED, FeatureNames.none(), 1));
            Run one = Run.defaults().batchRows(1);
            try (Explanation all = new Saliency().attribute(model, inputs, Target.index(1));
                    Explanation single = new Saliency().attribute(model, inputs, Target.index(1), one)) {
                assertThat(all.attribution().shape()).isEqualTo(Shape.of(3, 5, 3)); // rows first
                assertNear(single.attribution(), all.attribution(), 1e-6);
            }
            assertThat(model.oneRowAtATime()).isEmpty();
        }
    }

    @Test
    void random_draws_and_lost_gradients_are_told() {
        try (OnnxModel noisy = OnnxModel.load(ODD.bytes("random"));
                OnnxModel dropout = OnnxModel.load(ODD.bytes("dropout-in-training"));
                OnnxModel still = OnnxModel.load(ODD.bytes("half-inside"));
                OnnxModel quantized = OnnxModel.load(ODD.bytes("dynamic-quantization"))) {
            assertThat(noisy.randomDraws()).containsExactly("RandomNormalLike at \"noise\"");
            assertThat(dropout.randomDraws()).containsExactly("dropout in training mode at \"y\"");
            assertThat(still.randomDraws()).isEmpty();
            assertThat(still.gradientLosses()).containsExactly("rounding to float16 at \"x16\" and from there on");
            assertThat(quantized.gradientLosses()).containsExactly("rounding at \"q\"");
        }
    }

    @Test
    void what_fits_no_input_is_refused_in_words_of_the_file() {
        try (OnnxModel model = OnnxModel.load(ODD.bytes("half-inside"));
                TensorScope scope = TensorScope.open()) {
            assertThatThrownBy(() -> model.forward(Inputs.of(random(5, 7))))
                    .isInstanceOf(ModelException.class)
                    .hasMessage("input 'x' has shape (5, 7), but the model takes [N, 3]");
            assertThatThrownBy(() -> model.forward(Inputs.of(random(5, 3, 1))))
                    .hasMessage("input 'x' has shape (5, 3, 1), but the model takes [N, 3]");
        }
    }
}
