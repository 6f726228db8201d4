// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.tensor.TensorScope;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Calls that libtorch 2.7.1 runs unchecked, most of which crash the process, are refused; valid ones are not.
 */
class UncheckedOperatorsTest {
    private static final String RAW = "return ";

    /** O, D and Z mean ones, ones in float64, and zeros of a shape. */
    private static String program(String body) {
        String text = body.replaceAll("\\bO\\((\\[[^\\]]*\\])\\)", "torch.ones($1, dtype=6)")
                .replaceAll("\\bD\\((\\[[^\\]]*\\])\\)", "torch.ones($1, dtype=7)")
                .replaceAll("\\bI\\((\\[[^\\]]*\\])\\)", "torch.tensor($1)");
        return "def forward(self: __torch__.M, x: Tensor) -> Tensor:\n"
                + text.replace("; ", "\n").indent(2);
    }

    private static double sum(String body) {
        try (TorchScriptModel model = TestModels.script(program(body));
                TensorScope scope = TensorScope.open()) {
            return model.forward(Inputs.of(model.tensors().of(new float[6], 2, 3)))
                    .sum()
                    .toDoubleArray()[0];
        }
    }

    private static void refused(String body, String... text) {
        assertThatThrownBy(() -> sum(body)).isInstanceOf(ModelException.class).hasMessageContainingAll(text);
        // Another operator that libtorch runs still works.
        assertThat(sum(RAW + "torch.add(x, 1)")).isEqualTo(6);
    }

    private static String lstm(String x, String h, String c, String weights, String rest) {
        return "y, a, b, = torch.lstm(" + x + ", [" + h + ", " + c + "], [" + weights + "], " + rest + "); return y";
    }

    private static final String ONE_LAYER = "O([64, 3]), O([64, 16])";

    @ParameterizedTest
    @DisplayName("The state of an LSTM of one layer, one direction, 4 rows, 16 units; x (rows, time, 3)")
    @CsvSource(
            delimiter = '|',
            value = {
                "[1, 1, 16] | [1, 1, 16] | made for 1 rows, and its input has 4: the rows do not fit the state",
                "[1, 9, 16] | [1, 9, 16] | made for 9 rows, and its input has 4: the rows do not fit the state",
                "[1, 4, 16] | [1, 1, 16] | made for 1 rows, and its input has 4",
                "[1, 4, 16] | [1, 9, 16] | made for 9 rows, and its input has 4",
                "[3, 4, 16] | [3, 4, 16] | has 1 layers and directions, and its state 3",
                "[1, 4, 5] | [1, 4, 16] | the LSTM has 16 hidden units, and its state 5",
                "[1, 4, 16] | [1, 4, 5] | the LSTM's weights do not fit each other and its state",
                "[1, 16] | [1, 16] | state has 3 axes, and this has 2"
            })
    void statesOfAnLstm(String h, String c, String message) {
        for (String train : new String[] {"False", "True"}) {
            for (String ones : new String[] {"O", "D"}) {
                String weights = ONE_LAYER.replace("O", ones);
                refused(
                        lstm(
                                ones + "([4, 5, 3])",
                                ones + "(" + h + ")",
                                ones + "(" + c + ")",
                                weights,
                                "False, 1, 0., " + train + ", False, True"),
                        message);
                refused(
                        lstm(
                                ones + "([5, 4, 3])",
                                ones + "(" + h + ")",
                                ones + "(" + c + ")",
                                weights,
                                "False, 1, 0., " + train + ", False, False"),
                        message);
            }
        }
    }

    @ParameterizedTest
    @DisplayName("Weights of an LSTM that do not fit its layers, its projection, its input")
    @CsvSource(
            delimiter = '|',
            value = {
                "[1, 4, 16] | [1, 4, 16] | O([48, 3]), O([48, 16]) | False, 1, 0., False, False, True",
                "[2, 4, 16] | [2, 4, 16] | O([64, 3]), O([64, 16]), O([64, 9]), O([64, 16]) | False, 2, 0., False,"
                        + " False, True",
                "[2, 4, 16] | [2, 4, 16] | O([64, 3]), O([64, 16]), O([64, 16]), O([64, 9]) | False, 2, 0., False,"
                        + " False, True",
                "[2, 4, 16] | [2, 4, 16] | O([64, 3]), O([64, 16]), O([64, 5]), O([64, 16]) | False, 1, 0., False,"
                        + " True, True",
                "[1, 4, 16] | [1, 4, 16] | O([64, 3]), O([64, 16]), O([5]), O([5]) | True, 1, 0., False, False, True",
                "[1, 4, 6] | [1, 4, 16] | O([64, 3]), O([64, 6]), O([5, 16]) | False, 1, 0., False, False, True",
                "[2, 4, 16] | [2, 4, 16] | O([64, 3]), O([64, 16]), O([64, 3]) | False, 2, 0., False, False, True"
            })
    void weightsOfAnLstm(String h, String c, String weights, String rest) {
        refused(lstm("O([4, 5, 3])", "O(" + h + ")", "O(" + c + ")", weights, rest), "weights do not fit");
    }

