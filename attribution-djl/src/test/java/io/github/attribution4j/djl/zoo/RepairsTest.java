// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.djl.golden.TorchGolden;
import io.github.attribution4j.djl.zoo.ZooCheck.Result;
import io.github.attribution4j.djl.zoo.ZooCheck.Status;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What had to be replaced in a program gives the values and gradients of the eager model. */
class RepairsTest {
    private static final double OUTPUT = 5e-7;
    private static final double GRADIENT = 2e-6;

    private static ZooArchive archive(String file) {
        return ZooArchive.of(GoldenData.zoo()).stream()
                .filter(archive -> archive.file().equals(file))
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        "encoder.trace_no_grad, _transformer_encoder_layer_fwd",
        "encoder.trace_no_grad_frozen, _transformer_encoder_layer_fwd",
        "encoder_gelu_norm_first.trace_no_grad, _transformer_encoder_layer_fwd",
        "encoder_padding.trace_no_grad, _transformer_encoder_layer_fwd",
        "encoder_causal.trace_no_grad, _transformer_encoder_layer_fwd",
        "encoder_nested.trace_no_grad, _nested_tensor_from_mask",
        "translator.trace_no_grad, _transformer_encoder_layer_fwd",
        "attention_plain.trace_no_grad, _native_multi_head_attention",
        "attention_plain.trace_no_grad_frozen, _native_multi_head_attention",
        "attention_average.trace_no_grad, _native_multi_head_attention",
        "rms_norm.script, _fused_rms_norm",
        "rms_norm.trace, _fused_rms_norm"
    })
    void replacedOperatorsGiveTheValuesAndGradientsOfTheModel(String name, String operator) {
        Result result = ZooCheck.check(archive(name + ".pt"));
        assertThat(result.repairs())
                .anySatisfy(line -> assertThat(line)
                        .startsWith("operator " + operator + ", which ")
                        .contains(" is replaced by ordinary operations"));
        assertThat(result.outputError()).isLessThanOrEqualTo(OUTPUT);
        assertThat(result.inputError()).isLessThanOrEqualTo(GRADIENT);
        if (!name.endsWith("frozen")) {
            assertThat(result.layers()).allMatch(layer -> layer.status() == Status.EQUAL);
        }
        assertThat(result.worst()).isLessThanOrEqualTo(GRADIENT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"encoder.trace_no_grad.pt", "encoder.script.pt", "encoder_nested.script.pt"})
    void modulesInsideAFusedLayerAreReachedWithoutGradients(String file) {
        ZooArchive archive = archive(file);
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(archive.path(), TorchGolden.options())) {
            Inputs inputs = archive.inputs(archive.arrays(), model.tensors());
            for (String module : new String[] {"self_attn", "norm1", "linear1", "dropout", "linear2", "norm2"}) {
                Cut cut = model.cut("encoder.layers.1." + module);
                assertThat(cut.activations(inputs).get(0).shape().dim(0))
                        .as(module)
                        .isEqualTo(2);
            }
        }
    }

    @Test
    void programsThatNeedNothingAreLeftAlone() {
        for (String file : new String[] {"encoder.script.pt", "encoder.trace.pt", "small_resnet.trace.pt"}) {
            assertThat(ZooCheck.check(archive(file)).repairs()).as(file).isEmpty();
        }
    }

    @Test
    void gradientsThatWouldPassAQuantizedOperatorAreRefused() {
        ZooArchive archive = archive("mlp_quantized.script.pt");
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(archive.path(), TorchGolden.options())) {
            Inputs inputs = archive.inputs(archive.arrays(), model.tensors());
            String refusal =
                    "operator quantized.linear_dynamic has no derivative, so no gradient passes it; cut the model "
                            + "at a layer after it, or use a perturbation method";
            assertThatThrownBy(() -> model.pullback(inputs))
                    .isInstanceOf(ModelException.class)
                    .hasMessage(refusal);
            assertThatThrownBy(() -> model.cut("layers.1").pullback(inputs))
                    .isInstanceOf(ModelException.class)
                    .hasMessage(refusal);
            try (Pullback behind = model.cut("layers.4").pullback(inputs)) {
                Tensor output = behind.output();
                double[] cotangent = new double[Math.toIntExact(output.shape().size())];
                cotangent[0] = 1;
                Tensor gradient = behind.vjpLast(output.tensors().of(cotangent, output.dataType(), output.shape()))
                        .get(0);
                double[] p = output.toDoubleArray();
                int classes = Math.toIntExact(output.shape().dim(1));
                double[] expected = new double[p.length];
                for (int i = 0; i < classes; i++) {
                    expected[i] = p[0] * ((i == 0 ? 1 : 0) - p[i]);
                }
                double[] actual = gradient.toDoubleArray();
                assertThat(Arrays.stream(actual).map(Math::abs).max().orElse(0)).isPositive();
                for (int i = 0; i < p.length; i++) {
                    assertThat(actual[i]).isCloseTo(expected[i], org.assertj.core.data.Offset.offset(1e-7));
                }
            }
        }
    }
}
