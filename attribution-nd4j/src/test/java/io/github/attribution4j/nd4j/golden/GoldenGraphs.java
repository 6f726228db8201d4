// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.golden;

import io.github.attribution4j.nd4j.Nd4jTensors;
import io.github.attribution4j.nd4j.SameDiffModel;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.internal.golden.EveryMethod;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv1DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Pooling2DConfig;

/**
 * Golden models as SameDiff graphs with the same weights, whose values have the names of PyTorch's modules;
 * golden/samediff.py wrote the weights.
 */
final class GoldenGraphs {
    /** What a module takes, by the value of the graph that it is. */
    static final Map<String, Map<String, String>> ARGUMENTS = Map.of(
            "mlp_softmax", Map.of("fc2:in", "relu1", "fc3:in", "relu2"),
            "cnn", Map.of("layer1:in", "maxpool", "fc:in", "flat"),
            "multi_input",
                    Map.of("hidden:in", "joined", "out:in", "tanh#1", "numbers", "numbers_fc", "signal", "signal_conv"),
            "text_lstm_embedded", Map.of("fc:in", "mean"),
            "mlp_double", Map.of("fc3:in", "relu"),
            "residual", Map.of("conv2:in", "conv2_in", "fc:in", "flat", "relu:in", "conv1"));

    private static final Map<String, Function<GoldenGraphs, SDVariable>> BUILDERS = new LinkedHashMap<>(Map.of(
            "mlp_softmax", GoldenGraphs::mlpSoftmax,
            "cnn", GoldenGraphs::cnn,
            "multi_input", GoldenGraphs::multiInput,
            "text_lstm_embedded", GoldenGraphs::textLstm,
            "mlp_double", GoldenGraphs::mlpDouble,
            "residual", GoldenGraphs::residual));

    private final SameDiff graph = SameDiff.create();
    private final Map<String, Tensor> weights;
    private int made;

