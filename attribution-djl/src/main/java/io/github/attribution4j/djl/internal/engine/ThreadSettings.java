// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.github.attribution4j.model.ModelException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What libtorch keeps for each thread of the operating system: the number of threads of one operation, grad mode, and the
 * graph executor's optimizer. Every call of a module sets all three; the last two are put back.
 *
 * <p>The number of threads that is set for the process reaches a thread only when libtorch asks for it there, which MKL
 * and oneDNN do not: a thread's first products would be summed in another order than its later ones. A thread that has
 * asked keeps its number when the process's changes.
 *
 * <p>A virtual thread has these settings from the thread that carries it, and may change carriers wherever it waits. So
 * nothing may wait between setting and putting back.
 */
public final class ThreadSettings {
    /** Tells whether a thread is virtual, or null before Java 21. */
    private static final @Nullable MethodHandle IS_VIRTUAL = isVirtualHandle();

    /** Threads of one operation as the last model asked for them, or 0 for libtorch's own number. */
    private static volatile int intraOp;

    /** libtorch does not tell a thread's setting of the optimizer; this is what DJL sets or leaves when its engine starts. */
    private static final boolean OPTIMIZER_ELSEWHERE =
            Boolean.parseBoolean(System.getProperty("ai.djl.pytorch.graph_optimizer", "true"));

    private ThreadSettings() {}

    /** Sets the threads that one operation uses, for the whole process. */
    public static void setIntraOpThreads(int threads) {
        intraOp = threads;
        JniUtils.setNumThreads(threads);
    }

    /** Sets the threads between operations, for the whole process; libtorch allows it once, before its first use. */
    public static void setInterOpThreads(int threads) {
        if (JniUtils.getNumInteropThreads() == threads) {
            return;
        }
        try {
            JniUtils.setNumInteropThreads(threads);
        } catch (EngineException e) {
            throw new ModelException(
                    "interOpThreads " + threads + ": libtorch takes this setting once, before its first parallel work, "
                            + "and has " + JniUtils.getNumInteropThreads()
                            + " now; set it with the first model, or leave it out",
                    e);
        }
    }

    /** Gives the current thread the process's number of threads for one operation. */
    static void useIntraOpThreads() {
        int wanted = intraOp;
        // Asking is what makes libtorch set the thread up.
        if (JniUtils.getNumThreads() != wanted && wanted > 0) {
            JniUtils.setNumThreads(wanted);
        }
    }

    /**
     * Runs a method of a module with the settings of this library.
     *
     * @param arguments the first is the method's name; its manager gets the results
     * @param gradients whether a graph is recorded
     * @throws EngineException if libtorch fails
     */
    static List<NDArray> run(PtSymbolBlock block, NDList arguments, boolean gradients) {
        return isVirtual() ? runInVirtualThread(block, arguments, gradients) : runHere(block, arguments, gradients);
    }

    private static NDList runHere(PtSymbolBlock block, NDList arguments, boolean gradients) {
        useIntraOpThreads();
        boolean before = JniUtils.isGradMode();
        JniUtils.setGradMode(gradients);
        JniUtils.setGraphExecutorOptimize(false);
        try {
            // "Training" here means only: no inference mode. The module stays in evaluation mode.
            return IValueUtils.forward(block, arguments, true);
        } finally {
            JniUtils.setGraphExecutorOptimize(OPTIMIZER_ELSEWHERE);
            JniUtils.setGradMode(before);
        }
    }

    /** Results first belong to a manager of this call's own: others' are locked, and a virtual thread waits for a lock. */
    private static List<NDArray> runInVirtualThread(PtSymbolBlock block, NDList arguments, boolean gradients) {
        NDArray method = arguments.get(0);
        try (PtNDManager own = (PtNDManager) method.getManager().newSubManager()) {
            PtNDArray name = JniUtils.clone((PtNDArray) method);
            name.attach(own);
            name.setName(method.getName());
            NDList renamed = new NDList(arguments.size());
            renamed.add(name);
            renamed.addAll(arguments.subList(1, arguments.size()));
            List<NDArray> results = new ArrayList<>(runHere(block, renamed, gradients));
            results.forEach(result -> result.attach(method.getManager()));
            return results;
        }
    }

    private static boolean isVirtual() {
        if (IS_VIRTUAL == null) {
            return false;
        }
        try {
            return (boolean) IS_VIRTUAL.invokeExact(Thread.currentThread());
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static @Nullable MethodHandle isVirtualHandle() {
        try {
            return MethodHandles.publicLookup()
                    .findVirtual(Thread.class, "isVirtual", MethodType.methodType(boolean.class));
        } catch (NoSuchMethodException | IllegalAccessException e) {
            return null;
        }
    }
}
