// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who owns a tensor and what happens when it is closed; part of {@link TensorContract}. */
@Experimental
@ExtendWith(LeakExtension.class)
public abstract class TensorLifetimeContract {
    private static final List<Function<Tensor, Object>> OPERATIONS = List.of(
            x -> x.add(x),
            x -> x.add(1),
            x -> x.sub(x),
            x -> x.mul(x),
            x -> x.mul(2),
            x -> x.div(x),
            Tensor::abs,
            Tensor::exp,
            Tensor::log,
            Tensor::sqrt,
            x -> x.clamp(0, 1),
            x -> x.gt(x),
            x -> x.gt(0),
            x -> x.ge(x),
            x -> x.ge(0),
            x -> x.eq(x),
            x -> x.eq(0),
            Tensor::sum,
            x -> x.mean(0),
            x -> x.max(1),
            x -> x.argmax(0),
            x -> x.reshape(6),
            x -> x.broadcast(Shape.of(4, 2, 3)),
            x -> x.slice(1, 0, 2),
            x -> x.rows(0, 1),
            x -> x.select(1, 2, 0),
            x -> x.pick(0, 2),
            x -> x.interpolate(4, 4, Tensor.Interpolation.BILINEAR),
            x -> x.to(DataType.FLOAT64),
            x -> x.to(DataType.FLOAT32),
            Tensor::isFinite,
            Tensor::alias,
            Tensor::toFloatArray,
            Tensor::toDoubleArray,
            Tensor::toLongArray,
            Tensor::toBooleanArray,
            Tensor::toByteBuffer,
            x -> x.tensors().concat(List.of(x, x), 0));

    /** For subclasses. */
    protected TensorLifetimeContract() {}

    /** Returns the factory under test. */
    protected abstract Tensors tensors();

    private Tensor sample() {
        return tensors().of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
    }

    @Test
    @DisplayName("A closed tensor refuses every operation; closing twice is nothing")
    void closed() {
        Tensor x = sample();
        Assertions.assertThat(x.isClosed()).isFalse();
        x.close();
        x.close();
        Assertions.assertThat(x.isClosed()).isTrue();
        for (int i = 0; i < OPERATIONS.size(); i++) {
            Function<Tensor, Object> operation = OPERATIONS.get(i);
            assertThatThrownBy(() -> operation.apply(x))
                    .as("operation %d", i)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
    }

    @Test
    @DisplayName("No operation changes or closes its operand, and each result is one new tensor")
    void operandsStay() {
        try (Tensor x = sample()) {
            float[] before = x.toFloatArray();
            for (int i = 0; i < OPERATIONS.size(); i++) {
                long live = Lifetime.count();
                Object result = OPERATIONS.get(i).apply(x);
                Assertions.assertThat(Lifetime.count() - live)
                        .as("tensors born by operation %d", i)
                        .isEqualTo(result instanceof Tensor ? 1 : 0);
                if (result instanceof Tensor tensor) {
                    Assertions.assertThat(tensor).isNotSameAs(x);
                    tensor.close();
                }
                Assertions.assertThat(x.toFloatArray())
                        .as("after operation %d", i)
                        .isEqualTo(before);
            }
        }
    }

    @Test
    @DisplayName("Views and what they view are closed apart")
    void views() {
        List<Function<Tensor, Tensor>> views = List.of(
                x -> x.reshape(3, 2),
                x -> x.slice(1, 0, 3),
                x -> x.rows(0, 2),
                x -> x.broadcast(Shape.of(2, 3)),
                Tensor::alias,
                x -> x.to(DataType.FLOAT32));
        for (Function<Tensor, Tensor> make : views) {
            Tensor x = sample();
            Tensor view = make.apply(x);
            x.close();
            assertThat(view).hasValues(1, 2, 3, 4, 5, 6);
            view.close();

            Tensor y = sample();
            make.apply(y).close();
            assertThat(y).hasValues(1, 2, 3, 4, 5, 6);
            y.close();
        }
    }

    @Test
    @DisplayName("A scope closes what is created in it, and hands on what is kept")
    void scopes() {
        Tensor x = sample();
        Tensor inner;
        Tensor kept;
        Tensor released;
        try (TensorScope outer = TensorScope.open()) {
            try (TensorScope scope = TensorScope.open()) {
                inner = x.add(1);
                kept = scope.keep(x.add(2));
                released = TensorScope.release(x.add(3));
                Assertions.assertThat(scope.owns(inner)).isTrue();
                Assertions.assertThat(scope.owns(kept)).isFalse();
                Assertions.assertThat(scope.keep(x)).isSameAs(x);
            }
            assertThatThrownBy(() -> inner.add(1)).isInstanceOf(IllegalStateException.class);
            assertThat(kept).hasValues(3, 4, 5, 6, 7, 8);
            Assertions.assertThat(outer.owns(kept)).isTrue();
        }
        assertThatThrownBy(() -> kept.add(1)).isInstanceOf(IllegalStateException.class);
        assertThat(released).hasValues(4, 5, 6, 7, 8, 9);
        assertThat(x).hasValues(1, 2, 3, 4, 5, 6);
        released.close();
        x.close();
    }

    @Test
    @DisplayName("A tensor of here is brought as another handle, one of elsewhere as a copy; others are refused")
    void bring() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = sample();
            Assertions.assertThat(tensors().owns(x)).isTrue();
            Assertions.assertThat(x.tensors().owns(sample())).isTrue();
            Assertions.assertThat(tensors().device()).isNotBlank();
            assertThat(tensors().bring(x)).isBitEqualTo(x);
            Tensor java = Tensors.ofJava().of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
            assertThat(tensors().bring(java)).isBitEqualTo(java);
            Assertions.assertThat(tensors().owns(tensors().bring(java))).isTrue();
            if (!tensors().owns(java)) {
                assertThatThrownBy(() -> x.add(java))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContainingAll(tensors().device(), "java", "bring");
            }
        }
    }

    @Test
    @DisplayName("Many threads read one tensor, each in its own scope, and compute the same bits")
    void threads() throws InterruptedException, ExecutionException {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try (Tensor x = sample();
                Tensor expected = compute(x)) {
            List<Callable<Tensor>> tasks = IntStream.range(0, 200)
                    .<Callable<Tensor>>mapToObj(i -> () -> compute(x))
                    .toList();
            for (Future<Tensor> future : pool.invokeAll(tasks)) {
                try (Tensor result = future.get()) {
                    assertThat(result).isBitEqualTo(expected);
                }
            }
        } finally {
            pool.shutdown();
        }
    }

    private static Tensor compute(Tensor x) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor scaled = x.mul(0.3).exp();
            return scope.keep(
                    scaled.div(scaled.sum(1).reshape(2, 1)).add(x.gt(2).where(x, scaled)));
        }
    }
}
