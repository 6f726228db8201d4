// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.fuzz;

import io.github.attribution4j.onnx.fuzz.Tree.Field;
import io.github.attribution4j.onnx.fuzz.Tree.Kind;
import io.github.attribution4j.testkit.internal.fuzz.DamagedFile;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * A damaged ONNX file, made from a good one. A seed and a number always give the same bytes.
 *
 * @param base the good one
 * @param what was done to it, in words
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
record Damage(Path base, String what, byte[] bytes) {
    /** The folder of the good files. */
    static final String DATA = "attribution.golden";

    private static final List<String> BASES = List.of(
            "mlp_softmax.script",
            "mlp_softmax.dynamo",
            "regression.dynamo",
            "residual.script",
            "segmentation.dynamo",
            "multi_input.script",
            "timeseries_gru.dynamo",
            "text_lstm.script",
            "lstm.dynamo",
            "transformer_encoder.dynamo",
            "pair.script",
            "functional.dynamo");

    private static final long[] NUMBERS = {
        0,
        1,
        2,
        3,
        5,
        -1,
        -2,
        16,
        999,
        1 << 20,
        Integer.MAX_VALUE,
        1L << 31,
        1L << 32,
        1L << 40,
        (1L << 62) + 3,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };

    private static final List<String> OPERATORS = List.of(
            "If",
            "Loop",
            "Scan",
            "Reshape",
            "Transpose",
            "Conv",
            "Gemm",
            "MatMul",
            "Gather",
            "Slice",
            "Squeeze",
            "Split",
            "Concat",
            "Softmax",
            "LSTM",
            "Resize",
            "TopK",
            "NonZero",
            "Where",
            "Expand",
            "SequenceAt",
            "Identity",
            "MaxPool",
            "BatchNormalization",
            "Einsum",
            "Pad",
            "Clip",
            "NoSuchOperator",
            "",
            "relu");

    /** Damage to the file's messages; says what it did. */
    private static final List<Function<Draft, String>> KINDS = List.of(
            Damage::swapped,
            Damage::missing,
            Damage::twice,
            Damage::number,
            Damage::text,
            Damage::dims,
            Damage::external,
            Damage::nested,
            Damage::operator,
            Damage::edge,
            Damage::attribute,
            Damage::versions,
            Damage::sizes,
            Damage::elementType,
            Damage::wire,
            Damage::shuffled);

    /** A file that is being damaged. */
    private record Draft(Tree model, SplittableRandom random) {
        int below(int bound) {
            return random.nextInt(bound);
        }

        <T> T any(List<T> all) {
            return all.get(below(all.size()));
        }

        /** Any message of a kind; the model itself if there is none. */
        Tree message(Kind... kinds) {
            List<Tree> all = new ArrayList<>();
            for (Kind kind : kinds) {
                all.addAll(model.all(kind));
            }
            return all.isEmpty() ? model : any(all);
        }

        /** Any message that has fields. */
        Tree any() {
            Tree chosen = message(any(List.of(Kind.values())));
            return chosen.fields.isEmpty() ? model : chosen;
        }

        long extreme() {
            return NUMBERS[below(NUMBERS.length)];
        }

        String name() {
            List<String> names = new ArrayList<>();
            for (Tree node : model.all(Kind.NODE)) {
                node.fields(1).forEach(field -> names.add(field.text()));
                node.fields(2).forEach(field -> names.add(field.text()));
            }
            return names.isEmpty() ? "x" : any(names);
        }
    }

    static Damage of(long seed, int number) {
        SplittableRandom random = new SplittableRandom(seed * 1_000_003 + number);
        Path base = data().resolve(BASES.get(random.nextInt(BASES.size())) + ".onnx");
        byte[] good = read(base);
        if (number % 4 == 0) {
            return raw(base, good, random);
        }
        Draft draft = new Draft(Tree.read(good), random);
        StringBuilder what = new StringBuilder();
        for (int i = 0; i <= random.nextInt(2); i++) {
            what.append(what.isEmpty() ? "" : "; ").append(draft.any(KINDS).apply(draft));
        }
        return new Damage(base, what.toString(), draft.model().write());
    }

