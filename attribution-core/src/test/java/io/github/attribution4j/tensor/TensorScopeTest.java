// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.testkit.LeakExtension;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakExtension.class)
class TensorScopeTest {
    private static Tensor tensor() {
        return Tensors.ofJava().of(new float[] {1}, 1);
    }

    private static boolean isOpen(Tensor tensor) {
        try {
            return tensor.isFinite();
        } catch (IllegalStateException e) {
            return false;
        }
    }

    @Test
    @DisplayName("keepAll hands a list on; without an enclosing scope the caller closes it")
    void keepAll() {
        List<Tensor> kept;
        Tensor dropped;
        try (TensorScope scope = TensorScope.open()) {
            kept = scope.keepAll(List.of(tensor(), tensor()));
            dropped = tensor();
        }
        assertThat(kept).allMatch(TensorScopeTest::isOpen);
        assertThat(isOpen(dropped)).isFalse();
        kept.forEach(Tensor::close);
    }

    @Test
    @DisplayName("release takes a tensor out of whichever scope owns it")
    void release() {
        Tensor outer;
        try (TensorScope scope = TensorScope.open()) {
            outer = tensor();
            try (TensorScope inner = TensorScope.open()) {
                assertThat(TensorScope.depth()).isEqualTo(2);
                TensorScope.release(outer);
                assertThat(inner.owns(outer)).isFalse();
            }
            assertThat(scope.owns(outer)).isFalse();
        }
        assertThat(TensorScope.depth()).isZero();
        assertThat(isOpen(outer)).isTrue();
        outer.close();
        assertThat(TensorScope.release(outer)).isSameAs(outer);
    }

    @Test
    @DisplayName("Scopes end innermost first, once, and on their own thread")
    void misuse() throws InterruptedException {
        TensorScope outer = TensorScope.open();
        TensorScope inner = TensorScope.open();
        assertThatThrownBy(outer::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "this TensorScope is not the innermost one of its thread; scopes end in the order opposite to "
                                + "that of their opening: use try-with-resources");
        AtomicReference<Throwable> elsewhere = new AtomicReference<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        inner.close();
                    } catch (IllegalStateException e) {
                        elsewhere.set(e);
                    }
                },
                "other");
        thread.start();
        thread.join();
        assertThat(elsewhere.get())
                .hasMessage("this TensorScope belongs to thread "
                        + Thread.currentThread().getName() + " and was used by other; open one on each thread");
        inner.close();
        inner.close();
        outer.close();
        Tensor tensor = tensor();
        assertThatThrownBy(() -> outer.keep(tensor))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("this TensorScope has ended; open another one");
        tensor.close();
    }

    @Test
    @DisplayName("A closed tensor says how it may have come to that")
    void closedTensor() {
        Tensor tensor = tensor();
        tensor.close();
        assertThatThrownBy(tensor::sum)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("this tensor was closed (by close(), by the end of its TensorScope, or in a notebook "
                        + "because its cell was run again); keep it open with TensorScope.keep, use it before the "
                        + "scope ends, or compute it again");
    }

    @Test
    @DisplayName("A watcher is told of each tensor that no scope owns from then on, once")
    void watchedTensors() {
        List<Tensor> told = new ArrayList<>();
        TensorScope.watch(told::add);
        try {
            Tensor outside = tensor();
            assertThat(told).containsExactly(outside);
            Tensor kept;
            Tensor released;
            try (TensorScope outer = TensorScope.open()) {
                try (TensorScope inner = TensorScope.open()) {
                    Tensor temporary = tensor();
                    kept = inner.keep(tensor());
                    released = TensorScope.release(tensor());
                    inner.keep(outside);
                    assertThat(told).containsExactly(outside, released).doesNotContain(temporary);
                }
                outer.keep(kept);
                assertThat(told).containsExactly(outside, released, kept);
            }
            TensorScope.watch(null);
            try (Tensor unwatched = tensor()) {
                assertThat(told).doesNotContain(unwatched).hasSize(3);
            }
            told.forEach(Tensor::close);
        } finally {
            TensorScope.watch(null);
        }
    }

    @Test
    @DisplayName("Live tensors are counted, and their births recorded while that is on")
    void liveTensors() {
        Lifetime.recordOrigins(false);
        long before = Lifetime.count();
        Tensor unrecorded = tensor();
        assertThat(Lifetime.count()).isEqualTo(before + 1);
        assertThat(Lifetime.origins()).isEmpty();
        Lifetime.recordOrigins(true);
        Tensor recorded = tensor();
        assertThat(Lifetime.origins())
                .singleElement()
                .satisfies(origin -> assertThat(origin)
                        .hasMessage("tensor born here, by thread "
                                + Thread.currentThread().getName()));
        recorded.close();
        recorded.close();
        unrecorded.close();
        assertThat(Lifetime.origins()).isEmpty();
        assertThat(Lifetime.count()).isEqualTo(before);
    }

    @Test
    @DisplayName("A lifetime ends once and then refuses")
    void lifetime() {
        Tensor tensor = tensor();
        Lifetime lifetime = Lifetime.begin(tensor);
        lifetime.check();
        assertThat(lifetime.end()).isTrue();
        assertThat(lifetime.end()).isFalse();
        assertThatThrownBy(lifetime::check).isInstanceOf(IllegalStateException.class);
        tensor.close();
    }
}
