// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.wire;

import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.program.Structure;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The reply of {@code a4j_forward} and {@code a4j_run}, taken apart: in go a header and tensors, out come outputs, taps
 * and leaves.
 *
 * @param outputs the tensors inside the output, in order
 * @param outputNames the position of each in the output: empty for a plain tensor, {@code [0]}, {@code .logits},
 *     {@code ['mean']}
 * @param value the output in its structure
 * @param taps the values that were asked for, in order of execution; a row whose value did not occur in this run has
 *     none
 * @param leaves the inputs that were asked for, as leaves of the graph, in the order of the request
 * @param <T> the type of a tensor
 */
public record Reply<T>(List<T> outputs, List<String> outputNames, Value<T> value, List<Tap<T>> taps, List<T> leaves) {
    public Reply {
        outputs = List.copyOf(outputs);
        outputNames = List.copyOf(outputNames);
        taps = List.copyOf(taps);
        leaves = List.copyOf(leaves);
    }

    /**
     * A value inside the model.
     *
     * @param row the number of the row in the request
     * @param call the number of the module's call
     * @param dependent whether a gradient could pass from the value to a wanted input, or to an earlier leaf
     * @param tensor the value
     * @param <T> the type of a tensor
     */
    public record Tap<T>(int row, int call, boolean dependent, T tensor) {}

    /**
     * Makes the reply of a plain program.
     *
     * @param output what it returns
     * @param leaves the inputs that were asked for
     * @param <T> the type of a tensor
     * @return the reply
     */
    public static <T> Reply<T> plain(T output, List<? extends T> leaves) {
        return new Reply<>(List.of(output), List.of(""), new Value.Tensor<>(output), List.of(), List.copyOf(leaves));
    }

    /**
     * Reads a reply.
     *
     * @param signature the model's signature
     * @param header the first tensor of the reply
     * @param tensors the other tensors
     * @param <T> the type of a tensor
     * @return the reply, taken apart
     */
    public static <T> Reply<T> of(Signature signature, long[] header, List<? extends T> tensors) {
        int outputs = (int) header[0];
        int taps = (int) header[1];
        int leaves = (int) header[2];
        if (tensors.size() != outputs + taps + leaves) {
            throw new IllegalArgumentException("the header announces " + outputs + " outputs, " + taps + " taps and "
                    + leaves + " leaves, but there are " + tensors.size() + " tensors");
        }
        List<Tap<T>> tapped = new ArrayList<>();
        for (int i = 0; i < taps; i++) {
            int at = 3 + 3 * i;
            tapped.add(
                    new Tap<>((int) header[at], (int) header[at + 1], header[at + 2] != 0, tensors.get(outputs + i)));
        }
        Cursor<T> cursor = new Cursor<>(header, 3 + 3 * taps, new ArrayList<>(tensors.subList(0, outputs)));
        Value<T> value = cursor.read("", signature.result());
        return new Reply<>(
                cursor.tensors,
                cursor.names,
                value,
                tapped,
                new ArrayList<>(tensors.subList(outputs + taps, tensors.size())));
    }

    static String item(Structure.TupleOf tuple, int i) {
        return tuple.names().isEmpty() ? "[" + i + "]" : "." + tuple.names().get(i);
    }

    static String key(Object key) {
        return key instanceof String ? "'" + key + "'" : String.valueOf(key);
    }

    /** Walks the layout and the tensors together. */
    private static final class Cursor<T> {
        private final long[] layout;
        private int at;
        private final List<T> tensors;
        private final List<String> names = new ArrayList<>();

        Cursor(long[] layout, int at, List<T> tensors) {
            this.layout = layout;
            this.at = at;
            this.tensors = tensors;
        }

        Value<T> read(String name, Structure structure) {
            if (structure instanceof Structure.Tensor) {
                names.add(name);
                return new Value.Tensor<>(tensors.get(names.size() - 1));
            }
            if (structure instanceof Structure.Scalar scalar) {
                return scalar.type().equals("NoneType")
                        ? new Value.None<>()
                        : new Value.Scalar<>(scalar(scalar.type()));
            }
            if (structure instanceof Structure.Optional optional) {
                return layout[at++] == 0 ? new Value.None<>() : read(name, optional.item());
            }
            if (structure instanceof Structure.ListOf list) {
                List<Value<T>> items = new ArrayList<>();
                long length = layout[at++];
                for (int i = 0; i < length; i++) {
                    items.add(read(name + "[" + i + "]", list.item()));
                }
                return new Value.Items<>(items);
            }
            if (structure instanceof Structure.DictOf dict) {
                Map<Object, Value<T>> entries = new LinkedHashMap<>();
                long length = layout[at++];
                for (int i = 0; i < length; i++) {
                    Object key = scalar(dict.key());
                    entries.put(key, read(name + "[" + key(key) + "]", dict.item()));
                }
                return new Value.Entries<>(entries);
            }
            if (structure instanceof Structure.TupleOf tuple) {
                List<Value<T>> items = new ArrayList<>();
                for (int i = 0; i < tuple.items().size(); i++) {
                    items.add(read(name + item(tuple, i), tuple.items().get(i)));
                }
                return new Value.Items<>(items);
            }
            return new Value.None<>();
        }

        private Object scalar(String type) {
            return switch (type) {
                case "bool" -> layout[at++] != 0;
                case "float" -> Reals.join(layout[at++], layout[at++]);
                case "str" -> text();
                default -> layout[at++];
            };
        }

        private String text() {
            byte[] bytes = new byte[(int) layout[at++]];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) layout[at++];
            }
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }
}
