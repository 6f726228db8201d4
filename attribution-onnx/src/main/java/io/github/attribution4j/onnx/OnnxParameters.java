// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.ParameterizedModel.Kind;
import io.github.attribution4j.model.ParameterizedModel.Parameter;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.graph.Constants;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import io.github.attribution4j.onnx.internal.graph.Modules;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The constants of a graph that are parameters: their list, their elements, and others in their place. */
final class OnnxParameters {
    private static final String WIDENED = "attribution/stored ";
    private static final String EXPORTER = "onnx::";

    /** Operators whose constants of floats say how to compute, and are not learned. */
    private static final Set<String> SETTINGS = Set.of(
            "Resize",
            "Upsample",
            "Pad",
            "Clip",
            "OneHot",
            "Range",
            "ConstantOfShape",
            "Dropout",
            "RandomUniform",
            "STFT");

    private static final Set<String> QUANTIZED = Set.of(
            "DequantizeLinear",
            "QLinearConv",
            "QLinearMatMul",
            "ConvInteger",
            "MatMulInteger",
            "QGemm",
            "MatMulNBits",
            "DynamicQuantizeMatMul",
            "DynamicQuantizeLSTM",
            "MatMulIntegerToFloat");

    private final OnnxFile file;
    private final String output;
    private final Map<String, Initializer> constants = new LinkedHashMap<>();
    private final Constants known;
    private volatile @Nullable List<Parameter> list;

    OnnxParameters(OnnxFile file, String output) {
        this.file = file;
        this.output = output;
        Graph graph = file.declared();
        this.known = new Constants(graph);
        graph.initializers().values().forEach(each -> add(each.name(), each));
        for (Node node : graph.nodes()) {
            Initializer tensor = node.is("Constant") ? known.tensor(node.output(0)) : null;
            if (tensor != null && tensor.elements() > 1) {
                add(node.output(0), tensor);
            }
        }
    }

    private void add(String name, Initializer constant) {
        if (constant.type().carriesGradient() && constant.dims().length > 0 && !OnnxFile.added(name)) {
            constants.put(name, constant);
        }
    }

    /** The name in the file. */
    private static String named(String constant) {
        return constant.startsWith(WIDENED) ? constant.substring(WIDENED.length()) : constant;
    }

    List<String> names() {
        return list().stream().map(Parameter::name).toList();
    }

    /** Each parameter that the output depends on, in the order in which nodes first read them. */
    List<Parameter> list() {
        List<Parameter> found = list;
        if (found == null) {
            found = find();
            list = found;
        }
        return found;
    }

    private List<Parameter> find() {
        Map<String, String> sources = new LinkedHashMap<>();
        constants.keySet().forEach(name -> sources.put(name, name));
        Map<String, Parameter> parameters = new LinkedHashMap<>();
        find(Graph.upstream(file.declared().nodes(), List.of(output)), sources, parameters);
        return List.copyOf(parameters.values());
    }

    private void find(List<Node> nodes, Map<String, String> sources, Map<String, Parameter> parameters) {
        for (Node node : nodes) {
            // Branches and bodies of loops read weights from around them.
            node.graphs().forEach(graph -> find(graph.nodes(), sources, parameters));
            if (QUANTIZED.contains(node.type()) && node.reads().stream().anyMatch(known::constant)) {
                throw new UnsupportedModelException("parameters cannot be seen: node '" + node.name() + "' ("
                        + node.type() + ") reads quantized weights; load a file of the model in floating point");
            }
            if (SETTINGS.contains(node.type())) {
                continue;
            }
            for (int i = 0; i < node.inputs().size(); i++) {
                String source = sources.get(node.input(i));
                if (source == null) {
                    continue;
                }
                if (known.constant(node.output(0))) {
                    // A transposed, cast or reshaped weight belongs to the node that reads the result.
                    sources.put(node.output(0), source);
                } else {
                    boolean stored = (node.is("BatchNormalization") && i > 2) || node.is("RotaryEmbedding");
                    parameters.putIfAbsent(source, parameter(source, node, stored ? Kind.BUFFER : Kind.PARAMETER));
                }
            }
        }
    }

    private Parameter parameter(String source, Node node, Kind kind) {
        Initializer constant = Objects.requireNonNull(constants.get(source), source);
        String name = named(source);
        return new Parameter(
                name, List.of(), layer(name, node), kind, type(constant.type()), Shape.of(constant.dims()));
    }

    /** The module: by the name of the parameter, else by that of the node, else what the node computes. */
    private static String layer(String name, Node node) {
        int end = name.lastIndexOf('.');
        if (end > 0 && !name.startsWith(EXPORTER)) {
            return name.substring(0, end);
        }
        String module = Modules.around(node);
        return module.isEmpty() ? node.output(0) : module;
    }

    private static DataType type(ElementType type) {
        return type == ElementType.DOUBLE ? DataType.FLOAT64 : DataType.FLOAT32;
    }

    private Initializer constant(String name) {
        Initializer plain = constants.get(name);
        Initializer constant = plain == null ? constants.get(WIDENED + name) : plain;
        if (constant == null) {
            throw new IllegalArgumentException(
                    "weight '" + name + "' does not exist; " + NearNames.hint(name, names()));
        }
        return constant;
    }

    Tensor read(String name) {
        Initializer constant = constant(name);
        try {
            return Tensors.ofJava().of(file.floats(constant), type(constant.type()), Shape.of(constant.dims()));
        } catch (FormatException e) {
            throw new UnsupportedModelException(String.valueOf(e.getMessage()), e);
        }
    }

    /** Checks values for a copy, and converts them. */
    Map<String, Tensor> typed(Map<String, Tensor> values) {
        Map<String, Tensor> typed = new LinkedHashMap<>();
        ParameterizedModel.checked(list(), values).forEach((name, value) -> {
            DataType type = type(constant(name).type());
            typed.put(name, value.dataType() == type ? value : value.to(type));
        });
        return typed;
    }

    /** The file with other elements. */
    OnnxFile with(Map<String, Tensor> typed) {
        Map<String, Initializer> others = new LinkedHashMap<>();
        try (TensorScope scope = TensorScope.open()) {
            typed.forEach((name, value) -> {
                Initializer before = constant(name);
                String stored = constants.containsKey(name) ? name : WIDENED + name;
                others.put(stored, Initializer.of(stored, before.type(), value.toDoubleArray(), before.dims()));
            });
        }
        return file.with(others);
    }
}
