// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import ai.djl.pytorch.engine.PtNDArray;
import java.util.List;

/**
 * What a copy that follows backward rules keeps of a run.
 *
 * @param tensors handles
 * @param marks a number for each
 */
public record Memory(List<PtNDArray> tensors, List<Long> marks) implements AutoCloseable {
    public static final Memory NONE = new Memory(List.of(), List.of());

    public Memory {
        tensors = List.copyOf(tensors);
        marks = List.copyOf(marks);
    }

    @Override
    public void close() {
        tensors.forEach(PtNDArray::close);
    }
}
