// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import io.github.attribution4j.onnx.internal.proto.Bytes;
import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.onnx.internal.proto.FormatException.Reason;
import io.github.attribution4j.onnx.internal.proto.Message;
import io.github.attribution4j.onnx.internal.proto.Region;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An ONNX model as it was given: a file, which is never changed and remains open, or an array. Models made from it do
 * not copy its weights but refer to their place in the file.
 */
public final class OnnxFile implements AutoCloseable {
    private static final int IR_VERSION = 1;
    private static final int PRODUCER = 2;
    private static final int PRODUCER_VERSION = 3;
    private static final int GRAPH = 7;
    private static final int OPSET = 8;
    private static final int TRAINING = 20;
    private static final int FUNCTION = 25;
    private static final int OPSET_DOMAIN = 1;
    private static final int OPSET_VERSION = 2;
    private static final int KEY = 1;
    private static final int VALUE = 2;

    private static final int FIRST_BYTES = 64;

    private final Bytes bytes;
    private final Message model;
    private final Graph graph;
    private final Map<String, Long> opsets;
    private String digest = "";

    private OnnxFile(Bytes bytes) {
        this.bytes = bytes;
        String what = bytes.path() == null ? "the model" : "'" + bytes.path() + "'";
        if (bytes.size() == 0) {
            throw new FormatException(Reason.EMPTY, what + " has no bytes");
        }
        String other = otherKind(bytes);
        if (other != null) {
            throw new FormatException(Reason.NO_MODEL, what + " is " + other);
        }
        this.model = Message.read(bytes);
        Message main = model.message(GRAPH);
        if (main == null) {
            throw new FormatException(
                    Reason.NO_MODEL, what + " has no graph: it is no ONNX model, or the file is incomplete");
        }
        if (model.has(TRAINING)) {
            throw new FormatException(
                    Reason.UNSUPPORTED, what + " is a graph for training; export the model for inference");
        }
        this.opsets = new LinkedHashMap<>();
        for (Message opset : model.messages(OPSET)) {
            String domain = opset.text(OPSET_DOMAIN);
            opsets.put(domain.equals("ai.onnx") ? "" : domain, opset.number(OPSET_VERSION, 1));
        }
        Graph written = Graph.read(main);
        if (!opsets.containsKey("")
                && written.nodes().stream().noneMatch(node -> node.domain().isEmpty())) {
            opsets.put("", Lift.TO);
        }
        long opset = opset();
        if (opset < Lift.FROM) {
            throw new FormatException(
                    Reason.UNSUPPORTED,
                    what + " has opset " + opset + "; models from opset " + Lift.FROM
                            + " on can be explained: export it again, or convert it with onnx.version_converter");
        }
        this.graph = Scopes.unique(Functions.inlined(Lift.from(opset, written), model.messages(FUNCTION), opset));
        opsets.put("", Math.max(opset, Lift.TO));
        check(graph);
    }

    /** Opens a file. */
    public static OnnxFile open(Path path) {
        return open(Bytes.of(path.toAbsolutePath().normalize()));
    }

    /** Reads an array, which must not be changed afterwards. */
    public static OnnxFile of(byte[] model) {
        return open(Bytes.of(model));
    }

    private static OnnxFile open(Bytes bytes) {
        try {
            return new OnnxFile(bytes);
        } catch (FormatException e) {
            bytes.close();
            throw e;
        }
    }

    private static @Nullable String otherKind(Bytes bytes) {
        int length = (int) Math.min(FIRST_BYTES, bytes.size());
        String start = new String(
                new Region(bytes, 0, length).copy(FIRST_BYTES, "the beginning"), StandardCharsets.ISO_8859_1);
        if (start.startsWith("PK\u0003\u0004")) {
            return "a zip file, such as a TorchScript archive (.pt), and no ONNX model";
        }
        if (start.startsWith("version https://git-lfs")) {
            return "a pointer of Git LFS instead of the file itself; run git lfs pull";
        }
        String text = start.stripLeading();
        if (text.startsWith("<")) {
            return "a page of the web or XML, perhaps an error page saved under this name; fetch the file again";
        }
        if (text.startsWith("{")) {
            return "a JSON file and no ONNX model";
        }
        if (start.startsWith("ORTM", 4)) {
            return "a model in ONNX Runtime's own format (.ort); give the .onnx that it was made of";
        }
        return start.startsWith("TFL3", 4) ? "a TensorFlow Lite model and no ONNX model" : null;
    }

    /** Checks every tensor that is in another file. */
    private void check(Graph main) {
        Path file = bytes.path();
        Path folder = file == null ? null : file.getParent();
        Deque<Graph> open = new ArrayDeque<>(List.of(main));
        while (!open.isEmpty()) {
            Graph next = open.pop();
            next.initializers().values().forEach(each -> each.check(folder));
            next.nodes().forEach(node -> open.addAll(node.graphs()));
        }
    }

    /** The graph, its nodes lifted to {@link #opset}. */
    public Graph graph() {
        return graph;
    }

    /** Whether a value of {@link #graph} is not in the file, but was added while lifting. */
    public static boolean added(String value) {
        return value.startsWith(Lift.ADDED);
    }

    /** The version of the standard's operators that {@link #graph} is written in. */
    public long opset() {
        return opsets.getOrDefault("", 1L);
    }

    /** The path of the file; null for an array. */
    public @Nullable Path path() {
        return bytes.path();
    }

    public long size() {
        return bytes.size();
    }

    /** The number of bytes of its constants, here and in files that it names, without constants of graphs in nodes. */
    public long weights() {
        return graph.initializers().values().stream()
                .mapToLong(Initializer::bytes)
                .sum();
    }

    /** SHA-256 of the file, in hexadecimal; files that it names are not part of it. */
    public synchronized String digest() {
        if (digest.isEmpty()) {
            digest = bytes.digest();
        }
        return digest;
    }

    /** Its producer, such as {@code pytorch 2.13.0}. */
    public String producer() {
        return (model.text(PRODUCER) + " " + model.text(PRODUCER_VERSION)).strip();
    }

    /**
     * Writes a model with other nodes and this file's weights. It refers to long ones by their place in this file, for
     * which ONNX Runtime needs the file's folder.
     */
    public byte[] write(Graph other) {
        Message.Builder builder = model.without(
                        number -> number == GRAPH || number == OPSET || number == IR_VERSION || number == FUNCTION)
                .number(IR_VERSION, Math.max(model.number(IR_VERSION, 0), Lift.IR_VERSION))
                .message(GRAPH, other.toMessage(bytes.path()));
        opsets.forEach((domain, version) -> builder.message(
                OPSET,
                Message.builder()
                        .text(OPSET_DOMAIN, domain)
                        .number(OPSET_VERSION, version)
                        .build()));
        return builder.build().toBytes();
    }

    static Map<String, String> entries(List<Message> messages) {
        Map<String, String> entries = new LinkedHashMap<>();
        messages.forEach(entry -> entries.put(entry.text(KEY), entry.text(VALUE)));
        return entries;
    }

    static Message entry(String key, String value) {
        return Message.builder().text(KEY, key).text(VALUE, value).build();
    }

    @Override
    public void close() {
        bytes.close();
    }
}
