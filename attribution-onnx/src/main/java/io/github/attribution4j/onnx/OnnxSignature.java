// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.program.Program.Question;
import io.github.attribution4j.onnx.internal.graph.Constants;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import io.github.attribution4j.onnx.internal.graph.Widened;
import io.github.attribution4j.onnx.internal.session.OrtTensors;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a model takes and gives, as the file says it. */
final class OnnxSignature {
    private final List<Parameter> inputs;
    private final List<String> names;
    private final List<ValueInfo> outputs;
    private final Map<String, ElementType> elements;
    private final String output;
    private final boolean unbatched;
    private final Remarks remarks;
    private final Constants constants;

    /** An input. */
    private record Parameter(String name, ValueType type, DataType dataType, String given) {
        /** Whether the file says nothing else of the sizes, without the axis of rows if the model does not know it. */
        boolean takes(Shape shape) {
            List<Dim> dims = type.dims();
            if (dims == null) {
                return true;
            }
            if (dims.size() != shape.rank()) {
                return false;
            }
            for (int i = 0; i < dims.size(); i++) {
                if (dims.get(i).known() && dims.get(i).size() != shape.dim(i)) {
                    return false;
                }
            }
            return true;
        }
    }

    OnnxSignature(Graph graph, Map<String, ElementType> elements, OnnxOptions options) {
        this.elements = elements;
        this.unbatched = options.isUnbatched();
        this.outputs = graph.outputs();
        this.inputs = graph.inputs().stream().map(OnnxSignature::parameter).toList();
        this.names = inputs.stream().map(Parameter::name).toList();
        this.constants = new Constants(graph);
        this.output = output(graph, options);
        this.remarks = new Remarks(graph, constants, output, elements);
    }

    /** Checks what the runtime would not say in words that help. */
    static void requireComputes(Graph graph) {
        if (graph.nodes().isEmpty()) {
            throw new UnsupportedModelException("the model's graph is empty: it has no nodes, so it computes nothing");
        }
        if (graph.inputs().isEmpty()) {
            throw new UnsupportedModelException("the model has no input, so there is nothing to attribute to");
        }
        if (graph.outputs().isEmpty()) {
            throw new UnsupportedModelException("the model has no output");
        }
        Set<String> made = new HashSet<>(graph.producers().keySet());
        made.addAll(graph.initializers().keySet());
        graph.inputs().forEach(input -> made.add(input.name()));
        for (ValueInfo output : graph.outputs()) {
            if (!made.contains(output.name())) {
                throw new UnsupportedModelException(
                        "no node of the model makes its output '" + output.name() + "'; the file is damaged");
            }
        }
    }

    private static Parameter parameter(ValueInfo input) {
        ValueType type = input.type();
        if (type == null) {
            throw new UnsupportedModelException("the model's input '" + input.name()
                    + "' is a sequence, a map or optional, no tensor; export the model with tensors as inputs");
        }
        DataType dataType = OrtTensors.dataType(type.element());
        if (dataType == null) {
            throw new UnsupportedModelException("the model's input '" + input.name() + "' is of type "
                    + word(type.element())
                    + ", which this library has no tensors of; convert it inside the model, from another type");
        }
        return new Parameter(Widened.named(input.name()), type, dataType, input.name());
    }

    /** The output that is explained. */
    private String output(Graph graph, OnnxOptions options) {
        List<String> known = outputNames();
        String chosen = options.output();
        if (options.outputIndex() >= known.size()) {
            throw new UnsupportedModelException("the model has no output " + options.outputIndex() + ": it has "
                    + known.size() + (known.size() == 1 ? " output" : " outputs") + ", counted from 0: "
                    + String.join(", ", known));
        }
        if (options.outputIndex() >= 0) {
            chosen = known.get(options.outputIndex());
        }
        if (chosen == null) {
            return known.stream()
                    .filter(name -> isFloating(elements.get(name)) && isComputed(name))
                    .findFirst()
                    .orElseGet(() -> tensor(
                            graph,
                            known.stream()
                                    .filter(name -> !elements.containsKey(name))
                                    .findFirst()
                                    .orElse(known.get(0))));
        }
        boolean exists = known.contains(chosen)
                || graph.nodes().stream().anyMatch(node -> node.outputs().contains(options.output()));
        if (!exists) {
            throw new UnsupportedModelException(
                    "the model has no output '" + chosen + "'; " + NearNames.hint(chosen, known));
        }
        return tensor(graph, chosen);
    }

    /** Whether it is neither an input of the model that is handed on, nor the same for all inputs. */
    private boolean isComputed(String value) {
        return !names.contains(value) && !constants.constant(value);
    }

    private static boolean isFloating(@Nullable ElementType element) {
        return element != null && element.carriesGradient();
    }

