// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** The arrays of one file in {@code golden/onnx}, which README.md there describes. */
public final class Golden {
    private final Map<String, Tensor> arrays;

    private Golden(Map<String, Tensor> arrays) {
        this.arrays = arrays;
    }

    /** Reads a file. */
    public static Golden read(String file) {
        try {
            return new Golden(new LinkedHashMap<>(NumpyFiles.readNpz(folder().resolve(file), Tensors.ofJava())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The folder that holds them. */
    public static Path folder() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path found = at.resolve("golden").resolve("onnx");
            if (Files.exists(found)) {
                return found;
            }
        }
        throw new IllegalStateException(
                "golden/onnx is in no folder above " + Path.of("").toAbsolutePath());
    }

    /** The names of the cases. */
    public Set<String> cases() {
        Set<String> cases = new LinkedHashSet<>();
        arrays.keySet().forEach(name -> cases.add(name.substring(0, name.indexOf('/'))));
        return cases;
    }

    public boolean has(String name) {
        return arrays.containsKey(name);
    }

    /** An array, read as bytes. */
    public byte[] bytes(String name) {
        ByteBuffer buffer = tensor(name).toByteBuffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    /** An array. */
    public Tensor tensor(String name) {
        Tensor tensor = arrays.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("there is no array " + name);
        }
        return tensor;
    }

    /** The arrays whose names begin so, under what follows. */
    public Map<String, Tensor> below(String prefix) {
        Map<String, Tensor> found = new LinkedHashMap<>();
        arrays.forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                found.put(name.substring(prefix.length()), tensor);
            }
        });
        return found;
    }
}
