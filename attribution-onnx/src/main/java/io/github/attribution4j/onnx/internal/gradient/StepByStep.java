// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Step.set;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/** The body of a scan: states that are passed from step to step, values of each step, and nodes. */
final class StepByStep {
    private final Step s;
    private final List<String> states = new ArrayList<>();
    private final List<String> given = new ArrayList<>();
    private final List<String> stateNames = new ArrayList<>();
    private final List<String> givenNames = new ArrayList<>();
    private final List<String> next = new ArrayList<>();
    private final List<Node> nodes = new ArrayList<>();

    StepByStep(Step s) {
        this.s = s;
    }

    String state(String initial) {
        states.add(initial);
        return name(stateNames);
    }

    String each(String value) {
        given.add(value);
        return name(givenNames);
    }

    private String name(List<String> names) {
        String name = s.freshName("step");
        names.add(name);
        return name;
    }

    String op(String type, String... inputs) {
        return node(type, List.of(), inputs);
    }

    String concat(String... parts) {
        return node("Concat", List.of(set("axis", -1)), parts);
    }

    private String node(String type, List<Attribute> attributes, String... inputs) {
        String name = s.freshName(type);
        nodes.add(Node.of(type, name, List.of(inputs), List.of(name), attributes.toArray(new Attribute[0])));
        return name;
    }

    /** The gradient of the state after a step, none at a step that a row does not have. */
    String now(String state, String lasts, String arrived) {
        String sum = op("Add", state, each(arrived));
        return lasts.isEmpty() ? sum : op("Mul", sum, each(lasts));
    }

    /** What goes on: at a step that a row does not have, what came. */
    String held(String state, String lasts, String otherwise) {
        if (lasts.isEmpty()) {
            return otherwise;
        }
        String gone = s.sub(s.number(1), lasts);
        return op("Add", otherwise, op("Mul", state, each(gone)));
    }

    /** Sets the state of the next step, in the order of the states. */
    void gives(String value) {
        next.add(value);
    }

    /**
     * Returns the states at the end, and the values collected at each step.
     *
     * @param backwards whether the last step comes first
     */
    List<String> run(String collected, boolean backwards) {
        // Rows and the hidden size. The runtime may not know the number of axes of what is given.
        ValueType type = new ValueType(s.element(), List.of(Dim.OPEN, Dim.OPEN));
        List<ValueInfo> inputs = new ArrayList<>();
        stateNames.forEach(name -> inputs.add(ValueInfo.of(name, type)));
        givenNames.forEach(name -> inputs.add(ValueInfo.of(name, type)));
        List<ValueInfo> outputs = new ArrayList<>();
        next.forEach(name -> outputs.add(ValueInfo.of(name, type)));
        outputs.add(ValueInfo.of(collected, type));
        Graph graph = Graph.of(s.freshName("body"), inputs, outputs, nodes, List.of());
        long way = backwards ? 1 : 0;
        List<String> values = new ArrayList<>(states);
        values.addAll(given);
        return s.ops(
                "Scan",
                states.size() + 1,
                List.of(
                        Attribute.of("body", graph),
                        set("num_scan_inputs", given.size()),
                        set(
                                "scan_input_directions",
                                LongStream.range(0, given.size()).map(k -> way).toArray()),
                        set("scan_output_directions", new long[] {way})),
                values.toArray(new String[0]));
    }
}
