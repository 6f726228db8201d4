// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit;

import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails every test that leaves a tensor or a {@link TensorScope} open, prints to {@code System.out} or {@code
 * System.err}, or changes an {@link Invariant}. The failure says where a leaked tensor was created.
 *
 * <pre>{@code
 * @ExtendWith(LeakExtension.class)
 * class MyMethodTest { ... }
 * }</pre>
 *
 * <p>What {@code @BeforeEach} creates must be closed by {@code @AfterEach}; what {@code @BeforeAll} creates is not
 * counted. Tensors are counted over the whole JVM and the streams belong to it, so test classes that use this must not
 * run in parallel with others.
 */
@Experimental
public final class LeakExtension implements BeforeEachCallback, AfterEachCallback {
    private static final int SHOWN_BIRTHS = 3;
    private static final int SHOWN_TEXT = 2000;
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(LeakExtension.class);

    private final List<Invariant> invariants = new ArrayList<>();

    /** Creates an extension with the invariants that are registered as services. */
    public LeakExtension() {
        this(new Invariant[0]);
    }

    /** Creates an extension with these invariants in addition to the registered services. */
    public LeakExtension(Invariant... more) {
        invariants.add(new OpenScopes());
        ServiceLoader.load(Invariant.class).forEach(invariants::add);
        invariants.addAll(List.of(more));
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        Map<Invariant, Object> observed = new LinkedHashMap<>();
        for (Invariant invariant : invariants) {
            observed.put(invariant, invariant.observe());
        }
        Lifetime.recordOrigins(true);
        Recorder out = new Recorder(System.out);
        Recorder err = new Recorder(System.err);
        Before before = new Before(Lifetime.count(), observed, System.out, System.err, out, err);
        context.getStore(NAMESPACE).put(Before.class, before);
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Before before = context.getStore(NAMESPACE).remove(Before.class, Before.class);
        System.setOut(before.out);
        System.setErr(before.err);
        List<String> problems = new ArrayList<>();
        long leaked = Lifetime.count() - before.live;
        if (leaked > 0) {
            problems.add(leak(leaked));
        }
        Lifetime.recordOrigins(false);
        printed("System.out", before.recordedOut, problems);
        printed("System.err", before.recordedErr, problems);
        before.observed.forEach((invariant, value) -> {
            Object now = invariant.observe();
            if (!now.equals(value)) {
                problems.add(invariant.description() + " was " + value + " before this test and is " + now
                        + " after it; restore what you change");
                invariant.restore(value);
            }
        });
        if (!problems.isEmpty()) {
            throw new AssertionError(String.join(System.lineSeparator(), problems));
        }
    }

    private static String leak(long leaked) {
        StringWriter text = new StringWriter();
        PrintWriter writer = new PrintWriter(text);
        writer.println(leaked + " more tensors are open after this test than before it; close them, or open a "
                + "TensorScope around what creates them. Born here:");
        List<Throwable> births = Lifetime.origins();
        births.stream().limit(SHOWN_BIRTHS).forEach(birth -> birth.printStackTrace(writer));
        if (births.size() > SHOWN_BIRTHS) {
            writer.println("... and " + (births.size() - SHOWN_BIRTHS) + " more");
        }
        writer.flush();
        return text.toString();
    }

    private static void printed(String stream, Recorder recorder, List<String> problems) {
        String text = recorder.stop();
        if (!text.isEmpty()) {
            String shown = text.length() > SHOWN_TEXT ? text.substring(0, SHOWN_TEXT) + "..." : text;
            problems.add("this test printed to " + stream + ", which a library never does: " + shown);
        }
    }

    /** The state before a test. */
    private static final class Before {
        final long live;
        final Map<Invariant, Object> observed;
        final PrintStream out;
        final PrintStream err;
        final Recorder recordedOut;
        final Recorder recordedErr;

        Before(
                long live,
                Map<Invariant, Object> observed,
                PrintStream out,
                PrintStream err,
                Recorder recordedOut,
                Recorder recordedErr) {
            this.live = live;
            this.observed = observed;
            this.out = out;
            this.err = err;
            this.recordedOut = recordedOut;
            this.recordedErr = recordedErr;
        }
    }

    /** Forwards and records what is printed. It still forwards after it is stopped: a logger may hold it. */
    private static final class Recorder extends OutputStream {
        private final PrintStream target;
        private final ByteArrayOutputStream recorded = new ByteArrayOutputStream();
        private boolean stopped;

        Recorder(PrintStream target) {
            this.target = target;
        }

        @Override
        public synchronized void write(int value) {
            target.write(value);
            if (!stopped) {
                recorded.write(value);
            }
        }

        @Override
        public void flush() {
            target.flush();
        }

        synchronized String stop() {
            stopped = true;
            return recorded.toString(StandardCharsets.UTF_8);
        }
    }

    private static final class OpenScopes implements Invariant {
        @Override
        public String description() {
            return "the number of open TensorScopes of this thread";
        }

        @Override
        public Object observe() {
            return TensorScope.depth();
        }
    }
}