    private static Path data() {
        String given = System.getProperty(DATA);
        return given == null ? GoldenData.onnx("mlp_softmax", "script").getParent() : Path.of(given);
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Damage that knows nothing of what the bytes mean. */
    private static Damage raw(Path base, byte[] good, SplittableRandom random) {
        byte[] bytes = good.clone();
        int at = random.nextInt(bytes.length);
        switch (random.nextInt(8)) {
            case 0 -> {
                int flips = 1 + random.nextInt(8);
                for (int i = 0; i < flips; i++) {
                    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                }
                return new Damage(base, flips + " bits are turned", bytes);
            }
            case 1 -> {
                return new Damage(base, "cut at " + at, Arrays.copyOf(bytes, at));
            }
            case 2 -> {
                int length = Math.min(1 + random.nextInt(64), bytes.length - at);
                for (int i = 0; i < length; i++) {
                    bytes[at + i] = (byte) random.nextInt(256);
                }
                return new Damage(base, length + " bytes of noise at " + at, bytes);
            }
            case 3 -> {
                byte[] longer = Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(4096));
                random.nextBytes(Arrays.copyOfRange(longer, bytes.length, longer.length));
                return new Damage(base, "longer", longer);
            }
            case 4 -> {
                int to = at + random.nextInt(Math.min(200, bytes.length - at));
                byte[] shorter = new byte[bytes.length - (to - at)];
                System.arraycopy(bytes, 0, shorter, 0, at);
                System.arraycopy(bytes, to, shorter, at, bytes.length - to);
                return new Damage(base, "bytes " + at + " to " + to + " are missing", shorter);
            }
            case 5 -> {
                int length = Math.min(10, bytes.length - at);
                Arrays.fill(bytes, at, at + length, (byte) 0xFF);
                return new Damage(base, "a huge number at " + at, bytes);
            }
            case 6 -> {
                int start = random.nextInt(Math.min(400, bytes.length));
                bytes[start] ^= (byte) (1 << random.nextInt(8));
                return new Damage(base, "a bit of the beginning is turned, at " + start, bytes);
            }
            default -> {
                byte[] other = random.nextBoolean() ? new byte[0] : new byte[random.nextInt(5000)];
                random.nextBytes(other);
                return new Damage(base, other.length + " bytes of noise", other);
            }
        }
    }

    private static String swapped(Draft draft) {
        Tree message = draft.any();
        int a = draft.below(message.fields.size());
        int b = draft.below(message.fields.size());
        Field first = message.fields.get(a);
        Field second = message.fields.get(b);
        int number = first.number;
        first.number = second.number;
        second.number = number;
        return "fields " + first.number + " and " + second.number + " of a " + message.kind + " are swapped";
    }

    private static String missing(Draft draft) {
        Tree message = draft.any();
        Field gone = message.fields.remove(draft.below(message.fields.size()));
        return "field " + gone.number + " of a " + message.kind + " is missing";
    }

    private static String twice(Draft draft) {
        Tree message = draft.any();
        Field again = draft.any(message.fields).copy();
        message.fields.add(draft.below(message.fields.size() + 1), again);
        return "field " + again.number + " of a " + message.kind + " is there twice";
    }

    private static String number(Draft draft) {
        Tree message = draft.any();
        List<Field> numbers =
                message.fields.stream().filter(field -> field.wire == 0).toList();
        long value = draft.extreme();
        if (numbers.isEmpty()) {
            message.fields.add(Field.of(1 + draft.below(30), value));
            return "a " + message.kind + " has one more number, " + value;
        }
        Field chosen = draft.any(numbers);
        chosen.value = value;
        return "number " + chosen.number + " of a " + message.kind + " is " + value;
    }

