// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import io.github.attribution4j.onnx.internal.proto.Bytes;
import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.onnx.internal.proto.FormatException.Reason;
import io.github.attribution4j.onnx.internal.proto.Message;
import io.github.attribution4j.onnx.internal.proto.Region;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An ONNX model as it was given: a file, which is never changed and remains open, or an array. Models made from it do
 * not copy its weights but refer to their place in the file.
 */
public final class OnnxFile implements AutoCloseable {
    /** The beginning of the names of values that are not in the file. */
    public static final String ADDED = Lift.ADDED;

    private static final int IR_VERSION = 1;
    private static final int PRODUCER = 2;
    private static final int PRODUCER_VERSION = 3;
    private static final int GRAPH = 7;
    private static final int OPSET = 8;
    private static final int TRAINING = 20;
    private static final int FUNCTION = 25;
    private static final int OPSET_DOMAIN = 1;
    private static final int OPSET_VERSION = 2;
    private static final int FUNCTION_NODE = 7;
    private static final int KEY = 1;
    private static final int VALUE = 2;

    private static final int FIRST_BYTES = 64;
    private static final int MOST_IN_MEMORY = 16 << 20;

    /** Files that are taken for models, by the bytes that they begin with. */
    private static final Map<String, String> OTHER_KINDS = Map.of(
            "GGUF", "a GGUF model",
            "\u0089HDF", "an HDF5 file, such as a Keras model,",
            "\u0093NUMPY", "a NumPy array",
            "\u0080\u0002", "a pickle, such as a checkpoint of PyTorch,",
            "\u0080\u0004", "a pickle, such as a checkpoint of Python,",
            "\u001f\u008b", "a file packed with gzip");

    /** The same, by the bytes from the fifth on. */
    private static final Map<String, String> OTHER_KINDS_FROM_FIFTH = Map.of(
            "TFL3", "a TensorFlow Lite model",
            "\u0000\u0000\u0000\u0000{", "a safetensors file, weights without a graph,");

    private static final int FIFTH = 4;

    /** No field of a model has a printable tag but the graph's, whose length then would not be one. */
    private static final Pattern TEXT =
            Pattern.compile("[^:\\p{Cntrl}][\\p{Print}\\s]{7,}|[\\p{Alnum} .,;#-]{1,8}\\s*");

    private final Bytes bytes;
    private final Message model;
    /** The graph, which takes inputs of the types that the file says. */
    private final Graph declared;

    private final Graph graph;
    /** The graph with the operators that the runtime's optimizer has joined. */
    private final Graph joined;

    private final Map<String, Long> opsets;
    /** Whether the file is a copy that is deleted when this is closed. */
    private final boolean temporary;

    private final @Nullable WeightFolder folder;

    private String digest = "";
    /** How many models use the bytes: this one, and copies with other constants. */
    private final AtomicInteger users;

    private boolean closed;

    private OnnxFile(Bytes bytes, boolean temporary) {
        this.bytes = bytes;
        this.temporary = temporary;
        this.users = new AtomicInteger(1);
        String what = bytes.path() == null || temporary ? "the model" : "'" + bytes.path() + "'";
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
        Graph written = Aliases.resolve(CalledPaths.resolve(Graph.written(main)));
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
        this.declared = Scopes.unique(Functions.inlined(Lift.from(opset, written), model.messages(FUNCTION), opset));
        this.graph = Widened.inputs(declared);
        this.joined = graph;
        opsets.put("", Math.max(opset, Lift.TO));
        Path file = bytes.path();
        FileCheck.of(
                graph,
                model.messages(FUNCTION).stream()
                        .flatMap(function -> function.messages(FUNCTION_NODE).stream())
                        .map(Node::read)
                        .toList(),
                file == null || temporary ? null : file.getParent());
        this.folder = file == null ? null : WeightFolder.of(file, graph);
        model.endBudget();
    }

