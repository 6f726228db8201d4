// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.Provenance;
import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.model.rule.RuledModel.RuledCut;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A small model in plain Java that is differentiable and can be cut at every layer. Methods are tested on it where the
 * right result can be derived by hand.
 *
 * <p>Made by {@link #builder} or ready-made in {@link ReferenceModels}. Rows are computed one by one in double
 * precision, with gradients by reverse accumulation; a {@link DataType#FLOAT32} model rounds every layer's values.
 * Slow, and simple enough to be trusted. Its copies with rules ({@link #with}) compute the formulas of the papers
 * directly, without the transformations that engines need, so other implementations are compared with them.
 * Thread-safe.
 */
@Experimental
public final class ReferenceModel implements RuledModel, ParameterizedModel {
    private final Graph graph;
    private final DataType dataType;
    private final List<Integer> inputNodes;
    private final int output;
    private final Model.Identity identity;
    private final ReferenceProgram program;
    private final Program.Whole whole;
    private final AtomicBoolean closed = new AtomicBoolean();

    ReferenceModel(Graph graph, DataType dataType, List<Integer> inputNodes, int output) {
        this(graph, dataType, inputNodes, output, new Model.Identity("reference", "1", "", "java", "java"));
    }

    private ReferenceModel(
            Graph graph, DataType dataType, List<Integer> inputNodes, int output, Model.Identity identity) {
        this.graph = graph;
        this.dataType = dataType;
        this.inputNodes = inputNodes;
        this.output = output;
        this.identity = identity;
        this.program = new ReferenceProgram(graph, dataType, inputNodes, output, this::checkOpen, null);
        this.whole = new Program.Whole(this, program);
    }

    /**
     * Returns a builder.
     *
     * @param dataType {@link DataType#FLOAT32} or {@link DataType#FLOAT64}: type of inputs, activations and output
     * @param seed for weights that are not given
     */
    public static ReferenceModelBuilder builder(DataType dataType, long seed) {
        return new ReferenceModelBuilder(dataType, seed);
    }

    /** Returns the weights of a linear layer, {@code weights[out][in]}; a copy. */
    public double[][] weights(String layer) {
        double[][] weights = linear(layer).weights.clone();
        for (int out = 0; out < weights.length; out++) {
            weights[out] = weights[out].clone();
        }
        return weights;
    }

    /** Returns the bias of a linear layer; a copy. */
    public double[] bias(String layer) {
        return linear(layer).bias.clone();
    }

    private Operations.Linear linear(String layer) {
        if (graph.node(graph.find(layer)).operation() instanceof Operations.Linear linear) {
            return linear;
        }
        throw new IllegalArgumentException("layer '" + layer + "' is not linear");
    }

    /** Returns {@code .weight} and {@code .bias} of linear and convolutional layers, in order. */
    @Override
    public List<String> weightNames() {
        checkOpen();
        List<String> names = new ArrayList<>();
        for (int i = 0; i <= output; i++) {
            Operation operation = graph.node(i).operation();
            if (operation instanceof Operations.Linear || operation instanceof Operations.Conv2d) {
                names.add(graph.node(i).name() + ".weight");
                names.add(graph.node(i).name() + ".bias");
            }
        }
        return names;
    }

    @Override
    public Tensor weight(String name) {
        if (!weightNames().contains(name)) {
            throw new IllegalArgumentException(
                    "weight '" + name + "' does not exist; " + NearNames.hint(name, weightNames()));
        }
        String layer = name.substring(0, name.lastIndexOf('.'));
        boolean wantsBias = name.endsWith(".bias");
        if (graph.node(graph.find(layer)).operation() instanceof Operations.Conv2d convolution) {
            int channels = convolution.bias.length;
            double[] kernels = Arrays.stream(convolution.weights)
                    .flatMap(Arrays::stream)
                    .flatMapToDouble(Arrays::stream)
                    .toArray();
            return wantsBias
                    ? tensors().of(convolution.bias, dataType, Shape.of(channels))
                    : tensors().of(kernels, dataType, Shape.of(channels, kernels.length / channels / 9, 3, 3));
        }
        Operations.Linear linear = linear(layer);
        int outputs = linear.bias.length;
        double[] matrix =
                Arrays.stream(linear.weights).flatMapToDouble(Arrays::stream).toArray();
        return wantsBias
                ? tensors().of(linear.bias, dataType, Shape.of(outputs))
                : tensors().of(matrix, dataType, Shape.of(outputs, matrix.length / outputs));
    }

    /**
     * Lists what {@link #weightNames} names. Other layers show no parameters. A float32 model computes with weights in
     * double precision, those given to a copy are rounded.
     */
    @Override
    public List<Parameter> parameters() {
        List<Parameter> parameters = new ArrayList<>();
        for (String name : weightNames()) {
            try (Tensor weight = weight(name)) {
                parameters.add(new Parameter(name, List.of(), layer(name), Kind.PARAMETER, dataType, weight.shape()));
            }
        }
        return parameters;
    }

    private static String layer(String weight) {
        return weight.substring(0, weight.lastIndexOf('.'));
    }

    @Override
    public ReferenceModel withParameters(Map<String, Tensor> values) {
        Map<String, Tensor> given = ParameterizedModel.checked(parameters(), values);
        Map<String, Tensor> typed = new LinkedHashMap<>();
        Map<Integer, Operation> changed = new HashMap<>();
        try (TensorScope scope = TensorScope.open()) {
            given.forEach((name, value) -> {
                Tensor own = value.dataType() == dataType ? value : value.to(dataType);
                typed.put(name, own);
                int node = graph.find(layer(name));
                Operation before = changed.getOrDefault(node, graph.node(node).operation());
                changed.put(node, with(before, name.endsWith(".bias"), own.toDoubleArray()));
            });
            return new ReferenceModel(
                    graph.with(changed), dataType, inputNodes, output, Provenance.changed(identity, typed));
        }
    }

    /** Gives gradients by the weights and biases of linear layers. */
    @Override
    public Pullback pullbackTo(List<String> names, Inputs inputs) {
        for (Parameter parameter : ParameterizedModel.learned(parameters(), names)) {
            if (!(graph.node(graph.find(parameter.layer())).operation() instanceof Operations.Linear)) {
                throw new UnsupportedModelException("parameter '" + parameter.name() + "' belongs to a convolution, and"
                        + " the reference model has gradients by parameters of linear layers only; name those");
            }
        }
        return program.pullbackTo(names, inputs);
    }

    private static Operation with(@Nullable Operation operation, boolean bias, double[] values) {
        if (operation instanceof Operations.Conv2d convolution) {
            return convolution.with(
                    bias ? convolution.weights : kernels(values, convolution.weights),
                    bias ? values : convolution.bias);
        }
        Operations.Linear linear = (Operations.Linear) Objects.requireNonNull(operation);
        return new Operations.Linear(
                bias ? linear.weights : matrix(values, linear.weights.length), bias ? values : linear.bias);
    }

    private static double[][] matrix(double[] values, int rows) {
        int width = values.length / rows;
        return IntStream.range(0, rows)
                .mapToObj(row -> Arrays.copyOfRange(values, row * width, (row + 1) * width))
                .toArray(double[][]::new);
    }

    private static double[][][] kernels(double[] values, double[][][] like) {
        return Arrays.stream(matrix(values, like.length))
                .map(channel -> matrix(channel, like[0].length))
                .toArray(double[][][]::new);
    }

    /** Returns the type of inputs and output. */
    public DataType dataType() {
        return dataType;
    }

    /** Returns the output's shape for one row. */
    public Shape outputShape() {
        return graph.node(output).shape();
    }

    @Override
    public Tensor forward(Inputs inputs) {
        return whole.forward(inputs);
    }

    @Override
    public Pullback pullback(Inputs inputs) {
        return whole.pullback(inputs);
    }

    @Override
    public List<io.github.attribution4j.model.rule.Operation> operations() {
        checkOpen();
        return graph.operations();
    }

    @Override
    public RuledModel.Copy with(RuleSet rules) {
        return whole.with(rules);
    }

    @Override
    public List<Cut.Point> cutPoints() {
        return program.points();
    }

    @Override
    public RuledCut cut(List<Cut.Point> points) {
        return whole.cut(points);
    }

    @Override
    public List<Cut.Value> values(Inputs inputs) {
        return whole.values(inputs);
    }

    ReferenceProgram program() {
        return program;
    }

    @Override
    public Tensors tensors() {
        return Tensors.ofJava();
    }

    @Override
    public Model.Identity identity() {
        return identity;
    }

    @Override
    public void close() {
        closed.set(true);
    }

    private void checkOpen() {
        if (closed.get()) {
            throw new IllegalStateException("this model was closed; load it again");
        }
    }

    /** Returns the model's name. */
    @Override
    public String toString() {
        return "ReferenceModel[" + identity().name() + "]";
    }
}