    private static String text(Draft draft) {
        Tree message = draft.message(Kind.NODE, Kind.VALUE, Kind.TENSOR, Kind.ATTRIBUTE, Kind.GRAPH, Kind.DIM);
        List<Field> texts = message.fields.stream()
                .filter(field -> field.wire == 2 && field.message == null && field.bytes.length < 200)
                .toList();
        if (texts.isEmpty()) {
            return "nothing";
        }
        Field chosen = draft.any(texts);
        String text = draft.any(List.of(
                draft.name(),
                "",
                "a\nb",
                "\0",
                "\u001b[31m",
                "x".repeat(100_000),
                "../../../etc/passwd",
                "%s%n%d",
                "\uFFFD",
                "a'b\"c"));
        chosen.bytes = draft.below(12) == 0
                ? new byte[] {(byte) 0xC3, 0x28, (byte) 0xFF}
                : text.getBytes(StandardCharsets.UTF_8);
        return "text " + chosen.number + " of a " + message.kind + " is another of " + chosen.bytes.length + " bytes";
    }

    private static String dims(Draft draft) {
        Tree tensor = draft.message(Kind.TENSOR);
        List<Field> dims = tensor.fields(1);
        long value = draft.extreme();
        if (dims.isEmpty() || draft.below(4) == 0) {
            tensor.fields.add(0, Field.of(1, value));
            return "a tensor has an axis more, of " + value;
        }
        Field dim = draft.any(dims);
        dim.value = value;
        if (dim.wire == 2) {
            dim.wire = 0;
        }
        return "a tensor has " + value + " on an axis";
    }

    private static String external(Draft draft) {
        Tree tensor = draft.message(Kind.TENSOR);
        if (draft.below(3) > 0) {
            tensor.fields.removeIf(field -> field.number >= 4 && field.number <= 9);
        }
        tensor.fields.add(Field.of(14, 1));
        String location = draft.any(List.of(
                "/etc/passwd",
                "../model.onnx",
                "../../../../../../etc/passwd",
                "missing.bin",
                "model.onnx",
                "./model.onnx",
                ".",
                "",
                "weights.bin",
                "a/../model.onnx",
                "/dev/zero",
                "/dev/stdin",
                "\0",
                "C:\\windows\\win.ini",
                "*/_ORT_MEM_ADDR_/*",
                "../" + DamagedFile.ESCAPED,
                "x".repeat(5000)));
        entry(tensor, "location", location);
        String offset = draft.any(List.of("0", "1", "16", "4096", "1000000000", "9223372036854775807", "-1", "x", ""));
        String length = draft.any(List.of("0", "4", "64", "1000000000", "9223372036854775807", "-1", "1e3"));
        if (draft.below(4) > 0) {
            entry(tensor, "offset", offset);
        }
        if (draft.below(4) > 0) {
            entry(tensor, "length", length);
        }
        return "a tensor lies in '" + (location.length() > 60 ? "a long name" : location) + "' from " + offset + ", "
                + length;
    }

    private static void entry(Tree tensor, String key, String value) {
        Tree entry = new Tree(Kind.ENTRY);
        entry.fields.add(Field.of(1, key));
        entry.fields.add(Field.of(2, value));
        tensor.fields.add(Field.of(13, entry));
    }

    private static String nested(Draft draft) {
        int depth = draft.any(List.of(2, 50, 300, 3000));
        Tree graph = draft.message(Kind.GRAPH).copy();
        byte[] inner = depth > 100 ? new byte[0] : graph.write();
        for (int i = 0; i < depth; i++) {
            Tree attribute = new Tree(Kind.ATTRIBUTE);
            attribute.fields.add(Field.of(1, "body"));
            attribute.fields.add(Field.of(20, 5));
            attribute.fields.add(Field.of(6, inner));
            Tree node = new Tree(Kind.NODE);
            node.fields.add(Field.of(1, draft.name()));
            node.fields.add(Field.of(2, "nested" + i));
            node.fields.add(Field.of(4, draft.any(List.of("If", "Loop", "Scan", "Relu"))));
            node.fields.add(Field.of(5, attribute));
            Tree outer = new Tree(Kind.GRAPH);
            outer.fields.add(Field.of(1, node));
            inner = outer.write();
        }
        Tree attribute = new Tree(Kind.ATTRIBUTE);
        attribute.fields.add(Field.of(1, "then_branch"));
        attribute.fields.add(Field.of(20, 5));
        attribute.fields.add(Field.of(6, inner));
        draft.message(Kind.NODE).fields.add(Field.of(5, attribute));
        return depth + " graphs in each other";
    }

