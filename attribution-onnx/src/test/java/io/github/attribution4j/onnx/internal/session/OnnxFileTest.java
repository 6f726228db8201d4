// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.gradient.Weaver;
import io.github.attribution4j.onnx.internal.gradient.Woven;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import io.github.attribution4j.onnx.internal.proto.Bytes;
import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.onnx.internal.proto.FormatException.Reason;
import io.github.attribution4j.onnx.internal.proto.Message;
import io.github.attribution4j.onnx.internal.session.GraphSession.Optimization;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Models as files and as arrays: weights stay where they are, damaged files are refused in one line, nothing leads out
 * of a folder.
 */
class OnnxFileTest {
    private static final int FEATURES = 64;
    private static final int CLASSES = 40;

    @TempDir
    private Path folder;

    /** y = x · w, with the tensor given. */
    private static byte[] linear(Message weights) {
        Message output = ValueInfo.of("y", new ValueType(ElementType.FLOAT, List.of(Dim.of("rows"), Dim.of(CLASSES))))
                .message();
        Message input = ValueInfo.of("x", new ValueType(ElementType.FLOAT, List.of(Dim.of("rows"), Dim.of(FEATURES))))
                .message();
        Message node = Message.builder()
                .text(1, "x")
                .text(1, "w")
                .text(2, "y")
                .text(3, "product")
                .text(4, "MatMul")
                .build();
        Message graph = Message.builder()
                .message(1, node)
                .text(2, "linear")
                .message(5, weights)
                .message(11, input)
                .message(12, output)
                .build();
        return model(graph);
    }

    /** The same in both branches of an If, each of which has the weights. */
    private static byte[] branched(Message weights) {
        Message graph = Message.read(Bytes.of(linear(weights))).message(7);
        Message output = graph.message(12);
        Message branch = graph.without(number -> number == 11).build();
        Message.Builder node = Message.builder()
                .text(1, "first")
                .text(2, "y")
                .text(3, "choice")
                .text(4, "If");
        for (String name : List.of("then_branch", "else_branch")) {
            node.message(
                    5,
                    Message.builder()
                            .text(1, name)
                            .message(6, branch)
                            .number(20, 5)
                            .build());
        }
        Message first = Message.builder()
                .number(2, ElementType.BOOL.code())
                .text(8, "first")
                .bytes(9, new byte[] {1})
                .build();
        return model(Message.builder()
                .message(1, node.build())
                .text(2, "branched")
                .message(5, first)
                .message(11, graph.message(11))
                .message(12, output)
                .build());
    }

    private static byte[] model(Message graph) {
        return Message.builder()
                .number(1, 8)
                .message(7, graph)
                .message(8, Message.builder().number(2, 17).build())
                .build()
                .toBytes();
    }

