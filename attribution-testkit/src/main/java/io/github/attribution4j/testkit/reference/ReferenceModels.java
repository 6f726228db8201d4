// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.Random;

/** Small models on which methods are tested, and inputs for them. The same arguments give the same model. */
@Experimental
public final class ReferenceModels {
    private ReferenceModels() {}

    /** Returns x (features) → Wx + b (classes); layer {@code fc}. */
    public static ReferenceModel linear(DataType dataType, long seed, int features, int classes) {
        return ReferenceModel.builder(dataType, seed)
                .input("x", Shape.of(features))
                .linear("fc", "x", classes)
                .build();
    }

    /** Returns x (features) → x'A[k]x + Wx + b (classes); layers {@code square}, {@code fc}, {@code sum}. */
    public static ReferenceModel quadratic(DataType dataType, long seed, int features, int classes) {
        return ReferenceModel.builder(dataType, seed)
                .input("x", Shape.of(features))
                .quadratic("square", "x", classes)
                .linear("fc", "x", classes)
                .add("sum", "square", "fc")
                .build();
    }

    /**
     * Returns a multi-layer perceptron; layers {@code fc1}, {@code act1}, {@code fc2}, ..., the last linear one the
     * output.
     *
     * @param widths features, hidden widths, classes
     */
    public static ReferenceModel mlp(DataType dataType, long seed, Activation activation, int... widths) {
        ReferenceModelBuilder builder = ReferenceModel.builder(dataType, seed).input("x", Shape.of(widths[0]));
        String last = "x";
        for (int i = 1; i < widths.length; i++) {
            builder.linear("fc" + i, last, widths[i]);
            last = "fc" + i;
            if (i < widths.length - 1) {
                builder.activation("act" + i, last, activation);
                last = "act" + i;
            }
        }
        return builder.build();
    }

    /** Returns {@link #mlp} followed by a softmax; layer {@code softmax} is the output. */
    public static ReferenceModel classifier(DataType dataType, long seed, int features, int hidden, int classes) {
        return ReferenceModel.builder(dataType, seed)
                .input("x", Shape.of(features))
                .linear("fc1", "x", hidden)
                .activation("act1", "fc1", Activation.TANH)
                .linear("fc2", "act1", classes)
                .softmax("softmax", "fc2")
                .build();
    }

    /**
     * Returns a model in which the input bypasses a block: {@code fc(x + block.fc2(tanh(block.fc1(x))))}. A cut inside
     * the block, or at {@code block.fc2}, has a tail that still needs x.
     */
    public static ReferenceModel residual(DataType dataType, long seed, int features, int classes) {
        return ReferenceModel.builder(dataType, seed)
                .input("x", Shape.of(features))
                .linear("block.fc1", "x", features)
                .activation("block.tanh", "block.fc1", Activation.TANH)
                .linear("block.fc2", "block.tanh", features)
                .add("sum", "x", "block.fc2")
                .linear("fc", "sum", classes)
                .build();
    }

    /**
     * Returns a chain of residual blocks, each of which is bypassed by its input: {@code block0.fc1},
     * {@code block0.tanh}, {@code block0.fc2}, {@code block0.add}, {@code block1.fc1}, ..., and {@code fc}.
     */
    public static ReferenceModel residualNetwork(DataType dataType, long seed, int blocks, int features, int classes) {
        ReferenceModelBuilder builder = ReferenceModel.builder(dataType, seed).input("x", Shape.of(features));
        String last = "x";
        for (int i = 0; i < blocks; i++) {
            String block = "block" + i + ".";
            builder.linear(block + "fc1", last, 2 * features)
                    .activation(block + "tanh", block + "fc1", Activation.TANH)
                    .linear(block + "fc2", block + "tanh", features)
                    .add(block + "add", last, block + "fc2");
            last = block + "add";
        }
        return builder.linear("fc", last, classes).build();
    }

    /** Returns a model of two inputs, x (features) and y (others), whose hidden values are multiplied. */
    public static ReferenceModel twoInputs(DataType dataType, long seed, int features, int others, int classes) {
        return ReferenceModel.builder(dataType, seed)
                .input("x", Shape.of(features))
                .input("y", Shape.of(others))
                .linear("left", "x", classes)
                .linear("right", "y", classes)
                .multiply("product", "left", "right")
                .activation("tanh", "product", Activation.TANH)
                .linear("fc", "tanh", classes)
                .build();
    }

    /**
     * Returns a model of integer tokens (length) and x (features); gradients reach layer {@code embedding}.
     */
    public static ReferenceModel tokens(DataType dataType, long seed, int length, int entries, int features) {
        return ReferenceModel.builder(dataType, seed)
                .integerInput("tokens", Shape.of(length))
                .input("x", Shape.of(features))
                .embedding("embedding", "tokens", entries, 3)
                .linear("words", "embedding", 4)
                .linear("side", "x", 4)
                .add("sum", "words", "side")
                .activation("tanh", "sum", Activation.TANH)
                .linear("fc", "tanh", 2)
                .build();
    }

    /**
     * Returns a small convolutional network on images (channels, size, size); layers {@code conv1}, {@code act1},
     * {@code conv2}, {@code act2}, {@code pool}, {@code fc}.
     */
    public static ReferenceModel cnn(DataType dataType, long seed, Activation activation, int channels, int size) {
        return ReferenceModel.builder(dataType, seed)
                .input("image", Shape.of(channels, size, size))
                .conv2d("conv1", "image", 4)
                .activation("act1", "conv1", activation)
                .conv2d("conv2", "act1", 5)
                .activation("act2", "conv2", activation)
                .globalAveragePool("pool", "act2")
                .linear("fc", "pool", 3)
                .build();
    }