    private static String operator(Draft draft) {
        Tree node = draft.message(Kind.NODE);
        String operator = draft.any(OPERATORS);
        node.fields.removeIf(field -> field.number == 4);
        node.fields.add(Field.of(4, operator));
        if (draft.below(5) == 0) {
            node.fields.add(Field.of(7, draft.any(List.of("com.microsoft", "ai.onnx.ml", "nobody", "ai.onnx"))));
        }
        return "a node is a '" + operator + "'";
    }

    private static String edge(Draft draft) {
        Tree node = draft.message(Kind.NODE);
        List<Field> ends = node.fields.stream()
                .filter(field -> field.number == 1 || field.number == 2)
                .toList();
        if (ends.isEmpty()) {
            return "nothing";
        }
        Field end = draft.any(ends);
        List<Field> outputs = node.fields(2);
        String name = draft.below(3) == 0 && !outputs.isEmpty() ? outputs.get(0).text() : draft.name();
        end.bytes = name.getBytes(StandardCharsets.UTF_8);
        return (end.number == 1 ? "a node reads '" : "a node gives '") + name + "'";
    }

    private static String attribute(Draft draft) {
        Tree attribute = draft.message(Kind.ATTRIBUTE);
        List<Field> values = attribute.fields.stream()
                .filter(field -> field.number == 2 || field.number == 3 || field.number == 7 || field.number == 8)
                .toList();
        if (values.isEmpty() || draft.below(5) == 0) {
            attribute.fields.add(Field.of(8, draft.extreme()));
            return "an attribute has one more number";
        }
        Field value = draft.any(values);
        long number = draft.extreme();
        if (value.wire == 0) {
            value.value = number;
        } else {
            draft.random().nextBytes(value.bytes);
        }
        return "an attribute is " + number;
    }

    private static String versions(Draft draft) {
        long version = draft.any(List.of(0L, 1L, 5L, 8L, 11L, 13L, 16L, 18L, 21L, 24L, 99L, -1L, Long.MAX_VALUE));
        if (draft.below(3) == 0) {
            draft.model().fields(1).forEach(field -> field.value = version);
            return "the file's version is " + version;
        }
        for (Tree opset : draft.model().all(Kind.OPSET)) {
            opset.fields(2).forEach(field -> field.value = version);
        }
        return "the opset is " + version;
    }

    private static String sizes(Draft draft) {
        Tree dim = draft.message(Kind.DIM);
        long value = draft.extreme();
        dim.fields.clear();
        if (draft.below(4) > 0) {
            dim.fields.add(Field.of(1, value));
        }
        return "an axis is said to be " + value;
    }

    private static String elementType(Draft draft) {
        Tree typed = draft.message(Kind.TENSOR, Kind.TENSOR_TYPE);
        int number = typed.kind == Kind.TENSOR ? 2 : 1;
        long type = draft.any(List.of(0L, 1L, 2L, 6L, 7L, 8L, 9L, 10L, 11L, 14L, 16L, 17L, 23L, 77L, -1L));
        typed.fields.removeIf(field -> field.number == number);
        typed.fields.add(Field.of(number, type));
        return "a " + typed.kind + " has elements of type " + type;
    }

    private static String wire(Draft draft) {
        Tree message = draft.any();
        Field field = draft.any(message.fields);
        field.wire = draft.below(8);
        return "field " + field.number + " of a " + message.kind + " is written as " + field.wire;
    }

    private static String shuffled(Draft draft) {
        Tree message = draft.message(Kind.GRAPH, Kind.NODE);
        Collections.shuffle(message.fields, new Random(draft.random().nextLong()));
        return "the fields of a " + message.kind + " are shuffled";
    }
}
