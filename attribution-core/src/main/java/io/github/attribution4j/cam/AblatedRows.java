// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Rows of a tail in which one channel of the activation is zero. */
final class AblatedRows implements Rows {
    private final Tensor activation;
    private final ChannelChoice choice;
    private final int axis;
    private final long leading;

    AblatedRows(LayerRun layer, Tensor activation, ChannelChoice choice) {
        this.activation = activation;
        this.choice = choice;
        int arranged = layer.arranged(activation).axis();
        this.axis = arranged == 1 ? 1 : activation.shape().rank() - 1;
        this.leading = layer.layout().leadingTokens();
    }

    @Override
    public long count() {
        return choice.rows();
    }

    @Override
    public long example(long row) {
        return choice.example((int) row);
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        int rows = (int) (to - from);
        long[] examples = new long[rows];
        int channels = Math.toIntExact(activation.shape().dim(axis));
        double[] kept = new double[rows * channels];
        Arrays.fill(kept, 1);
        for (int r = 0; r < rows; r++) {
            examples[r] = choice.example((int) from + r);
            kept[r * channels + choice.channel((int) from + r)] = 0;
        }
        Tensor here = activation.select(0, examples);
        Shape broadcast = here.shape().rowScale(rows).with(axis, channels);
        Tensor factors = here.tensors().of(kept, here.dataType(), broadcast);
        if (leading == 0) {
            return List.of(here.mul(factors));
        }
        // Tokens without a position are no part of the map, and stay unchanged.
        Tensor first = here.slice(1, 0, leading);
        Tensor rest = here.slice(1, leading, here.shape().dim(1));
        return List.of(here.tensors().concat(List.of(first, rest.mul(factors)), 1));
    }
}
