// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import io.github.attribution4j.model.program.Program.RowForm;
import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import io.github.attribution4j.onnx.internal.graph.ModuleValues.Argument;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The graph with the places of a question. Replaced values are inputs. A value whose rows are not on axis 0 passes
 * through a view that has them there. Nodes that read the value read it through the view, so that it can be tapped,
 * replaced and be a leaf in that form.
 */
final class EditedGraph {
    private final Map<String, ValueType> types;
    private final Map<Spot, String> seen = new HashMap<>();
    private final Set<String> names;
    private final Map<String, Initializer> constants = new LinkedHashMap<>();
    /** What computed values were called before they were renamed. */
    private final Map<String, String> originals = new HashMap<>();

    private Graph graph;

    /**
     * A value and the form that it has.
     *
     * @param value its name
     * @param argument the call of a module that takes it, if it is the value in this call only; else null
     */
    record Spot(String value, @Nullable Argument argument, RowForm form) {}

    /**
     * Edits a graph.
     *
     * @param spots the values of the question
     * @param replaced those of them that are replaced
     * @param back whether the question goes back to values
     */
    EditedGraph(Graph original, Map<String, ValueType> known, List<Spot> spots, List<Spot> replaced, boolean back) {
        this.types = new HashMap<>(known);
        this.names = original.names();
        List<ValueInfo> inputs = new ArrayList<>(original.inputs());
        Set<Argument> separate = new LinkedHashSet<>();
        for (Spot spot : spots) {
            // The value of an argument is that of all readers if it is only looked at as it is.
            if (spot.argument() != null && (back || replaced.contains(spot) || !isPlain(spot))) {
                separate.add(spot.argument());
            }
        }
        Map<Argument, String> copies = new HashMap<>();
        List<Node> nodes = withCopies(original.nodes(), separate, copies);
        for (Spot spot : spots) {
            if (!seen.containsKey(spot)) {
                String value = copies.getOrDefault(spot.argument(), spot.value());
                add(spot, value, replaced.contains(spot), inputs, nodes);
            }
        }
        Map<String, Initializer> initializers = new LinkedHashMap<>(original.initializers());
        initializers.putAll(constants);
        this.graph = new Graph(original.name(), inputs, original.outputs(), nodes, initializers);
    }

    /** Whether a value has the form that the graph has it in. */
    private boolean isPlain(Spot spot) {
        ElementType element = type(spot.value()).element();
        return spot.form().equals(RowForm.ROWS) && element.wide() == element;
    }

    /**
     * Gives calls of modules copies of what they take. A call within another one, which takes the same, takes the copy
     * of that.
     *
     * @param copies grows by their names
     */
    private List<Node> withCopies(List<Node> original, Set<Argument> arguments, Map<Argument, String> copies) {
        Map<Node, Node> changed = new HashMap<>();
        Map<Node, List<Node>> before = new HashMap<>();
        Map<String, Map<Node, String>> read = new HashMap<>();
        List<Argument> outerFirst = new ArrayList<>(arguments);
        outerFirst.sort(
                Comparator.comparingInt((Argument each) -> each.readers().size())
                        .reversed());
        for (Argument argument : outerFirst) {
            String value = argument.value();
            Map<Node, String> now = read.computeIfAbsent(value, any -> new HashMap<>());
            Node first = argument.readers().iterator().next();
            String source = now.getOrDefault(first, value);
            String copy = fresh(value + " of a call");
            types.put(copy, type(value));
            node(before.computeIfAbsent(first, any -> new ArrayList<>()), "Identity", copy, source);
            for (Node reader : argument.readers()) {
                changed.put(reader, changed.getOrDefault(reader, reader).renamed(Map.of(source, copy)));
                now.put(reader, copy);
            }
            copies.put(argument, copy);
        }
        List<Node> nodes = new ArrayList<>();
        for (Node node : original) {
            nodes.addAll(before.getOrDefault(node, List.of()));
            nodes.add(changed.getOrDefault(node, node));
        }
        return nodes;
    }

