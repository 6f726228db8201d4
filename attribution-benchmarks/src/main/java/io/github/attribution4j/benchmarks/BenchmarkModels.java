// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Shape;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/** Writes the benchmarks' archives to temporary files, deleted when the JVM ends. */
enum BenchmarkModels {
    /** Three linear layers on the 30 features of a table, two classes. */
    TABLE("table", 30),
    /** Three linear layers on 64 features. */
    MLP("mlp", 64),
    /** Three convolutions on 3×32×32. */
    SMALL_CNN("small-cnn", 3, 32, 32),
    /** ResNet-18 on 3×224×224 with random weights. */
    RESNET18("resnet18", 3, 224, 224);

    private final String label;

    @SuppressWarnings("ImmutableEnumChecker") // Shape is immutable
    private final Shape row;

    BenchmarkModels(String label, long... row) {
        this.label = label;
        this.row = Shape.of(row);
    }

    static BenchmarkModels of(String label) {
        for (BenchmarkModels model : values()) {
            if (model.label.equals(label)) {
                return model;
            }
        }
        throw new IllegalArgumentException(
                "benchmark model '" + label + "': there are table, mlp, small-cnn and resnet18");
    }

    String label() {
        return label;
    }

    /** Returns the shape of a batch of inputs. */
    long[] shape(long rows) {
        return row.prepend(rows).dims();
    }