    private GoldenGraphs(String name) {
        Path file = GoldenData.data().resolveSibling("samediff").resolve(name + ".npz");
        try {
            this.weights = NumpyFiles.readNpz(file, Tensors.ofJava());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The golden models that are built here, with their cases. */
    static List<GoldenData.Entry> entries() {
        return GoldenData.entries().stream()
                .filter(entry -> entry.kind().equals("scripted") && BUILDERS.containsKey(entry.model()))
                .toList();
    }

    static GoldenModel<SameDiffModel> load(GoldenData.Entry entry) {
        String name = entry.model();
        try (TensorScope scope = TensorScope.open()) {
            GoldenGraphs builder = new GoldenGraphs(name);
            SDVariable output = Objects.requireNonNull(BUILDERS.get(name)).apply(builder);
            return GoldenModel.of(entry, SameDiffModel.of(name, builder.graph, output.name()));
        }
    }

    static GoldenModel<SameDiffModel> load(String name) {
        return load(entries().stream()
                .filter(entry -> entry.model().equals(name))
                .findFirst()
                .orElseThrow());
    }

    /** Every method on two of the graphs. */
    static EveryMethod everyMethod() {
        return new EveryMethod(load("mlp_softmax"), load("cnn"), "layer2.0.bn1", "layer1");
    }

    private INDArray array(String name) {
        return Nd4jTensors.toArray(Objects.requireNonNull(weights.get(name), name));
    }

    private SDVariable constant(INDArray array) {
        return graph.constant("c" + made++, array.dup('c'));
    }

    private SDVariable linear(String name, SDVariable x, String module) {
        SDVariable weight = constant(array(module + ".weight").transpose());
        return graph.nn().linear(name, x, weight, constant(array(module + ".bias")));
    }

    private SDVariable linear(String name, SDVariable x) {
        return linear(name, x, name);
    }

    /** A convolution with PyTorch's weights, which begin with the channels of the result. */
    private SDVariable conv(String name, SDVariable x, String module, int size, int stride, boolean bias) {
        Conv2DConfig config = Conv2DConfig.builder()
                .kH(size)
                .kW(size)
                .sH(stride)
                .sW(stride)
                .pH(size / 2)
                .pW(size / 2)
                .paddingMode(PaddingMode.VALID)
                .dataFormat("NCHW")
                .build();
        SDVariable weight = constant(array(module + ".weight").permute(2, 3, 1, 0));
        return bias
                ? graph.cnn().conv2d(name, x, weight, constant(array(module + ".bias")), config)
                : graph.cnn().conv2d(name, x, weight, config);
    }

    private SDVariable norm(String name, SDVariable x, String module) {
        return graph.nn()
                .batchNorm(
                        name,
                        x,
                        constant(array(module + ".running_mean")),
                        constant(array(module + ".running_var")),
                        constant(array(module + ".weight")),
                        constant(array(module + ".bias")),
                        1e-5,
                        1);
    }

    private SDVariable mlpSoftmax() {
        SDVariable x = graph.placeHolder("x", DataType.FLOAT, -1, 12);
        x = graph.nn().relu("relu1", linear("fc1", x), 0);
        x = graph.nn().relu("relu2", linear("fc2", x), 0);
        return graph.nn().softmax("softmax", linear("fc3", x), 1);
    }

    private SDVariable mlpDouble() {
        SDVariable x = graph.placeHolder("x", DataType.DOUBLE, -1, 10);
        x = graph.math().tanh("tanh", linear("fc1", x));
        return linear("fc3", graph.nn().relu("relu", linear("fc2", x), 0));
    }

    private SDVariable block(String name, SDVariable x, int stride, boolean last) {
        String at = name + ".";
        SDVariable out = norm(at + "bn1", conv(at + "conv1", x, at + "conv1", 3, stride, false), at + "bn1");
        out = conv(at + "conv2", graph.nn().relu(at + "relu", out, 0), at + "conv2", 3, 1, false);
        out = norm(at + "bn2", out, at + "bn2");
        SDVariable around = x;
        if (stride > 1) {
            SDVariable down = conv(at + "downsample.0", x, at + "downsample.0", 1, stride, false);
            around = norm(at + "downsample", down, at + "downsample.1");
        }
        return graph.nn().relu(last ? name.substring(0, name.indexOf('.')) : name, out.add(around), 0);
    }

    private SDVariable cnn() {
        SDVariable x = graph.placeHolder("image", DataType.FLOAT, -1, 3, 16, 16);
        x = graph.nn().relu("relu", norm("bn1", conv("conv1", x, "conv1", 3, 1, false), "bn1"), 0);
        Pooling2DConfig pool = Pooling2DConfig.builder()
                .kH(2)
                .kW(2)
                .sH(2)
                .sW(2)
                .paddingMode(PaddingMode.VALID)
                .isNHWC(false)
                .build();
        x = graph.cnn().maxPooling2d("maxpool", x, pool);
        x = block("layer1.0", x, 1, true);
        x = block("layer2.1", block("layer2.0", x, 2, false), 1, true);
        x = graph.math().mean("avgpool", x, true, 2, 3);
        x = graph.nn().dropout("flat", graph.reshape(x, -1, 16), 0.7);
        return linear("fc", x);
    }

    private SDVariable multiInput() {
        SDVariable numbers = graph.placeHolder("numbers", DataType.FLOAT, -1, 6);
        SDVariable signal = graph.placeHolder("signal", DataType.FLOAT, -1, 2, 8);
        SDVariable ids = graph.placeHolder("ids", DataType.INT64, -1, 4);
        SDVariable a = graph.math().tanh("tanh", linear("numbers_fc", numbers, "numbers"));
        Conv1DConfig config = Conv1DConfig.builder()
                .k(3)
                .s(1)
                .p(1)
                .paddingMode(PaddingMode.VALID)
                .dataFormat("NCW")
                .build();
        SDVariable b = graph.cnn()
                .conv1d(
                        "signal_conv",
                        signal,
                        constant(array("signal.weight").permute(2, 1, 0)),
                        constant(array("signal.bias")),
                        config);
        b = graph.reshape(graph.nn().relu("relu", b, 0), -1, 32);
        SDVariable rows = graph.gather("embedding", constant(array("embedding.weight")), ids, 0);
        SDVariable joined = graph.concat("joined", 1, a, b, graph.math().mean(rows, 1));
        return linear("out", graph.math().tanh("tanh#1", linear("hidden", joined)));
    }

    /**
     * One direction of an LSTM, step by step: SameDiff's own layer does not survive being saved. The gates are in,
     * forget, cell and out.
     */
    private SDVariable[] lstm(SDVariable x, int steps, String suffix, boolean backwards) {
        SDVariable weight = constant(array("lstm.weight_ih_l0" + suffix).transpose());
        SDVariable recurrent = constant(array("lstm.weight_hh_l0" + suffix).transpose());
        SDVariable bias = constant(array("lstm.bias_ih_l0" + suffix).add(array("lstm.bias_hh_l0" + suffix)));
        SDVariable[] states = new SDVariable[steps];
        SDVariable state = null;
        SDVariable cell = null;
        for (int i = 0; i < steps; i++) {
            int at = backwards ? steps - 1 - i : i;
            SDVariable now = graph.squeeze(graph.slice(x, new int[] {0, at, 0}, -1, 1, -1), 1);
            SDVariable sum = graph.nn().linear(now, weight, bias);
            SDVariable all = state == null ? sum : sum.add(graph.mmul(state, recurrent));
            SDVariable[] gates = graph.split(all, 4, 1);
            SDVariable fresh = graph.nn().sigmoid(gates[0]).mul(graph.math().tanh(gates[2]));
            cell = cell == null ? fresh : graph.nn().sigmoid(gates[1]).mul(cell).add(fresh);
            state = graph.nn().sigmoid(gates[3]).mul(graph.math().tanh(cell));
            states[at] = state;
        }
        return states;
    }

    private SDVariable textLstm() {
        SDVariable embedded = graph.placeHolder("embedded", DataType.FLOAT, -1, 9, 12);
        SDVariable forth = graph.stack(1, lstm(embedded, 9, "", false));
        SDVariable back = graph.stack(1, lstm(embedded, 9, "_reverse", true));
        SDVariable states = graph.concat("lstm", 2, forth, back);
        return linear("fc", graph.math().mean("mean", states, 1));
    }

    private SDVariable residual() {
        SDVariable image = graph.placeHolder("image", DataType.FLOAT, -1, 1, 8, 8);
        SDVariable h = graph.math().tanh("tanh", conv("conv", image, "conv", 3, 1, true));
        h = h.add("block", graph.nn().relu("relu", conv("conv1", h, "conv1", 3, 1, true), 0));
        SDVariable sum = conv("shortcut", h, "shortcut", 1, 2, true)
                .add(conv("conv2", graph.identity("conv2_in", h), "conv2", 3, 2, true));
        SDVariable erf = graph.math().erf(sum.mul(Math.sqrt(0.5))).add(1);
        h = sum.mul("gelu", erf.mul(0.5));
        SDVariable flat = graph.reshape("flat", h, -1, 64);
        return linear("fc", flat).add("logits", graph.expandDims(graph.math().mean(image, 1, 2, 3), 1));
    }
}