    /**
     * Returns a small classifier of images (2, size, size): two blocks of convolution, batch normalization, ReLU and
     * max pooling, the second with a residual connection; then an average pooling, and a linear layer after a ReLU.
     */
    public static ReferenceModel residualCnn(DataType dataType, long seed, int size) {
        return ReferenceModel.builder(dataType, seed)
                .input("image", Shape.of(2, size, size))
                .conv2d("conv1", "image", 3)
                .batchNorm("bn1", "conv1")
                .activation("relu1", "bn1", Activation.RELU)
                .maxPool2d("pool1", "relu1", 2, 2, 0)
                .conv2d("block.conv", "pool1", 3)
                .batchNorm("block.bn", "block.conv")
                .add("block.add", "pool1", "block.bn")
                .activation("block.relu", "block.add", Activation.RELU)
                .globalAveragePool("avgpool", "block.relu")
                .linear("fc1", "avgpool", 6)
                .activation("relu2", "fc1", Activation.RELU)
                .linear("fc2", "relu2", 3)
                .build();
    }

    /**
     * Returns one block of a transformer over (positions, width): attention, a gated feed-forward layer, and a
     * linear head.
     */
    public static ReferenceModel transformer(DataType dataType, long seed, int positions, int width) {
        return ReferenceModel.builder(dataType, seed)
                .input("x", Shape.of(positions, width))
                .layerNorm("norm1", "x")
                .linearLast("query", "norm1", width)
                .linearLast("key", "norm1", width)
                .linearLast("value", "norm1", width)
                .matmul("logits", "query", "key", true)
                .softmaxLast("weights", "logits")
                .matmul("attended", "weights", "value", false)
                .linearLast("project", "attended", width)
                .add("residual1", "x", "project")
                .layerNorm("norm2", "residual1")
                .linearLast("up", "norm2", 2 * width)
                .linearLast("gate", "norm2", 2 * width)
                .activation("silu", "gate", Activation.SILU)
                .multiply("gated", "silu", "up")
                .linearLast("down", "gated", width)
                .add("residual2", "residual1", "down")
                .activation("relu", "residual2", Activation.RELU)
                .linear("head", "relu", 3)
                .build();
    }

    /**
     * Returns a random network on images (2, 6, 6) that mixes all kinds of operations: convolutions, poolings,
     * normalizations, activations, products, quotients, attention, softmax, residual connections, concatenation
     * and slicing.
     */
    public static ReferenceModel mixed(DataType dataType, long seed) {
        Random random = new Random(seed);
        Activation[] activations = {
            Activation.RELU,
            Activation.GELU,
            Activation.SILU,
            Activation.ELU,
            Activation.LEAKY_RELU,
            Activation.TANH,
            Activation.SIGMOID,
            Activation.SOFTPLUS
        };
        ReferenceModelBuilder builder = ReferenceModel.builder(dataType, seed)
                .input("image", Shape.of(2, 6, 6))
                .conv2d("conv1", "image", 4)
                .batchNorm("bn", "conv1")
                .activation("act1", random.nextBoolean() ? "bn" : "conv1", activations[random.nextInt(8)])
                .maxPool2d("maxpool", "act1", 3, random.nextBoolean() ? 1 : 2, 1);
        builder.activation("act2", "maxpool", activations[random.nextInt(8)])
                .conv2d("conv2", "act2", 4)
                .groupNorm("gn", "conv2", 2)
                .add("residual", random.nextBoolean() ? "gn" : "conv2", "act2")
                .maxPool2d("maxpool2", "residual", 2, 1, 0)
                .avgPool2d("avgpool", "maxpool2", 2, 1, 0)
                .linear("tokens", "avgpool", 12)
                .reshape("rows", "tokens", Shape.of(3, 4))
                .layerNorm("ln", "rows")
                .linearLast("q", "ln", 4)
                .linearLast("k", "ln", 4)
                .linearLast("v", random.nextBoolean() ? "ln" : "rows", 4)
                .matmul("logits", "q", "k", true)
                .softmaxLast("weights", "logits")
                .matmul("attended", "weights", "v", false)
                .add("attention", "attended", "rows")
                .activation("gate", "attention", Activation.SIGMOID)
                .multiply("gated", "gate", "attention")
                .activation("positive", "gated", Activation.SOFTPLUS)
                .divide("quotient", "attention", "positive")
                .reshape("flat1", "gated", Shape.of(12))
                .reshape("flat2", "quotient", Shape.of(12))
                .concat("joined", "flat1", "flat2")
                .slice("part", "joined", 4, 24)
                .linear("fc1", "part", 8)
                .activation("act3", "fc1", activations[random.nextInt(8)])
                .linear("fc2", "act3", 4);
        return switch (random.nextInt(3)) {
            case 0 -> builder.softmax("softmax", "fc2").build();
            case 1 -> builder.logSoftmax("log_softmax", "fc2").build();
            default -> builder.build();
        };
    }

    /** Returns standard normal numbers on the plain-Java backend. */
    public static Tensor normal(DataType dataType, long seed, long... dims) {
        Shape shape = Shape.of(dims);
        Random random = new Random(seed);
        double[] values = new double[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextGaussian();
        }
        if (dataType == DataType.FLOAT64) {
            return Tensors.ofJava().of(values, shape);
        }
        try (Tensor doubles = Tensors.ofJava().of(values, shape)) {
            return doubles.to(dataType);
        }
    }
}
