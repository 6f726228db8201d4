// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * An input of a graph inside a node, such as the body of a loop.
 *
 * @param name the name of the value in the body
 * @param type its type and the sizes that are the same in every step
 * @param once nodes that compute it for the first step
 */
record BodyInput(String name, ValueType type, List<Node> once) {
    /** The inputs of a graph of a node, without those that are not tensors. */
    static List<BodyInput> of(Node node, Graph body, Map<String, ValueType> types) {
        List<BodyInput> found = new ArrayList<>();
        if (node.is("Loop") && body.inputs().size() == node.inputs().size()) {
            found.add(constant(body.inputs().get(0).name(), ElementType.INT64, new byte[Long.BYTES]));
            found.add(constant(body.inputs().get(1).name(), ElementType.BOOL, new byte[] {1}));
            for (int i = 2; i < node.inputs().size(); i++) {
                ValueType outer = types.get(node.input(i));
                if (outer != null) {
                    found.add(of(
                            "Identity",
                            body.inputs().get(i),
                            anyStep(outer, body.inputs().get(i).type()),
                            node,
                            i));
                }
            }
        } else if (node.is("Scan") && body.inputs().size() == node.inputs().size()) {
            int slices = (int) number(node, "num_scan_inputs", 1);
            Attribute axes = node.attributes().get("scan_input_axes");
            for (int i = 0; i < node.inputs().size(); i++) {
                ValueType outer = types.get(node.input(i));
                int slice = i - (node.inputs().size() - slices);
                if (outer != null && slice < 0) {
                    found.add(of("Identity", body.inputs().get(i), outer, node, i));
                } else if (outer != null) {
                    long axis = axes == null ? 0 : axes.integers()[slice];
                    found.add(slice(body.inputs().get(i).name(), outer, node.input(i), axis));
                }
            }
        }
        return found;
    }

    private static long number(Node node, String name, long otherwise) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? otherwise : attribute.integer();
    }

    /** Sizes that the body declares are the same in every step; others may change. */
    private static ValueType anyStep(ValueType outer, @Nullable ValueType declared) {
        if (declared != null && declared.ranked()) {
            return new ValueType(
                    outer.element(),
                    IntStream.range(0, declared.rank())
                            .mapToObj(declared::dim)
                            .map(dim -> dim.known() ? dim : Dim.OPEN)
                            .toList());
        }
        return new ValueType(outer.element(), outer.ranked() ? Collections.nCopies(outer.rank(), Dim.OPEN) : null);
    }

    private static BodyInput of(String operator, ValueInfo input, ValueType type, Node node, int i) {
        String name = input.name();
        return new BodyInput(name, type, List.of(Node.of(operator, name, List.of(node.input(i)), List.of(name))));
    }

    private static BodyInput constant(String name, ElementType element, byte[] value) {
        Attribute tensor = Attribute.of("value", Initializer.of(name, element, value));
        return new BodyInput(
                name,
                new ValueType(element, List.of()),
                List.of(Node.of("Constant", name, List.of(), List.of(name), tensor)));
    }

    /** A slice of a value, without one axis. */
    private static BodyInput slice(String name, ValueType outer, String value, long axis) {
        ValueType type = outer;
        List<Dim> dims = outer.dims();
        if (dims != null) {
            List<Dim> left = new ArrayList<>(dims);
            left.remove((int) (axis < 0 ? axis + dims.size() : axis));
            type = new ValueType(outer.element(), left);
        }
        String first = name + "/first";
        return new BodyInput(
                name,
                type,
                List.of(
                        Node.of(
                                "Constant",
                                first,
                                List.of(),
                                List.of(first),
                                Attribute.of("value", Initializer.of(first, new long[] {0}))),
                        Node.of("Gather", name, List.of(value, first), List.of(name), Attribute.of("axis", axis))));
    }
}
