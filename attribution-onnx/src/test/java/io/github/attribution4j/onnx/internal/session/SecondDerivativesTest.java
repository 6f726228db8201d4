// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.onnx.internal.gradient.Weaver;
import io.github.attribution4j.onnx.internal.gradient.Woven;
import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import io.github.attribution4j.onnx.internal.session.GraphSession.Optimization;
import io.github.attribution4j.onnx.internal.session.GraphSession.Outputs;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A graph with gradient nodes is a graph: woven again, it gives the derivatives of its gradients. */
class SecondDerivativesTest {
    private static final double STEP = 1e-6;

    private static List<Tensor> gradients(OnnxModel model, List<String> names, Tensor x, Tensor cotangent) {
        try (Pullback pullback = model.pullbackTo(names, Inputs.of(x))) {
            return pullback.vjpLast(cotangent);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"script", "dynamo"})
    void a_product_with_the_second_derivatives_is_the_slope_of_gradients(String exporter) throws IOException {
        Path path = GoldenData.onnx("mlp_double", exporter);
        try (TensorScope scope = TensorScope.open();
                OnnxModel model = OnnxModel.load(path);
                OnnxFile file = OnnxFile.of(Files.readAllBytes(path))) {
            List<String> names = model.weightNames();
            Tensor x = ReferenceModels.normal(DataType.FLOAT64, 3, 4, 10);
            Tensor cotangent = ReferenceModels.normal(
                    DataType.FLOAT64, 5, model.forward(Inputs.of(x)).shape().dims());
            List<Tensor> along = new ArrayList<>();
            Map<String, Tensor> above = new LinkedHashMap<>();
            Map<String, Tensor> below = new LinkedHashMap<>();
            for (String name : names) {
                Tensor weight = model.weight(name);
                Tensor v = ReferenceModels.normal(
                        DataType.FLOAT64, 7 + along.size(), weight.shape().dims());
                along.add(v);
                above.put(name, weight.add(v.mul(STEP)));
                below.put(name, weight.add(v.mul(-STEP)));
            }
            List<double[]> expected = new ArrayList<>();
            try (OnnxModel more = model.withParameters(above);
                    OnnxModel less = model.withParameters(below)) {
                List<Tensor> up = gradients(more, names, x, cotangent);
                List<Tensor> down = gradients(less, names, x, cotangent);
                for (int i = 0; i < names.size(); i++) {
                    expected.add(up.get(i).sub(down.get(i)).mul(1 / (2 * STEP)).toDoubleArray());
                }
            }
            List<double[]> found = woven(file, model, names, x, cotangent, along);
            for (int i = 0; i < names.size(); i++) {
                assertThat(found.get(i)).as(names.get(i)).containsExactly(expected.get(i), within(1e-7));
            }
        }
    }

    /** The gradient, by parameters, of the sum over parameters of their gradient times a direction. */
    private static List<double[]> woven(
            OnnxFile file, OnnxModel model, List<String> names, Tensor x, Tensor cotangent, List<Tensor> along) {
        Map<String, OnnxTensor> given = new LinkedHashMap<>();
        try {
            given.put(model.parameterNames().get(0), OrtTensors.of(x));
            Woven first = Weaver.weave(file.graph(), new TypeOracle(file).types(given), names, model.output());
            given.put(first.cotangent(), OrtTensors.of(cotangent));
            Graph fused = first.fused();
            List<Node> nodes = new ArrayList<>(fused.nodes());
            List<ValueInfo> inputs = new ArrayList<>(fused.inputs());
            String sum = "";
            for (int i = 0; i < names.size(); i++) {
                String v = "v" + i;
                long[] dims = along.get(i).shape().dims();
                inputs.add(ValueInfo.of(
                        v,
                        new ValueType(
                                ElementType.DOUBLE,
                                Arrays.stream(dims).mapToObj(Dim::of).toList())));
                given.put(v, OrtTensors.of(along.get(i)));
                String gradient = first.gradients().get(names.get(i));
                nodes.add(Node.of("Mul", "m" + i, List.of(gradient, v), List.of("m" + i)));
                nodes.add(Node.of(
                        "ReduceSum", "r" + i, List.of("m" + i), List.of("r" + i), Attribute.of("keepdims", 0L)));
                if (i == 0) {
                    sum = "r0";
                } else {
                    nodes.add(Node.of("Add", "s" + i, List.of(sum, "r" + i), List.of("s" + i)));
                    sum = "s" + i;
                }
            }
            Graph whole = new Graph(fused.name(), inputs, List.of(ValueInfo.of(sum)), nodes, fused.initializers());
            try (OnnxFile again = OnnxFile.of(file.write(whole));
                    OnnxTensor one =
                            OrtTensors.of(Tensors.ofJava().of(new double[] {1}, DataType.FLOAT64, Shape.of()))) {
                Woven second = Weaver.weave(again.graph(), new TypeOracle(again).types(given), names, sum);
                Map<String, OnnxTensor> values = new LinkedHashMap<>(given);
                values.put(second.cotangent(), one);
                try (GraphSession session = new GraphSession(again, second.fused(), Optimization.BASIC);
                        Outputs outputs = session.run(values)) {
                    List<double[]> found = new ArrayList<>();
                    for (int i = 0; i < names.size(); i++) {
                        double[] numbers = new double[(int) along.get(i).shape().size()];
                        // The output is linear in the last bias.
                        String gradient = second.gradients().get(names.get(i));
                        if (gradient != null) {
                            outputs.get(gradient).getDoubleBuffer().get(numbers);
                        }
                        found.add(numbers);
                    }
                    return found;
                }
            }
        } finally {
            given.values().forEach(OnnxTensor::close);
        }
    }
}
