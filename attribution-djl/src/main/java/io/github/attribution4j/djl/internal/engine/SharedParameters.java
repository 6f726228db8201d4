// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDArray;
import io.github.attribution4j.djl.internal.archive.SplitArchive;
import io.github.attribution4j.model.UnsupportedModelException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The large parameters of a model, once in libtorch's memory for all modules that are compiled from its archive. They
 * are read from the archive straight into this memory, while libtorch compiles the program.
 */
public final class SharedParameters implements AutoCloseable {
    private final TorchRuntime runtime;
    private final Map<SplitArchive.Part, PtNDArray> storages = new HashMap<>();

    private SharedParameters(TorchRuntime runtime) {
        this.runtime = runtime;
    }

    /**
     * Reads the parameters that an archive's frame lacks.
     *
     * @throws io.github.attribution4j.djl.internal.archive.ArchiveException if the file cannot be read, or was changed
     */
    public static SharedParameters read(SplitArchive archive, TorchRuntime runtime, TorchTensors tensors) {
        SharedParameters parameters = new SharedParameters(runtime);
        boolean complete = false;
        try {
            for (SplitArchive.Part part : archive.parts()) {
                parameters.storages.put(
                        part, runtime.operations().bytes(tensors, part.bytes(), to -> archive.read(part, to)));
            }
            complete = true;
            return parameters;
        } finally {
            if (!complete) {
                parameters.close();
            }
        }
    }

    /** Returns a copy of the bytes of an entry of the archive; null if its frame has the entry. */
    public byte @Nullable [] bytes(String entry) {
        for (Map.Entry<SplitArchive.Part, PtNDArray> storage : storages.entrySet()) {
            if (storage.getKey().entry().equals(entry)) {
                return runtime.operations().read(storage.getValue(), from -> {
                    byte[] bytes = new byte[from.remaining()];
                    from.get(bytes);
                    return bytes;
                });
            }
        }
        return null;
    }

    /**
     * Returns parameters of which some are others. All that are equal lie in the same memory.
     *
     * @param changed by entry; those that the frame has are left out
     * @return to be closed in addition to these
     */
    public SharedParameters with(Map<String, byte[]> changed, TorchTensors tensors) {
        SharedParameters copy = new SharedParameters(runtime);
        boolean complete = false;
        try {
            storages.forEach((part, storage) -> {
                byte[] bytes = changed.get(part.entry());
                copy.storages.put(
                        part,
                        bytes == null
                                ? runtime.own(runtime.operations().alias(storage))
                                : runtime.operations().bytes(tensors, bytes.length, to -> to.put(bytes)));
            });
            complete = true;
            return copy;
        } finally {
            if (!complete) {
                copy.close();
            }
        }
    }

    /**
     * Gives a module the parameters that its archive's frame lacks.
     *
     * @param parameters all parameters of the module, by name
     */
    void giveTo(NDList parameters) {
        if (storages.isEmpty()) {
            return;
        }
        Map<String, PtNDArray> named = new HashMap<>();
        for (NDArray parameter : parameters) {
            named.put(parameter.getName(), (PtNDArray) parameter);
        }
        List<PtNDArray> pairs = new ArrayList<>();
        storages.forEach((part, storage) -> {
            for (String name : part.parameters()) {
                PtNDArray parameter = named.get(name);
                if (parameter == null) {
                    throw new UnsupportedModelException("parameter '" + name
                            + "' of the archive is not among those of the loaded module; export the model again");
                }
                pairs.add(parameter);
                pairs.add(storage);
            }
        });
        runtime.giveStorages(pairs);
    }

    /** Releases the parameters. Modules that use them keep them alive. */
    @Override
    public void close() {
        storages.values().forEach(PtNDArray::close);
    }
}
