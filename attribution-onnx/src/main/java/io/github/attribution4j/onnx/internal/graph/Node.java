// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import io.github.attribution4j.onnx.internal.proto.Message;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One operation of a graph. Immutable; a node equals only itself. */
public final class Node {
    private static final int INPUT = 1;
    private static final int OUTPUT = 2;
    private static final int NAME = 3;
    private static final int OP_TYPE = 4;
    private static final int ATTRIBUTE = 5;
    private static final int DOMAIN = 7;
    private static final int OVERLOAD = 8;
    private static final int METADATA = 9;

    /** Operators whose results depend on the sizes of what they read, and not on its numbers. */
    private static final Set<String> OF_SIZES =
            Set.of("Shape", "Size", "EyeLike", "RandomNormalLike", "RandomUniformLike");

    private static final Set<String> DRAWS = Set.of(
            "Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike");

    private final String name;
    private final String type;
    private final String domain;
    private final List<String> inputs;
    private final List<String> outputs;
    private final Map<String, Attribute> attributes;
    private final List<Graph> graphs;
    private final Message message;

    private Node(Message message) {
        this.message = message;
        this.name = message.text(NAME);
        this.type = message.text(OP_TYPE);
        String written = message.text(DOMAIN);
        this.domain = written.equals("ai.onnx") ? "" : written;
        this.inputs = message.texts(INPUT);
        this.outputs = message.texts(OUTPUT);
        this.attributes = new LinkedHashMap<>();
        List<Graph> found = new ArrayList<>();
        for (Message each : message.messages(ATTRIBUTE)) {
            Attribute attribute = Attribute.read(each);
            attributes.put(attribute.name(), attribute);
            found.addAll(attribute.graphs());
        }
        this.graphs = List.copyOf(found);
    }

    static Node read(Message message) {
        return new Node(message);
    }

    /** Makes a node of an operator of the standard. */
    public static Node of(
            String type, String name, List<String> inputs, List<String> outputs, Attribute... attributes) {
        Message.Builder builder = Message.builder()
                .texts(INPUT, inputs)
                .texts(OUTPUT, outputs)
                .text(NAME, name)
                .text(OP_TYPE, type);
        for (Attribute attribute : attributes) {
            builder.message(ATTRIBUTE, attribute.message());
        }
        return new Node(builder.build());
    }

    /** This node with other outputs, more of them or fewer. */
    public Node withOutputs(List<String> others) {
        return new Node(message.without(number -> number == OUTPUT)
                .texts(OUTPUT, others)
                .build());
    }

    /** This node under another name. */
    public Node named(String other) {
        return new Node(
                message.without(number -> number == NAME).text(NAME, other).build());
    }

    /** This node with other inputs and attributes. */
    public Node with(List<String> otherInputs, Map<String, Attribute> otherAttributes) {
        return with(type, otherInputs, outputs, otherAttributes);
    }

    /** A node of another operator in place of this one. */
    Node with(String otherType, List<String> otherInputs, Map<String, Attribute> otherAttributes) {
        return with(otherType, otherInputs, outputs, otherAttributes);
    }

    /** A node in place of this one. */
    Node with(
            String otherType,
            List<String> otherInputs,
            List<String> otherOutputs,
            Map<String, Attribute> otherAttributes) {
        Message.Builder builder = message.without(
                        number -> number == INPUT || number == OUTPUT || number == ATTRIBUTE || number == OP_TYPE)
                .texts(INPUT, otherInputs)
                .texts(OUTPUT, otherOutputs)
                .text(OP_TYPE, otherType);
        otherAttributes.values().forEach(attribute -> builder.message(ATTRIBUTE, attribute.message()));
        return new Node(builder.build());
    }

    /** A copy in which some values have other names, also where its graphs take them from around them. */
    public Node renamed(Map<String, String> names) {
        Map<String, Attribute> others = new LinkedHashMap<>(attributes);
        for (Attribute attribute : attributes.values()) {
            List<Graph> inner = attribute.graphs();
            if (inner.size() == 1) {
                others.put(
                        attribute.name(),
                        Attribute.of(attribute.name(), inner.get(0).renamed(names)));
            }
        }
        return with(type, renamed(inputs, names), renamed(outputs, names), others);
    }

    private static List<String> renamed(List<String> values, Map<String, String> names) {
        return values.stream().map(value -> names.getOrDefault(value, value)).toList();
    }

    public String name() {
        return name;
    }

    /** The operator. */
    public String type() {
        return type;
    }

    /** The operator's set; empty for the standard's. */
    public String domain() {
        return domain;
    }

    /** Which of several functions of one name it calls; mostly empty. */
    String overload() {
        return message.text(OVERLOAD);
    }

    public boolean is(String operator) {
        return domain.isEmpty() && type.equals(operator);
    }

    /** The names of its inputs; the name of an input that is left out is empty. */
    public List<String> inputs() {
        return inputs;
    }

    /** The name of an input; empty if it is left out. */
    public String input(int i) {
        return i < inputs.size() ? inputs.get(i) : "";
    }

    /** The names of its outputs; the name of an output that is not used is empty. */
    public List<String> outputs() {
        return outputs;
    }

    /** The name of an output; empty if it is not used. */
    public String output(int i) {
        return i < outputs.size() ? outputs.get(i) : "";
    }

    public Map<String, Attribute> attributes() {
        return attributes;
    }

    /** The graphs that it runs: branches, bodies. */
    public List<Graph> graphs() {
        return graphs;
    }

    /** Whether it draws random numbers, itself or in its graphs, so that no two runs are the same. */
    public boolean draws() {
        return (domain.isEmpty() && DRAWS.contains(type))
                || graphs.stream().anyMatch(graph -> graph.nodes().stream().anyMatch(Node::draws));
    }

    /** All values that it reads, including those outside its graphs that these read. */
    public Set<String> reads() {
        Set<String> reads = new LinkedHashSet<>();
        inputs.stream().filter(input -> !input.isEmpty()).forEach(reads::add);
        graphs.forEach(graph -> reads.addAll(graph.captured()));
        return reads;
    }

    /**
     * The values of {@link #reads} whose numbers its results depend on. Of the others they depend on the sizes or the
     * type only.
     */
    public Set<String> readsNumbersOf() {
        Set<String> reads = new LinkedHashSet<>();
        if (!domain.isEmpty() || !OF_SIZES.contains(type)) {
            List<String> numbers = is("CastLike") ? inputs.subList(0, 1) : inputs;
            numbers.stream().filter(input -> !input.isEmpty()).forEach(reads::add);
            graphs.forEach(graph -> reads.addAll(graph.captured(Node::readsNumbersOf)));
        }
        return reads;
    }

    /** What its exporter recorded about it. */
    public Map<String, String> metadata() {
        return OnnxFile.entries(message.messages(METADATA));
    }

    /** This node as an operator of another set than the standard's. */
    public Node in(String set) {
        return new Node(
                message.without(number -> number == DOMAIN).text(DOMAIN, set).build());
    }

    /** This node with the notes that another one has. */
    public Node notedAs(Node other) {
        Message.Builder builder = message.without(number -> number == METADATA);
        other.message.messages(METADATA).forEach(note -> builder.message(METADATA, note));
        return new Node(builder.build());
    }

    /** This node with another note. */
    public Node withMetadata(String key, String value) {
        return new Node(message.without(number -> false)
                .message(METADATA, OnnxFile.entry(key, value))
                .build());
    }

    Message message() {
        return message;
    }

    @Override
    public String toString() {
        return type + " '" + name + "'";
    }
}
