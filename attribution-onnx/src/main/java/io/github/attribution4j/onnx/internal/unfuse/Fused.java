// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.unfuse;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.unfuse.Unfused.Unsayable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One joined node: its inputs, outputs and attributes, and Java methods that write new nodes. A Java method that
 * returns a text adds a node and returns the name of the value that it computes.
 *
 * <p>New nodes have names like those of the exporter that writes modules into names: the last one that of the value
 * that it computes, others that of the module around it.
 */
final class Fused {
    private static final Pattern RESULT = Pattern.compile("(/.*)_output_\\d+", Pattern.DOTALL);

    private final Unfused around;
    private final Node node;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<Integer, String> given = new LinkedHashMap<>();
    private String place;

    Fused(Unfused around, Node node) {
        this.around = around;
        this.node = node;
        this.place = folder(node.output(0));
        String before = folder(around.maker(node.input(0)));
        if (place.isEmpty() && folder(node.name()).isEmpty() && !before.isEmpty() && !around.isOutput(node.output(0))) {
            // Where a module ends is not known, so that none before this node has the value before it.
            this.place = before;
            around.hide(node.output(0));
        }
    }

    /** The beginning of the names of nodes in the module that computes a value, if its name tells; else empty. */
    private static String folder(String value) {
        return value.startsWith("/") ? value.substring(0, value.lastIndexOf('/') + 1) : "";
    }

    // The node

    String x(int i) {
        return node.input(i);
    }

    boolean has(int i) {
        return !x(i).isEmpty();
    }

    /** Whether an output is wanted. */
    boolean gives(int i) {
        return around.read(node.output(i)) && !node.output(i).isEmpty();
    }

    String name() {
        return node.name();
    }

    String output() {
        return node.output(0);
    }

    boolean set(String name) {
        return node.attributes().containsKey(name);
    }