    /** Returns an output if it is a tensor of a type that this library has. */
    private String tensor(Graph graph, String name) {
        if (!isComputed(name)) {
            throw new UnsupportedModelException("the output '" + name + "' is "
                    + (names.contains(name) ? "an input that the model hands on" : "the same for all inputs")
                    + "; choose another output of " + described(outputs));
        }
        ElementType element = elements.get(name);
        if (element != null && OrtTensors.dataType(element.wide()) != null) {
            return name;
        }
        if (element != null) {
            throw new UnsupportedModelException("the output '" + name + "' is of type " + word(element)
                    + ", which this library has no tensors of; choose another output of " + described(outputs));
        }
        Node maker = graph.producers().get(name);
        String remedy = maker != null && maker.type().equals("ZipMap") && elements.containsKey(maker.input(0))
                ? "; choose the tensor that it is made of, OnnxOptions.defaults().output(\"" + maker.input(0)
                        + "\"), or export the classifier with zipmap=False"
                : "; choose one that is a tensor of " + described(outputs)
                        + ", or export a classifier with zipmap=False";
        throw new UnsupportedModelException("the output '" + name + "' is a sequence or a map, no tensor" + remedy);
    }

    String output() {
        return output;
    }

    /** What the nodes say. */
    Remarks remarks() {
        return remarks;
    }

    List<String> inputNames() {
        return names;
    }

    List<String> outputNames() {
        return outputs.stream().map(ValueInfo::name).toList();
    }

    /** Inputs and outputs with types and sizes: {@code x: float32[N, 3] -> y: float32[N, 2]}. */
    String described() {
        return inputs.stream().map(this::described).collect(Collectors.joining(", ")) + " -> " + described(outputs);
    }

    private String described(Parameter input) {
        ElementType element = elements.get(input.name());
        String type = element == null || input.given().equals(input.name())
                ? described(input.type())
                : described(new ValueType(element, input.type().dims())) + " given as "
                        + input.dataType().label();
        return input.name() + ": " + type;
    }

    private String described(List<ValueInfo> values) {
        return values.stream()
                .map(value -> {
                    ValueType type = value.type();
                    ElementType element = elements.get(value.name());
                    String said = type != null ? described(type) : element == null ? "sequence or map" : word(element);
                    return value.name() + ": " + said;
                })
                .collect(Collectors.joining(", "));
    }

    private static String described(ValueType type) {
        List<Dim> dims = type.dims();
        return word(type.element()) + (dims == null ? "" : dims.toString());
    }

    /** The word that NumPy has for it. */
    private static String word(ElementType element) {
        DataType type = OrtTensors.dataType(element);
        return type != null ? type.label() : element.name().toLowerCase(Locale.ROOT);
    }

    /**
     * Why rows are given one by one; empty if they need not be. A file that was exported with one row says so of its
     * inputs.
     */
    Optional<String> oneRow() {
        if (unbatched) {
            return Optional.of("the model takes one example without an axis of rows (OnnxOptions.unbatched)");
        }
        List<Parameter> counted = inputs.stream()
                .filter(input -> input.type().ranked() && input.type().rank() > 0)
                .toList();
        boolean one = !counted.isEmpty()
                && counted.get(0).type().dim(0).equals(Dim.of(1))
                && counted.stream().allMatch(input -> input.type().dim(0).known());
        return one
                ? Optional.of("the file fixes one row (input '" + counted.get(0).name() + "' is "
                        + described(counted.get(0).type()) + "); an export with an open first axis takes several")
                : remarks.oneRow();
    }

    /** Returns the names of the inputs that arguments are, after a look at their number, names, types and sizes. */
    List<String> bound(Question question) {
        List<Inputs.Input> arguments = question.arguments();
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
            Parameter parameter = inputs.get(names.indexOf(name));
            if (bound.contains(parameter.given())) {
                throw new ModelException(
                        "input '" + name + "' is given twice; name all inputs of " + names + " or none");
            }
            bound.add(parameter.given());
            check(parameter, arguments.get(i));
        }
        return bound;
    }

    private void check(Parameter parameter, Inputs.Input given) {
        DataType type = given.tensor().dataType();
        if (type != parameter.dataType()) {
            throw new ModelException("input '" + parameter.name() + "' is " + type.label() + ", but the model takes "
                    + parameter.dataType().label() + "; convert it with to(DataType." + parameter.dataType() + ")");
        }
        Shape shape = shape(given);
        if (!parameter.takes(shape)) {
            throw new ModelException("input '" + parameter.name() + "' has shape " + shape + ", but the model takes "
                    + parameter.type().dims()
                    + (hasOtherRows(parameter, shape)
                            ? ": the file fixes the number of rows; export it with an open first axis"
                            : ""));
        }
    }

    private static boolean hasOtherRows(Parameter parameter, Shape shape) {
        return shape.rank() > 0
                && shape.rank() == parameter.type().rank()
                && parameter.type().dim(0).known()
                && parameter.takes(shape.withRows(parameter.type().dim(0).size()));
    }

    /** The shape that the model sees. */
    Shape shape(Inputs.Input given) {
        Shape shape = given.tensor().shape();
        if (!unbatched || given.role() == Inputs.Role.CONSTANT) {
            return shape;
        }
        long[] dims = new long[shape.rank() - 1];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = shape.dim(i < given.rowAxis() ? i : i + 1);
        }
        return Shape.of(dims);
    }
}