    private OnnxFile(OnnxFile same, Graph declared, Graph joined) {
        this.bytes = same.bytes;
        this.model = same.model;
        this.declared = declared;
        this.graph = Widened.inputs(declared);
        this.joined = joined.equals(declared) ? graph : Widened.inputs(joined);
        this.opsets = same.opsets;
        this.temporary = same.temporary;
        this.folder = same.folder;
        this.users = same.users;
    }

    /** The same file, whose graph computes in float32 where the file says float16 or bfloat16. */
    public OnnxFile inFloat32() {
        Graph wide = Widened.floats(declared);
        return new OnnxFile(this, wide, wide);
    }

    /**
     * The same file, whose {@link #graph} says in other words what it computes; {@link #joined} remains.
     *
     * @param words the graph that takes the place of {@link #declared}
     * @param joined the graph that runs where nothing inside it is asked for
     */
    public OnnxFile said(Graph words, Graph joined) {
        return new OnnxFile(this, words, joined);
    }

    /** The graph as the file declares it, before its inputs became wider. */
    public Graph declared() {
        return declared;
    }

    /** The elements of a constant, which are floats. */
    public double[] floats(Initializer constant) {
        Path file = bytes.path();
        return constant.floats(file == null || temporary ? null : file.getParent());
    }

    /**
     * The same file with other constants, by name: initializers, and tensors of Constant nodes. Both files have to be
     * closed; the last one closes the bytes.
     */
    public synchronized OnnxFile with(Map<String, Initializer> others) {
        if (closed) {
            throw new IllegalStateException("this model was closed");
        }
        users.incrementAndGet();
        Graph changed = with(declared, others);
        return new OnnxFile(this, changed, joined.equals(graph) ? changed : with(joined, others));
    }

    private static Graph with(Graph graph, Map<String, Initializer> others) {
        Map<String, Initializer> initializers = new LinkedHashMap<>(graph.initializers());
        initializers.putAll(others);
        List<Node> nodes = graph.nodes().stream()
                .filter(node -> !node.is("Constant") || !others.containsKey(node.output(0)))
                .toList();
        return new Graph(graph.name(), graph.inputs(), graph.outputs(), nodes, initializers);
    }

    /** Whether the graph computes with float16 or bfloat16. */
    public boolean hasHalves() {
        return Widened.hasHalves(declared);
    }

    /** Opens a file. */
    public static OnnxFile open(Path path) {
        return followed(open(Bytes.of(path.toAbsolutePath().normalize()), false));
    }

    /**
     * The file that a link leads to: the runtime takes weights from no other folder than the one that it is told. A
     * model with weights in other files keeps its own folder, in which these are looked for.
     */
    private static OnnxFile followed(OnnxFile file) {
        Path path = file.path();
        if (path == null || !Files.isSymbolicLink(path) || hasExternalWeights(file.graph())) {
            return file;
        }
        Path target;
        try {
            target = path.toRealPath();
        } catch (IOException e) {
            return file;
        }
        file.close();
        return open(Bytes.of(target), false);
    }

    private static boolean hasExternalWeights(Graph graph) {
        return graph.initializers().values().stream().anyMatch(Initializer::external)
                || graph.nodes().stream()
                        .flatMap(node -> node.graphs().stream())
                        .anyMatch(OnnxFile::hasExternalWeights);
    }

    /** Reads an array, which must not be changed afterwards; a long one through a temporary file. */
    public static OnnxFile of(byte[] model) {
        return model.length <= MOST_IN_MEMORY
                ? open(Bytes.of(model), false)
                : temporary(new ByteArrayInputStream(model), new byte[0]);
    }

    /** Reads a stream to its end; a long one through a temporary file. */
    public static OnnxFile read(InputStream stream) {
        byte[] start;
        try {
            start = stream.readNBytes(MOST_IN_MEMORY + 1);
        } catch (IOException e) {
            throw new FormatException(Reason.UNREADABLE, "the stream cannot be read: " + e.getMessage(), e);
        }
        return start.length <= MOST_IN_MEMORY ? open(Bytes.of(start), false) : temporary(stream, start);
    }

