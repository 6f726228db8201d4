// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Rows of the model in which the input is masked by one channel of an activation: b + H ∘ (x − b). */
final class MaskedRows implements Rows {
    private final Tensor input;
    private final Tensor reference;
    private final Channels activation;
    private final ChannelChoice choice;
    private final long[] size;

    /**
     * Creates the rows.
     *
     * @param input x, shape {@code (N, ..., size...)}
     * @param reference b, one row for each example or one for all
     * @param activation the activation whose channels become masks
     * @param choice the channels
     * @param size extents of the last axes of x
     */
    MaskedRows(Tensor input, Tensor reference, Channels activation, ChannelChoice choice, long[] size) {
        this.input = input;
        this.reference = reference;
        this.activation = activation;
        this.choice = choice;
        this.size = size;
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
        long[] channels = new long[rows];
        for (int r = 0; r < rows; r++) {
            examples[r] = choice.example((int) from + r);
            channels[r] = choice.channel((int) from + r);
        }
        Tensor x = input.select(0, examples);
        Tensor b = reference.shape().dim(0) == 1 ? reference : reference.select(0, examples);
        return List.of(b.add(x.sub(b).mul(masks(examples, channels))));
    }

    private Tensor masks(long[] examples, long[] channels) {
        int rows = examples.length;
        Tensor values = activation.values().select(0, examples);
        int channelAxis = activation.axis();
        // With channels last, positions come first: a channel is then a pick on axis 1 for the row of each position.
        Tensor chosen = channelAxis == 1 ? values.pick(channels) : pickLast(values, channels);
        Tensor up = Resampler.resample(activation.spread(chosen), size, Tensor.Interpolation.BILINEAR);
        Tensor flat = up.reshape(rows, up.shape().row().size());
        Tensor low = flat.mul(-1).max(1).mul(-1).reshape(rows, 1);
        Tensor high = flat.max(1).reshape(rows, 1);
        Tensor range = high.sub(low);
        // Resampling can flatten a channel that varies. Its mask is then zero.
        Tensor ones = range.tensors().full(range.shape(), range.dataType(), 1);
        Tensor mask = flat.sub(low).div(range.gt(0).where(range, ones)).to(input.dataType());
        long[] dims = new long[input.shape().rank()];
        Arrays.fill(dims, 1);
        dims[0] = rows;
        System.arraycopy(size, 0, dims, dims.length - size.length, size.length);
        return mask.reshape(Shape.of(dims));
    }

    private static Tensor pickLast(Tensor values, long[] channels) {
        Tensor indexes = values.tensors().of(channels, channels.length);
        Tensor indicator = indexes.oneHot(values.shape().dim(2), values.dataType());
        return values.mul(indicator.reshape(channels.length, 1, values.shape().dim(2)))
                .sum(2);
    }
}