    private void add(Spot spot, String value, boolean replaced, List<ValueInfo> inputs, List<Node> nodes) {
        ElementType narrow = type(value).element();
        ElementType wide = narrow.wide();
        boolean plain = isPlain(spot);
        if (plain && !replaced) {
            seen.put(spot, value);
            return;
        }
        String computed = fresh(value);
        originals.put(computed, value);
        int producer = 0;
        while (!nodes.get(producer).outputs().contains(value)) {
            producer++;
        }
        List<String> outputs = new ArrayList<>(nodes.get(producer).outputs());
        Collections.replaceAll(outputs, value, computed);
        nodes.set(producer, nodes.get(producer).withOutputs(outputs));
        ValueType type = type(value);
        types.put(computed, type);
        if (plain) {
            seen.put(spot, value);
            inputs.add(ValueInfo.of(value, open(type.element(), type.rank())));
            return;
        }
        String view = fresh(value + " by rows");
        seen.put(spot, view);
        boolean sameRank =
                spot.form().kind() == RowForm.Kind.ROWS || spot.form().kind() == RowForm.Kind.AXIS;
        ValueType viewed = open(wide, sameRank ? type.rank() : type.rank() + 1);
        types.put(view, viewed);
        List<Node> added = new ArrayList<>();
        if (replaced) {
            inputs.add(ValueInfo.of(view, viewed));
        } else {
            view(spot.form(), cast(computed, wide, added), view, added);
        }
        if (wide == narrow) {
            unview(spot.form(), view, value, added);
        } else {
            String back = fresh(value);
            types.put(back, open(wide, type.rank()));
            unview(spot.form(), view, back, added);
            node(added, "Cast", value, List.of(back), Attribute.of("to", (long) narrow.code()));
        }
        nodes.addAll(producer + 1, added);
    }

    private String cast(String value, ElementType to, List<Node> nodes) {
        ValueType type = type(value);
        if (type.element() == to) {
            return value;
        }
        String cast = fresh(value);
        types.put(cast, new ValueType(to, type.dims()));
        node(nodes, "Cast", cast, List.of(value), Attribute.of("to", (long) to.code()));
        return cast;
    }

    private ValueType type(String value) {
        ValueType type = types.get(value);
        if (type == null) {
            throw new IllegalStateException("the type of '" + value + "' is not known");
        }
        return type;
    }

    /** A type without sizes, because a replacement may have another number of rows than in the file. */
    private static ValueType open(ElementType element, int rank) {
        return new ValueType(element, Collections.nCopies(rank, Dim.OPEN));
    }

    private void view(RowForm form, String from, String to, List<Node> nodes) {
        ValueType type = type(from);
        int rank = type.rank();
        int axis = (int) form.number();
        switch (form.kind()) {
            case ROWS -> node(nodes, "Identity", to, from);
            case AXIS -> {
                long[] order = LongStream.concat(
                                LongStream.of(axis), LongStream.range(0, rank).filter(i -> i != axis))
                        .toArray();
                node(nodes, "Transpose", to, List.of(from), Attribute.of("perm", order));
            }
            case MAJOR -> node(nodes, "Reshape", to, from, split(from, nodes, form.number(), -1));
            case MINOR -> {
                String parts = fresh(from);
                types.put(parts, open(type.element(), rank + 1));
                node(nodes, "Reshape", parts, from, split(from, nodes, -1, form.number()));
                node(nodes, "Transpose", to, List.of(parts), Attribute.of("perm", swapped(rank + 1)));
            }
            case ALONE -> node(nodes, "Unsqueeze", to, from, constant(0));
        }
    }

