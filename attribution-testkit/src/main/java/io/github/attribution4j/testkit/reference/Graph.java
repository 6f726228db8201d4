// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values computed from values, in order: first the inputs, then each operation after its sources. */
final class Graph {
    /**
     * One value.
     *
     * @param name unique
     * @param operation how it is computed; null for an input
     * @param sources nodes it is computed from
     * @param shape of one row
     * @param integer whether it holds integers
     */
    record Node(String name, @Nullable Operation operation, List<Integer> sources, Shape shape, boolean integer) {}

    private final List<Node> nodes = new ArrayList<>();
    private final boolean single;

    /** Creates an empty graph; values are rounded to single precision if asked. */
    Graph(boolean single) {
        this.single = single;
    }

    void add(Node node) {
        nodes.add(node);
    }

    /** Returns a copy in which some nodes, by number, are computed by other operations. */
    Graph with(Map<Integer, Operation> others) {
        Graph copy = new Graph(single);
        for (int i = 0; i < nodes.size(); i++) {
            Node node = nodes.get(i);
            Operation operation = others.getOrDefault(i, node.operation());
            copy.add(new Node(node.name(), operation, node.sources(), node.shape(), node.integer()));
        }
        return copy;
    }

    int size() {
        return nodes.size();
    }

    Node node(int index) {
        return nodes.get(index);
    }

    int find(String name) {
        for (int i = 0; i < nodes.size(); i++) {
            if (nodes.get(i).name().equals(name)) {
                return i;
            }
        }
        throw new IllegalArgumentException("no value is named '" + name + "'; there are "
                + nodes.stream().map(Node::name).toList());
    }

    List<Node> inputs() {
        return nodes.stream().filter(node -> node.operation() == null).toList();
    }

    /**
     * Computes one row.
     *
     * @param given a value for each input and for each replaced node, else null
     * @param output the last node needed
     * @return the values of nodes 0 to output
     */
    double[][] forward(double[] @Nullable [] given, int output) {
        double[][] values = new double[output + 1][];
        for (int i = 0; i <= output; i++) {
            double[] imposed = given[i];
            Operation operation = nodes.get(i).operation();
            if (imposed != null) {
                values[i] = imposed;
            } else if (operation != null) {
                values[i] = rounded(operation.apply(sources(values, i)));
            } else {
                throw new IllegalArgumentException(
                        "no value for input '" + nodes.get(i).name() + "'");
            }
        }
        return values;
    }

    /**
     * Goes back through one row.
     *
     * @param imposed for each node whether its value was given
     * @return for each node the gradient of Σ(value of the last node · cotangent), zeros where there is no path
     */
    double[][] backward(double[][] values, boolean[] imposed, double[] cotangent) {
        int output = values.length - 1;
        double[][] gradients = new double[values.length][];
        for (int i = 0; i <= output; i++) {
            gradients[i] = new double[values[i].length];
        }
        gradients[output] = cotangent;
        for (int i = output; i >= 0; i--) {
            Operation operation = nodes.get(i).operation();
            if (operation == null || imposed[i]) {
                continue;
            }
            double[][] parts = operation.vjp(sources(values, i), gradients[i]);
            for (int k = 0; k < parts.length; k++) {
                double[] gradient = gradients[nodes.get(i).sources().get(k)];
                for (int j = 0; j < gradient.length; j++) {
                    gradient[j] += parts[k][j];
                }
            }
        }
        return gradients;
    }

    /** Returns for each node whether the output depends on it through operations that have gradients. */
    boolean[] reaches(int output, boolean[] imposed) {
        boolean[] reaches = new boolean[output + 1];
        reaches[output] = true;
        for (int i = output; i >= 0; i--) {
            if (reaches[i] && !imposed[i]) {
                for (int source : nodes.get(i).sources()) {
                    reaches[source] |= !nodes.get(source).integer();
                }
            }
        }
        return reaches;
    }

    /** Returns the operations of the graph, for backward rules; the order is the node's number. */
    List<io.github.attribution4j.model.rule.Operation> operations() {
        List<io.github.attribution4j.model.rule.Operation> operations = new ArrayList<>();
        for (int i = 0; i < nodes.size(); i++) {
            Operation operation = nodes.get(i).operation();
            if (operation != null) {
                operations.add(new io.github.attribution4j.model.rule.Operation(
                        address(i), nodes.get(i).name(), operation.operator(), operation.ruleKind(), i));
            }
        }
        return operations;
    }

    /** Returns the address of a node's operation. */
    String address(int index) {
        Operation operation = nodes.get(index).operation();
        return nodes.get(index).name() + "/" + (operation == null ? "" : operation.operator()) + "#0";
    }

    /** Returns the values that a node is computed from. */
    double[][] sources(double[][] values, int index) {
        return nodes.get(index).sources().stream().map(source -> values[source]).toArray(double[][]::new);
    }

    private double[] rounded(double[] values) {
        for (int i = 0; single && i < values.length; i++) {
            values[i] = (float) values[i];
        }
        return values;
    }
}