    private static float[] weights() {
        float[] weights = new float[FEATURES * CLASSES];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) Math.sin(i);
        }
        return weights;
    }

    private static byte[] raw() {
        ByteBuffer raw = ByteBuffer.allocate(FEATURES * CLASSES * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(weights());
        return raw.array();
    }

    private static Message.Builder tensor() {
        return Message.builder()
                .number(1, FEATURES)
                .number(1, CLASSES)
                .number(2, ElementType.FLOAT.code())
                .text(8, "w");
    }

    private static Message entry(String key, String value) {
        return Message.builder().text(1, key).text(2, value).build();
    }

    private static Message external(String location, long offset, long length) {
        return tensor().message(13, entry("location", location))
                .message(13, entry("offset", Long.toString(offset)))
                .message(13, entry("length", Long.toString(length)))
                .number(14, 1)
                .build();
    }

    /** The gradient of Σ y · g with respect to x is g · wᵀ. */
    private static void assertExplains(OnnxFile file, int mostBytes) {
        try (Tensor x = Tensors.ofJava().of(new float[FEATURES], 1, FEATURES)) {
            float[] cotangent = new float[CLASSES];
            cotangent[3] = 2;
            try (Tensor g = Tensors.ofJava().of(cotangent, 1, CLASSES);
                    Runs runs = new Runs(file, Map.of("x", x))) {
                Woven woven = runs.weave(List.of("x"), "y");
                assertThat(file.write(woven.fused()).length).isLessThan(mostBytes);
                for (Map<String, float[]> gradients :
                        List.of(runs.fused(woven, g, Optimization.ALL), runs.split(woven, g, Optimization.BASIC))) {
                    float[] gradient = gradients.get("x");
                    for (int i = 0; i < FEATURES; i++) {
                        assertThat(gradient[i]).isCloseTo(2 * weights()[i * CLASSES + 3], offset(1e-6f));
                    }
                }
            }
        }
    }

    @Test
    void weights_stay_in_the_file() throws IOException {
        byte[] model = linear(tensor().bytes(9, raw()).build());
        Path path = Files.write(folder.resolve("plain.onnx"), model);
        try (OnnxFile file = OnnxFile.open(path)) {
            assertExplains(file, 1500);
        }
        assertThat(path).hasBinaryContent(model);
    }

    @Test
    void weights_that_are_a_list_of_floats_stay_in_the_file_too() throws IOException {
        Path path = Files.write(
                folder.resolve("list.onnx"), linear(tensor().reals(4, weights()).build()));
        try (OnnxFile file = OnnxFile.open(path)) {
            assertExplains(file, 1500);
        }
    }

    /** As caches of model hubs store files. */
    @Test
    void a_link_leads_to_the_weights() throws IOException {
        Path blobs = Files.createDirectories(folder.resolve("blobs"));
        byte[] model = linear(tensor().bytes(9, raw()).build());
        Path blob = Files.write(blobs.resolve("0123abcd"), model);
        Path link = Files.createSymbolicLink(
                Files.createDirectories(folder.resolve("snapshot")).resolve("model.onnx"), blob);
        try (OnnxFile file = OnnxFile.open(link)) {
            assertExplains(file, 1500);
        }
    }

    @Test
    void an_array_is_enough() {
        try (OnnxFile file = OnnxFile.of(linear(tensor().bytes(9, raw()).build()))) {
            assertExplains(file, 20_000);
        }
    }

    @Test
    void weights_may_lie_in_another_file() throws IOException {
        Files.createDirectories(folder.resolve("weights"));
        byte[] data = new byte[100 + raw().length];
        System.arraycopy(raw(), 0, data, 100, raw().length);
        Files.write(folder.resolve("weights").resolve("all.bin"), data);
        Path path =
                Files.write(folder.resolve("external.onnx"), linear(external("weights/all.bin", 100, raw().length)));
        try (OnnxFile file = OnnxFile.open(path)) {
            assertExplains(file, 1500);
        }
        assertThatThrownBy(() -> OnnxFile.of(Files.readAllBytes(path)))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("load the model by its path");
    }

    /** Caches of model hubs are folders of links to files that are named by their digests. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void a_model_and_its_files_may_be_links() throws IOException {
        Path blobs = Files.createDirectories(folder.resolve("blobs"));
        Path snapshot = Files.createDirectories(folder.resolve("snapshots").resolve("main"));
        Path inside =
                Files.write(blobs.resolve("1"), linear(tensor().bytes(9, raw()).build()));
        Files.write(blobs.resolve("2"), linear(external("w.bin", 0, raw().length)));
        Path data = Files.write(Files.createDirectories(blobs.resolve("more")).resolve("3"), raw());
        Path whole = Files.createSymbolicLink(snapshot.resolve("whole.onnx"), inside);
        Path model = Files.createSymbolicLink(snapshot.resolve("model.onnx"), Path.of("..", "..", "blobs", "2"));
        Files.createSymbolicLink(snapshot.resolve("w.bin"), data);
        Path folderLink = Files.createSymbolicLink(folder.resolve("latest"), snapshot);
        for (Path path : List.of(whole, model, folderLink.resolve("whole.onnx"), folderLink.resolve("model.onnx"))) {
            try (OnnxFile file = OnnxFile.open(path)) {
                assertExplains(file, 1500);
            }
        }
    }

    /** Constants of branches lie in files as those around them do, and both may be links. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void weights_of_branches_may_be_links() throws IOException {
        Path blobs = Files.createDirectories(folder.resolve("blobs"));
        Path snapshot = Files.createDirectories(folder.resolve("snapshot"));
        Files.write(blobs.resolve("1"), branched(tensor().bytes(9, raw()).build()));
        Files.write(blobs.resolve("2"), branched(external("w.bin", 0, raw().length)));
        Path data = Files.write(Files.createDirectories(blobs.resolve("more")).resolve("3"), raw());
        Path whole = Files.createSymbolicLink(snapshot.resolve("whole.onnx"), blobs.resolve("1"));
        Path model = Files.createSymbolicLink(snapshot.resolve("model.onnx"), blobs.resolve("2"));
        Files.createSymbolicLink(snapshot.resolve("w.bin"), data);
        for (Path path : List.of(blobs.resolve("1"), whole, model)) {
            try (OnnxFile file = OnnxFile.open(path)) {
                assertThat(file.weights()).isGreaterThanOrEqualTo(2L * raw().length);
                assertExplains(file, 5000);
            }
        }
        Files.delete(data);
        assertThatThrownBy(() -> OnnxFile.open(model)).isInstanceOf(FormatException.class);
    }

    @Test
    void weights_may_lie_beyond_two_gigabytes() throws IOException {
        // A graph whose documentation is a hole of 2.5 GB, in front of the weights.
        Path path = folder.resolve("large.onnx");
        long hole = 2_500_000_000L;
        Message whole = Message.read(Bytes.of(linear(tensor().bytes(9, raw()).build())));
        byte[] graph = whole.message(7).toBytes();
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        varint(head, 10 << 3 | 2);
        varint(head, hole);
        byte[] rest = whole.without(number -> number == 7).build().toBytes();
        try (RandomAccessFile out = new RandomAccessFile(path.toFile(), "rw")) {
            out.write(rest);
            ByteArrayOutputStream tag = new ByteArrayOutputStream();
            varint(tag, 7 << 3 | 2);
            varint(tag, head.size() + hole + graph.length);
            out.write(tag.toByteArray());
            out.write(head.toByteArray());
            out.seek(out.getFilePointer() + hole);
            out.write(graph);
        }
        try (OnnxFile file = OnnxFile.open(path)) {
            assertThat(file.size()).isGreaterThan(hole);
            assertExplains(file, 1500);
        }
    }

    private static void varint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.write((int) ((rest & 0x7F) | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    @Test
    void no_name_leads_out_of_the_folder() throws IOException {
        Path inner = Files.createDirectories(folder.resolve("inner"));
        Files.write(folder.resolve("secret.bin"), raw());
        for (String location : List.of(
                "../secret.bin",
                "a/../../secret.bin",
                folder.resolve("secret.bin").toString(),
                "..",
                ".",
                "\0")) {
            Path path = Files.write(inner.resolve("model.onnx"), linear(external(location, 0, raw().length)));
            assertReason(path, Reason.UNSAFE_NAME);
        }
    }

    @Test
    void external_files_have_to_be_there_and_long_enough() throws IOException {
        Path path = folder.resolve("model.onnx");
        Files.write(path, linear(external("w.bin", 0, raw().length)));
        assertReason(path, Reason.MISSING_FILE);
        Files.write(folder.resolve("w.bin"), new byte[100]);
        assertReason(path, Reason.TRUNCATED);
        Files.write(folder.resolve("w.bin"), raw());
        Files.write(path, linear(external("w.bin", 8, raw().length)));
        assertReason(path, Reason.TRUNCATED);
        Files.write(path, linear(external("w.bin", 0, 12)));
        assertReason(path, Reason.CORRUPT);
        Files.write(path, linear(external("w.bin", -1, 12)));
        assertReason(path, Reason.CORRUPT);
        Files.write(path, linear(tensor().number(14, 1).build()));
        assertReason(path, Reason.CORRUPT);
    }

    @Test
    void what_is_no_model_is_called_by_its_name() throws IOException {
        Path path = folder.resolve("file");
        for (Map.Entry<String, String> each : Map.of(
                        "PK\u0003\u0004....", "zip",
                        "version https://git-lfs.github.com/spec/v1\n", "git lfs pull",
                        "\n<!DOCTYPE html>", "page",
                        "{\"a\": 1}", "JSON",
                        "....ORTM....", ".ort",
                        "....TFL3....", "TensorFlow Lite")
                .entrySet()) {
            Files.write(path, each.getKey().getBytes(StandardCharsets.ISO_8859_1));
            assertThatThrownBy(() -> OnnxFile.open(path))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining(each.getValue())
                    .hasMessageMatching("[^\n]*");
        }
        Files.write(path, new byte[0]);
        assertReason(path, Reason.EMPTY);
        Files.write(path, Message.builder().number(1, 8).build().toBytes());
        assertReason(path, Reason.NO_MODEL);
        assertReason(folder.resolve("none"), Reason.MISSING_FILE);
    }

    @Test
    void old_training_and_sparse_models_are_refused() throws IOException {
        Path path = folder.resolve("model.onnx");
        Message whole = Message.read(Bytes.of(linear(tensor().bytes(9, raw()).build())));
        Files.write(
                path,
                whole.without(number -> number == 8)
                        .message(8, Message.builder().number(2, 6).build())
                        .build()
                        .toBytes());
        assertThatThrownBy(() -> OnnxFile.open(path))
                .hasMessageContaining("opset 6")
                .hasMessageContaining("from opset 7 on");
        Files.write(
                path,
                whole.without(number -> false)
                        .message(20, Message.builder().build())
                        .build()
                        .toBytes());
        assertThatThrownBy(() -> OnnxFile.open(path)).hasMessageContaining("training");
        Files.write(
                path,
                model(whole.message(7)
                        .without(number -> false)
                        .message(15, Message.builder().build())
                        .build()));
        assertThatThrownBy(() -> OnnxFile.open(path)).hasMessageContaining("sparse");
    }

    @Test
    void shapes_and_elements_have_to_agree() {
        assertThatThrownBy(
                        () -> OnnxFile.of(linear(tensor().bytes(9, new byte[12]).build())))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("[64, 40]");
        assertThatThrownBy(() -> OnnxFile.of(linear(Message.builder()
                        .number(1, 1L << 40)
                        .number(1, 1L << 40)
                        .number(2, 1)
                        .text(8, "w")
                        .build())))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("impossible");
        assertThatThrownBy(() -> OnnxFile.of(linear(Message.builder()
                        .number(1, -4)
                        .number(2, 1)
                        .text(8, "w")
                        .build())))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("-4");
    }

    private static void assertReason(Path path, Reason reason) {
        assertThatThrownBy(() -> OnnxFile.open(path))
                .isInstanceOfSatisfying(
                        FormatException.class, e -> assertThat(e.reason()).isEqualTo(reason))
                .hasMessageMatching("[^\n]*");
    }

    /** Bytes changed, cut off, put in twice: refused in one line, or read. What is read can be written. */
    @Test
    void damaged_files_are_refused_in_one_line() {
        Golden golden = Golden.read("operators.npz");
        List<String> names = List.copyOf(golden.cases());
        int refused = 0;
        for (int seed = 0; seed < 1000; seed++) {
            Random random = new Random(seed);
            byte[] model = seed % 4 == 0
                    ? linear(tensor().bytes(9, raw()).build())
                    : golden.bytes(names.get(random.nextInt(names.size())) + "/open");
            byte[] damaged = damage(model, random);
            try (OnnxFile file = OnnxFile.of(damaged)) {
                assertThat(file.write(file.graph())).isNotEmpty();
                file.graph()
                        .producers()
                        .values()
                        .forEach(node -> assertThat(node.metadata()).isNotNull());
            } catch (FormatException e) {
                refused++;
                assertThat(e.getMessage())
                        .as("seed %s", seed)
                        .doesNotContain("\n")
                        .isNotBlank();
            }
        }
        assertThat(refused).isGreaterThan(300);
    }

    private static byte[] damage(byte[] model, Random random) {
        switch (random.nextInt(4)) {
            case 0 -> {
                return Arrays.copyOf(model, random.nextInt(model.length));
            }
            case 1 -> {
                byte[] changed = model.clone();
                for (int i = 0; i <= random.nextInt(6); i++) {
                    changed[random.nextInt(Math.min(changed.length, 300))] = (byte) random.nextInt();
                }
                return changed;
            }
            case 2 -> {
                byte[] longer = new byte[model.length + 20];
                int at = random.nextInt(model.length);
                System.arraycopy(model, 0, longer, 0, at);
                for (int i = 0; i < 20; i++) {
                    longer[at + i] = (byte) random.nextInt();
                }
                System.arraycopy(model, at, longer, at + 20, model.length - at);
                return longer;
            }
            default -> {
                byte[] changed = model.clone();
                int from = random.nextInt(model.length);
                int length = random.nextInt(model.length - from);
                System.arraycopy(model, random.nextInt(model.length - length), changed, from, length);
                return changed;
            }
        }
    }

    @Test
    void unknown_fields_survive() {
        Message whole = Message.read(Bytes.of(linear(tensor().bytes(9, raw()).build())));
        Message graph = whole.message(7);
        Message node = graph.messages(1)
                .get(0)
                .without(number -> false)
                .text(777, "in a node")
                .build();
        Message changed = graph.without(number -> number == 1).message(1, node).build();
        byte[] model = whole.without(number -> number == 7)
                .message(7, changed)
                .text(4242, "in the model")
                .build()
                .toBytes();
        try (OnnxFile file = OnnxFile.of(model)) {
            Message written = Message.read(Bytes.of(file.write(file.graph())));
            assertThat(written.text(4242)).isEqualTo("in the model");
            assertThat(written.message(7).messages(1).get(0).text(777)).isEqualTo("in a node");
        }
    }

    @Test
    void constants_of_the_old_format_are_no_inputs() {
        Message whole = Message.read(Bytes.of(linear(tensor().bytes(9, raw()).build())));
        Message graph = whole.message(7)
                .without(number -> false)
                .message(11, ValueInfo.of("w").message())
                .build();
        try (OnnxFile file = OnnxFile.of(model(graph))) {
            assertThat(file.graph().inputs()).extracting(ValueInfo::name).containsExactly("x");
        }
    }

    @Test
    void refusals_name_the_operator_the_node_and_a_remedy() {
        Node determinant = Node.of("Det", "/stn/warp/Det", List.of("x"), List.of("y"));
        ValueType type = new ValueType(ElementType.FLOAT, List.of(Dim.of(1), Dim.of(2), Dim.of(2), Dim.of(2)));
        Graph graph = Graph.of(
                "g",
                List.of(ValueInfo.of("x", type)),
                List.of(ValueInfo.of("y")),
                List.of(determinant),
                List.<Initializer>of());
        assertThatThrownBy(() -> Weaver.weave(graph, Map.of("x", type, "y", type), List.of("x"), "y"))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("Det")
                .hasMessageContaining("'/stn/warp/Det'")
                .hasMessageContaining("module 'stn.warp'")
                .hasMessageContaining("perturb");
        assertThatThrownBy(() -> Weaver.weave(
                        graph, Map.of("x", new ValueType(ElementType.INT64, List.of()), "y", type), List.of("x"), "y"))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("INT64");
    }
}
