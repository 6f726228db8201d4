// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.program.Program.Question;
import io.github.attribution4j.nd4j.internal.Graph;
import io.github.attribution4j.nd4j.internal.Step;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The output of a graph that is explained, and the inputs that it is computed from. */
final class SameDiffSignature {
    private final Graph graph;
    private final String output;
    private final List<Step> steps;
    private final Map<String, List<Long>> inputs = new LinkedHashMap<>();

    /**
     * Chooses the output.
     *
     * @param wanted its name; null for the only one
     */
    SameDiffSignature(Graph graph, @Nullable String wanted) {
        this.graph = graph;
        if (graph.steps().isEmpty()) {
            throw new UnsupportedModelException("the graph has no operations, so it computes nothing");
        }
        this.output = wanted == null ? onlyOutput(graph) : checked(graph, wanted);
        this.steps = graph.before(List.of(output), value -> false);
        Set<String> taken = new HashSet<>();
        steps.forEach(step -> taken.addAll(step.inputs()));
        graph.placeholders().forEach((name, shape) -> {
            if (taken.contains(name)) {
                inputs.put(name, shape);
            }
        });
        if (inputs.isEmpty()) {
            throw new UnsupportedModelException(
                    "the output '" + output + "' is computed from no input, so there is nothing to attribute to");
        }
        for (String input : inputs.keySet()) {
            if (Nd4jTensors.dataType(graph.type(input)) == null || isHalf(graph.type(input))) {
                throw new UnsupportedModelException("the graph's input '" + input + "' is of type " + graph.type(input)
                        + ", which this library has no tensors of; convert it inside the graph, from another type");
            }
        }
    }

    private static boolean isHalf(org.nd4j.linalg.api.buffer.DataType type) {
        return type.isFPType()
                && type != org.nd4j.linalg.api.buffer.DataType.FLOAT
                && type != org.nd4j.linalg.api.buffer.DataType.DOUBLE;
    }

    private static String onlyOutput(Graph graph) {
        List<String> floating = graph.ends().stream().filter(graph::isFloating).toList();
        List<String> scores =
                floating.stream().filter(end -> !graph.losses().contains(end)).toList();
        if (scores.size() == 1) {
            return scores.get(0);
        }
        if (scores.isEmpty() && !floating.isEmpty()) {
            throw new UnsupportedModelException("the graph ends only in what training minimizes, " + floating
                    + "; name the value to explain as the output, such as the one that this is computed from");
        }
        throw new UnsupportedModelException(
                floating.isEmpty()
                        ? "the graph ends in no value of floating type; name the value to explain as the output"
                        : "the graph ends in several values, " + scores + "; name one of them as the output");
    }

    private static String checked(Graph graph, String wanted) {
        if (graph.maker(wanted) == null) {
            List<String> known = graph.steps().stream()
                    .flatMap(step -> step.outputs().stream())
                    .toList();
            throw new UnsupportedModelException(
                    graph.has(wanted)
                            ? "the output '" + wanted
                                    + "' is an input or a constant of the graph; name a computed value"
                            : "the graph has no value '" + wanted + "'; " + NearNames.hint(wanted, known));
        }
        if (Nd4jTensors.dataType(graph.type(wanted)) == null) {
            throw new UnsupportedModelException("the output '" + wanted + "' is of type " + graph.type(wanted)
                    + ", which this library has no tensors of; name another value");
        }
        return wanted;
    }

    String output() {
        return output;
    }

    /** The operations that the output is computed by, in order. */
    List<Step> steps() {
        return steps;
    }

    List<String> inputNames() {
        return List.copyOf(inputs.keySet());
    }

    /** Inputs and output with types and sizes: {@code x: float32[?, 3] -> scores: float32}. */
    String described() {
        return inputs.entrySet().stream()
                        .map(input -> input.getKey() + ": " + word(input.getKey()) + sizes(input.getValue()))
                        .collect(Collectors.joining(", "))
                + " -> " + output + ": " + word(output);
    }

    private String word(String value) {
        DataType type = Nd4jTensors.dataType(graph.type(value));
        return type == null ? graph.type(value).toString() : type.label();
    }

    private static String sizes(List<Long> dims) {
        return dims.isEmpty()
                ? ""
                : dims.stream().map(dim -> dim < 0 ? "?" : dim.toString()).collect(Collectors.joining(", ", "[", "]"));
    }

    /** Why rows are given one by one; empty if they need not be. */
    Optional<String> oneRow() {
        return inputs.entrySet().stream()
                .filter(input -> !input.getValue().isEmpty() && input.getValue().get(0) == 1)
                .findFirst()
                .map(input -> "the graph fixes one row (input '" + input.getKey() + "' is " + sizes(input.getValue())
                        + "); a placeholder with an open first axis, -1, takes several");
    }

    /** Returns the names of the placeholders that arguments are, after a look at number, names, types and sizes. */
    List<String> bound(Question question) {
        List<Inputs.Input> arguments = question.arguments();
        List<String> names = inputNames();
        if (arguments.size() != names.size()) {
            throw new ModelException("the model takes " + names.size() + " inputs " + names + ", but "
                    + arguments.size() + " are given");
        }
        List<String> bound = new ArrayList<>(arguments.size());
        int first = question.replaced().size();
        for (int i = 0; i < arguments.size(); i++) {
            String name = arguments.get(i).name();
            if (!names.contains(name)) {
                if (question.inputs().isNamed(first + i) && !name.equals(Inputs.positionalName(i))) {
                    throw new ModelException("the model has no input '" + name + "'; " + NearNames.hint(name, names));
                }
                name = names.get(i);
            }
            if (bound.contains(name)) {
                throw new ModelException(
                        "input '" + name + "' is given twice; name all inputs of " + names + " or none");
            }
            bound.add(name);
            check(name, arguments.get(i));
        }
        return bound;
    }

    private void check(String name, Inputs.Input given) {
        DataType wanted = Nd4jTensors.dataType(graph.type(name));
        DataType type = given.tensor().dataType();
        if (type != wanted && wanted != null) {
            throw new ModelException("input '" + name + "' is " + type.label() + ", but the model takes "
                    + wanted.label() + "; convert it with to(DataType." + wanted + ")");
        }
        Shape shape = given.tensor().shape();
        List<Long> dims = inputs.getOrDefault(name, List.of());
        if (dims.isEmpty()) {
            return;
        }
        boolean fits = dims.size() == shape.rank();
        for (int i = 0; fits && i < dims.size(); i++) {
            fits = dims.get(i) < 0 || dims.get(i) == shape.dim(i);
        }
        if (!fits) {
            throw new ModelException(
                    "input '" + name + "' has shape " + shape + ", but the model takes " + sizes(dims));
        }
    }
}
