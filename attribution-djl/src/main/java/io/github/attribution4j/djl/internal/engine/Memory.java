// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import ai.djl.pytorch.engine.PtNDArray;
import java.util.List;

/**
 * The memory of a run that follows backward rules, for the next run or for the sweep.
 *
 * @param tensors handles
 * @param marks a number for each tensor
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
