// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

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
    public long[] examples(long first, long last) {
        return rows.examples(from + first, from + last);
    }

    @Override
    public List<Tensor> attributed(long first, long last) {
        return rows.attributed(from + first, from + last);
    }
}
