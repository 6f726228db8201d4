// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.proto.Message;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A call that takes many seconds is ended within it, by a deadline, another thread or an interrupt. */
@Timeout(120)
class OnnxStopTest {
    private static final int WIDTH = 256;
    private static final int NODES = 600;
    /** With so many rows each node takes tens of milliseconds, and with one next to nothing. */
    private static final int ROWS = 8192;

    private static final long SOON_NANOS = TimeUnit.SECONDS.toNanos(4);

    private static OnnxModel model;
    private static float[] one;

    @BeforeAll
    static void load() {
        ByteBuffer raw = ByteBuffer.allocate(WIDTH * WIDTH * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < WIDTH * WIDTH; i++) {
            raw.putFloat((float) Math.sin(i) / 8);
        }
        Message.Builder graph = Message.builder();
        String value = "x";
        for (int i = 0; i < NODES; i++) {
            String next = i == NODES - 1 ? "y" : "v" + i;
            graph.message(
                    1,
                    i % 2 == 0
                            ? GraphMessages.node("MatMul", next, value, "w")
                            : GraphMessages.node("Tanh", next, value));
            value = next;
        }
        graph.text(2, "g")
                .message(
                        5,
                        Message.builder()
                                .number(1, WIDTH)
                                .number(1, WIDTH)
                                .number(2, 1)
                                .text(8, "w")
                                .bytes(9, raw.array())
                                .build())
                .message(11, GraphMessages.value("x", WIDTH))
                .message(12, GraphMessages.value("y", WIDTH));
        model = OnnxModel.load(Message.builder()
                .number(1, 8)
                .message(7, graph.build())
                .message(8, Message.builder().number(2, 17).build())
                .build()
                .toBytes());
        one = saliency();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static float[] saliency() {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(Tensors.ofJava().of(new float[WIDTH], 1, WIDTH));
            try (Explanation why = new Saliency().attribute(model, inputs, Target.index(3))) {
                return why.attribution().toFloatArray();
            }
        }
    }

    /** Explains many rows in one call, and tells how long that took, in whatever way it ended. */
    private static long explain(Attribution<? super OnnxModel> method, Run run, List<RuntimeException> ends) {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(Tensors.ofJava().of(new float[ROWS * WIDTH], Shape.of(ROWS, WIDTH)));
            long start = System.nanoTime();
            try {
                method.attribute(model, inputs, Target.index(3), run.batchRows(ROWS));
            } catch (CancelledException | DeadlineExceededException | ModelException e) {
                ends.add(e);
            }
            return System.nanoTime() - start;
        }
    }

    private static void assertWorksAfterwards() {
        assertThat(saliency()).isEqualTo(one);
    }

    @Test
    void a_deadline_ends_a_call() {
        for (Attribution<? super OnnxModel> method :
                List.<Attribution<? super OnnxModel>>of(new Saliency(), new FeatureAblation())) {
            List<RuntimeException> ends = new ArrayList<>();
            Run run = Run.defaults().deadline(Duration.ofMillis(400));
            assertThat(explain(method, run, ends)).isLessThan(SOON_NANOS);
            assertThat(ends).hasSize(1).hasOnlyElementsOfType(DeadlineExceededException.class);
            assertThat(ends.get(0)).hasMessageContaining("400 ms");
        }
        assertWorksAfterwards();
    }

    @Test
    void another_thread_ends_a_call() throws InterruptedException {
        Cancellation cancellation = new Cancellation();
        Thread other = new Thread(() -> {
            try {
                Thread.sleep(400);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            cancellation.cancel();
        });
        other.start();
        List<RuntimeException> ends = new ArrayList<>();
        assertThat(explain(new Saliency(), Run.defaults().cancellation(cancellation), ends))
                .isLessThan(SOON_NANOS);
        other.join();
        assertThat(ends).hasSize(1).hasOnlyElementsOfType(CancelledException.class);
        assertWorksAfterwards();
    }

    @Test
    void an_interrupt_ends_a_call_of_a_run_with_a_limit() throws Exception {
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try {
            List<RuntimeException> ends = new ArrayList<>();
            CountDownLatch begun = new CountDownLatch(1);
            Future<Long> nanos = threads.submit(() -> {
                begun.countDown();
                return explain(new Saliency(), Run.defaults().deadline(Duration.ofMinutes(9)), ends);
            });
            begun.await();
            Thread.sleep(500);
            threads.shutdownNow();
            assertThat(nanos.get()).isLessThan(SOON_NANOS);
            assertThat(ends).hasSize(1).hasOnlyElementsOfType(CancelledException.class);
        } finally {
            threads.shutdownNow();
        }
        assertWorksAfterwards();
    }

    @Test
    void others_that_run_on_the_same_session_go_on() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<RuntimeException> ends = new ArrayList<>();
            Future<Long> slow = threads.submit(
                    () -> explain(new Saliency(), Run.defaults().deadline(Duration.ofMillis(600)), ends));
            while (!slow.isDone()) {
                assertThat(saliency()).isEqualTo(one);
            }
            assertThat(ends).hasSize(1);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void a_model_may_be_closed_while_others_are_inside() throws Exception {
        byte[] bytes = Golden.read("models.npz").bytes("cnn.dynamo/model");
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            for (int round = 0; round < 10; round++) {
                OnnxModel closing = OnnxModel.load(bytes);
                CountDownLatch inside = new CountDownLatch(4);
                List<Future<Integer>> all = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    all.add(threads.submit(() -> untilClosed(closing, inside)));
                }
                inside.await();
                Thread.sleep(5L * round);
                closing.close();
                for (Future<Integer> each : all) {
                    assertThat(each.get(30, TimeUnit.SECONDS)).isPositive();
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** Returns how many explanations there were before the model said that it was closed. */
    private static int untilClosed(OnnxModel closing, CountDownLatch inside) {
        try (TensorScope scope = TensorScope.open();
                Tensor images = Tensors.ofJava().of(new float[200], 2, 1, 10, 10)) {
            for (int count = 0; ; count++) {
                try (Explanation why = new Saliency().attribute(closing, Inputs.of(images), Target.index(0))) {
                    why.scores();
                } catch (IllegalStateException e) {
                    assertThat(e).hasMessageContaining("closed");
                    return count;
                } finally {
                    if (count == 0) {
                        inside.countDown();
                    }
                }
            }
        }
    }
}
