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
package io.github.attribution4j;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/** Rows of a model's inputs, seen as rows of the tail of its cut. */
record PushedRows(Batches batches, Cut cut, Rows below) implements Rows {
    @Override
    public long count() {
        return below.count();
    }

    @Override
    public long group() {
        return below.group();
    }

    @Override
    public long example(long row) {
        return below.example(row);
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        return batches.silently(() -> batches.activations(cut, below.range(from, to)));
    }
}
