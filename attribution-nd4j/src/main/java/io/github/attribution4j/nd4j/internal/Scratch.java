// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Arrays in between, freed together: ND4J alone would free them only after the garbage collector. */
final class Scratch implements AutoCloseable {
    private final List<INDArray> arrays = new ArrayList<>();

    /** Remembers an array. */
    INDArray of(INDArray array) {
        arrays.add(array);
        return array;
    }

    /** Frees all but some. */
    void closeExcept(List<INDArray> results) {
        for (INDArray array : arrays) {
            if (results.stream().noneMatch(result -> result == array)) {
                Runner.free(array);
            }
        }
        arrays.clear();
    }

    @Override
    public void close() {
        closeExcept(List.of());
    }
}
