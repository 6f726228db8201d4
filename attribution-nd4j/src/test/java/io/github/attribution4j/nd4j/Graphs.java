// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.nd4j.internal.Nd4jStart;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.Random;
import org.nd4j.autodiff.samediff.NameScope;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Pooling2DConfig;
import org.nd4j.linalg.factory.Nd4j;

/** Small graphs with seeded weights. */
final class Graphs {
    static {
        Nd4jStart.quietly();
    }

    private final SameDiff graph = SameDiff.create();
    private final Random random = new Random(7);
    private final org.nd4j.linalg.api.buffer.DataType type;

    private Graphs(DataType type) {
        this.type = type == DataType.FLOAT64
                ? org.nd4j.linalg.api.buffer.DataType.DOUBLE
                : org.nd4j.linalg.api.buffer.DataType.FLOAT;
    }

    private INDArray numbers(double scale, long... shape) {
        double[] values = new double[(int) Shape.of(shape).size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = scale * random.nextGaussian();
        }
        return Nd4j.createFromArray(values).reshape('c', shape).castTo(type);
    }

    private SDVariable weight(String name, double scale, long... shape) {
        return graph.var(name, numbers(scale, shape));
    }

    private SDVariable linear(String name, SDVariable x, int in, int out) {
        return graph.nn().linear(name, x, weight(name + "_w", 0.5, in, out), weight(name + "_b", 0.2, out));
    }

    /** Six numbers through two layers in name scopes, one of which something goes around, to three probabilities. */
    static SameDiff mlp(DataType type) {
        Graphs at = new Graphs(type);
        SDVariable x = at.graph.placeHolder("x", at.type, -1, 6);
        SDVariable h;
        try (NameScope scope = at.graph.withNameScope("first")) {
            h = at.graph.math().tanh("act", at.linear("fc1", x, 6, 8));
        }
        SDVariable inner;
        try (NameScope scope = at.graph.withNameScope("second")) {
            inner = at.graph.nn().gelu("act", at.linear("fc2", h, 8, 8));
        }
        SDVariable sum = inner.add("sum", h);
        at.graph.nn().softmax("scores", at.linear("out", sum, 8, 3), 1);
        return at.graph;
    }

    /** Images through a convolution, batch norm, pooling, and a reduction whose rows are not on axis 0. */
    static SameDiff image() {
        Graphs at = new Graphs(DataType.FLOAT32);
        SameDiff graph = at.graph;
        SDVariable x = graph.placeHolder("image", at.type, -1, 2, 6, 6);
        Conv2DConfig conv = Conv2DConfig.builder()
                .kH(3)
                .kW(3)
                .pH(1)
                .pW(1)
                .paddingMode(PaddingMode.VALID)
                .dataFormat("NCHW")
                .build();
        SDVariable h = graph.cnn().conv2d("conv", x, at.weight("k", 0.4, 3, 3, 2, 4), at.weight("c", 0.2, 4), conv);
        h = graph.nn()
                .batchNorm(
                        "norm",
                        h,
                        at.weight("mean", 0.3, 4),
                        graph.var("variance", at.numbers(0.3, 4).muli(0).addi(1.7)),
                        at.weight("gain", 1, 4),
                        at.weight("shift", 0.3, 4),
                        1e-5,
                        1);
        h = graph.math().tanh("act", h);
        Pooling2DConfig pool = Pooling2DConfig.builder()
                .kH(2)
                .kW(2)
                .sH(2)
                .sW(2)
                .paddingMode(PaddingMode.VALID)
                .isNHWC(false)
                .build();
        h = graph.cnn().avgPooling2d("pool", h, pool);
        SDVariable turned = graph.permute("turned", h, 1, 0, 2, 3);
        SDVariable back = graph.permute("back", graph.math().tanh(turned), 1, 0, 2, 3);
        SDVariable dropped = graph.nn().dropout("dropped", graph.reshape("flat", back, -1, 36), 0.5);
        at.linear("scores", dropped, 36, 3);
        return graph;
    }

    /** Two inputs and ids that look rows of a table up. */
    static SameDiff several() {
        Graphs at = new Graphs(DataType.FLOAT32);
        SDVariable a = at.graph.placeHolder("a", at.type, -1, 3);
        SDVariable b = at.graph.placeHolder("b", at.type, -1, 2, 2);
        SDVariable ids = at.graph.placeHolder("ids", org.nd4j.linalg.api.buffer.DataType.INT64, -1, 2);
        SDVariable rows = at.graph.gather("rows", at.weight("table", 1, 5, 3), ids, 0);
        SDVariable flat = at.graph.reshape("flat", at.graph.math().tanh("squashed", b), -1, 4);
        SDVariable joined = at.graph.concat(
                "joined", 1, at.linear("fa", a, 3, 4), flat, at.graph.math().mean(rows, 1));
        at.linear("scores", at.graph.math().tanh("hidden", joined), 11, 2);
        return at.graph;
    }

    /** x, and y of which only the shape counts. */
    static SameDiff shapeOnly() {
        Graphs at = new Graphs(DataType.FLOAT32);
        SDVariable x = at.graph.placeHolder("x", at.type, -1, 3);
        SDVariable y = at.graph.placeHolder("y", at.type, -1, 3);
        SDVariable size = at.graph.castTo(at.graph.sizeAt(y, 1), at.type);
        at.graph.math().tanh("scores", at.linear("fc", x, 3, 2)).mul("scaled", size);
        return at.graph;
    }

    /** Rows of numbers that differ from row to row and are the same at every call. */
    static Tensor random(int rows, DataType type, long... row) {
        Random random = new Random(11);
        double[] values = new double[(int) Shape.of(row).size() * rows];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextGaussian();
        }
        return Tensors.ofJava().of(values, type, Shape.of(row).prepend(rows));
    }

    static Inputs severalInputs(int rows) {
        long[] ids = new long[2 * rows];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (3L * i + 1) % 5;
        }
        return Inputs.none()
                .attribute("a", random(rows, DataType.FLOAT32, 3))
                .attribute("b", random(rows, DataType.FLOAT32, 2, 2))
                .fixed("ids", Tensors.ofJava().of(ids, Shape.of(rows, 2)));
    }
}
