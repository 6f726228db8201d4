// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Builds a {@link ReferenceModel}: inputs in argument order, then layers, each computed from values named before. The
 * last layer is the output.
 *
 * <pre>{@code
 * ReferenceModel model = ReferenceModel.builder(DataType.FLOAT64, 7)
 *         .input("x", Shape.of(4))
 *         .linear("fc1", "x", 8)
 *         .activation("tanh", "fc1", Activation.TANH)
 *         .linear("fc2", "tanh", 3)
 *         .build();
 * }</pre>
 *
 * <p>Weights that are not given are drawn from a normal distribution whose standard deviation is 1 / √(inputs).
 */
@Experimental
public final class ReferenceModelBuilder {
    private final Graph graph;
    private final DataType dataType;
    private final Random random;
    private final List<Integer> inputs = new ArrayList<>();
    private final Set<String> names = new HashSet<>();

    ReferenceModelBuilder(DataType dataType, long seed) {
        if (!dataType.isFloating()) {
            throw new IllegalArgumentException("dataType " + dataType + ": a model computes in float32 or float64");
        }
        this.graph = new Graph(dataType == DataType.FLOAT32);
        this.dataType = dataType;
        this.random = new Random(seed);
    }

    /** Adds an input of the model's type, {@code row} the shape of one row. */
    public ReferenceModelBuilder input(String name, Shape row) {
        inputs.add(graph.size());
        return add(name, null, List.of(), row, false);
    }

    /** Adds an input of {@link DataType#INT64}, {@code row} the shape of one row. */
    public ReferenceModelBuilder integerInput(String name, Shape row) {
        inputs.add(graph.size());
        return add(name, null, List.of(), row, true);
    }

    /** Adds Wx + b with drawn weights; a source of any shape is flattened. */
    public ReferenceModelBuilder linear(String name, String source, int out) {
        int in = size(source);
        return linear(name, source, matrix(out, in), vector(out, in));
    }

    /** Adds Wx + b, {@code weights[out][in]}. */
    public ReferenceModelBuilder linear(String name, String source, double[][] weights, double[] bias) {
        if (weights.length != bias.length || weights[0].length != size(source)) {
            throw new IllegalArgumentException("layer '" + name + "': weights " + weights.length + " x "
                    + weights[0].length + " and bias " + bias.length + " do not fit source '" + source + "' of "
                    + size(source) + " elements");
        }
        return add(name, new Operations.Linear(weights, bias), Shape.of(bias.length), source);
    }

    /** Adds a function of each element. */
    public ReferenceModelBuilder activation(String name, String source, Activation activation) {
        return add(name, new Operations.Pointwise(activation), shape(source), source);
    }

    /** Adds the quadratic forms x'A[k]x, {@code matrices[k][i][j]}. */
    public ReferenceModelBuilder quadratic(String name, String source, double[][][] matrices) {
        return add(name, new Operations.Quadratic(matrices), Shape.of(matrices.length), source);
    }

    /** Adds {@code out} quadratic forms with drawn matrices. */
    public ReferenceModelBuilder quadratic(String name, String source, int out) {
        double[][][] matrices = new double[out][][];
        for (int k = 0; k < out; k++) {
            matrices[k] = matrix(size(source), size(source));
        }
        return quadratic(name, source, matrices);
    }

    /** Adds the sum of values of one shape, as for a residual connection. */
    public ReferenceModelBuilder add(String name, String... sources) {
        return add(name, new Operations.Add(), shape(sources[0]), sources);
    }

    /** Adds the product of two values of one shape, element by element. */
    public ReferenceModelBuilder multiply(String name, String a, String b) {
        return add(name, new Operations.Multiply(), shape(a), a, b);
    }

    /** Adds the softmax over all elements of a row. */
    public ReferenceModelBuilder softmax(String name, String source) {
        return add(name, new SoftmaxOperations.Softmax(size(source)), shape(source), source);
    }

    /** Adds the softmax along the last axis of a row: that of attention weights. */
    public ReferenceModelBuilder softmaxLast(String name, String source) {
        return add(name, new SoftmaxOperations.Softmax(last(source)), shape(source), source);
    }

    /** Adds the logarithm of the softmax along the last axis of a row. */
    public ReferenceModelBuilder logSoftmax(String name, String source) {
        return add(name, new SoftmaxOperations.LogSoftmax(last(source)), shape(source), source);
    }

