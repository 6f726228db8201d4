// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Sums the contributions of input and biases, at the input's size. */
final class Contributions {
    private final long[] size;
    private final boolean absolute;
    private final Tensor.Interpolation mode;
    private final double[] withoutPlace;
    private @Nullable Tensor map;

    Contributions(Shape input, boolean absolute, Tensor.Interpolation mode) {
        long[] dims = input.dims();
        this.size = Arrays.copyOfRange(dims, 2, dims.length);
        this.absolute = absolute;
        this.mode = mode;
        this.withoutPlace = new double[Math.toIntExact(dims[0])];
    }

    /**
     * Adds contributions.
     *
     * @param contributions axis 0 counts examples
     * @param layout where they have channels and positions; null if they have no position
     */
    void add(Tensor contributions, @Nullable ActivationLayout layout) {
        Tensor signed = absolute ? contributions.abs() : contributions;
        if (layout == null || !layout.fits(signed.shape(), size.length)) {
            addWithoutPlace(signed);
            return;
        }
        Channels arranged = layout.arrange(signed, "bias");
        Tensor layer = arranged.spread(arranged.overChannels(arranged.values()));
        map = map == null ? shared(layer) : map.add(shared(layer));
        if (layout.leadingTokens() > 0) {
            addWithoutPlace(signed.slice(1, 0, layout.leadingTokens()));
        }
    }

    private void addWithoutPlace(Tensor contributions) {
        Shape shape = contributions.shape();
        double[] sums =
                contributions.reshape(shape.dim(0), shape.row().size()).sum(1).toDoubleArray();
        for (int i = 0; i < sums.length; i++) {
            withoutPlace[i] += sums[i];
        }
    }

    Tensor map() {
        if (map == null) {
            throw new IllegalStateException("nothing was added");
        }
        return map;
    }

    /** Returns for each example the sum of contributions without a position. */
    double[] withoutPlace() {
        return withoutPlace;
    }

    /**
     * Resamples so that the sum stays: each value is first divided by the sum of the weights with which it will be
     * read.
     */
    private Tensor shared(Tensor layer) {
        long[] dims = layer.shape().dims();
        Tensor divided = layer;
        for (int axis = 0; axis < size.length; axis++) {
            Tensor readings = readings(layer.tensors(), layer.dataType(), dims[axis + 2], size[axis]);
            long[] along = new long[dims.length];
            Arrays.fill(along, 1);
            along[axis + 2] = dims[axis + 2];
            divided = divided.div(readings.reshape(Shape.of(along)));
        }
        return Resampler.resample(divided, size, mode);
    }

    /**
     * Returns for each of n positions the sum of the weights with which it is read when m positions are made of them; 1
     * if it is not read.
     */
    private Tensor readings(Tensors tensors, DataType type, long n, long m) {
        int count = Math.toIntExact(n);
        double[] identity = new double[count * count];
        for (int i = 0; i < count; i++) {
            identity[i * count + i] = 1;
        }
        Tensor sums = tensors.of(identity, type, Shape.of(count, 1, count))
                .interpolate(1, m, mode)
                .reshape(count, m)
                .sum(1);
        Tensor ones = tensors.full(sums.shape(), type, 1);
        return sums.gt(0).where(sums, ones);
    }
}
