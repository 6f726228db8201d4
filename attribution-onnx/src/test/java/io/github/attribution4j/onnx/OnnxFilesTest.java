// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.proto.Message;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens to a model whose files change, whose threads are interrupted, and that is used after it was closed. */
class OnnxFilesTest {
    private static final byte[] MLP = Golden.read("models.npz").bytes("mlp.script/model");
    private static final int FEATURES = 6;
    private static final String CHANGED =
            "has been changed or deleted since the model was loaded; load the model again";

    @TempDir
    private Path folder;

    private static float[] forward(OnnxModel model) {
        try (TensorScope scope = TensorScope.open()) {
            return model.forward(inputs()).toFloatArray();
        }
    }

    private static float[] gradient(OnnxModel model) {
        try (TensorScope scope = TensorScope.open();
                Pullback run = model.pullback(inputs())) {
            return run.vjp(run.output()).get(0).toFloatArray();
        }
    }

    private static Inputs inputs() {
        return Inputs.of(Tensors.ofJava().of(new float[] {1, 2, -1, 0.5f, 3, -2}, 1, FEATURES));
    }

    @Test
    void a_file_that_was_replaced_or_deleted_is_not_read_again() throws IOException {
        Path path = Files.write(folder.resolve("mlp.onnx"), MLP);
        try (OnnxModel model = OnnxModel.load(path)) {
            float[] before = forward(model);
            byte[] longer = Arrays.copyOf(MLP, MLP.length + 2);
            Files.write(path, longer);
            assertThatThrownBy(() -> gradient(model))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContainingAll("mlp.onnx", CHANGED);
            assertThat(forward(model)).isEqualTo(before); // its session has the weights
            Files.delete(path);
            assertThatThrownBy(() -> gradient(model))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContainingAll("mlp.onnx", CHANGED);
        }
    }

    @Test
    void a_file_of_weights_that_was_replaced_is_not_read() throws IOException {
        Path weights = folder.resolve("weights.bin");
        Files.write(weights, floats(1, 2, 3, 4, 5, 6));
        Path path = Files.write(folder.resolve("linked.onnx"), linked());
        try (OnnxModel model = OnnxModel.load(path)) {
            forward(model);
            Files.write(weights, floats(6, 5, 4, 3, 2, 1, 0));
            assertThatThrownBy(() -> gradient(model))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContainingAll("weights.bin", CHANGED);
        }
    }

    private static byte[] floats(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    /** y = x · w, with w in another file. */
    private static byte[] linked() {
        Message location =
                Message.builder().text(1, "location").text(2, "weights.bin").build();
        Message weights = Message.builder()
                .number(1, FEATURES)
                .number(1, 1)
                .number(2, 1)
                .text(8, "w")
                .message(13, location)
                .number(14, 1)
                .build();
        Message graph = Message.builder()
                .message(1, GraphMessages.node("MatMul", "y", "x", "w"))
                .text(2, "g")
                .message(5, weights)
                .message(11, GraphMessages.value("x", FEATURES))
                .message(12, GraphMessages.value("y", 1))
                .build();
        return Message.builder()
                .number(1, 8)
                .message(7, graph)
                .message(8, Message.builder().number(2, 17).build())
                .build()
                .toBytes();
    }

    @Test
    void an_interrupted_thread_leaves_the_file_open_for_others() throws Exception {
        Path path = Files.write(folder.resolve("mlp.onnx"), MLP);
        float[] right;
        try (OnnxModel model = OnnxModel.load(path)) {
            right = gradient(model);
        }
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try (OnnxModel model = OnnxModel.load(path)) {
            boolean still = thread.submit(() -> {
                        Thread.currentThread().interrupt();
                        forward(model);
                        model.identity();
                        return Thread.interrupted();
                    })
                    .get();
            assertThat(still).as("the interrupt is not swallowed").isTrue();
            assertThat(gradient(model)).isEqualTo(right);
        } finally {
            thread.shutdownNow();
        }
    }

    @Test
    void what_was_closed_says_so() {
        OnnxModel model = OnnxModel.load(MLP);
        try (TensorScope scope = TensorScope.open()) {
            Pullback open = model.pullback(inputs());
            Pullback closed = model.pullback(inputs());
            Tensor sent =
                    Tensors.ofJava().of(new float[] {1, 1, 1}, closed.output().shape());
            closed.close();
            closed.close();
            assertThatThrownBy(() -> closed.vjp(sent))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
            assertThat(open.vjp(sent)).hasSize(1);
            model.close();
            model.close();
            assertThatThrownBy(() -> open.vjp(sent))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("this model was closed");
            open.close();
            assertThatThrownBy(() -> model.forward(inputs()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("this model was closed");
        }
    }
}
