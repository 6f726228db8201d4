// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.model.program.Program.Place;
import io.github.attribution4j.model.program.Program.Question;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs a {@link Graph} row by row, without backward rules or with them. */
final class ReferenceProgram implements Program {
    private final Graph graph;
    private final DataType dataType;
    private final List<Integer> inputNodes;
    private final int output;
    private final Runnable check;
    private final @Nullable RuleSet rules;

    /**
     * Makes a program.
     *
     * @param dataType of inputs and output
     * @param check throws if the model was closed
     */
    ReferenceProgram(
            Graph graph,
            DataType dataType,
            List<Integer> inputNodes,
            int output,
            Runnable check,
            @Nullable RuleSet rules) {
        this.graph = graph;
        this.dataType = dataType;
        this.inputNodes = List.copyOf(inputNodes);
        this.output = output;
        this.check = check;
        this.rules = rules;
    }

    @Override
    public Program with(RuleSet others) {
        check.run();
        return new ReferenceProgram(graph, dataType, inputNodes, output, check, others);
    }

    @Override
    public RowLayout rowLayout() {
        return RowLayout.FIRST;
    }

    /** Returns the operations of the graph, in order. */
    List<Cut.Point> points() {
        check.run();
        return IntStream.rangeClosed(0, output)
                .mapToObj(graph::node)
                .flatMap(node -> Stream.ofNullable(node.operation())
                        .map(operation -> new Cut.Point(node.name(), operation.kind(), 0)))
                .toList();
    }

    @Override
    public void check(Cut.Point point) {
        List<Cut.Point> known = points();
        if (!known.contains(point)) {
            throw new UnknownLayerException(
                    point.toString(), known.stream().map(Cut.Point::toString).toList());
        }
    }

    @Override
    public Set<Cut.Point> computedFrom(Cut.Point source, List<Cut.Point> points, Inputs inputs) {
        Set<Cut.Point> computed = new HashSet<>();
        int below = node(source);
        for (Cut.Point point : points) {
            int node = node(point);
            if (node > below && graph.reaches(node, new boolean[graph.size()])[below]) {
                computed.add(point);
            }
        }
        return computed;
    }

    @Override
    public List<Tensor> forward(Question question) {
        List<Integer> wanted = question.tapped().isEmpty() ? List.of(output) : nodes(question.tapped());
        Evaluation evaluation = new Evaluation(question, wanted);
        return wanted.stream().map(evaluation::value).toList();
    }

    @Override
    public Pullback pullback(Question question) {
        Place place = question.end();
        int end = place == null ? output : node(place.point());
        List<Integer> tapped = nodes(question.tapped());
        List<Integer> wanted = new ArrayList<>(tapped);
        wanted.add(end);
        Evaluation evaluation = new Evaluation(question, wanted);
        List<Integer> leaves = tapped.isEmpty() ? evaluation.attributed() : tapped;
        Gradients gradients = new Gradients(evaluation, leaves, end);
        return question.pullback(
                gradients.reached(),
                evaluation.value(end),
                tapped.stream().map(evaluation::value).toList(),
                gradients::of);
    }

    /**
     * Runs the program, and goes back to weights and biases of linear layers: the gradient by a weight is the sum over
     * rows of what reaches the layer's result, times what the layer was given.
     *
     * @param names such as {@code fc.weight}
     */
    Pullback pullbackTo(List<String> names, Inputs inputs) {
        inputs.requireNoReferences();
        Evaluation evaluation = new Evaluation(Question.of(inputs), List.of(output));
        boolean[] ends = new boolean[graph.size()];
        inputNodes.forEach(node -> ends[node] = true);
        boolean[] reaches = graph.reaches(output, ends);
        List<Place> places = names.stream()
                .map(name -> new Place(new Cut.Point(name, "", 0), RowForm.ROWS))
                .toList();
        return new Question(inputs, List.of(), places, null)
                .pullback(
                        names.stream().map(name -> reaches[layer(name)]).toList(),
                        evaluation.value(output),
                        List.of(),
                        cotangent -> byWeights(names, evaluation.values, ends, cotangent.toDoubleArray()));
    }

    private int layer(String weight) {
        return graph.find(weight.substring(0, weight.lastIndexOf('.')));
    }

    private List<Tensor> byWeights(List<String> names, double[][][] values, boolean[] ends, double[] cotangent) {
        int width = cotangent.length / values.length;
        List<double[][]> gradients = new ArrayList<>();
        for (int row = 0; row < values.length; row++) {
            double[] part = Arrays.copyOfRange(cotangent, row * width, (row + 1) * width);
            gradients.add(graph.backward(Arrays.copyOf(values[row], output + 1), ends, part));
        }
        List<Tensor> sums = new ArrayList<>();
        for (String name : names) {
            int node = layer(name);
            boolean bias = name.endsWith(".bias");
            int outputs = Math.toIntExact(graph.node(node).shape().size());
            int source = graph.node(node).sources().get(0);
            int inputs = bias ? 1 : Math.toIntExact(graph.node(source).shape().size());
            double[] sum = new double[outputs * inputs];
            for (int row = 0; row < values.length; row++) {
                for (int i = 0; i < sum.length; i++) {
                    double given = bias ? 1 : values[row][source][i % inputs];
                    sum[i] += gradients.get(row)[node][i / inputs] * given;
                }
            }
            sums.add(Tensors.ofJava().of(sum, dataType, bias ? Shape.of(outputs) : Shape.of(outputs, inputs)));
        }
        return sums;
    }

    private int node(Cut.Point point) {
        return graph.find(point.path());
    }

