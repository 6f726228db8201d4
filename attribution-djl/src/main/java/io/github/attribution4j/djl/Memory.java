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
