// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Changes of an object tree, instruction by instruction. */
final class PickleMutations {
    private static final String OPCODES =
            ".(cNq)tu}]eXKMJGhrjbQRsadlo0123\u0080\u0081\u0085\u0086\u0087\u0088\u0089\u008a\u0095";

    private static final List<String> TYPES = List.of(
            "FloatStorage",
            "DoubleStorage",
            "HalfStorage",
            "LongStorage",
            "ByteStorage",
            "BoolStorage",
            "ComplexDoubleStorage",
            "QInt8Storage",
            "BFloat16Storage",
            "NoSuchStorage");

    private PickleMutations() {}

    static String mutate(Draft draft) {
        RawZip.Entry entry = draft.chance(6) ? draft.entry("constants.pkl") : draft.entry("data.pkl");
        List<byte[]> ops = split(entry.stored);
        String what = change(draft, ops);
        if (draft.chance(4)) {
            what += ", " + change(draft, ops);
        }
        Draft.set(entry, join(ops));
        return entry.name + ": " + what;
    }

    private static String change(Draft draft, List<byte[]> ops) {
        int at = draft.below(ops.size());
        byte[] op = ops.get(at);
        switch (draft.below(17)) {
            case 0 -> {
                op = op.clone();
                op[0] = (byte) OPCODES.charAt(draft.below(OPCODES.length()));
                ops.set(at, op);
                return "instruction " + at + " is of opcode " + shown(op[0]);
            }
            case 1 -> {
                ops.remove(at);
                return "instruction " + at + " is missing";
            }
            case 2 -> {
                ops.add(at, op);
                return "instruction " + at + " is there twice";
            }
            case 3 -> {
                int other = draft.below(ops.size());
                ops.set(at, ops.get(other));
                ops.set(other, op);
                return "instructions " + at + " and " + other + " change places";
            }
            case 4, 5, 6, 7 -> {
                int number = find(draft, ops, "KMJ");
                long value = draft.number();
                ops.set(number, integer(value));
                return "number at " + number + " is " + value;
            }
            case 8 -> {
                int text = find(draft, ops, "X");
                int length = (int) draft.number();
                byte[] changed = Arrays.copyOf(ops.get(text), Math.max(5, ops.get(text).length));
                ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putInt(1, length);
                ops.set(text, changed);
                return "length of text at " + text + " is " + length;
            }
            case 9 -> {
                int text = find(draft, ops, "X");
                String value = draft.any(
                        "",
                        "storage",
                        "cpu",
                        "meta",
                        "cuda:77",
                        "7",
                        "../../" + ZipMutations.ESCAPED,
                        "weight",
                        "training",
                        "x".repeat(100_000),
                        "a\nb\u0007",
                        "\u00ff\u00fe");
                ops.set(text, unicode(value));
                return "text at " + text + " has " + value.length() + " characters";
            }
            case 10 -> {
                int global = find(draft, ops, "c");
                int other = find(draft, ops, "c");
                ops.set(global, ops.get(other));
                return "class at " + global + " is that at " + other;
            }
            case 11 -> {
                int global = find(draft, ops, "c");
                String name = draft.chance(2)
                        ? "torch\n" + draft.any(TYPES)
                        : draft.any(
                                "os\nsystem",
                                "__torch__\nNoSuch",
                                "torch._utils\n_rebuild_qtensor",
                                "torch._utils\n_rebuild_sparse_tensor",
                                "torch.jit._pickle\nbuild_intlist",
                                "\n",
                                "torch.jit._pickle\nrestore_type_tag",
                                "collections\nOrderedDict",
                                "torch\ndevice",
                                "__torch__.torch.classes.quantized\nLinearPackedParamsBase",
                                "builtins\ncomplex");
                ops.set(global, ("c" + name + "\n").getBytes(StandardCharsets.US_ASCII));
                return "class at " + global + " is " + name.replace('\n', ' ');
            }
            case 12 -> {
                int depth = draft.any(10, 300, 2000, 200_000);
                byte[] value = draft.chance(2)
                        ? repeated(new byte[] {']'}, depth, new byte[] {'a'}, depth - 1)
                        : repeated(new byte[] {'N'}, 1, new byte[] {(byte) 0x85}, depth);
                int simple = find(draft, ops, "N\u0088\u0089K");
                ops.set(simple, value);
                return "value at " + simple + " is nested " + depth + " deep";
            }
            case 13 -> {
                int simple = find(draft, ops, "N\u0088\u0089K");
                String cycle = draft.any(
                        "]r\u0000\u0000\u0000\u0000j\u0000\u0000\u0000\u0000a",
                        "}r\u0000\u0000\u0000\u0000(X\u0001\u0000\u0000\u0000xj\u0000\u0000\u0000\u0000u",
                        "]r\u0000\u0000\u0000\u0000(]j\u0000\u0000\u0000\u0000aNe");
                ops.set(simple, cycle.getBytes(StandardCharsets.ISO_8859_1));
                return "value at " + simple + " contains itself";
            }
            case 14 -> {
                int memo = find(draft, ops, "qh");
                byte[] large = {(byte) (ops.get(memo)[0] == 'q' ? 'r' : 'j'), 0, 0, 0, 0};
                int key = (int) draft.number();
                ByteBuffer.wrap(large).order(ByteOrder.LITTLE_ENDIAN).putInt(1, key);
                ops.set(memo, large);
                return "memo at " + memo + " has number " + key;
            }
            case 15 -> {
                int memo = find(draft, ops, "h");
                byte[] changed = {'h', (byte) draft.below(256)};
                ops.set(memo, changed);
                return "value at " + memo + " is that of memo " + (changed[1] & 0xFF);
            }
            default -> {
                int flag = find(draft, ops, "\u0088\u0089NK");
                ops.set(
                        flag,
                        draft.any(new byte[] {'N'}, new byte[] {'}'}, new byte[] {')'}, unicode("x"), integer(7)));
                return "value at " + flag + " is of another kind";
            }
        }
    }

