// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/** Rows of the tail of a cut, computed from rows of the model's inputs. */
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
