// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;
import org.junit.platform.testkit.engine.EventType;

class LeakExtensionTest {
    /** The engine's setting that {@link Cases#changesTheMode} leaves changed. */
    private static final ThreadLocal<Boolean> MODE = ThreadLocal.withInitial(() -> false);

    private static final AtomicReference<Tensor> LEAKED = new AtomicReference<>();
    private static final AtomicReference<TensorScope> LEFT_OPEN = new AtomicReference<>();

    /** Run by {@link #run} only: not a test class by its name, and most of its tests fail on purpose. */
    static final class Cases {
        @RegisterExtension
        final LeakExtension extension = new LeakExtension(new Invariant() {
            @Override
            public String description() {
                return "the mode of this thread";
            }

            @Override
            public Object observe() {
                return MODE.get();
            }

            @Override
            public void restore(Object before) {
                MODE.set((Boolean) before);
            }
        });

        @Test
        void clean() {
            Tensors.ofJava().zeros(Shape.of(2), DataType.FLOAT32).close();
            MODE.set(true);
            MODE.set(false);
        }

        @Test
        void leaks() {
            LEAKED.set(bornHere());
        }

        private static Tensor bornHere() {
            return Tensors.ofJava().zeros(Shape.of(2), DataType.FLOAT32);
        }

        @Test
        void leavesAScopeOpen() {
            LEFT_OPEN.set(TensorScope.open());
        }

        @Test
        void printsToOut() {
            System.out.print("hello");
        }

        @Test
        void printsToErr() {
            System.err.print("woe");
        }

        @Test
        void changesTheMode() {
            MODE.set(true);
        }
    }

    private static List<String> run(String method) {
        return EngineTestKit.engine("junit-jupiter")
                .selectors(selectMethod(Cases.class, method))
                .execute()
                .testEvents()
                .list()
                .stream()
                .filter(event -> event.getType() == EventType.FINISHED)
                .map(LeakExtensionTest::message)
                .toList();
    }

    private static String message(Event event) {
        return event.getRequiredPayload(TestExecutionResult.class)
                .getThrowable()
                .map(Throwable::getMessage)
                .orElse("passed");
    }

    @Test
    @DisplayName("A test that closes what it opens passes")
    void clean() {
        assertThat(run("clean")).containsExactly("passed");
    }

    @Test
    @DisplayName("A test that leaks fails, and says where the tensor was born")
    void leak() {
        assertThat(run("leaks"))
                .singleElement()
                .asString()
                .startsWith("1 more tensors are open after this test than before it")
                .contains("LeakExtensionTest$Cases.bornHere");
        LEAKED.get().close();
    }

    @Test
    @DisplayName("A test that leaves a scope open fails")
    void scope() {
        assertThat(run("leavesAScopeOpen"))
                .containsExactly("the number of open TensorScopes of this thread was 0 before this test and is 1 after "
                        + "it; restore what you change");
        LEFT_OPEN.get().close();
    }

    @Test
    @DisplayName("A test that prints fails, what it printed is shown, and the streams are put back")
    void printing() {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try (PrintStream sink = new PrintStream(text, true, StandardCharsets.UTF_8)) {
            System.setOut(sink);
            System.setErr(sink);
            assertThat(run("printsToOut"))
                    .containsExactly("this test printed to System.out, which a library never does: hello");
            assertThat(run("printsToErr"))
                    .containsExactly("this test printed to System.err, which a library never does: woe");
            assertThat(System.out).isSameAs(sink);
            assertThat(System.err).isSameAs(sink);
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
        assertThat(text.toString(StandardCharsets.UTF_8)).isEqualTo("hellowoe");
    }

    @Test
    @DisplayName("A test that changes an invariant fails, and the invariant is put back")
    void invariant() {
        assertThat(run("changesTheMode"))
                .containsExactly(
                        "the mode of this thread was false before this test and is true after it; restore what "
                                + "you change");
        assertThat(MODE.get()).isFalse();
    }
}
