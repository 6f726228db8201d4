// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A message of a good ONNX file that can be changed and written again, wrong or not. What it knows of ONNX is only
 * which fields are messages.
 */
public final class Tree {
    /** What messages there are. */
    public enum Kind {
        MODEL,
        GRAPH,
        NODE,
        ATTRIBUTE,
        TENSOR,
        VALUE,
        TYPE,
        TENSOR_TYPE,
        SHAPE,
        DIM,
        ENTRY,
        OPSET
    }

    private static final Map<Kind, Map<Integer, Kind>> MESSAGES = Map.of(
            Kind.MODEL, Map.of(7, Kind.GRAPH, 8, Kind.OPSET, 14, Kind.ENTRY),
            Kind.GRAPH, Map.of(1, Kind.NODE, 5, Kind.TENSOR, 11, Kind.VALUE, 12, Kind.VALUE, 13, Kind.VALUE),
            Kind.NODE, Map.of(5, Kind.ATTRIBUTE, 9, Kind.ENTRY),
            Kind.ATTRIBUTE, Map.of(5, Kind.TENSOR, 6, Kind.GRAPH),
            Kind.TENSOR, Map.of(13, Kind.ENTRY),
            Kind.VALUE, Map.of(2, Kind.TYPE),
            Kind.TYPE, Map.of(1, Kind.TENSOR_TYPE),
            Kind.TENSOR_TYPE, Map.of(2, Kind.SHAPE),
            Kind.SHAPE, Map.of(1, Kind.DIM));

    /** One field: a number, bytes, or a message. */
    public static final class Field {
        public int number;
        public int wire;
        public long value;
        public byte[] bytes = {};
        public Tree message;

        Field(int number, int wire) {
            this.number = number;
            this.wire = wire;
        }

        public static Field of(int number, long value) {
            Field field = new Field(number, 0);
            field.value = value;
            return field;
        }

        public static Field of(int number, byte[] bytes) {
            Field field = new Field(number, 2);
            field.bytes = bytes;
            return field;
        }

        public static Field of(int number, String text) {
            return of(number, text.getBytes(StandardCharsets.UTF_8));
        }

        public static Field of(int number, Tree message) {
            Field field = new Field(number, 2);
            field.message = message;
            return field;
        }

        public Field copy() {
            Field copy = new Field(number, wire);
            copy.value = value;
            copy.bytes = bytes.clone();
            copy.message = message == null ? null : message.copy();
            return copy;
        }

        public String text() {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    public final Kind kind;
    public final List<Field> fields = new ArrayList<>();

    public Tree(Kind kind) {
        this.kind = kind;
    }

    public static Tree read(byte[] model) {
        return read(Kind.MODEL, model);
    }

    private static Tree read(Kind kind, byte[] bytes) {
        Tree tree = new Tree(kind);
        int[] at = {0};
        while (at[0] < bytes.length) {
            long tag = number(bytes, at);
            Field field = new Field((int) (tag >>> 3), (int) (tag & 7));
            switch (field.wire) {
                case 0 -> field.value = number(bytes, at);
                case 1 -> field.bytes = take(bytes, at, 8);
                case 5 -> field.bytes = take(bytes, at, 4);
                default -> field.bytes = take(bytes, at, (int) number(bytes, at));
            }
            Kind inner = MESSAGES.getOrDefault(kind, Map.of()).get(field.number);
            if (inner != null && field.wire == 2) {
                field.message = read(inner, field.bytes);
            }
            tree.fields.add(field);
        }
        return tree;
    }

    private static byte[] take(byte[] bytes, int[] at, int length) {
        byte[] taken = new byte[length];
        System.arraycopy(bytes, at[0], taken, 0, length);
        at[0] += length;
        return taken;
    }

    private static long number(byte[] bytes, int[] at) {
        long number = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = bytes[at[0]++];
            number |= (next & 0x7FL) << shift;
            if (next >= 0) {
                return number;
            }
        }
    }

    public Tree copy() {
        Tree copy = new Tree(kind);
        fields.forEach(field -> copy.fields.add(field.copy()));
        return copy;
    }

    /** All messages of a kind, from the outside in. */
    public List<Tree> all(Kind wanted) {
        List<Tree> found = new ArrayList<>();
        if (kind == wanted) {
            found.add(this);
        }
        for (Field field : fields) {
            if (field.message != null) {
                found.addAll(field.message.all(wanted));
            }
        }
        return found;
    }

    public List<Field> fields(int number) {
        return fields.stream().filter(field -> field.number == number).toList();
    }

    public byte[] write() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Field field : fields) {
            put(out, ((long) field.number << 3) | field.wire);
            if (field.wire == 0) {
                put(out, field.value);
                continue;
            }
            byte[] bytes = field.message == null ? field.bytes : field.message.write();
            if (field.wire == 2) {
                put(out, bytes.length);
            }
            out.writeBytes(bytes);
        }
        return out.toByteArray();
    }

    private static void put(ByteArrayOutputStream out, long number) {
        long rest = number;
        while ((rest & ~0x7FL) != 0) {
            out.write((int) (rest & 0x7F) | 0x80);
            rest >>>= 7;
        }
        out.write((int) rest);
    }
}