    /** The runtime maps the weights of a file, and all sessions share them; of an array each would copy them. */
    private static OnnxFile temporary(InputStream stream, byte[] start) {
        Path file = null;
        boolean complete = false;
        try {
            file = Files.createTempFile("attribution", ".onnx");
            try (OutputStream out = Files.newOutputStream(file)) {
                out.write(start);
                stream.transferTo(out);
            }
            OnnxFile model = open(Bytes.of(file), true);
            complete = true;
            return model;
        } catch (IOException e) {
            throw new FormatException(
                    Reason.UNREADABLE, "the model cannot be copied to a temporary file: " + e.getMessage(), e);
        } finally {
            if (file != null && !complete) {
                delete(file);
            }
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // On some systems a file that is mapped stays; then it goes with the process.
            file.toFile().deleteOnExit();
        }
    }

    private static OnnxFile open(Bytes bytes, boolean temporary) {
        boolean complete = false;
        try {
            OnnxFile file = new OnnxFile(bytes, temporary);
            complete = true;
            return file;
        } finally {
            if (!complete) {
                bytes.close();
            }
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
            return "a pointer of Git LFS and no ONNX model; run git lfs pull";
        }
        String text = start.stripLeading();
        if (text.startsWith("<")) {
            return "a page of the web or XML and no ONNX model, perhaps an error page; fetch the file again";
        }
        if (text.startsWith("{")) {
            return "a JSON file and no ONNX model";
        }
        if (start.startsWith("ORTM", FIFTH)) {
            return "in ONNX Runtime's own format (.ort) and no ONNX model; give the .onnx that it was made of";
        }
        String kind = kind(OTHER_KINDS, start, 0);
        kind = kind == null ? kind(OTHER_KINDS_FROM_FIFTH, start, FIFTH) : kind;
        if (kind != null) {
            return kind + " and no ONNX model";
        }
        return TEXT.matcher(start).matches() ? "a text file and no ONNX model" : null;
    }

    private static @Nullable String kind(Map<String, String> kinds, String start, int at) {
        for (Map.Entry<String, String> kind : kinds.entrySet()) {
            if (start.startsWith(kind.getKey(), at)) {
                return kind.getValue();
            }
        }
        return null;
    }

    /** The graph, its nodes lifted to {@link #opset}. */
    public Graph graph() {
        return graph;
    }

    /**
     * The graph with the file's own operators, for runs that ask for nothing inside it: their results are those of the
     * file to the bit. {@link #graph}, unless operators were {@link #said} in other words.
     */
    public Graph joined() {
        return joined;
    }

    /** Whether a value of {@link #graph} is not in the file, but was added while lifting. */
    public static boolean added(String value) {
        return value.startsWith(Lift.ADDED) || !Widened.named(value).equals(value);
    }

    /** The version of the standard's operators that {@link #graph} is written in. */
    public long opset() {
        return opsets.getOrDefault("", 1L);
    }

    /** The path of the file; null for an array. */
    public @Nullable Path path() {
        return bytes.path();
    }

    /** The folder that ONNX Runtime has to look for weights in; null for an array. */
    public @Nullable Path folder() {
        return folder == null ? null : folder.folder();
    }

    public long size() {
        return bytes.size();
    }

    /** The number of bytes of its constants, here and in files that it names. */
    public long weights() {
        return graph.weights();
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
        if (folder != null) {
            folder.requireSame();
        }
        Message.Builder builder = model.without(
                        number -> number == GRAPH || number == OPSET || number == IR_VERSION || number == FUNCTION)
                .number(IR_VERSION, Math.max(model.number(IR_VERSION, 0), Lift.IR_VERSION))
                .message(GRAPH, other.toMessage(bytes.path(), folder));
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
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (users.decrementAndGet() > 0) {
            return;
        }
        bytes.close();
        Path path = bytes.path();
        if (temporary && path != null) {
            delete(path);
        }
    }
}