    /** Adds the quotient of two values of one shape, element by element. */
    public ReferenceModelBuilder divide(String name, String a, String b) {
        return add(name, new ProductOperations.Divide(), shape(a), a, b);
    }

    /** Adds the matrix product of (rows, inner) and (inner, columns), or (columns, inner) if {@code transposed}. */
    public ReferenceModelBuilder matmul(String name, String a, String b, boolean transposed) {
        int rows = Math.toIntExact(shape(a).dim(0));
        int inner = Math.toIntExact(shape(a).dim(1));
        int columns = Math.toIntExact(shape(b).dim(transposed ? 0 : 1));
        if (shape(b).dim(transposed ? 1 : 0) != inner) {
            throw new IllegalArgumentException("matmul '" + name + "': shapes " + shape(a) + " and " + shape(b)
                    + (transposed ? " transposed" : "") + " do not fit");
        }
        return add(name, new ProductOperations.MatMul(rows, inner, columns, transposed), Shape.of(rows, columns), a, b);
    }

    /** Adds Wx + b with drawn weights along the last axis: (positions, in) to (positions, out). */
    public ReferenceModelBuilder linearLast(String name, String source, int out) {
        int in = last(source);
        int positions = size(source) / in;
        return add(
                name,
                new PositionwiseLinear(matrix(out, in), vector(out, in), positions),
                shape(source).with(shape(source).rank() - 1, out),
                source);
    }

    /** Adds the largest elements of square windows of (C, H, W). */
    public ReferenceModelBuilder maxPool2d(String name, String source, int kernel, int stride, int padding) {
        PoolingOperations.Windows windows = windows(source, kernel, stride, padding);
        return add(name, new PoolingOperations.MaxPool2d(windows), shape(windows), source);
    }

    /** Adds the means of square windows of (C, H, W). */
    public ReferenceModelBuilder avgPool2d(String name, String source, int kernel, int stride, int padding) {
        PoolingOperations.Windows windows = windows(source, kernel, stride, padding);
        return add(name, new PoolingOperations.AvgPool2d(windows), shape(windows), source);
    }

    private PoolingOperations.Windows windows(String source, int kernel, int stride, int padding) {
        int[] dims = new int[3];
        for (int i = 0; i < 3; i++) {
            dims[i] = Math.toIntExact(shape(source).dim(i));
        }
        return new PoolingOperations.Windows(dims[0], dims[1], dims[2], kernel, stride, padding);
    }

    private static Shape shape(PoolingOperations.Windows windows) {
        return Shape.of(windows.channels(), windows.rows(), windows.columns());
    }

    /** Adds batch normalization of (C, ...) in inference, with drawn statistics, weights and biases. */
    public ReferenceModelBuilder batchNorm(String name, String source) {
        int channels = Math.toIntExact(shape(source).dim(0));
        double[] variance = vector(channels, 1);
        double[] weight = vector(channels, 4);
        for (int c = 0; c < channels; c++) {
            variance[c] = 0.5 + variance[c] * variance[c];
            weight[c] += 1;
        }
        double[] mean = vector(channels, 4);
        double[] bias = vector(channels, 4);
        return add(
                name,
                new NormalizationOperations.BatchNorm2d(mean, variance, weight, bias, size(source) / channels),
                shape(source),
                source);
    }

    /** Adds layer normalization along the last axis, with drawn weights and biases. */
    public ReferenceModelBuilder layerNorm(String name, String source) {
        return grouped("LayerNorm", "layer_norm", name, source, last(source), last(source), 1);
    }

    /** Adds group normalization of (C, ...), with drawn weights and biases of each channel. */
    public ReferenceModelBuilder groupNorm(String name, String source, int groups) {
        int channels = Math.toIntExact(shape(source).dim(0));
        int positions = size(source) / channels;
        return grouped("GroupNorm", "group_norm", name, source, size(source) / groups, channels, positions);
    }

    private ReferenceModelBuilder grouped(
            String kind, String operator, String name, String source, int width, int weights, int repeated) {
        double[] weight = vector(weights, 4);
        double[] bias = vector(weights, 4);
        double[] weightOf = new double[size(source)];
        double[] biasOf = new double[size(source)];
        for (int i = 0; i < weightOf.length; i++) {
            weightOf[i] = 1 + weight[i / repeated % weights];
            biasOf[i] = bias[i / repeated % weights];
        }
        return add(
                name,
                new NormalizationOperations.GroupedNorm(kind, operator, width, weightOf, biasOf),
                shape(source),
                source);
    }