    private void unview(RowForm form, String from, String to, List<Node> nodes) {
        ValueType type = type(from);
        int rank = type.rank();
        int axis = (int) form.number();
        switch (form.kind()) {
            case ROWS -> node(nodes, "Identity", to, from);
            case AXIS -> {
                long[] order = new long[rank];
                for (int i = 0; i < rank; i++) {
                    order[i] = i < axis ? i + 1L : i == axis ? 0 : i;
                }
                node(nodes, "Transpose", to, List.of(from), Attribute.of("perm", order));
            }
            case MAJOR -> node(nodes, "Reshape", to, from, joined(from, nodes));
            case MINOR -> {
                String parts = fresh(from);
                types.put(parts, type);
                node(nodes, "Transpose", parts, List.of(from), Attribute.of("perm", swapped(rank)));
                node(nodes, "Reshape", to, parts, joined(from, nodes));
            }
            case ALONE -> node(nodes, "Squeeze", to, from, constant(0));
        }
    }

    private static long[] swapped(int rank) {
        long[] order = LongStream.range(0, rank).toArray();
        order[0] = 1;
        order[1] = 0;
        return order;
    }

    /** The sizes with two sizes in place of the first. */
    private String split(String value, List<Node> nodes, long first, long second) {
        return concat(nodes, constant(first, second), tail(value, nodes, 1));
    }

    /** The sizes with one size in place of the first two. */
    private String joined(String value, List<Node> nodes) {
        return concat(nodes, constant(-1), tail(value, nodes, 2));
    }

    private String tail(String value, List<Node> nodes, long start) {
        String sizes = list(value);
        node(nodes, "Shape", sizes, List.of(value), Attribute.of("start", start));
        return sizes;
    }

    private String concat(List<Node> nodes, String a, String b) {
        String sizes = list(a);
        node(nodes, "Concat", sizes, List.of(a, b), Attribute.of("axis", 0L));
        return sizes;
    }

    private String list(String hint) {
        String name = fresh(hint);
        types.put(name, open(ElementType.INT64, 1));
        return name;
    }

    private String constant(long... values) {
        String name = list("sizes");
        Initializer initializer = Initializer.of(name, values, values.length);
        constants.put(name, initializer);
        types.put(name, initializer.valueType());
        return name;
    }

    private void node(List<Node> nodes, String type, String to, String... from) {
        nodes.add(Node.of(type, fresh(to), List.of(from), List.of(to)));
    }

    private void node(List<Node> nodes, String type, String to, List<String> from, Attribute attribute) {
        nodes.add(Node.of(type, fresh(to), from, List.of(to), attribute));
    }

    private String fresh(String hint) {
        String name = "attribution/" + hint;
        while (!names.add(name)) {
            name += "'";
        }
        return name;
    }

    /**
     * Adds nodes that list the sizes of values.
     *
     * @param values names of values; those that another value is not computed from are left out
     * @param end that value
     * @return the values that are listed, and the names of the lists
     */
    Map<String, String> watch(List<String> values, String end) {
        Map<String, String> sizes = new LinkedHashMap<>();
        if (!values.isEmpty()) {
            Set<String> read = new LinkedHashSet<>(List.of(end));
            Graph.upstream(graph.nodes(), read).forEach(node -> read.addAll(node.reads()));
            List<Node> nodes = new ArrayList<>(graph.nodes());
            for (String value : values) {
                if (read.contains(value)) {
                    String list = list(value);
                    node(nodes, "Shape", list, value);
                    sizes.put(value, list);
                }
            }
            graph = new Graph(graph.name(), graph.inputs(), graph.outputs(), nodes, graph.initializers());
        }
        return sizes;
    }

    Graph graph() {
        return graph;
    }

    Map<String, ValueType> types() {
        return types;
    }

    /** The name that a computed value had before the graph was edited. */
    String original(String value) {
        return originals.getOrDefault(value, value);
    }

    /** The name under which a value is computed; its own if it was not renamed. */
    String computed(String value) {
        for (Map.Entry<String, String> each : originals.entrySet()) {
            if (each.getValue().equals(value)) {
                return each.getKey();
            }
        }
        return value;
    }

    /** The name of the value that has the form of a place. */
    String seen(Spot spot) {
        String name = seen.get(spot);
        if (name == null) {
            throw new IllegalStateException("no spot " + spot);
        }
        return name;
    }
}
