/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
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
