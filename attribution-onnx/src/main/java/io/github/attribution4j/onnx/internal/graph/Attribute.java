// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import io.github.attribution4j.onnx.internal.proto.Message;
import java.util.ArrayList;
import java.util.List;

/**
 * An attribute of a node.
 *
 * @param name its name
 * @param message its AttributeProto
 */
public record Attribute(String name, Message message) {
    private static final int NAME = 1;
    private static final int F = 2;
    private static final int I = 3;
    private static final int S = 4;
    private static final int T = 5;
    private static final int G = 6;
    private static final int FLOATS = 7;
    private static final int INTS = 8;
    private static final int STRINGS = 9;
    private static final int TENSORS = 10;
    private static final int GRAPHS = 11;
    private static final int TYPE = 20;
    private static final int REFERENCE = 21;
    private static final int SPARSE = 22;
    private static final int SPARSES = 23;
    private static final int SPARSE_VALUES = 1;
    private static final int SPARSE_INDICES = 2;

    static Attribute read(Message message) {
        return new Attribute(message.text(NAME), message);
    }

    /** An attribute that is an int. */
    public static Attribute of(String name, long value) {
        return new Attribute(
                name,
                Message.builder()
                        .text(NAME, name)
                        .number(I, value)
                        .number(TYPE, 2)
                        .build());
    }

    /** An attribute that is a float. */
    public static Attribute of(String name, float value) {
        return new Attribute(
                name,
                Message.builder()
                        .text(NAME, name)
                        .real(F, value)
                        .number(TYPE, 1)
                        .build());
    }

    /** An attribute that is a text. */
    public static Attribute of(String name, String value) {
        return new Attribute(
                name,
                Message.builder()
                        .text(NAME, name)
                        .text(S, value)
                        .number(TYPE, 3)
                        .build());
    }

    /** An attribute that is a list of ints. */
    public static Attribute of(String name, long... values) {
        Message.Builder builder = Message.builder().text(NAME, name);
        for (long value : values) {
            builder.number(INTS, value);
        }
        return new Attribute(name, builder.number(TYPE, 7).build());
    }

    /** An attribute that is a graph. */
    public static Attribute of(String name, Graph graph) {
        return new Attribute(
                name,
                Message.builder()
                        .text(NAME, name)
                        .message(G, graph.toMessage())
                        .number(TYPE, 5)
                        .build());
    }

    /** An attribute that is a tensor. */
    public static Attribute of(String name, Initializer tensor) {
        return new Attribute(
                name,
                Message.builder()
                        .text(NAME, name)
                        .message(T, tensor.message())
                        .number(TYPE, 4)
                        .build());
    }

    /** The same with another name. */
    Attribute named(String other) {
        return new Attribute(
                other,
                message.without(number -> number == NAME).text(NAME, other).build());
    }

    /** Within a function, the attribute of its call that gives the value; mostly empty. */
    String reference() {
        return message.text(REFERENCE);
    }

    public long integer() {
        return message.number(I, 0);
    }

    public float real() {
        return message.real(F, 0);
    }

    public String text() {
        return message.text(S);
    }

    public long[] integers() {
        return message.numbers(INTS);
    }

    public float[] reals() {
        return message.reals(FLOATS);
    }

    public List<String> texts() {
        return message.texts(STRINGS);
    }

    /** Whether it has a tensor. */
    public boolean hasTensor() {
        return message.has(T);
    }

    /** The tensor, with a name given by the caller. */
    public Initializer tensor(String as) {
        Message tensor = message.message(T);
        if (tensor == null) {
            throw new IllegalStateException("attribute '" + name + "' is no tensor");
        }
        return Initializer.read(tensor).named(as);
    }

    /** All tensors in it: one, several, those of sparse ones, mostly none. */
    List<Initializer> tensors() {
        List<Message> found = new ArrayList<>(message.messages(T));
        found.addAll(message.messages(TENSORS));
        for (int number : new int[] {SPARSE, SPARSES}) {
            for (Message sparse : message.messages(number)) {
                found.addAll(sparse.messages(SPARSE_VALUES));
                found.addAll(sparse.messages(SPARSE_INDICES));
            }
        }
        return found.stream().map(Initializer::read).toList();
    }

    /** Its graphs: one, several, or mostly none. */
    public List<Graph> graphs() {
        Message one = message.message(G);
        return one != null
                ? List.of(Graph.read(one))
                : message.messages(GRAPHS).stream().map(Graph::read).toList();
    }
}
