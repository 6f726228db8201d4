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
import java.util.ArrayList;
import java.util.List;

/** Rows, followed by other rows of the same examples. */
record RowSequence(Rows first, Rows second) implements Rows {
    @Override
    public long count() {
        return first.count() + second.count();
    }

    @Override
    public long example(long row) {
        return row < first.count() ? first.example(row) : second.example(row - first.count());
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        long border = first.count();
        if (to <= border) {
            return first.attributed(from, to);
        }
        if (from >= border) {
            return second.attributed(from - border, to - border);
        }
        List<Tensor> before = first.attributed(from, border);
        List<Tensor> after = second.attributed(0, to - border);
        List<Tensor> joined = new ArrayList<>(before.size());
        for (int i = 0; i < before.size(); i++) {
            joined.add(before.get(i).tensors().concat(List.of(before.get(i), after.get(i)), 0));
        }
        return joined;
    }
}
