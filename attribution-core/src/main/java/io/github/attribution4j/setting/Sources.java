// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.setting;

import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import java.io.IOException;
import java.util.List;

/** Finds the arrays that the text of a setting names: by a file, or by the digest in a provenance. */
@Experimental
public interface Sources {
    /**
     * Returns arrays.
     *
     * @param name the name in the text
     * @return one array for each attributed input, in order
     * @throws IOException if there are none of that name
     */
    List<Tensor> arrays(String name) throws IOException;

    /** Returns arrays of group numbers, which are integers; otherwise as {@link #arrays}. */
    default List<Tensor> groupNumbers(String name) throws IOException {
        return arrays(name);
    }

    /** Returns sources without any arrays. */
    static Sources none() {
        return name -> {
            throw new IOException(name + ": there are no files here");
        };
    }
}
