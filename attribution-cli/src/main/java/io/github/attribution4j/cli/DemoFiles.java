// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;

/** The models and inputs of the demo and of the example programs; they are in the jar. */
public final class DemoFiles {
    private DemoFiles() {}

    /**
     * Opens a file.
     *
     * @param name such as {@code digits.pt}
     * @return a stream that the caller closes
     */
    public static InputStream open(String name) throws IOException {
        InputStream in = DemoFiles.class.getResourceAsStream("/demo/" + name);
        if (in == null) {
            throw new FileNotFoundException("/demo/" + name + " is not in the jar");
        }
        return in;
    }

    /**
     * Reads the only array of an {@code .npz} file.
     *
     * @param name such as {@code digit-3.npz}
     * @param tensors the backend that holds it
     * @return owned by the current scope
     */
    public static Tensor array(String name, Tensors tensors) throws IOException {
        try (InputStream in = open(name)) {
            return NumpyFiles.readNpz(in, tensors).values().iterator().next();
        }
    }
}
