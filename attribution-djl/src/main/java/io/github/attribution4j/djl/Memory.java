// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.pytorch.engine.PtNDArray;
import java.util.List;

/**
 * What a copy that follows backward rules keeps of a run.
 *
 * @param tensors handles
 * @param marks a number for each
 */
record Memory(List<PtNDArray> tensors, List<Long> marks) implements AutoCloseable {
    static final Memory NONE = new Memory(List.of(), List.of());

    Memory {
        tensors = List.copyOf(tensors);
        marks = List.copyOf(marks);
    }

    @Override
    public void close() {
        tensors.forEach(PtNDArray::close);
    }
}
