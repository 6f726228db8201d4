// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Writes new nodes and constants. A node that would compute the same as another one is not written twice. A graph of a
 * node has its own emitter, which also uses nodes of the emitters around it.
 */
final class Emitter {
    private static final String PREFIX = "attribution/";

    private final @Nullable Emitter around;
    private final Set<String> taken;
    private final Set<String> own;
    private final Map<String, List<String>> made = new HashMap<>();
    private final Map<String, Initializer> constants = new LinkedHashMap<>();
    private final List<Node> forward = new ArrayList<>();
    private final List<Node> backward = new ArrayList<>();
    private final Map<String, ValueType> types = new HashMap<>();
    private int count;

    Emitter(Graph graph) {
        this(null, graph, graph.names());
    }

    private Emitter(@Nullable Emitter around, Graph graph, Set<String> taken) {
        this.around = around;
        this.taken = taken;
        this.own = around == null ? Set.of() : graph.names();
    }

    /** Returns the emitter of a graph inside a node. */
    Emitter within(Graph graph) {
        return new Emitter(this, graph, taken);
    }

    String freshName(String hint) {
        if (around != null) {
            return around.freshName(hint);
        }
        String name;
        do {
            name = PREFIX + hint + "_" + count++;
        } while (!taken.add(name));
        return name;
    }

    /** Writes a node that runs on the way back. */
    List<String> emit(String type, int outputs, List<Attribute> attributes, String... inputs) {
        return emit(backward, type, outputs, attributes, inputs);
    }

    /** The sizes of a value, taken in the forward run, so that the value itself need not be kept. */
    String shapeOf(String value, ValueType type) {
        if (around != null && !own.contains(value)) {
            return around.shapeOf(value, type);
        }
        String shape = emit(forward, "Shape", 1, List.of(), value).get(0);
        types.put(shape, new ValueType(ElementType.INT64, type.ranked() ? List.of(Dim.of(type.rank())) : null));
        return shape;
    }

    private List<String> emit(List<Node> into, String type, int outputs, List<Attribute> attributes, String... inputs) {
        String key = type
                + attributes.stream().map(Emitter::key).collect(Collectors.joining())
                + Arrays.toString(inputs)
                + outputs;
        for (Emitter each = this; each != null; each = each.around) {
            List<String> known = each.made.get(key);
            if (known != null) {
                return known;
            }
        }
        List<String> names =
                Stream.generate(() -> freshName(type)).limit(outputs).toList();
        into.add(Node.of(type, names.get(0), List.of(inputs), names, attributes.toArray(new Attribute[0])));
        made.put(key, names);
        return names;
    }

    private static String key(Attribute attribute) {
        return attribute.name() + Arrays.toString(attribute.message().toBytes());
    }

    /** A constant; equal constants are written once. */
    String constant(String key, Function<String, Initializer> make) {
        if (around != null) {
            return around.constant(key, make);
        }
        return made.computeIfAbsent("constant " + key, k -> {
                    String name = freshName("constant");
                    constants.put(name, make.apply(name));
                    return List.of(name);
                })
                .get(0);
    }

    /** Records the type of an added value of the forward run. */
    void type(String value, ValueType type) {
        types.put(value, type);
    }

    Map<String, ValueType> types() {
        return types;
    }

    Map<String, Initializer> constants() {
        return constants;
    }

    List<Node> forward() {
        return forward;
    }

    List<Node> backward() {
        return backward;
    }
}
