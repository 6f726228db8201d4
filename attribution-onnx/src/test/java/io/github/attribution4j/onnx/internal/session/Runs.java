// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import ai.onnxruntime.OnnxTensor;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.onnx.internal.gradient.Weaver;
import io.github.attribution4j.onnx.internal.gradient.Woven;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import io.github.attribution4j.onnx.internal.rule.Compared;
import io.github.attribution4j.onnx.internal.rule.Operations;
import io.github.attribution4j.onnx.internal.rule.RuledWays;
import io.github.attribution4j.onnx.internal.session.GraphSession.Optimization;
import io.github.attribution4j.onnx.internal.session.GraphSession.Outputs;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs models and what is woven of them on arrays. */
public final class Runs implements AutoCloseable {
    private final OnnxFile file;
    private final Map<String, OnnxTensor> given = new LinkedHashMap<>();
    private final List<OnnxTensor> made = new ArrayList<>();

    /** Takes a model and its inputs. */
    public Runs(OnnxFile file, Map<String, Tensor> inputs) {
        this.file = file;
        inputs.forEach((name, tensor) -> given.put(name, of(tensor)));
    }

    private OnnxTensor of(Tensor tensor) {
        OnnxTensor value = OrtTensors.of(tensor);
        made.add(value);
        return value;
    }

    /** The model with a backward part. */
    public Woven weave(List<String> attributed, String output) {
        return Weaver.weave(file.graph(), new TypeOracle(file).types(given), attributed, output);
    }

    /** The model with a second run on references, and multipliers going back. */
    public Woven weave(List<String> attributed, String output, RuleSet rules, Map<String, Tensor> references) {
        Map<String, ValueType> types = new TypeOracle(file).types(given);
        Map<String, String> names = new LinkedHashMap<>();
        references.forEach((name, tensor) -> {
            names.put(name, Compared.name(name));
            given.put(Compared.name(name), of(tensor));
        });
        Compared both = Compared.of(file.graph(), types, names, Map.of());
        Operations operations = new Operations(file.graph(), types, output);
        List<String> exposed = new ArrayList<>(attributed);
        exposed.add(output);
        return Weaver.weave(
                both.graph(),
                both.types(),
                attributed,
                output,
                (graph, known) ->
                        new RuledWays(rules, operations, graph, known, value -> value, exposed, both.references()));
    }

    /** What the model computes of its inputs. */
    public float[] forward(String output) {
        try (GraphSession program = new GraphSession(file, file.graph().giving(List.of(output)), Optimization.BASIC);
                Outputs outputs = program.run(given)) {
            FloatBuffer buffer = outputs.get(output).getFloatBuffer();
            float[] numbers = new float[buffer.remaining()];
            buffer.get(numbers);
            return numbers;
        }
    }

    /** Numbers in the shape that a value has with these inputs. */
    public Tensor shapedLike(String value, float[] numbers) {
        Graph graph = file.graph();
        Graph tapped = new Graph(
                graph.name(), graph.inputs(), List.of(ValueInfo.of(value)), graph.nodes(), graph.initializers());
        try (GraphSession program = new GraphSession(file, tapped, Optimization.BASIC);
                Outputs outputs = program.run(given)) {
            return Tensors.ofJava().of(numbers, outputs.get(value).getInfo().getShape());
        }
    }

    /** Output and gradients in one run, gradients under the names of the values. */
    public Map<String, float[]> fused(Woven woven, Tensor cotangent, Optimization optimization) {
        Map<String, OnnxTensor> values = new LinkedHashMap<>(given);
        values.put(woven.cotangent(), of(cotangent));
        try (GraphSession program = new GraphSession(file, woven.fused(), optimization);
                Outputs outputs = program.run(values)) {
            return gradients(woven, outputs);
        }
    }

    /** The same in two runs. */
    public Map<String, float[]> split(Woven woven, Tensor cotangent, Optimization optimization) {
        Map<String, OnnxTensor> values = new LinkedHashMap<>(given);
        values.put(woven.cotangent(), of(cotangent));
        try (GraphSession forward = new GraphSession(file, woven.forward(), optimization);
                Outputs kept = forward.run(values);
                GraphSession backward = new GraphSession(file, woven.backward(), optimization)) {
            kept.addTo(values);
            try (Outputs outputs = backward.run(values);
                    Outputs again = backward.run(values)) {
                Map<String, float[]> first = gradients(woven, outputs);
                gradients(woven, again).forEach((name, gradient) -> {
                    if (!Arrays.equals(gradient, first.get(name))) {
                        throw new AssertionError("a second run back differs at " + name);
                    }
                });
                return first;
            }
        }
    }

    private Map<String, float[]> gradients(Woven woven, Outputs outputs) {
        Map<String, float[]> found = new LinkedHashMap<>();
        woven.gradients().forEach((value, gradient) -> {
            OnnxTensor back = outputs.get(gradient);
            OnnxTensor input = given.get(value);
            long[] shape = back.getInfo().getShape();
            if (input != null && !Arrays.equals(shape, input.getInfo().getShape())) {
                throw new AssertionError("the gradient of " + value + " has the shape " + Arrays.toString(shape));
            }
            FloatBuffer buffer = back.getFloatBuffer();
            float[] numbers = new float[buffer.remaining()];
            buffer.get(numbers);
            found.put(value, numbers);
        });
        return found;
    }

    @Override
    public void close() {
        made.forEach(OnnxTensor::close);
    }
}
