// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.onnx.OnnxOptions;
import io.github.attribution4j.propagation.Rules;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What provokes the messages about ONNX models in {@code docs/troubleshooting.md}. */
final class OnnxFailures {
    private static final Path GOLDEN = Demo.REPOSITORY.resolve("golden/onnx");
    private static final OnnxOptions PLAIN = OnnxOptions.defaults();
    private static final byte[] OPSET_17 = field(8, new byte[] {0x10, 17});

    private final Path folder;

    OnnxFailures(Path folder) {
        this.folder = folder;
    }

    void addTo(Map<String, ThrowingCallable> failures) {
        files(failures);
        versions(failures);
        weights(failures);
        inputsAndOutputs(failures);
        failures.put("gradients do not pass", () -> explain(golden("refused.npz", "several/model"), "x", 2, 2));
        failures.put(
                "floats of 16 bits, which not all operators take",
                () -> golden("halves.npz", "mlp.bfloat16.script/model").close());
        failures.put("these inputs take a branch of an If that no gradient passes", OnnxFailures::otherBranch);
        failures.put("no gradient comes back from", () -> explain(trait("maps", PLAIN.output("label")), "x", 1, 4));
        failures.put(
                "give the operation another rule", () -> rules(RuleSet.of(Operation.Selector.any(), Rules.zPlus())));
        failures.put(
                "follows one of the rules",
                () -> rules(RuleSet.of(Operation.Selector.name("none"), new BackwardRule.GuidedRelu())
                        .otherwise(Rules.gradient())));
        failures.put(
                "and this model has none there",
                () -> rules(RuleSet.of(Operation.Selector.module("nowhere"), Rules.zPlus())));
        failures.put("cannot be cut", () -> {
            try (OnnxModel onnx = OnnxModel.load(digits())) {
                onnx.cut("image");
            }
        });
    }

    private static void rules(RuleSet rules) {
        try (OnnxModel onnx = OnnxModel.load(digits())) {
            onnx.with(rules);
        }
    }

    private static Path digits() {
        return Demo.FILES.resolve("digits.onnx");
    }

    private static OnnxModel trait(String name, OnnxOptions options) {
        return OnnxModel.load(GOLDEN.resolve("traits").resolve(name + ".onnx"), options);
    }

    private static void explain(OnnxModel onnx, String input, long... shape) {
        try (OnnxModel owned = onnx;
                Tensor zeros = owned.tensors().zeros(Shape.of(shape), DataType.FLOAT32)) {
            new Saliency()
                    .attribute(owned, Inputs.none().attribute(input, zeros), Target.slice())
                    .close();
        }
    }

    private static void otherBranch() throws IOException {
        try (OnnxModel onnx = golden("branches.npz", "operator/model");
                TensorScope scope = TensorScope.open()) {
            Tensor x = NumpyFiles.readNpz(GOLDEN.resolve("branches.npz"), Tensors.ofJava())
                    .get("operator/in/x");
            Tensor first = Tensors.ofJava().of(new long[] {0}, Shape.of());
            new Saliency()
                    .attribute(onnx, Inputs.of(x).constant("first", first), Target.slice())
                    .close();
        }
    }

    /** A model that lies in a file of arrays. */
    private static OnnxModel golden(String file, String name) throws IOException {
        return golden(file, name, PLAIN);
    }

