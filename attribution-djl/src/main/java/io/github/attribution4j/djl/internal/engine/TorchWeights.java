// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import io.github.attribution4j.djl.internal.archive.ArchiveException;
import io.github.attribution4j.djl.internal.archive.StoredTensors;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads parameters and buffers from the archive's file when somebody asks for them. */
public final class TorchWeights {
    private final @Nullable TorchArchive archive;
    private final @Nullable DataType loadedAs;

    /**
     * Makes the reader.
     *
     * @param archive the original; not kept if its bytes are in memory
     * @param loadedAs the type that floating-point tensors were converted to, or null
     */
    public TorchWeights(TorchArchive archive, @Nullable DataType loadedAs) {
        this.archive = archive.isInMemory() ? null : archive;
        this.loadedAs = loadedAs;
    }

    public List<String> names() {
        return stored().names();
    }

    public Tensor read(String name) {
        try {
            StoredTensors stored = stored();
            if (!stored.has(name)) {
                throw new IllegalArgumentException(
                        "weight '" + name + "' does not exist; " + NearNames.hint(name, stored.names()));
            }
            StoredTensors.Elements elements = stored.read(name);
            long[] dims = elements.dims().stream().mapToLong(Long::longValue).toArray();
            Tensor tensor = Tensors.ofJava().of(elements.bytes(), elements.type(), Shape.of(dims));
            return loadedAs == null || !elements.type().isFloating() || elements.type() == loadedAs
                    ? tensor
                    : converted(tensor, loadedAs);
        } catch (ArchiveException e) {
            throw new UnsupportedModelException(Failures.line(e), e);
        }
    }

    private static Tensor converted(Tensor tensor, DataType type) {
        try (tensor) {
            return tensor.to(type);
        }
    }

    private StoredTensors stored() {
        if (archive == null) {
            throw new UnsupportedModelException("weights are read from the model's file, and this model came from a "
                    + "stream, whose bytes are not kept; load it from a file");
        }
        try {
            return StoredTensors.of(archive);
        } catch (ArchiveException e) {
            throw new UnsupportedModelException(Failures.line(e), e);
        }
    }
}