    /** Adds the same elements in another shape. */
    public ReferenceModelBuilder reshape(String name, String source, Shape row) {
        if (row.size() != size(source)) {
            throw new IllegalArgumentException(
                    "reshape '" + name + "': " + shape(source) + " has not the elements of " + row);
        }
        return add(name, new ShapeOperations.Reshape(), row, source);
    }

    /** Adds the concatenation of values along axis 0 of a row; all other axes are equal. */
    public ReferenceModelBuilder concat(String name, String... sources) {
        long extent = 0;
        for (String source : sources) {
            extent += shape(source).dim(0);
        }
        return add(name, new ShapeOperations.Concat(), shape(sources[0]).with(0, extent), sources);
    }

    /** Adds elements from one position to another along axis 0 of a row. */
    public ReferenceModelBuilder slice(String name, String source, int from, int to) {
        int width = size(source) / Math.toIntExact(shape(source).dim(0));
        return add(
                name,
                new ShapeOperations.Slice(from * width, to * width),
                shape(source).with(0, to - from),
                source);
    }

    /** Adds the last state of an Elman cell over (steps, features), with drawn weights. */
    public ReferenceModelBuilder recurrent(String name, String source, int units) {
        return add(
                name,
                new ShapeOperations.Recurrent(matrix(units, last(source)), matrix(units, units)),
                Shape.of(units),
                source);
    }

    private int last(String source) {
        return Math.toIntExact(shape(source).dim(shape(source).rank() - 1));
    }

    /** Adds a lookup in a drawn table: shape of the source with {@code width} appended. */
    public ReferenceModelBuilder embedding(String name, String source, int entries, int width) {
        long[] dims = new long[shape(source).rank() + 1];
        System.arraycopy(shape(source).dims(), 0, dims, 0, dims.length - 1);
        dims[dims.length - 1] = width;
        return add(name, new Operations.Embedding(matrix(entries, width)), Shape.of(dims), source);
    }

    /**
     * Adds a 3×3 convolution of (C, H, W) with drawn weights, stride 1 and zeros around the border: (channels, H, W).
     */
    public ReferenceModelBuilder conv2d(String name, String source, int channels) {
        Shape image = shape(source);
        int in = Math.toIntExact(image.dim(0));
        double[][][] weights = new double[channels][in][];
        for (double[][] weight : weights) {
            for (int from = 0; from < in; from++) {
                weight[from] = vector(9, 9 * in);
            }
        }
        int height = Math.toIntExact(image.dim(1));
        int width = Math.toIntExact(image.dim(2));
        return add(
                name,
                new Operations.Conv2d(weights, vector(channels, 9 * in), height, width),
                image.with(0, channels),
                source);
    }

    /** Adds the mean over all positions of each channel: (C, ...) to (C). */
    public ReferenceModelBuilder globalAveragePool(String name, String source) {
        int positions = Math.toIntExact(shape(source).row().size());
        return add(
                name,
                new PoolingOperations.GlobalAveragePool(positions),
                Shape.of(shape(source).dim(0)),
                source);
    }

    /** Returns the model. */
    public ReferenceModel build() {
        if (inputs.isEmpty() || inputs.contains(graph.size() - 1)) {
            throw new IllegalStateException("a model needs an input and, last, a layer");
        }
        return new ReferenceModel(graph, dataType, inputs, graph.size() - 1);
    }

    private ReferenceModelBuilder add(String name, Operation operation, Shape shape, String... sources) {
        return add(name, operation, List.of(sources).stream().map(graph::find).toList(), shape, false);
    }

    private ReferenceModelBuilder add(
            String name, @Nullable Operation operation, List<Integer> sources, Shape shape, boolean integer) {
        if (!names.add(name)) {
            throw new IllegalArgumentException("two values are named '" + name + "'; names must differ");
        }
        graph.add(new Graph.Node(name, operation, sources, shape, integer));
        return this;
    }

    private Shape shape(String name) {
        return graph.node(graph.find(name)).shape();
    }

    private int size(String name) {
        return Math.toIntExact(shape(name).size());
    }

    private double[][] matrix(int out, int in) {
        double[][] matrix = new double[out][];
        for (int i = 0; i < out; i++) {
            matrix[i] = vector(in, in);
        }
        return matrix;
    }

    private double[] vector(int length, int fanIn) {
        double[] vector = new double[length];
        for (int i = 0; i < length; i++) {
            vector[i] = random.nextGaussian() / Math.sqrt(fanIn);
        }
        return vector;
    }
}