    private static String shown(byte opcode) {
        return String.format("0x%02x", opcode & 0xFF);
    }

    /** Returns the place of an instruction with one of these opcodes, or any. */
    private static int find(Draft draft, List<byte[]> ops, String opcodes) {
        List<Integer> found = new ArrayList<>();
        for (int i = 0; i < ops.size(); i++) {
            if (opcodes.indexOf(ops.get(i)[0] & 0xFF) >= 0) {
                found.add(i);
            }
        }
        return found.isEmpty() ? draft.below(ops.size()) : draft.any(found);
    }

    static byte[] integer(long value) {
        if (value == (int) value) {
            return ByteBuffer.allocate(5)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .put((byte) 'J')
                    .putInt((int) value)
                    .array();
        }
        return ByteBuffer.allocate(10)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 0x8a)
                .put((byte) 8)
                .putLong(value)
                .array();
    }

    static byte[] unicode(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(5 + bytes.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 'X')
                .putInt(bytes.length)
                .put(bytes)
                .array();
    }

    private static byte[] repeated(byte[] first, int times, byte[] second, int more) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < times; i++) {
            out.writeBytes(first);
        }
        for (int i = 0; i < more; i++) {
            out.writeBytes(second);
        }
        return out.toByteArray();
    }

    static byte[] join(List<byte[]> ops) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ops.forEach(out::writeBytes);
        return out.toByteArray();
    }

    /** Splits a pickle into its instructions with their arguments. */
    static List<byte[]> split(byte[] pickle) {
        ByteBuffer in = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
        List<byte[]> ops = new ArrayList<>();
        while (in.hasRemaining()) {
            int start = in.position();
            int length = 1
                    + switch (in.get() & 0xFF) {
                        case 'c' -> lines(pickle, start + 1);
                        case 0x80, 'K', 'q', 'h' -> 1;
                        case 'M' -> 2;
                        case 'J', 'r', 'j' -> 4;
                        case 'X' -> 4 + in.getInt(start + 1);
                        case 0x8a -> 1 + (pickle[start + 1] & 0xFF);
                        case 'G' -> 8;
                        default -> 0;
                    };
            byte[] op = new byte[Math.min(length, pickle.length - start)];
            in.position(start);
            in.get(op);
            ops.add(op);
        }
        return ops;
    }

    private static int lines(byte[] pickle, int start) {
        int at = start;
        for (int line = 0; line < 2; line++) {
            while (pickle[at] != '\n') {
                at++;
            }
            at++;
        }
        return at - start;
    }
}