    long integer(String name, long otherwise) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? otherwise : attribute.integer();
    }

    double real(String name, double otherwise) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? otherwise : attribute.real();
    }

    String text(String name) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? "" : attribute.text();
    }

    float[] reals(String name) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? new float[0] : attribute.reals();
    }

    long[] integers(String name) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? new long[0] : attribute.integers();
    }

    /** Those of its attributes that have one of these names. */
    List<Attribute> attributes(String... wanted) {
        return node.attributes().values().stream()
                .filter(attribute -> Arrays.asList(wanted).contains(attribute.name()))
                .toList();
    }

    ElementType element(String value) {
        return around.type(value).element();
    }

    /** The number of axes of a value; -1 if it is not known. */
    int rank(String value) {
        return around.type(value).rank();
    }

    /** The size of an axis; -1 if it is not known. */
    long size(String value, int axis) {
        return around.size(value, axis);
    }

    /** The size of an axis, which must be known. */
    long known(String value, int axis) {
        long size = size(value, axis);
        if (size < 0) {
            throw refuse("the size of axis " + axis + " of '" + value
                    + "' is not known; save the model again from one with fixed sizes");
        }
        return size;
    }

    /** The number of axes of a value, which must be known. */
    int knownRank(String value) {
        int rank = rank(value);
        if (rank < 0) {
            throw refuse("the number of axes of '" + value
                    + "' is not known; save the model again from one with fixed sizes");
        }
        return rank;
    }

    long block() {
        return around.block();
    }

    Unsayable refuse(String why) {
        return new Unsayable(why);
    }

    // Constants

    /** A number of the type of its floats. */
    String number(double value) {
        for (String input : node.inputs()) {
            ElementType type = element(input);
            if (type.carriesGradient()) {
                return number(value, type);
            }
        }
        return op("CastLike", number(value, ElementType.FLOAT), x(0));
    }

    String number(double value, ElementType type) {
        return around.constant(type + " " + value, name -> Initializer.scalar(name, type, value));
    }

    String reals(double... values) {
        return around.constant(
                "reals " + Arrays.toString(values),
                name -> Initializer.of(name, ElementType.FLOAT, values, values.length));
    }

    String ints(long... values) {
        return around.constant("ints " + Arrays.toString(values), name -> Initializer.of(name, values, values.length));
    }

    /** An int without axes. */
    String integer(long value) {
        return around.constant("int " + value, name -> Initializer.of(name, new long[] {value}));
    }

    // Words

    String op(String type, String... inputs) {
        return op(type, List.of(), inputs);
    }

    String op(String type, List<Attribute> attributes, String... inputs) {
        return ops(type, 1, attributes, inputs).get(0);
    }

    List<String> ops(String type, int outputs, List<Attribute> attributes, String... inputs) {
        List<String> results = new ArrayList<>();
        for (int i = 0; i < outputs; i++) {
            results.add(around.fresh(type));
        }
        add(
                type,
                place.isEmpty() ? results.get(0) : around.freshNode(place + type),
                attributes,
                List.of(inputs),
                results);
        return results;
    }

    private void add(String type, String name, List<Attribute> attributes, List<String> inputs, List<String> results) {
        List<String> read = new ArrayList<>(inputs);
        while (!read.isEmpty() && read.get(read.size() - 1).isEmpty()) {
            read.remove(read.size() - 1);
        }
        nodes.add(Node.of(type, name, read, results, attributes.toArray(new Attribute[0]))
                .notedAs(node));
    }

    /**
     * Writes a node that was there before it was joined, under its name. Its value has the name that the exporter gave
     * it, if no other value has that.
     *
     * @param name of the node; empty if it is not known
     */
    String before(String name, String type, List<Attribute> attributes, String... inputs) {
        String value = name.startsWith("/") ? name + "_output_0" : name.replaceFirst("^node_", "");
        if (name.isEmpty() || !around.takeNode(name) || !around.take(value)) {
            return op(type, attributes, inputs);
        }
        add(type, name, attributes, List.of(inputs), List.of(value));
        return value;
    }

    /** The name of a node of the module that computes a value; empty if names do not tell. */
    static String beside(String value, String type) {
        String folder = folder(value);
        return folder.isEmpty() ? "" : folder + type;
    }

    static List<Attribute> with(Attribute... attributes) {
        return List.of(attributes);
    }

    String times(String value, double factor) {
        return factor == 1 ? value : op("Mul", value, number(factor));
    }

    String transposed(String value, long... axes) {
        return op("Transpose", with(Attribute.of("perm", axes)), value);
    }

    String reshaped(String value, long... sizes) {
        return op("Reshape", value, ints(sizes));
    }

    /** One part of an axis. */
    String part(String value, long from, long to, long axis) {
        return op("Slice", value, ints(from), ints(to), ints(axis));
    }

    /** The size of one axis, as a list of one int. */
    String sizeOf(String value, long axis) {
        return op("Shape", with(Attribute.of("start", axis), Attribute.of("end", axis + 1)), value);
    }

    /** Parts of known sizes along the last axis. */
    List<String> parts(String value, long... sizes) {
        return ops("Split", sizes.length, with(Attribute.of("axis", -1)), value, ints(sizes));
    }

    // Results

    /** Says which value an output is. */
    void give(int output, String value) {
        given.put(output, value);
    }

    /** Gives the first output another name from here on, if the file tells that it had it before. */
    void formerly(String value) {
        if (!value.isEmpty()) {
            around.rename(node.output(0), value);
        }
    }

    /** Records that the first output has channels that the model does not have. */
    void fill() {
        around.fill(node.output(0));
    }

    boolean isFilled(String value) {
        return around.isFilled(value);
    }

    /** From here on nodes are in the module of a node, as far as its name tells, or around both modules. */
    void place(String name, String other) {
        place = folder(name);
        while (!other.isEmpty() && !folder(other).startsWith(place)) {
            place = place.substring(0, place.lastIndexOf('/', place.length() - 2) + 1);
        }
    }

    /** From here on nodes are in the module around the one that computes a value. */
    void placeAround(String value) {
        String own = folder(value);
        place = own.substring(0, own.lastIndexOf('/', own.length() - 2) + 1);
    }

    /** The name of a node in a module that is inside the present one; without modules, that of its value. */
    String inside(String module, String type) {
        return place.isEmpty() ? module : place + module + "/" + type;
    }

    /** The new nodes, which compute the outputs of the node. */
    List<Node> nodes() {
        Map<String, String> names = new HashMap<>();
        List<Node> copies = new ArrayList<>();
        for (int i = 0; i < node.outputs().size(); i++) {
            String outer = node.output(i);
            String inner = given.get(i);
            if (inner == null) {
                if (gives(i)) {
                    throw refuse("its output number " + (i + 1) + ", '" + outer
                            + "', is used, and the standard does not have it; save the model without it");
                }
                continue;
            }
            if (outer.isEmpty()) {
                continue;
            }
            boolean made = nodes.stream().anyMatch(each -> each.outputs().contains(inner));
            if (!made || names.putIfAbsent(inner, outer) != null) {
                copies.add(Node.of("Identity", outer, List.of(names.getOrDefault(inner, inner)), List.of(outer))
                        .notedAs(node));
            }
        }
        List<Node> found = new ArrayList<>();
        for (Node each : nodes) {
            Node other = each.renamed(names);
            Matcher result = RESULT.matcher(other.output(0));
            boolean free =
                    result.matches() && !result.group(1).equals(other.name()) && around.takeNode(result.group(1));
            found.add(free ? other.named(result.group(1)) : other);
        }
        found.addAll(copies);
        return found;
    }
}
