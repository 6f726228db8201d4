// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.attribution4j.djl.internal.engine.TorchRuntime;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Thousands of calls: memory stays as it is, also after failures; many threads; closing in the middle. */
@ExtendWith(LeakExtension.class)
class EnduranceTest {
    private static final int CALLS = 2000;
    private static final int FEW_CALLS = 60;
    private static final int ROWS = 4096;

    /** Room for what malloc keeps; one leaked tensor a call would be four times as much. */
    private static final long KILOBYTES = 100_000;

    /** What the process holds besides Java's own heap. */
    private static long nativeKilobytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        assumeThat(status).exists();
        System.gc();
        long resident = Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElse(0);
        return resident - Runtime.getRuntime().totalMemory() / 1024;
    }

    private static int handles() {
        return TorchRuntime.get()
                .tensors(TestModels.options().device())
                .manager()
                .getManagedArrays()
                .size();
    }

    private interface Work {
        void run();
    }

    /** Runs the work until it is warm, then many times, and compares native handles and resident memory. */
    private static void staysFlat(int calls, Work work) throws IOException {
        for (int i = 0; i < calls / 5; i++) {
            work.run();
        }
        long before = nativeKilobytes();
        int handles = handles();
        long live = Lifetime.count();
        for (int i = 0; i < calls; i++) {
            work.run();
        }
        assertThat(Lifetime.count()).isEqualTo(live);
        assertThat(handles()).isEqualTo(handles);
        assertThat(nativeKilobytes() - before)
                .as("growth of native memory in KB")
                .isLessThan(KILOBYTES);
    }

    @Test
    @DisplayName("Forward, gradient, head and tail: handles and resident memory stay flat")
    void calls() throws IOException {
        try (TorchScriptModel model = TestModels.golden("mlp_softmax.scripted.pt");
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT32, ROWS, 1, 12));
            Tensor cotangent = TestModels.normal(model, DataType.FLOAT32, ROWS, 2, 4);
            var cut = model.cut("fc2");
            staysFlat(CALLS, () -> {
                try (TensorScope each = TensorScope.open()) {
                    model.forward(inputs);
                    try (Pullback pullback = model.pullback(inputs)) {
                        pullback.vjp(cotangent);
                        pullback.vjpLast(cotangent);
                    }
                    Inputs behind = cut.tailInputs(inputs, cut.head().forward(inputs));
                    try (Pullback pullback = cut.tail().pullback(behind)) {
                        pullback.vjpLast(cotangent);
                    }
                }
            });
        }
    }

    @Test
    @DisplayName("Calls that fail leave no tensors behind: 2000 times 256 KB would be 500 MB")
    void failures() throws IOException {
        try (TorchScriptModel model = TestModels.golden("mlp_softmax.scripted.pt")) {
            staysFlat(CALLS, () -> {
                try (TensorScope each = TensorScope.open()) {
                    Tensor wrong = model.tensors().zeros(Shape.of(64, 1024), DataType.FLOAT32);
                    assertThatThrownBy(() -> model.forward(Inputs.of(wrong))).isInstanceOf(ModelException.class);
                }
            });
        }
    }

    @Test
    @DisplayName("A backward pass that fails leaves no graph behind: 60 times 100 MB would be 6 GB")
    void failingGradients() throws IOException {
        // Few and large: malloc gives blocks of this size back, so that resident memory shows what is really held.
        try (TorchScriptModel model = TestModels.script("""
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  z = torch.exp(x)
                  w = torch.mul(z, z)
                  return torch.add(w, torch.add_(z, 1.0))
                """)) {
            staysFlat(FEW_CALLS, () -> {
                try (TensorScope each = TensorScope.open()) {
                    Tensor x = model.tensors().zeros(Shape.of(64, 1 << 17), DataType.FLOAT32);
                    try (Pullback pullback = model.pullback(Inputs.of(x))) {
                        Tensor cotangent = pullback.output().mul(0);
                        assertThatThrownBy(() -> pullback.vjp(cotangent))
                                .isInstanceOf(ModelException.class)
                                .hasMessageContainingAll("backward pass", "inplace");
                    }
                }
            });
        }
    }

    @Test
    @DisplayName("A model closed while others are inside lets them finish and refuses the next")
    void closing() throws InterruptedException, ExecutionException {
        for (int round = 0; round < 10; round++) {
            TorchScriptModel model = TestModels.golden("mlp_double.scripted.pt");
            ExecutorService pool = Executors.newFixedThreadPool(4);
            CountDownLatch running = new CountDownLatch(4);
            AtomicInteger refused = new AtomicInteger();
            List<Future<?>> futures = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                futures.add(pool.submit(() -> useUntilClosed(model, running, refused)));
            }
            running.await();
            model.close();
            model.close();
            for (Future<?> future : futures) {
                future.get();
            }
            pool.shutdown();
            assertThat(refused).hasValue(4);
        }
    }

    private static void useUntilClosed(TorchScriptModel model, CountDownLatch running, AtomicInteger refused) {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(TestModels.normal(TestModels.tensors(), DataType.FLOAT64, 8, 1, 10));
            for (int call = 0; ; call++) {
                try (TensorScope each = TensorScope.open();
                        Pullback pullback = model.pullback(inputs)) {
                    pullback.vjpLast(pullback.output());
                }
                if (call == 3) {
                    running.countDown();
                }
            }
        } catch (IllegalStateException e) {
            assertThat(e).hasMessageContaining("closed");
            refused.incrementAndGet();
        }
    }
}