    private List<Integer> nodes(List<Place> places) {
        return places.stream().map(place -> node(place.point())).toList();
    }

    private Tensor tensor(double[][] rows, Shape row) {
        double[] flat = new double[rows.length * Math.toIntExact(row.size())];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(rows[i], 0, flat, i * rows[i].length, rows[i].length);
        }
        try (TensorScope scope = TensorScope.open()) {
            return scope.keep(
                    Tensors.ofJava().of(flat, row.prepend(rows.length)).to(dataType));
        }
    }

    /** All values of all rows of one run. */
    private final class Evaluation {
        private final Question question;
        private final Inputs inputs;
        /** The node of each input and replacement. */
        private final List<Integer> given;

        private final int last;
        private final double[][][] values;

        Evaluation(Question question, List<Integer> wanted) {
            check.run();
            this.question = question;
            this.inputs = question.inputs().withoutReferences();
            this.given = Stream.concat(nodes(question.replaced()).stream(), inputNodes.stream())
                    .toList();
            this.last = wanted.stream().mapToInt(Integer::intValue).max().orElse(output);
            check();
            this.values = run(inputs, false);
        }

        /** Returns the values of the reference run, which rules compare with; null if there are no references. */
        double @Nullable [][][] references() {
            Inputs asked = question.inputs();
            return asked.references().isEmpty() ? null : run(asked.atReferences(), true);
        }

        private double[][][] run(Inputs from, boolean reference) {
            int rows = Math.toIntExact(from.rows());
            double[][][] imposed = new double[rows][graph.size()][];
            for (int argument = 0; argument < given.size(); argument++) {
                // A replaced value is computed in the reference run, unless it has a reference of its own.
                if (reference && argument < question.replaced().size() && !question.isComparedAlone(argument)) {
                    continue;
                }
                int node = given.get(argument);
                boolean shared = from.all().get(argument).role() == Inputs.Role.CONSTANT;
                double[] flat = from.tensor(argument).toDoubleArray();
                int width = Math.toIntExact(graph.node(node).shape().size());
                for (int row = 0; row < rows; row++) {
                    int start = shared ? 0 : row * width;
                    imposed[row][node] = Arrays.copyOfRange(flat, start, start + width);
                }
            }
            double[][][] computed = new double[rows][][];
            for (int row = 0; row < rows; row++) {
                computed[row] = graph.forward(imposed[row], last);
            }
            return computed;
        }

        private void check() {
            if (inputs.size() != given.size()) {
                throw new ModelException("this model takes " + given.size() + " inputs, not " + inputs.size());
            }
            for (int argument = 0; argument < given.size(); argument++) {
                Inputs.Input input = inputs.all().get(argument);
                Graph.Node node = graph.node(given.get(argument));
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

        Tensor value(int node) {
            return tensor(
                    Arrays.stream(values).map(row -> row[node]).toArray(double[][]::new),
                    graph.node(node).shape());
        }

        List<Integer> attributed() {
            return IntStream.range(0, given.size())
                    .filter(argument -> question.isLeaf(inputs.all().get(argument)))
                    .mapToObj(given::get)
                    .toList();
        }
    }

    /** The way back through a run, from its end to its leaves. */
    private final class Gradients {
        private final double[][][] values;
        private final double @Nullable [][][] references;
        private final List<Integer> leaves;
        private final int end;
        /** The nodes at which the way back ends: replacements and leaves. */
        private final boolean[] imposed = new boolean[graph.size()];

        private final @Nullable RuledBackward ruled;

        Gradients(Evaluation evaluation, List<Integer> leaves, int end) {
            this.leaves = leaves;
            this.end = end;
            this.values = upToEnd(evaluation.values);
            evaluation.given.forEach(node -> imposed[node] = true);
            boolean[] attributed = new boolean[graph.size()];
            for (int leaf : leaves) {
                imposed[leaf] = true;
                attributed[leaf] = true;
            }
            this.ruled = rules == null ? null : new RuledBackward(graph, rules, imposed, attributed, end);
            double[][][] compared = evaluation.references();
            this.references = compared == null ? null : upToEnd(compared);
        }

        private double[][][] upToEnd(double[][][] rows) {
            return Arrays.stream(rows).map(row -> Arrays.copyOf(row, end + 1)).toArray(double[][][]::new);
        }

        List<Tensor> of(Tensor cotangent) {
            double[] seed = cotangent.toDoubleArray();
            int width = seed.length / values.length;
            double[][][] gradients = new double[values.length][][];
            for (int row = 0; row < values.length; row++) {
                double[] part = Arrays.copyOfRange(seed, row * width, (row + 1) * width);
                gradients[row] = ruled == null
                        ? graph.backward(values[row], imposed, part)
                        : ruled.back(values[row], references == null ? null : references[row], part);
            }
            return leaves.stream()
                    .map(leaf -> {
                        Shape shape = graph.node(leaf).shape();
                        double[][] rows = Arrays.stream(gradients)
                                .map(row -> leaf <= end ? row[leaf] : new double[Math.toIntExact(shape.size())])
                                .toArray(double[][]::new);
                        return tensor(rows, shape);
                    })
                    .toList();
        }

        /** Returns for each leaf whether the end depends on it. */
        List<Boolean> reached() {
            boolean[] reaches = graph.reaches(end, imposed);
            return leaves.stream().map(leaf -> leaf <= end && reaches[leaf]).toList();
        }
    }

    @Override
    public String toString() {
        return "ReferenceProgram[" + graph.size() + " values]";
    }
}
