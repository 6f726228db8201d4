// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.model.BackwardRule;
import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.CutPoint;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayerPullback;
import io.github.attribution4j.model.LayerValue;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.ModelIdentity;
import io.github.attribution4j.model.ModelPart;
import io.github.attribution4j.model.NearNames;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.RuleSet;
import io.github.attribution4j.model.RuledCopy;
import io.github.attribution4j.model.RuledCut;
import io.github.attribution4j.model.RuledModel;
import io.github.attribution4j.model.UnknownLayerException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A small model in plain Java that is differentiable and can be cut at every layer: what methods are tested on where
 * the right answer can be worked out by hand.
 *
 * <p>Made by {@link #builder} or ready-made in {@link ReferenceModels}. Rows are computed one by one in double
 * precision, with gradients by reverse accumulation; a {@link DataType#FLOAT32} model rounds every layer's values.
 * Slow, and simple enough to be believed. Its copies that follow other rules ({@link #with}) do what the papers write down, without any
 * of the tricks by which engines get there: an oracle for others. Thread-safe.
 */
public final class ReferenceModel implements RuledModel {
    private final Graph graph;
    private final DataType dataType;
    private final List<Integer> inputNodes;
    private final int output;
    private final AtomicBoolean parentClosed;
    private final AtomicBoolean closed = new AtomicBoolean();
    /** Which part of which model this is; null if it is all of one. */
    private final @Nullable ModelPart part;

    ReferenceModel(Graph graph, DataType dataType, List<Integer> inputNodes, int output, AtomicBoolean parentClosed) {
        this(graph, dataType, inputNodes, output, parentClosed, null);
    }

    private ReferenceModel(
            Graph graph,
            DataType dataType,
            List<Integer> inputNodes,
            int output,
            AtomicBoolean parentClosed,
            @Nullable ModelPart part) {
        this.part = part;
        this.graph = graph;
        this.dataType = dataType;
        this.inputNodes = List.copyOf(inputNodes);
        this.output = output;
        this.parentClosed = parentClosed;
    }

    /**
     * Returns a builder.
     *
     * @param dataType {@link DataType#FLOAT32} or {@link DataType#FLOAT64}: type of inputs, activations and output
     * @param seed from which weights that are not given are drawn
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
        inputs.requireNoReferences();
        return new Evaluation(inputs, false, null).output();
    }

    @Override
    public Pullback pullback(Inputs inputs) {
        return pullback(inputs, null);
    }

    private Pullback pullback(Inputs inputs, @Nullable RuleSet rules) {
        inputs.requireDifferentiable();
        if (rules != null && rules.family() == BackwardRule.Family.COMPARISON) {
            inputs.requireReferences();
        } else {
            inputs.requireNoReferences();
        }
        Evaluation evaluation = new Evaluation(inputs, true, rules);
        return new ReferencePullback(
                inputs.attributedInputs(), evaluation.used(), evaluation.output(), evaluation::gradients);
    }

    @Override
    public List<io.github.attribution4j.model.Operation> operations() {
        checkOpen();
        return graph.operations();
    }

    @Override
    public RuledCopy with(RuleSet rules) {
        checkOpen();
        return new ReferenceCopy(rules, null);
    }

    @Override
    public List<CutPoint> cutPoints() {
        checkOpen();
        List<CutPoint> points = new ArrayList<>();
        for (int i = 0; i <= output; i++) {
            Operation operation = graph.node(i).operation();
            if (operation != null && !inputNodes.contains(i)) {
                points.add(new CutPoint(graph.node(i).name(), operation.kind(), 0));
            }
        }
        return points;
    }

    @Override
    public RuledCut cut(List<CutPoint> points) {
        return cutAt(points);
    }

    private ReferenceCut cutAt(List<CutPoint> points) {
        List<CutPoint> known = cutPoints();
        for (CutPoint point : points) {
            if (!known.contains(point)) {
                throw new UnknownLayerException(
                        point.toString(), known.stream().map(CutPoint::toString).toList());
            }
        }
        return new ReferenceCut(List.copyOf(points));
    }

    /** This model under rules, down to its inputs or to a cut. */
    private final class ReferenceCopy implements RuledCopy {
        private final RuleSet rules;
        private final @Nullable ReferenceCut cut;

        ReferenceCopy(RuleSet rules, @Nullable ReferenceCut cut) {
            this.rules = rules;
            this.cut = cut;
        }

        @Override
        public RuleSet rules() {
            return rules;
        }

        @Override
        public ModelIdentity identity() {
            return ReferenceModel.this.identity().with(rules);
        }

        @Override
        public BackwardRun run(Inputs inputs) {
            return BackwardRun.byRules(cut == null ? pullback(inputs, rules) : cut.pullback(inputs, rules));
        }

        @Override
        public RuledCopy cut(List<CutPoint> points) {
            return new ReferenceCopy(rules, cutAt(points));
        }

        @Override
        public String toString() {
            return ReferenceModel.this + " under backward rules";
        }
    }

    @Override
    public Tensors tensors() {
        return Tensors.ofJava();
    }

    @Override
    public ModelIdentity identity() {
        return new ModelIdentity("reference", "1", "", "java", "java");
    }

    @Override
    public ModelPart part() {
        return part == null ? new ModelPart(this, "") : part;
    }

    @Override
    public void close() {
        closed.set(true);
    }

    private void checkOpen() {
        if (closed.get() || parentClosed.get()) {
            throw new IllegalStateException("this model was closed; load it again");
        }
    }

    @Override
    public List<LayerValue> values(Inputs inputs) {
        List<LayerValue> values = new ArrayList<>();
        for (CutPoint point : cutPoints()) {
            try (Tensor value = cut(point).head().forward(inputs)) {
                values.add(new LayerValue(point, value.dataType(), value.shape()));
            }
        }
        return values;
    }

    /** Returns the model's name. */
    @Override
    public String toString() {
        return "ReferenceModel[" + identity().name() + "]";
    }

    /** A cut of this model: heads and tail are models of the same graph with other inputs and outputs. */
    private final class ReferenceCut implements RuledCut {
        private final List<CutPoint> points;
        private final List<Integer> nodes;

        ReferenceCut(List<CutPoint> points) {
            this.points = points;
            this.nodes = points.stream().map(point -> graph.find(point.path())).toList();
        }

        @Override
        public String toString() {
            return "Cut" + points;
        }

        @Override
        public List<CutPoint> points() {
            return points;
        }

        @Override
        public List<Tensor> activations(Inputs inputs) {
            checkIndependent();
            return IntStream.range(0, points.size())
                    .mapToObj(number -> head(number).forward(inputs))
                    .toList();
        }

        private void checkIndependent() {
            for (int below = 0; below < nodes.size(); below++) {
                for (int above = 0; above < nodes.size(); above++) {
                    int node = nodes.get(above);
                    if (node > nodes.get(below) && graph.reaches(node, new boolean[graph.size()])[nodes.get(below)]) {
                        throw new ModelException("layer '" + points.get(above) + "' depends on layer '"
                                + points.get(below) + "'; cut at one of them");
                    }
                }
            }
        }

        @Override
        public LayerPullback pullback(Inputs inputs) {
            return pullback(inputs, null);
        }

        private LayerPullback pullback(Inputs inputs, @Nullable RuleSet rules) {
            List<Tensor> activations = activations(inputs.withoutReferences());
            Inputs.Builder fixed = Inputs.builder();
            for (Inputs.Input input : tailInputs(inputs, activations).all()) {
                fixed.add(input.name(), input.tensor(), input.role(), input.rowAxis());
            }
            return new ReferenceLayerPullback(tail().pullback(fixed.build(), rules), activations);
        }

        @Override
        public ReferenceModel head(int number) {
            ModelPart head = part().inside("at " + points.get(number));
            return new ReferenceModel(graph, dataType, inputNodes, nodes.get(number), closed, head);
        }

        @Override
        public ReferenceModel tail() {
            List<Integer> tailInputs = new ArrayList<>(nodes);
            tailInputs.addAll(inputNodes);
            return new ReferenceModel(graph, dataType, tailInputs, output, closed, part().inside("after " + points));
        }
    }

    /** All values of all rows of one run. */
    private final class Evaluation {
        private final Inputs inputs;
        private final boolean[] imposed = new boolean[graph.size()];
        private final double[][][] values;
        private final @Nullable RuledBackward ruled;
        /** Values of the reference run, if rules compare with one. */
        private final double @Nullable [][][] references;

        Evaluation(Inputs asked, boolean goesBack, @Nullable RuleSet rules) {
            checkOpen();
            this.inputs = asked.withoutReferences();
            check(inputs);
            for (int node : inputNodes) {
                imposed[node] = true;
            }
            boolean[] everything = new boolean[graph.size()];
            Arrays.fill(everything, true);
            values = run(inputs, everything);
            this.ruled =
                    rules != null && goesBack ? new RuledBackward(graph, rules, imposed, attributed(), output) : null;
            boolean[] given = new boolean[graph.size()];
            for (int argument = 0; argument < inputNodes.size(); argument++) {
                int node = inputNodes.get(argument);
                // What a tail puts in is computed anew in the reference run, unless it has a reference of its own.
                given[node] = graph.node(node).operation() == null
                        || asked.hasReference(inputs.all().get(argument).name());
            }
            this.references = goesBack && !asked.references().isEmpty() ? run(asked.atReferences(), given) : null;
        }

        private boolean[] attributed() {
            boolean[] attributed = new boolean[graph.size()];
            for (int node : attributedNodes()) {
                attributed[node] = true;
            }
            return attributed;
        }

        private double[][][] run(Inputs inputs, boolean[] imposing) {
            int rows = Math.toIntExact(inputs.rows());
            double[][][] given = new double[rows][graph.size()][];
            for (int argument = 0; argument < inputNodes.size(); argument++) {
                int node = inputNodes.get(argument);
                if (!imposing[node]) {
                    continue;
                }
                boolean shared = inputs.all().get(argument).role() == Inputs.Role.CONSTANT;
                double[] flat = inputs.tensor(argument).toDoubleArray();
                int width = Math.toIntExact(graph.node(node).shape().size());
                for (int row = 0; row < rows; row++) {
                    double[] value = new double[width];
                    System.arraycopy(flat, shared ? 0 : row * width, value, 0, width);
                    given[row][node] = value;
                }
            }
            double[][][] computed = new double[rows][][];
            for (int row = 0; row < rows; row++) {
                computed[row] = graph.forward(given[row], output);
            }
            return computed;
        }

        private void check(Inputs given) {
            if (given.size() != inputNodes.size()) {
                throw new ModelException("this model takes " + inputNodes.size() + " inputs, not " + given.size());
            }
            for (int argument = 0; argument < inputNodes.size(); argument++) {
                Inputs.Input input = given.all().get(argument);
                Graph.Node node = graph.node(inputNodes.get(argument));
                DataType type = node.integer() ? DataType.INT64 : dataType;
                Shape row = input.role() == Inputs.Role.CONSTANT
                        ? input.tensor().shape()
                        : input.tensor().shape().row();
                if (!row.equals(node.shape()) || input.tensor().dataType() != type) {
                    throw new ModelException("input '" + input.name() + "' is a "
                            + input.tensor().dataType() + " tensor of shape "
                            + input.tensor().shape() + "; this model takes " + type + " rows of shape " + node.shape());
                }
            }
        }

        Tensor output() {
            double[][] last = new double[values.length][];
            for (int row = 0; row < last.length; row++) {
                last[row] = values[row][output];
            }
            return tensor(last, graph.node(output).shape());
        }

        List<Tensor> gradients(Tensor cotangent) {
            double[] seed = cotangent.toDoubleArray();
            int width = seed.length / values.length;
            double[][][] gradients = new double[values.length][][];
            for (int row = 0; row < values.length; row++) {
                double[] part = new double[width];
                System.arraycopy(seed, row * width, part, 0, width);
                gradients[row] = ruled == null
                        ? graph.backward(values[row], imposed, part)
                        : ruled.back(values[row], references == null ? null : references[row], part);
            }
            List<Tensor> wanted = new ArrayList<>();
            for (int node : attributedNodes()) {
                double[][] rows = new double[values.length][];
                for (int row = 0; row < rows.length; row++) {
                    int size = Math.toIntExact(graph.node(node).shape().size());
                    rows[row] = node <= output ? gradients[row][node] : new double[size];
                }
                wanted.add(tensor(rows, graph.node(node).shape()));
            }
            return wanted;
        }

        /** Returns for each attributed input whether the output depends on it. */
        List<Boolean> used() {
            boolean[] reaches = graph.reaches(output, imposed);
            return attributedNodes().stream()
                    .map(node -> node <= output && reaches[node])
                    .toList();
        }

        private List<Integer> attributedNodes() {
            List<Integer> nodes = new ArrayList<>();
            for (int argument = 0; argument < inputNodes.size(); argument++) {
                if (inputs.all().get(argument).role() == Inputs.Role.ATTRIBUTED) {
                    nodes.add(inputNodes.get(argument));
                }
            }
            return nodes;
        }

        private Tensor tensor(double[][] rows, Shape row) {
            double[] flat = new double[rows.length * Math.toIntExact(row.size())];
            for (int i = 0; i < rows.length; i++) {
                System.arraycopy(rows[i], 0, flat, i * rows[i].length, rows[i].length);
            }
            try (TensorScope scope = TensorScope.open()) {
                return scope.keep(tensors().of(flat, row.prepend(rows.length)).to(dataType));
            }
        }
    }
}