    /** Returns one seeded random input, values 0 to 1. */
    float[] input() {
        RandomGenerator random = Run.defaults().seed(1).random(row.size());
        int size = Math.toIntExact(row.size());
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextDouble();
        }
        return values;
    }

    /** Writes the archive. */
    Path write() {
        try {
            Path folder = Files.createTempDirectory("attribution-benchmark");
            Path file = folder.resolve(label + ".pt");
            file.toFile().deleteOnExit();
            folder.toFile().deleteOnExit();
            if (this == RESNET18) {
                writeResNet(file, UnaryOperator.identity());
            } else {
                try (InputStream in = resource(label + ".pt")) {
                    Files.copy(in, file);
                }
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The class that is explained. */
    long target() {
        return this == TABLE ? 1 : 3;
    }

    /** Writes the same network as an ONNX file. */
    Path writeOnnx() {
        try {
            Path folder = Files.createTempDirectory("attribution-benchmark");
            Path file = folder.resolve(label + ".onnx");
            file.toFile().deleteOnExit();
            folder.toFile().deleteOnExit();
            try (InputStream in = resource(this == RESNET18 ? "resnet18/skeleton.onnx" : label + ".onnx")) {
                Files.copy(in, file);
            }
            if (this == RESNET18) {
                Path weights = folder.resolve("resnet18.weights");
                weights.toFile().deleteOnExit();
                writeWeights(weights);
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The weights of the ResNet as the exporter leaves them: with each batch norm in the convolution before it. */
    private static void writeWeights(Path file) throws IOException {
        Map<String, float[]> parameters = new HashMap<>();
        for (JsonElement element : read("resnet18/storages.json").getAsJsonArray("storages")) {
            JsonObject storage = element.getAsJsonObject();
            if (storage.get("dtype").getAsString().equals("float32")) {
                float[] values = new float[storage.get("numel").getAsInt()];
                ByteBuffer.wrap(weights(storage))
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .asFloatBuffer()
                        .get(values);
                parameters.put(storage.get("name").getAsString(), values);
            }
        }
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
            for (JsonElement element : read("resnet18/weights.json").getAsJsonArray("weights")) {
                float[] values = values(element.getAsJsonObject(), parameters);
                ByteBuffer bytes =
                        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asFloatBuffer().put(values);
                out.write(bytes.array());
            }
        }
    }

    private static float[] values(JsonObject weight, Map<String, float[]> parameters) {
        if (weight.has("parameter")) {
            return parameter(parameters, weight.get("parameter").getAsString());
        }
        String norm = weight.get("norm").getAsString();
        float[] scale = parameter(parameters, norm + ".weight");
        float[] variance = parameter(parameters, norm + ".running_var");
        float[] mean = parameter(parameters, norm + ".running_mean");
        float[] values = weight.has("convolution")
                ? parameter(parameters, weight.get("convolution").getAsString()).clone()
                : parameter(parameters, norm + ".bias").clone();
        int each = values.length / scale.length;
        for (int i = 0; i < values.length; i++) {
            int channel = i / each;
            double factor = scale[channel] / Math.sqrt(variance[channel] + 1e-5);
            values[i] = (float) (weight.has("convolution") ? values[i] * factor : values[i] - mean[channel] * factor);
        }
        return values;
    }

    private static float[] parameter(Map<String, float[]> parameters, String name) {
        float[] values = parameters.get(name);
        if (values == null) {
            throw new IllegalStateException("resnet18/storages.json has no '" + name + "'");
        }
        return values;
    }

    private static JsonObject read(String resource) throws IOException {
        try (InputStream in = resource(resource)) {
            return JsonParser.parseReader(new InputStreamReader(in, StandardCharsets.UTF_8))
                    .getAsJsonObject();
        }
    }

    private static final String GRAD_CAM = """
                score = torch.sum(torch.select((fc).forward(_2, ), 1, TARGET))
                gradients = torch.autograd.grad([score], [x1], None, False, False, False)
                gradient = torch._unwrap_optional(gradients[0])
                weights = torch.mean(gradient, [2, 3], True)
                return torch.sum(torch.mul(weights, torch.detach(x1)), [1], True)
            """.stripTrailing();

    /**
     * Writes the ResNet with a {@code forward} that returns the Grad-CAM map of one class at {@code layer4}. It is
     * written by hand: one forward run and one backward run that ends there, in one call.
     */
    static Path writeGradCam(long target) {
        try {
            Path folder = Files.createTempDirectory("attribution-benchmark");
            Path file = folder.resolve("resnet18-grad-cam.pt");
            file.toFile().deleteOnExit();
            folder.toFile().deleteOnExit();
            writeResNet(file, text -> {
                String leaf = "    x1 = torch.requires_grad_(torch.detach(x9), True)\n";
                String cut = replaced(text, "    x1 = (layer4)", "    x9 = (layer4)");
                cut = replaced(cut, "    fc = self.fc", leaf + "    fc = self.fc");
                return replaced(
                        cut, "    return (fc).forward(_2, )", GRAD_CAM.replace("TARGET", Long.toString(target)));
            });
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String replaced(String text, String from, String to) {
        if (!text.contains(from)) {
            throw new IllegalStateException("the ResNet's program has no line '" + from.strip() + "' any more");
        }
        return text.replace(from, to);
    }

    private static InputStream resource(String name) throws IOException {
        InputStream in = BenchmarkModels.class.getResourceAsStream("/" + name);
        if (in == null) {
            throw new IOException("resource " + name + " is missing from the benchmarks' jar");
        }
        return in;
    }

    private static void writeResNet(Path file, UnaryOperator<String> program) throws IOException {
        try (ZipInputStream skeleton = new ZipInputStream(resource("resnet18/skeleton.pt"));
                ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (ZipEntry entry = skeleton.getNextEntry(); entry != null; entry = skeleton.getNextEntry()) {
                byte[] content = skeleton.readAllBytes();
                boolean changing = entry.getName().endsWith("code/__torch__.py");
                store(
                        zip,
                        entry.getName(),
                        changing
                                ? program.apply(new String(content, StandardCharsets.UTF_8))
                                        .getBytes(StandardCharsets.UTF_8)
                                : content);
            }
            JsonObject json = read("resnet18/storages.json");
            for (JsonElement element : json.getAsJsonArray("storages")) {
                JsonObject storage = element.getAsJsonObject();
                String key = storage.get("key").getAsString();
                store(zip, json.get("folder").getAsString() + "/data/" + key, weights(storage));
            }
        }
    }

    private static byte[] weights(JsonObject storage) {
        int count = storage.get("numel").getAsInt();
        boolean whole = storage.get("dtype").getAsString().equals("int64");
        ByteBuffer bytes = ByteBuffer.allocate(count * (whole ? 8 : 4)).order(ByteOrder.LITTLE_ENDIAN);
        RandomGenerator random =
                Run.defaults().seed(18).random(Long.parseLong(storage.get("key").getAsString()));
        for (int i = 0; i < count; i++) {
            double value = value(storage, random);
            if (whole) {
                bytes.putLong((long) value);
            } else {
                bytes.putFloat((float) value);
            }
        }
        return bytes.array();
    }

    private static double value(JsonObject storage, RandomGenerator random) {
        return switch (storage.get("distribution").getAsString()) {
            case "normal" ->
                storage.get("mean").getAsDouble() + storage.get("std").getAsDouble() * random.nextGaussian();
            case "uniform" -> {
                double low = storage.get("low").getAsDouble();
                yield low + (storage.get("high").getAsDouble() - low) * random.nextDouble();
            }
            default -> storage.get("value").getAsDouble();
        };
    }

    private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        CRC32 crc = new CRC32();
        crc.update(content);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }
}
