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
 * libtorch's settings of each operating system thread: the number of threads of one operation, grad mode, and the graph
 * executor's optimizer. Every call of a module sets all three; the last two are restored after it.
 *
 * <p>libtorch keeps one number of threads for the process. A thread adopts it only when libtorch asks for the number
 * there, which MKL and oneDNN do not. Without care, a thread's first products would be summed in another order than its
 * later ones. A thread that has adopted a number keeps it when the process's number changes.
 *
 * <p>A virtual thread has the settings of the thread that carries it, and may change carriers wherever it waits. So
 * nothing may wait between setting and restoring.
 */
public final class ThreadSettings {
    /** Returns whether a thread is virtual; null before Java 21. */
    private static final @Nullable MethodHandle IS_VIRTUAL = isVirtualHandle();

    /** The threads of one operation that the last model asked for, or 0 for libtorch's own number. */
    private static volatile int intraOp;

    /**
     * libtorch does not return a thread's optimizer setting. This is the value that DJL sets, or leaves, when its
     * engine starts.
     */
    private static final boolean OPTIMIZER_ELSEWHERE =
            Boolean.parseBoolean(System.getProperty("ai.djl.pytorch.graph_optimizer", "true"));

    private ThreadSettings() {}

    /** Sets the number of threads of one operation, for the whole process. */
    public static void setIntraOpThreads(int threads) {
        intraOp = threads;
        JniUtils.setNumThreads(threads);
    }

    /**
     * Sets the number of threads between operations, for the whole process. libtorch allows it once, before its first
     * use.
     */
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

    /** Makes the current thread adopt the process's number of threads for one operation. */
    static void useIntraOpThreads() {
        int wanted = intraOp;
        // The question makes libtorch set up the thread.
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

    /**
     * The results first belong to a manager of this call. Other managers have locks, and a virtual thread would wait
     * for one.
     */
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
