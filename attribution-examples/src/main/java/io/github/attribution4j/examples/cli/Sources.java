// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.examples.cli;

import io.github.attribution4j.tensor.Tensor;
import java.io.IOException;
import java.util.List;

/** Where settings that name a file find its arrays. */
interface Sources {
    /**
     * Reads a file as the input is read.
     *
     * @param file as the user wrote it
     * @return one array for each attributed input, in order, where the file names them so; else all, in the file's order
     */
    List<Tensor> arrays(String file) throws IOException;

    /** Reads a file of group numbers; as {@link #arrays}, but a table is read as int64. */
    List<Tensor> groupNumbers(String file) throws IOException;

    /** For settings that name no file. */
    static Sources none() {
        return new Sources() {
            @Override
            public List<Tensor> arrays(String file) throws IOException {
                throw new IOException(file + ": there are no files here");
            }

            @Override
            public List<Tensor> groupNumbers(String file) throws IOException {
                return arrays(file);
            }
        };
    }
}
