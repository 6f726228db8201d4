// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import io.github.attribution4j.djl.internal.archive.SplitArchive;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Reads an archive's file on another thread while libtorch compiles its program. First it reads the parameters, for
 * which the compiled program waits; then the whole file, for its digest and its checksums. One thread does both: a
 * third thread would slow down compilation on machines with two cores.
 */
public final class WeightsReading {
    private final CompletableFuture<SharedParameters> parameters = new CompletableFuture<>();
    private final CompletableFuture<String> digest;

    /**
     * Starts to read.
     *
     * @param split the archive that is loaded
     * @param original the file, of which {@code split} may be a converted copy
     */
    public WeightsReading(SplitArchive split, TorchArchive original, TorchRuntime runtime, TorchTensors tensors) {
        this.digest = CompletableFuture.supplyAsync(() -> {
            try {
                parameters.complete(SharedParameters.read(split, runtime, tensors));
            } catch (RuntimeException | Error e) {
                parameters.completeExceptionally(e);
                throw e;
            }
            return original.verify();
        });
    }

    /**
     * Waits for the parameters.
     *
     * @throws io.github.attribution4j.djl.internal.archive.ArchiveException if the file cannot be read, or was changed
     * @throws io.github.attribution4j.model.ModelException.OutOfMemory if they do not fit into memory
     */
    public SharedParameters parameters() {
        return join(parameters);
    }

    /**
     * Waits for the digest.
     *
     * @throws io.github.attribution4j.djl.internal.archive.ArchiveException if the file is damaged
     */
    public String digest() {
        return join(digest);
    }

    private static <T> T join(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException own ? own : e;
        }
    }

    /** Frees the parameters as soon as they have been read. */
    public void discard() {
        var unused = parameters.thenAccept(SharedParameters::close);
    }
}