    @ParameterizedTest
    @DisplayName("Right LSTMs: layers, directions, projection, biases, axes either way")
    @CsvSource(
            delimiter = '|',
            value = {
                "[1, 4, 16] | [1, 4, 16] | O([64, 3]), O([64, 16]) | False, 1, 0., False, False, True | 320",
                "[1, 5, 16] | [1, 5, 16] | O([64, 3]), O([64, 16]) | False, 1, 0., False, False, False | 320",
                "[2, 4, 16] | [2, 4, 16] | O([64, 3]), O([64, 16]), O([64, 16]), O([64, 16]) | False, 2, 0., False,"
                        + " False, True | 320",
                "[2, 4, 16] | [2, 4, 16] | O([64, 3]), O([64, 16]), O([64, 3]), O([64, 16]) | False, 1, 0., False,"
                        + " True, True | 640",
                "[4, 4, 16] | [4, 4, 16] | O([64, 3]), O([64, 16]), O([64, 3]), O([64, 16]), O([64, 32]), O([64,"
                        + " 16]), O([64, 32]), O([64, 16]) "
                        + "| False, 2, 0., False, True, True | 640",
                "[1, 4, 16] | [1, 4, 16] | O([64, 3]), O([64, 16]), O([64]), O([64]) | True, 1, 0., False, False,"
                        + " True | 320",
                "[1, 4, 6] | [1, 4, 16] | O([64, 3]), O([64, 6]), O([6, 16]) | False, 1, 0., False, False, True | 120",
                "[1, 4, 6] | [1, 4, 16] | O([64, 3]), O([64, 6]), O([64]), O([64]), O([6, 16]) | True, 1, 0.,"
                        + " False, False, True | 120"
            })
    void rightLstms(String h, String c, String weights, String rest, int elements) {
        double sum = sum(lstm("O([4, 5, 3])", "O(" + h + ")", "O(" + c + ")", weights, rest));
        // tanh of a cell that grows by one each step, or 16 of those through a projection of ones.
        assertThat(sum).isGreaterThan(0.9 * elements).isLessThan(elements == 120 ? 16.0 * elements : elements);
    }

    @ParameterizedTest
    @DisplayName("States of the other recurrent layers say the same, packed ones too")
    @ValueSource(
            strings = {
                "y, a, = torch.gru(O([4, 5, 3]), O([1, 1, 16]), [O([48, 3]), O([48, 16])], False, 1, 0., False,"
                        + " False, True); return y",
                "y, a, = torch.gru(O([5, 4, 3]), O([1, 9, 16]), [O([48, 3]), O([48, 16])], False, 1, 0., False,"
                        + " False, False); return y",
                "y, a, = torch.rnn_tanh(O([4, 5, 3]), O([1, 1, 16]), [O([16, 3]), O([16, 16])], False, 1, 0.,"
                        + " False, False, True); return y",
                "y, a, = torch.rnn_relu(O([4, 5, 3]), O([1, 1, 16]), [O([16, 3]), O([16, 16])], False, 1, 0.,"
                        + " False, False, True); return y",
                "y, a, = torch.gru(O([8, 3]), I([4, 4]), O([1, 1, 16]), [O([48, 3]), O([48, 16])], False, 1, 0.,"
                        + " False, False); return y",
                "y, a, = torch.rnn_tanh(O([8, 3]), I([4, 4]), O([1, 1, 16]), [O([16, 3]), O([16, 16])], False, 1,"
                        + " 0., False, False); return y",
                "y, a, b, = torch.lstm(O([8, 3]), I([4, 4]), [O([1, 1, 16]), O([1, 1, 16])], [O([64, 3]), O([64,"
                        + " 16])], False, 1, 0., "
                        + "False, False); return y",
                "y, a, b, = torch.lstm(O([8, 3]), I([4, 4]), [O([1, 4, 16]), O([1, 9, 16])], [O([64, 3]), O([64,"
                        + " 16])], False, 1, 0., "
                        + "False, False); return y"
            })
    void rowsThatDoNotFit(String body) {
        refused(body, "the rows do not fit the state");
    }

