// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.large;

import io.github.attribution4j.onnx.internal.proto.Bytes;
import io.github.attribution4j.onnx.internal.proto.Message;
import io.github.attribution4j.onnx.internal.proto.Region;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Writes models with any number of random weights, without ever holding them. */
final class LargeModels {
    /** What a model of one kind is made of. Each takes rows of {@link #width} numbers and gives four scores. */
    enum Kind {
        /** Layers as PyTorch's exporter writes them: Gemm with the transposed weights, and ReLU. */
        GEMM(1024),
        /** Products of matrices, as in attention. */
        MATMUL(1024),
        /** Convolutions of three by three on an image of four by four. */
        CONV(4 * 4 * 256);

        private final int width;

        Kind(int width) {
            this.width = width;
        }

        int width() {
            return width;
        }
    }

    /** Where the weights lie. */
    enum Storage {
        /** In the model's file. */
        INSIDE,
        /** In a file beside it. */
        BESIDE
    }

    private static final int FLOAT = 1;
    private static final int INT64 = 7;
    private static final int CHANNELS = 256;
    private static final int CHUNK = 1 << 16;

    private final Kind kind;
    private final int size;
    private final Message.Builder graph = Message.builder();
    private final Message.Builder weights = Message.builder();

    private LargeModels(Kind kind) {
        this.kind = kind;
        this.size = kind == Kind.CONV ? CHANNELS : kind.width();
    }

    /**
     * Writes a model.
     *
     * @param file its name
     * @param layers how many layers it has, with weights of {@link #bytes} each
     */
    static void write(Path file, Kind kind, Storage storage, int layers) throws IOException {
        Path beside = file.resolveSibling(file.getFileName() + ".weights");
        long each = bytes(kind);
        random(beside, each, layers);
        try (Bytes bytes = Bytes.of(beside);
                OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), CHUNK)) {
            new LargeModels(kind).model(bytes, storage, layers).write(out);
        }
        if (storage == Storage.INSIDE) {
            Files.delete(beside);
        }
    }

    /** How many bytes of weights a layer has. */
    static long bytes(Kind kind) {
        return kind == Kind.CONV ? 4L * CHANNELS * CHANNELS * 3 * 3 : 4L * kind.width() * kind.width();
    }

    /** Numbers whose products keep their size through the layers; layers differ by where they begin in one list. */
    private static void random(Path file, long each, int layers) throws IOException {
        SplittableRandom random = new SplittableRandom(5);
        byte[] chunk = new byte[CHUNK];
        try (OutputStream out = Files.newOutputStream(file)) {
            for (long done = 0; done < each * layers; done += chunk.length) {
                ByteBuffer numbers = ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN);
                while (numbers.hasRemaining()) {
                    numbers.putFloat((float) (random.nextDouble() - 0.5) * 0.15f);
                }
                out.write(chunk, 0, (int) Math.min(chunk.length, each * layers - done));
            }
        }
    }

    private Message model(Bytes bytes, Storage storage, int layers) {
        String value = "x";
        if (kind == Kind.CONV) {
            ints("image", -1, size, 4, 4);
            node("Reshape", "image_of_x", "x", "image");
            value = "image_of_x";
        }
        for (int i = 0; i < layers; i++) {
            String weight = "weight" + i;
            String product = "product" + i;
            Region region = new Region(bytes, i * bytes(kind), bytes(kind));
            switch (kind) {
                case GEMM -> {
                    tensor(weight, region, storage, size, size);
                    node("Gemm", product, List.of(value, weight), number("transB", 1));
                }
                case MATMUL -> {
                    tensor(weight, region, storage, size, size);
                    node("MatMul", product, value, weight);
                }
                case CONV -> {
                    tensor(weight, region, storage, size, size, 3, 3);
                    node("Conv", product, List.of(value, weight), numbers("pads", 1, 1, 1, 1));
                }
                default -> throw new IllegalArgumentException(kind.name());
            }
            value = "layer" + i;
            node("Relu", value, product);
        }
        ints("parts", 0, 4, -1);
        node("Reshape", "in_parts", value, "parts");
        ints("last", 2);
        node("ReduceMean", "scores", List.of("in_parts", "last"), number("keepdims", 0));
        graph.text(2, "large").message(11, info("x", kind.width())).message(12, info("scores", 4));
        weights.build().messages(5).forEach(tensor -> graph.message(5, tensor));
        return Message.builder()
                .number(1, 8)
                .message(7, graph.build())
                .message(8, Message.builder().number(2, 18).build())
                .build();
    }

    private void tensor(String name, Region region, Storage storage, long... dims) {
        Message.Builder tensor = Message.builder();
        for (long dim : dims) {
            tensor.number(1, dim);
        }
        tensor.number(2, FLOAT).text(8, name);
        if (storage == Storage.INSIDE) {
            tensor.region(9, region);
        } else {
            tensor.message(13, entry("location", String.valueOf(name(region))))
                    .message(13, entry("offset", Long.toString(region.offset())))
                    .message(13, entry("length", Long.toString(region.length())))
                    .number(14, 1);
        }
        weights.message(5, tensor.build());
    }

    private static Path name(Region region) {
        Path path = region.bytes().path();
        if (path == null) {
            throw new IllegalArgumentException("no file");
        }
        return path.getFileName();
    }

    private void ints(String name, long... values) {
        weights.message(
                5,
                Message.builder()
                        .number(1, values.length)
                        .number(2, INT64)
                        .text(8, name)
                        .numbers(7, values)
                        .build());
    }

    private void node(String type, String to, String... from) {
        node(type, to, List.of(from), null);
    }

    private void node(String type, String to, List<String> from, @Nullable Message attribute) {
        Message.Builder node =
                Message.builder().texts(1, from).text(2, to).text(3, to).text(4, type);
        graph.message(
                1, attribute == null ? node.build() : node.message(5, attribute).build());
    }

    private static Message number(String name, long value) {
        return Message.builder().text(1, name).number(3, value).number(20, 2).build();
    }

    private static Message numbers(String name, long... values) {
        return Message.builder().text(1, name).numbers(8, values).number(20, 7).build();
    }

    private static Message entry(String key, String value) {
        return Message.builder().text(1, key).text(2, value).build();
    }

    private static Message info(String name, long width) {
        Message shape = Message.builder()
                .message(1, Message.builder().text(2, "rows").build())
                .message(1, Message.builder().number(1, width).build())
                .build();
        Message tensor = Message.builder().number(1, FLOAT).message(2, shape).build();
        return Message.builder()
                .text(1, name)
                .message(2, Message.builder().message(1, tensor).build())
                .build();
    }
}
