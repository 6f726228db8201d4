// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory of the runtime is freed once, and never while a thread is inside. */
@Timeout(120)
class ClosedPullbacksTest {
    private static final int THREADS = 4;

    /** If memory were freed too early, or twice, the process would end. */
    @Test
    void any_thread_may_close_it_at_any_time() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (OnnxModel model = OnnxModel.load(Golden.read("models.npz").bytes("cnn.dynamo/model"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(Tensors.ofJava().of(new float[400], 4, 1, 10, 10));
            Tensor sent = Tensors.ofJava().of(new float[16], 4, 4);
            int products = 0;
            for (int round = 0; round < 150; round++) {
                Pullback pullback = model.pullback(inputs);
                CountDownLatch begun = new CountDownLatch(1);
                List<Future<Integer>> all = new ArrayList<>();
                for (int i = 0; i < THREADS - 1; i++) {
                    all.add(threads.submit(() -> untilClosed(pullback, sent, begun)));
                }
                begun.await();
                TimeUnit.MICROSECONDS.sleep(37L * (round % 20));
                Future<?> other = threads.submit(pullback::close);
                pullback.close();
                other.get();
                for (Future<Integer> each : all) {
                    products += each.get();
                }
            }
            assertThat(products).isPositive();
        } finally {
            threads.shutdownNow();
        }
    }

    private static int untilClosed(Pullback pullback, Tensor sent, CountDownLatch begun) {
        for (int count = 0; ; count++) {
            try (TensorScope scope = TensorScope.open()) {
                assertThat(pullback.vjp(sent).get(0).toFloatArray()).hasSize(400);
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("closed");
                return count;
            } finally {
                begun.countDown();
            }
        }
    }
}
