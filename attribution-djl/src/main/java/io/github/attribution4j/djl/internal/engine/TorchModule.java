// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import io.github.attribution4j.tensor.DataType;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A module in libtorch's memory. Many threads call it at once, and any thread may close it.
 *
 * <p>Closing while other threads are inside only marks the module; the last one to leave frees it. A counter does this
 * without a lock, so nobody waits.
 */
public final class TorchModule implements AutoCloseable {
    /** The number of control vectors that are kept: the requests to one model hardly vary. */
    private static final int KEPT_CONTROLS = 64;

    /**
     * Added to the counter when the module is closed, so that one number tells both how many threads are inside and
     * whether it is open.
     */
    private static final long CLOSED = 1L << 62;

    /** The module was closed. */
    public static final class ClosedException extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        public ClosedException() {
            super("this model was closed; load it again");
        }
    }

    private final TorchRuntime runtime;
    private final TorchTensors tensors;
    private final PtNDManager manager;
    private final PtSymbolBlock block;
    private final Map<String, PtNDArray> methods = new ConcurrentHashMap<>();
    private final KeptHandles<LongBuffer> controls = new KeptHandles<>(KEPT_CONTROLS);
    private final AtomicLong users = new AtomicLong();
    private final @Nullable DataType weights;
    private final Set<String> distinct;

    private TorchModule(
            TorchRuntime runtime,
            TorchTensors tensors,
            PtNDManager manager,
            PtSymbolBlock block,
            SharedParameters parameters,
            boolean learning) {
        this.weights = runtime.freeze(block, manager, parameters, learning);
        this.distinct = learning ? runtime.distinctParameters(block, manager) : Set.of();
        this.runtime = runtime;
        this.tensors = tensors;
        this.manager = manager;
        this.block = block;
    }

    /**
     * Loads a module from a file. From a file, libtorch reads tensors straight into place; from a stream it would make
     * two more copies.
     *
     * @param file not needed afterwards
     * @param parameters those that the file lacks; asked for after libtorch has compiled the file
     * @param learning whether gradients by parameters are possible
     * @throws EngineException if libtorch refuses it
     */
    public static TorchModule load(
            TorchRuntime runtime,
            TorchTensors tensors,
            Path file,
            Supplier<SharedParameters> parameters,
            boolean learning) {
        PtNDManager manager = (PtNDManager) tensors.manager().newSubManager();
        boolean loaded = false;
        try {
            PtSymbolBlock block = runtime.load(file, manager);
            TorchModule module = new TorchModule(runtime, tensors, manager, block, parameters.get(), learning);
            loaded = true;
            return module;
        } finally {
            if (!loaded) {
                manager.close();
            }
        }
    }

    public TorchRuntime runtime() {
        return runtime;
    }

    /** Returns the floating type of the parameters; null if they have several types, or there are none. */
    public @Nullable DataType weights() {
        return weights;
    }

    public TorchTensors tensors() {
        return tensors;
    }

    /**
     * Calls a method of type {@code (List[Tensor]) -> List[Tensor]}.
     *
     * @return handles that the caller closes
     * @throws EngineException if libtorch fails
     * @throws ClosedException if the module was closed
     */
    public List<PtNDArray> call(String method, List<PtNDArray> arguments, boolean gradients) {
        enter();
        try {
            PtNDArray marker = methods.computeIfAbsent(method, name -> runtime.method(name, tensors.manager()));
            return runtime.call(block, marker, arguments, gradients);
        } finally {
            leave();
        }
    }

    /**
     * Returns those of some names of parameters that belong to different tensors: of a module that gives gradients by
     * them.
     */
    public List<String> distinct(List<String> names) {
        return names.stream().filter(distinct::contains).toList();
    }

    /**
     * Returns parameters by name.
     *
     * @return handles that the caller closes
     * @throws io.github.attribution4j.model.UnsupportedModelException if there is none of a name
     * @throws ClosedException if the module was closed
     */
    public List<PtNDArray> parameters(List<String> names) {
        enter();
        try {
            return runtime.parameters(block, manager, names);
        } finally {
            leave();
        }
    }

    /**
     * Calls such a method with a vector of numbers before the other arguments.
     *
     * @param control not changed, kept for the next call
     * @return as {@link #call(String, List, boolean)}
     * @throws EngineException as {@link #call(String, List, boolean)}
     * @throws ClosedException as {@link #call(String, List, boolean)}
     */
    public List<PtNDArray> call(String method, long[] control, List<PtNDArray> others, boolean gradients) {
        enter();
        try {
            return controls.with(
                    LongBuffer.wrap(control), key -> runtime.operations().int64(control), vector -> {
                        List<PtNDArray> arguments = new ArrayList<>(others.size() + 1);
                        arguments.add(vector);
                        arguments.addAll(others);
                        return call(method, arguments, gradients);
                    });
        } finally {
            leave();
        }
    }

    /**
     * Checks that the module is open.
     *
     * @throws ClosedException if it was closed
     */
    public void check() {
        if (users.get() >= CLOSED) {
            throw new ClosedException();
        }
    }

    private void enter() {
        if (users.incrementAndGet() >= CLOSED) {
            leave();
            check();
        }
    }

    private void leave() {
        if (users.decrementAndGet() == CLOSED) {
            free();
        }
    }

    /** Frees the module as soon as nobody is inside. Idempotent. */
    @Override
    public void close() {
        long before = users.getAndUpdate(count -> count >= CLOSED ? count : count + CLOSED);
        if (before == 0) {
            free();
        }
    }

    /**
     * Frees the module. More than one thread may see the count reach zero after closing; DJL's own handles are freed
     * only once.
     */
    private void free() {
        block.close();
        methods.values().forEach(PtNDArray::close);
        controls.close();
        manager.close();
    }
}