    @ParameterizedTest
    @DisplayName("Cells check their rows themselves")
    @ValueSource(
            strings = {
                "a, b, = torch.lstm_cell(O([4, 3]), [O([1, 16]), O([1, 16])], O([64, 3]), O([64, 16])); return a",
                "return torch.gru_cell(O([4, 3]), O([1, 16]), O([48, 3]), O([48, 16]))",
                "return torch.rnn_tanh_cell(O([4, 3]), O([1, 16]), O([16, 3]), O([16, 16]))"
            })
    void cells(String body) {
        refused(body, "Input batch size 4 doesn't match hidden0 batch size 1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "y, a, = torch.gru(O([8, 3]), I([2, 2]), O([1, 2, 16]), [O([48, 3]), O([48, 16])], False, 1, 0.,"
                        + " False, False); return y "
                        + "| has 8 elements, and its batch sizes are for 4",
                "n = annotate(List[int], []); y, a, = torch.gru(O([8, 3]), torch.tensor(n, dtype=4), O([1, 2, 16]),"
                        + " [O([48, 3]), "
                        + "O([48, 16])], False, 1, 0., False, False); return y | has no batch sizes",
                "y, a, = torch.gru(O([8, 3]), I([2, 6]), O([1, 2, 16]), [O([48, 3]), O([48, 16])], False, 1, 0.,"
                        + " False, False); return y "
                        + "| batch sizes grow",
                "a, b, = torch._pad_packed_sequence(O([4, 3]), I([6, -2]), True, 0., 2); return a | not all positive",
                "a, b, = torch._pad_packed_sequence(O([8, 3]), I([9000, 9000]), True, 0., 2); return a | are for 18000",
                "a, b, c, d, = torch.embedding_bag(O([5, 3]), I([1, 2, 3]), I([0, 3, 1])); return a | must not fall",
                "a, b, c, d, = torch.embedding_bag(O([5, 3]), I([1, 2, 3]), I([0, 900000])); return a | go beyond"
                        + " its 3 indexes",
                "a, b, c, d, = torch.embedding_bag(O([5, 3]), I([1, 2, 3]), I([1, 2])); return a | begin at 1 and"
                        + " not at 0; flat indexes and "
                        + "offsets belong to one example without an axis of rows",
                "return torch.ctc_loss(O([5, 2, 4]), torch.full([2, 3], 9999999, dtype=4), [5, 5], [3, 3]) | where"
                        + " there are 4 places",
                "return torch.max_pool2d_with_indices_backward(O([1, 1, 2, 2]), O([1, 1, 4, 4]), [2, 2], [2, 2],"
                        + " [0, 0], [1, 1], False, "
                        + "torch.full([1, 1, 2, 2], 99999999, dtype=4)) | where there are 16 places",
                "return torch.adaptive_max_pool2d_backward(O([1, 1, 2, 2]), O([1, 1, 4, 4]), torch.full([1, 1, 2,"
                        + " 2], -9999999, "
                        + "dtype=4)) | indexes from -9999999",
                "return torch.abs(torch.linalg_eigvals(torch.full([3, 3], nan, dtype=6))) | holds NaN or infinity",
                "a, b, c, = torch.native_batch_norm(O([2, 4, 3]), O([1]), O([1]), O([1]), O([1]), False, 0.1,"
                        + " 1e-5); return a "
                        + "| batch norm of 4 channels",
                "return torch._reshape_alias(O([5, 3]), [5000, 3000], [3000, 1]) | 15 elements cannot lie in shape",
                "return torch.to_dense(torch.sparse_coo_tensor(torch.tensor([[900000000]]), O([1]), [3])) | where"
                        + " there are 3 places",
                "return torch.matmul(torch.sparse_csr_tensor(I([0, 1]), I([9999999]), O([1]), [1, 3]), O([3, 2])) |"
                        + " where there are 3 places",
                "return torch.to_dense(torch.sparse_csr_tensor(I([0, 99]), I([1]), O([1]), [1, 3])) | where there"
                        + " are 2 places",
                "return torch.add(x, torch.len(torch.center(\"a\", -9, \"x\"))) | without checking its arguments",
                "return torch._compute_linear_combination(O([2, 3]), O([4, 9])) | without checking its arguments",
                "return torch.native_channel_shuffle(O([1, 4, 2, 2]), 0) | shuffled in 0 groups",
                "return torch.slow_conv3d(O([1, 4, 4, 4, 4]), O([4, 4, 2, 2, 2]), [3, 3, 3]) | a kernel of [3, 3,"
                        + " 3] with weights of shape",
                "a, b, c, d, = torch.embedding_bag(O([5, 3]), I([1, 2, 3]), I([0, 2]), False, 7); return a | and not 7",
                "a, b, c, d, = torch.embedding_bag(O([5, 3]), indices=I([1, 2, 3]), offsets=I([0, 900000])); return a "
                        + "| go beyond its 3 indexes"
            })
    void others(String body, String message) {
        refused(body, message);
    }

    private static final String LEAST = "n = torch.sub(torch.neg(9223372036854775807), torch.len([1])); ";
    private static final String ZERO = "torch.sub(torch.len([1]), 1)";
    private static final String MINUS = "torch.sub(torch.len([1]), 2)";

    @ParameterizedTest
    @DisplayName("Whole numbers divided by 0, or the least of them by -1, alone and in tensors")
    @ValueSource(
            strings = {
                "return torch.add(x, torch.remainder(5, " + ZERO + ")) ",
                LEAST + "return torch.add(x, torch.remainder(n, " + MINUS + "))",
                LEAST + "return torch.add(x, torch.floordiv(n, " + MINUS + "))",
                LEAST + "a, b = divmod(n, " + MINUS + "); return torch.add(x, a)",
                LEAST + "return torch.add(x, torch.remainder(torch.tensor([n]), -1))",
                LEAST + "return torch.add(x, torch.floor_divide(torch.tensor([n]), torch.tensor([-1])))",
                LEAST + "return torch.add(x, torch.fmod(torch.tensor([n]), torch.tensor([2, -1])))",
                LEAST
                        + "return torch.add(x, torch.div(torch.tensor([n]), torch.tensor([-1]),"
                        + " rounding_mode=\"trunc\"))",
                LEAST + "m = torch.remainder_(torch.tensor([n]), torch.tensor([-1])); return torch.add(x, m)",
                "return torch.add(x, torch.remainder(torch.tensor([-2147483648], dtype=3), -1))",
                "i = 3; while torch.ge(torch.remainder(9, i), 0):;   i = torch.sub(i, 1); return torch.add(x, i)"
            })
    void divisions(String body) {
        refused(
                body,
                body.contains(LEAST) || body.contains("dtype=3") ? "divided by -1" : "a whole number is divided by 0");
    }

    @ParameterizedTest
    @DisplayName("Attention whose keys and values differ in number, or that has no heads")
    @CsvSource(
            delimiter = '|',
            value = {
                "O([1, 2, 6, 8]), O([1, 2, 3, 8]) | 6 keys and 3 values",
                "O([1, 2, 6, 8]), O([1, 2, 9, 8]) | 6 keys and 9 values",
                "O([1, 2, 600, 8]), O([1, 2, 3, 8]) | 600 keys and 3 values",
                "key=O([1, 2, 6, 8]), value=O([1, 2, 3, 8]) | 6 keys and 3 values",
                "O([1, 0, 6, 8]), O([1, 0, 6, 8]), None, 0., False, scale=None, enable_gqa=True | 2 heads of"
                        + " queries and none of keys"
            })
    void attention(String keysAndValues, String message) {
        refused("return torch.scaled_dot_product_attention(O([1, 2, 4, 8]), " + keysAndValues + ")", message);
    }

    @ParameterizedTest
    @DisplayName("Grids sampled in a way that is none")
    @CsvSource(
            delimiter = '|',
            value = {
                "grid_sampler | [1, 1, 4, 4] | [1, 3, 3, 2] | 7, 0",
                "grid_sampler | [1, 1, 4, 4] | [1, 3, 3, 2] | 0, -1",
                "grid_sampler | [1, 1, 4, 4, 4] | [1, 3, 3, 3, 3] | 0, 9",
                "grid_sampler_2d | [1, 1, 4, 4] | [1, 3, 3, 2] | torch.neg(torch.len([1])), 0",
                "grid_sampler_3d | [1, 1, 4, 4, 4] | [1, 3, 3, 3, 3] | 3, 0"
            })
    void grids(String operator, String image, String grid, String modes) {
        refused(
                "return torch." + operator + "(O(" + image + "), O(" + grid + "), " + modes + ", True)",
                "a grid is sampled by interpolation 0 (bilinear)");
    }

    @ParameterizedTest
    @DisplayName("Recurrent layers whose settings are variables, or whose arguments have names")
    @ValueSource(
            strings = {
                "y, a, = torch.gru(O([4, 5, 3]), O([1, 1, 16]), [O([48, 3]), O([48, 16])], n, 1, 0., False, n, b)",
                "y, a, = torch.gru(O([4, 5, 3]), O([1, 1, 16]), [O([48, 3]), O([48, 16])], n, torch.len([1]), 0.,"
                        + " n, n, b)",
                "y, a, = torch.rnn_tanh(O([5, 4, 3]), O([1, 9, 16]), [O([16, 3]), O([16, 16])], n, torch.len([1]),"
                        + " 0., n, n, n)",
                "h = [O([1, 1, 16]), O([1, 1, 16])]; w = [O([64, 3]), O([64, 16])]; y, a, c, = torch.lstm(O([4, 5,"
                        + " 3]), h, w, n, 1, 0., n, n, b)",
                "h = [O([1, 1, 16]), O([1, 1, 16])]; w = [O([64, 3]), O([64, 16])]; y, a, c, = torch.lstm(O([8,"
                        + " 3]), I([4, 4]), h, w, n, 1, "
                        + "0., n, n)",
                "y, a, = torch.gru(O([8, 3]), I([4, 4]), O([1, 1, 16]), [O([48, 3]), O([48, 16])], n, 1, 0., n, n)",
                "y, a, c, = torch.lstm(input=O([4, 5, 3]), hx=[O([1, 1, 16]), O([1, 1, 16])], params=[O([64, 3]),"
                        + " O([64, 16])], "
                        + "has_biases=False, num_layers=1, dropout=0., train=False, bidirectional=False,"
                        + " batch_first=True)",
                "y, a, c, = torch.lstm(data=O([8, 3]), batch_sizes=I([4, 4]), hx=[O([1, 1, 16]), O([1, 1, 16])],"
                        + " params=[O([64, 3]), "
                        + "O([64, 16])], has_biases=False, num_layers=1, dropout=0., train=False, bidirectional=False)"
            })
    void variableSettings(String call) {
        String flags = "b = torch.eq(torch.len([1]), 1); n = torch.__not__(b); ";
        refused(flags + call + "; return y", "the rows do not fit the state");
        String fits = call.replace("[1, 1, 16]", "[1, 4, 16]").replace("[1, 9, 16]", "[1, 4, 16]");
        assertThat(sum(flags + fits + "; return torch.sum(y)")).isGreaterThan(50);
    }

    @ParameterizedTest
    @DisplayName("Quantized operators")
    @CsvSource(
            delimiter = '|',
            value = {
                "p = torch.quantize_per_channel(O([4, 8]), O([4]), O([4]), 0, 13); q ="
                        + " ops.quantized.embedding_bag_prepack(p); return "
                        + "ops.quantized.embedding_bag_byte(q, I([1, 2, 3]), I([0, 2]), False, 0, False, O([1])) |"
                        + " has 3 indexes and 1 weights",
                "p = ops.quantized.embedding_bag_4bit_prepack(O([4, 4])); return"
                        + " ops.quantized.embedding_bag_4bit_rowwise_offsets(p, "
                        + "I([1, 2, 3]), I([0, 2]), False, 0, False, O([1])) | has 3 indexes and 1 weights",
                "a = torch.quantize_per_tensor(O([1, 4, 4, 4]), 0.1, 0, 13); return"
                        + " torch.dequantize(torch.upsample_bilinear2d(a, [8, 8], "
                        + "False, 1e-9, 1e-9)) | need more than the 4 there are"
            })
    void quantized(String body, String message) {
        refused(body, message);
    }

    @ParameterizedTest
    @DisplayName("Segments beyond what there is")
    @CsvSource(
            delimiter = '|',
            value = {
                "lengths=I([2, 9]), unsafe=True | segments of 11 elements in all, where there are 5",
                "lengths=I([-2, 7]), unsafe=True | are not negative",
                "offsets=I([0, 5000000]) | begins at 5000000, where there are 5",
                "offsets=I([-1, 5]) | are not negative",
                "offsets=I([0, 4, 2, 5]) | must not fall",
                "lengths=torch.tensor([[1, 2], [3, 0]]), axis=1, unsafe=True | of shape [2, 2] for segments along"
                        + " axis 1 of shape [5, 3]",
                "lengths=I([2, 3]), axis=7 | along axis 7 of 2 axes"
            })
    void segments(String arguments, String message) {
        refused("return torch.segment_reduce(O([5, 3]), \"sum\", " + arguments + ")", message);
    }

    @ParameterizedTest
    @DisplayName("Right calls of guarded operators")
    @CsvSource(
            delimiter = '|',
            value = {
                "y, a, = torch.gru(O([8, 3]), I([5, 3]), O([1, 5, 16]), [O([48, 3]), O([48, 16])], False, 1, 0.,"
                        + " False, False); return y "
                        + "| 128",
                "a, b, = torch._pad_packed_sequence(O([8, 3]), I([5, 3]), True, 0., 2); return a | 24",
                "a, b, c, d, = torch.embedding_bag(O([5, 3]), I([1, 2, 3]), I([0, 2])); return a | 9",
                "a, b, c, d, = torch.embedding_bag(O([5, 3]), I([1, 2, 3]), I([0, 0, 3])); return a | 9",
                "a, b, c, = torch.native_batch_norm(O([2, 4, 3]), None, None, O([4]), O([4]), False, 0.1, 0.);"
                        + " return a | 0",
                "return torch._reshape_alias(O([5, 3]), [3, 5], [5, 1]) | 15",
                "return torch.segment_reduce(O([5, 3]), \"sum\", lengths=I([2, 3])) | 15",
                "return torch.segment_reduce(O([5, 3]), \"mean\", offsets=I([0, 2, 5])) | 6",
                "return torch.segment_reduce(O([2, 3]), \"max\", lengths=torch.tensor([[1, 2], [3, 0]]), axis=1,"
                        + " initial=0.) | 3",
                "return torch.add(x, torch.remainder(-5, torch.add(torch.len([1]), 2))) | 6",
                "return torch.add(x, torch.floordiv(-5, torch.add(torch.len([1]), 2))) | -12",
                "return torch.remainder(O([2, 3]), torch.neg(torch.len([1]))) | 0",
                "return torch.floor_divide(torch.tensor([-128], dtype=1), torch.tensor([-1], dtype=1)) | -128",
                "i = 5; j = 0; while torch.lt(torch.remainder(i, torch.add(i, 3)), 9):;   i = torch.add(i, 1);   j"
                        + " = torch.add(j, 1); "
                        + "return torch.add(x, j) | 24",
                "return torch.scaled_dot_product_attention(O([1, 2, 4, 8]), O([1, 2, 6, 8]), O([1, 2, 6, 8])) | 64",
                "return torch.grid_sampler(O([1, 1, 4, 4]), torch.mul(O([1, 3, 3, 2]), 0), torch.len([1]), 0,"
                        + " False) | 9",
                "return torch.native_channel_shuffle(O([1, 4, 2, 2]), 2) | 16",
                "return torch.matmul(torch.sparse_csr_tensor(I([0, 1, 2]), I([2, 0]), O([2]), [2, 3]), O([3, 2])) | 4",
                "return torch.slow_conv3d(O([1, 4, 4, 4, 4]), O([4, 4, 2, 2, 2]), [2, 2, 2]) | 3456",
                "a = torch.quantize_per_tensor(O([1, 4, 4, 4]), 0.5, 0, 13); return"
                        + " torch.dequantize(torch.upsample_bilinear2d(a, [8, 8], "
                        + "False, 2., 2.)) | 256",
                "return torch.to_dense(torch.sparse_coo_tensor(torch.tensor([[2]]), O([1]), [3])) | 1",
                "return torch.adaptive_max_pool2d_backward(O([1, 1, 2, 2]), O([1, 1, 4, 4]), torch.full([1, 1, 2,"
                        + " 2], 15, dtype=4)) | 4"
            })
    void rightCalls(String body, double expected) {
        assertThat(sum(body)).isEqualTo(expected);
    }
}
