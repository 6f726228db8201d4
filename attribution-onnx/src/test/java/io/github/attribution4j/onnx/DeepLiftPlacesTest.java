// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.DeepLiftShap;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** DeepLIFT on ONNX models of 16 bits, at the embeddings of tokens, and against many references at once. */
class DeepLiftPlacesTest {
    private static final Golden HALVES = Golden.read("halves.npz");

    @Test
    void attributions_of_16_bits_add_up() {
        String name = "mlp.float16.script";
        byte[] bytes = HALVES.bytes(name + "/model");
        try (TensorScope scope = TensorScope.open();
                OnnxModel wide = OnnxModel.load(bytes, OnnxOptions.defaults().dataType(DataType.FLOAT32));
                OnnxModel own = OnnxModel.load(bytes)) {
            Tensor x = HALVES.below(name + "/in/").values().iterator().next();
            Target target = Target.index(1);
            try (Explanation exact = new DeepLift().attribute(wide, Inputs.of(x), target);
                    Explanation rounded = new DeepLift().tolerance(2e-2).attribute(own, Inputs.of(x), target)) {
                assertThat(rounded.attribution().dataType()).isEqualTo(DataType.FLOAT32);
                double[] expected = exact.attribution().toDoubleArray();
                double[] actual = rounded.attribution().toDoubleArray();
                double largest = exact.attribution().abs().max().toDoubleArray()[0];
                for (int i = 0; i < expected.length; i++) {
                    assertThat(Math.abs(actual[i] - expected[i])).isLessThanOrEqualTo(2e-2 * largest);
                }
            }
        }
    }

    /** The references are tokens, and what is compared are their embeddings: all that the score comes from. */
    @ParameterizedTest
    @ValueSource(strings = {"script", "dynamo"})
    void embeddings_of_tokens_add_up(String exporter) {
        try (TensorScope scope = TensorScope.open();
                OnnxModel model = OnnxModel.load(GoldenData.onnx("text_lstm", exporter))) {
            long[] numbers = {3, 5, 2, 7, 4, 1, 6, 2, 8, 3, 4, 1, 1, 6, 2, 9, 5, 7};
            Tensor tokens = Tensors.ofJava().of(numbers, 2, 9);
            String layer = exporter.equals("script") ? "/embedding/Gather_output_0" : "embedding";
            try (Explanation why = new DeepLift()
                    .baseline(Baseline.zeros())
                    .at(layer)
                    .attribute(model, Inputs.of(tokens), Target.index(0))) {
                double[] gaps = why.completenessGap();
                for (int i = 0; i < gaps.length; i++) {
                    double difference = why.scores()[i] - why.baselineScores().orElseThrow()[i];
                    assertThat(Math.abs(difference)).isGreaterThan(1e-4);
                    assertThat(Math.abs(gaps[i])).isLessThanOrEqualTo(1e-3 * Math.abs(difference));
                }
            }
        }
    }

    /** Whole numbers on the way have no multipliers, so the sum is off, and that is an error and no explanation. */
    @Test
    void a_way_through_whole_numbers_is_found_by_its_sum() {
        Golden operators = Golden.read("operators.npz");
        String name = "top_k_places_read";
        try (TensorScope scope = TensorScope.open();
                OnnxModel model = OnnxModel.load(
                        operators.bytes(name + "/fixed"), OnnxOptions.defaults().unbatched())) {
            Tensor x = operators.below(name + "/in/").values().iterator().next();
            Tensor one = x.reshape(x.shape().prepend(1));
            assertThatThrownBy(() -> new DeepLift()
                            .baseline(Baseline.of(one.mul(-1)))
                            .attribute(model, Inputs.of(one), Target.at(0, 0)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("off by more than");
        }
    }

    @Test
    void rows_do_not_depend_on_how_many_references_run_together() {
        try (TensorScope scope = TensorScope.open();
                OnnxModel model = OnnxModel.load(GoldenData.folder().resolve("onnx/rules/convolutional.dynamo.onnx"))) {
            double[] numbers = new double[5 * 2 * 8 * 8];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = Math.sin(i * 0.7);
            }
            Tensor all = Tensors.ofJava().of(numbers, DataType.FLOAT32, Shape.of(5, 2, 8, 8));
            Inputs one = Inputs.of(all.rows(0, 1));
            Tensor references = all.rows(1, 5);
            double[] mean = new double[2 * 8 * 8];
            for (int r = 0; r < 4; r++) {
                try (Explanation single = new DeepLift()
                        .baseline(Baseline.of(references.rows(r, r + 1)))
                        .attribute(model, one, Target.index(0))) {
                    double[] part = single.attribution().toDoubleArray();
                    for (int i = 0; i < mean.length; i++) {
                        mean[i] += part[i] / 4;
                    }
                }
            }
            try (Explanation shap =
                    new DeepLiftShap(Baseline.samples(references)).attribute(model, one, Target.index(0))) {
                double[] together = shap.attribution().toDoubleArray();
                for (int i = 0; i < mean.length; i++) {
                    assertThat(together[i]).isCloseTo(mean[i], offset(1e-5));
                }
            }
        }
    }
}
