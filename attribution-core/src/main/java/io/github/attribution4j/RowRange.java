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

import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/** A range of other rows. */
record RowRange(Rows rows, long from, long to) implements Rows {
    @Override
    public long count() {
        return to - from;
    }

    @Override
    public long group() {
        long group = rows.group();
        return from % group == 0 && to % group == 0 ? group : 1;
    }

    @Override
    public long example(long row) {
        return rows.example(from + row);
    }

    @Override
    public List<Tensor> attributed(long first, long last) {
        return rows.attributed(from + first, from + last);
    }
}