    private static OnnxModel golden(String file, String name, OnnxOptions options) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            ByteBuffer buffer = NumpyFiles.readNpz(GOLDEN.resolve(file), Tensors.ofJava())
                    .get(name)
                    .toByteBuffer();
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            return OnnxModel.load(bytes, options);
        }
    }

    /** A field of a message, which is that long. */
    private static byte[] field(int number, byte[]... contents) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] each : contents) {
            content.writeBytes(each);
        }
        ByteArrayOutputStream field = new ByteArrayOutputStream();
        varint(field, number << 3 | 2);
        varint(field, content.size());
        field.writeBytes(content.toByteArray());
        return field.toByteArray();
    }

    private static byte[] text(int number, String text) {
        return field(number, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void varint(ByteArrayOutputStream out, int value) {
        int rest = value;
        while (rest > 0x7F) {
            out.write((rest & 0x7F) | 0x80);
            rest >>>= 7;
        }
        out.write(rest);
    }

    /** A model of version 8 of the format with these fields. */
    private static byte[] model(byte[]... fields) {
        ByteArrayOutputStream model = new ByteArrayOutputStream();
        model.writeBytes(new byte[] {8, 8});
        for (byte[] each : fields) {
            model.writeBytes(each);
        }
        return model.toByteArray();
    }

    private static InputStream broken() {
        return new FilterInputStream(InputStream.nullInputStream()) {
            @Override
            public int read(byte[] into, int from, int length) throws IOException {
                throw new IOException("connection reset");
            }
        };
    }

    private void files(Map<String, ThrowingCallable> failures) {
        failures.put("there is no file", () -> OnnxModel.load(Demo.FILES.resolve("nowhere.onnx")));
        failures.put("is a folder", () -> OnnxModel.load(Demo.FILES));
        failures.put("has no bytes", () -> OnnxModel.load(new byte[0]));
        failures.put("and no ONNX model", () -> OnnxModel.load(Demo.FILES.resolve("digits.pt")));
        failures.put("has no graph", () -> OnnxModel.load(model(OPSET_17)));
        failures.put(
                "this is no ONNX model, or it is damaged",
                () -> OnnxModel.load(model(field(7, new byte[] {(byte) 0xFF, (byte) 0xFF, 0}))));
        failures.put("the file is damaged", () -> golden("odd.npz", "output-not-made"));
        failures.put("damaged: fetch it again", () -> OnnxModel.load(model(new byte[] {0x3A, 9})));
        failures.put(
                "bytes; at most … are read",
                () -> OnnxModel.load(model(field(7, text(2, "n".repeat((1 << 24) + 1))), OPSET_17)));
        failures.put("cannot be read", () -> OnnxModel.load(broken()));
        failures.put(
                "cannot be copied to a temporary file",
                () -> OnnxModel.load(
                        new SequenceInputStream(new ByteArrayInputStream(new byte[(1 << 24) + 1]), broken())));
        failures.put("has sparse initializers", () -> OnnxModel.load(model(field(7, field(15)), OPSET_17)));
        failures.put("is stored in segments", () -> OnnxModel.load(model(field(7, field(5, field(3))), OPSET_17)));
        failures.put("the model's graph is empty", () -> golden("odd.npz", "empty"));
        failures.put("is a graph for training", () -> OnnxModel.load(model(field(7), OPSET_17, field(20))));
    }

    private static void versions(Map<String, ThrowingCallable> failures) {
        byte[] six = field(8, new byte[] {0x10, 6});
        failures.put("models from opset … on can be explained", () -> OnnxModel.load(model(field(7), six)));
        byte[] eight = field(8, new byte[] {0x10, 8});
        byte[] scan = field(7, field(1, text(4, "Scan")));
        failures.put("that later opsets do not have", () -> OnnxModel.load(model(scan, eight)));
        byte[] call = field(7, field(1, text(4, "f"), text(7, "d")));
        byte[] function = field(25, text(1, "f"), field(9, new byte[] {0x10, 99}), text(10, "d"));
        byte[] domain = field(8, text(1, "d"), new byte[] {0x10, 1});
        failures.put("ONNX Runtime takes one only", () -> OnnxModel.load(model(call, OPSET_17, domain, function)));
        failures.put("use a newer onnxruntime", () -> golden("odd.npz", "newer-ir"));
        failures.put("is not in opset … of the standard", () -> golden("odd.npz", "unknown-operator"));
        failures.put("of a domain that this ONNX Runtime does not know", () -> golden("odd.npz", "unknown-domain"));
        failures.put("of which the file imports no version", () -> golden("odd.npz", "undeclared-domain"));
        failures.put("ONNX Runtime does not load the model", () -> golden("odd.npz", "missing-value"));
        failures.put("this ONNX Runtime has no CUDA", () -> OnnxModel.load(digits(), PLAIN.device("cuda")));
    }

    /** A model of one tensor of three numbers in another file. */
    private static byte[] linked(String location) {
        byte[] link = field(13, text(1, "location"), text(2, location));
        byte[] tensor = field(5, new byte[] {8, 3, 0x10, 1}, text(8, "w"), link, new byte[] {0x70, 1});
        return model(field(7, tensor), OPSET_17);
    }

    /** y = x w, for a weight of one number of 8 bits. */
    private static byte[] quantized() {
        byte[] graph = field(
                7,
                field(1, text(1, "q"), text(1, "s"), text(2, "w"), text(4, "DequantizeLinear")),
                field(1, text(1, "x"), text(1, "w"), text(2, "y"), text(4, "Mul")),
                text(2, "g"),
                field(5, new byte[] {8, 1, 0x10, 3}, text(8, "q"), field(9, new byte[] {5})),
                field(5, new byte[] {0x10, 1}, text(8, "s"), field(9, new byte[] {0, 0, (byte) 0x80, 0x3F})),
                field(11, text(1, "x"), rows()),
                field(12, text(1, "y"), rows()));
        return model(graph, OPSET_17);
    }

    /** y = x det(w), for a matrix of four zeros; no gradient is known of a determinant. */
    private static byte[] determined() {
        byte[] graph = field(
                7,
                field(1, text(1, "w"), text(2, "d"), text(4, "Det")),
                field(1, text(1, "x"), text(1, "d"), text(2, "y"), text(4, "Mul")),
                text(2, "g"),
                field(5, new byte[] {8, 2, 8, 2, 0x10, 1}, text(8, "w"), field(9, new byte[16])),
                field(11, text(1, "x"), rows()),
                field(12, text(1, "y"), rows()));
        return model(graph, OPSET_17);
    }

    private static void parameterGradients(OnnxModel onnx, long... shape) {
        try (OnnxModel owned = onnx;
                Tensor zeros = owned.tensors().zeros(Shape.of(shape), DataType.FLOAT32)) {
            owned.pullbackTo(List.of("w"), Inputs.of(zeros)).close();
        }
    }

    /** The type of any number of rows of one float. */
    private static byte[] rows() {
        byte[] shape = field(2, field(1, text(2, "N")), field(1, new byte[] {8, 1}));
        return field(2, field(1, new byte[] {8, 1}, shape));
    }

    private void weights(Map<String, ThrowingCallable> failures) {
        failures.put("reads quantized weights", () -> {
            try (OnnxModel onnx = OnnxModel.load(quantized())) {
                onnx.parameters();
            }
        });
        failures.put("no gradients by these parameters", () -> parameterGradients(OnnxModel.load(determined()), 1, 1));
        failures.put(
                "so that gradients by parameters are those of one row",
                () -> parameterGradients(OnnxModel.load(determined(), PLAIN.unbatched()), 2, 1, 1));
        failures.put("which have no folder", () -> OnnxModel.load(linked("w")));
        failures.put("put it beside the model", () -> OnnxModel.load(write("missing.onnx", linked("nowhere"))));
        failures.put("such a model is not loaded", () -> OnnxModel.load(write("outside.onnx", linked("../w"))));
        failures.put("the file is incomplete or of another model", () -> {
            write("short", new byte[1]);
            OnnxModel.load(write("short.onnx", linked("short")));
        });
        failures.put("has been changed or deleted since", () -> {
            Path copy = write("changed.onnx", Files.readAllBytes(digits()));
            try (OnnxModel onnx = OnnxModel.load(copy);
                    Tensor zeros = onnx.tensors().zeros(Shape.of(1, 1, 8, 8), DataType.FLOAT32)) {
                Files.delete(copy);
                onnx.forward(Inputs.of(zeros));
            }
        });
        failures.put("has become shorter since", () -> {
            Path copy = write("cut.onnx", Files.readAllBytes(digits()));
            try (OnnxModel onnx = OnnxModel.load(copy)) {
                try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
                    channel.truncate(1);
                }
                onnx.identity();
            }
        });
    }

    private Path write(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes);
    }

    private static void inputsAndOutputs(Map<String, ThrowingCallable> failures) {
        failures.put("the model has no output", () -> OnnxModel.load(digits(), PLAIN.output("logit")));
        failures.put(
                "choose another output of", () -> golden("unusual.npz", "output-handed-on/model", PLAIN.output("x")));
        failures.put("is a sequence or a map", () -> trait("sequence", PLAIN.output("parts")));
        failures.put("is a sequence, a map or optional", () -> golden("odd.npz", "sequence-input"));
        failures.put("which this library has no tensors of", () -> golden("odd.npz", "text-input"));
        failures.put("but the model takes", () -> forward(OnnxModel.load(digits()), DataType.FLOAT64, 1, 1, 8, 8));
        failures.put(
                "the file fixes the number of rows",
                () -> forward(golden("odd.npz", "batch-of-two"), DataType.FLOAT32, 1, 3));
        failures.put("the model has no input", () -> explain(OnnxModel.load(digits()), "pixels", 1, 1, 8, 8));
        failures.put("the model takes … inputs", () -> forward(golden("odd.npz", "state"), DataType.FLOAT32, 2, 1, 3));
        failures.put("is given twice", () -> {
            try (OnnxModel onnx = golden("odd.npz", "state");
                    TensorScope scope = TensorScope.open()) {
                Tensor state = onnx.tensors().zeros(Shape.of(1, 1, 4), DataType.FLOAT32);
                onnx.forward(Inputs.none().attribute("h0", state).fixed(Inputs.positionalName(1), state));
            }
        });
        failures.put(
                "the model does not run with these inputs",
                () -> forward(golden("unusual.npz", "any-rank-two/model"), DataType.FLOAT32, 1, 4));
        failures.put("ONNX Runtime refuses these inputs or fails", () -> {
            OnnxModel onnx = golden("unusual.npz", "any-rank-two/model");
            try (Tensor fits = onnx.tensors().zeros(Shape.of(1, 3), DataType.FLOAT32);
                    Tensor y = onnx.forward(Inputs.of(fits))) {
                y.toFloatArray();
            }
            forward(onnx, DataType.FLOAT32, 1, 4);
        });
    }

    private static void forward(OnnxModel onnx, DataType type, long... shape) {
        try (OnnxModel owned = onnx;
                Tensor zeros = owned.tensors().zeros(Shape.of(shape), type)) {
            owned.forward(Inputs.of(zeros)).close();
        }
    }
}
