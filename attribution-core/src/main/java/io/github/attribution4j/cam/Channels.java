// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;

/**
 * An activation, or its gradient, with one axis of channels and one of positions.
 *
 * @param values shape {@code (N, C, P)} if {@code axis} is 1, {@code (N, P, C)} if it is 2
 * @param axis the channels' axis
 * @param positions the extents that the P positions have in the map; none if a channel has no positions
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this package
record Channels(Tensor values, int axis, long[] positions) {
    long examples() {
        return values.shape().dim(0);
    }

    int channelCount() {
        return Math.toIntExact(values.shape().dim(axis));
    }

    int positionCount() {
        return Math.toIntExact(values.shape().dim(3 - axis));
    }

    /** Returns these channels with other values of the same shape. */
    Channels with(Tensor others) {
        return new Channels(others, axis, positions);
    }

    /** Returns the sum over positions of a tensor shaped like the values; the axis stays, with extent 1. */
    Tensor overPositions(Tensor tensor) {
        int gone = 3 - axis;
        return tensor.sum(gone).reshape(tensor.shape().with(gone, 1));
    }

    /** Returns the sum over channels of a tensor shaped like the values: {@code (N, P)}. */
    Tensor overChannels(Tensor tensor) {
        return tensor.sum(axis);
    }

    /** Returns a map {@code (N, P)} in the shape that it has in an explanation: {@code (N, 1, positions...)}. */
    Tensor spread(Tensor map) {
        long[] dims = new long[positions.length + 2];
        dims[0] = map.shape().dim(0);
        dims[1] = 1;
        System.arraycopy(positions, 0, dims, 2, positions.length);
        return map.reshape(Shape.of(dims));
    }

    /** Returns each example's values by [channel][position], converted to double. */
    double[][][] toArrays() {
        int channels = channelCount();
        int places = positionCount();
        double[] flat = values.toDoubleArray();
        double[][][] arrays = new double[Math.toIntExact(examples())][channels][places];
        for (int i = 0; i < flat.length; i++) {
            int within = i % (channels * places);
            int channel = axis == 1 ? within / places : within % channels;
            int position = axis == 1 ? within % places : within / channels;
            arrays[i / (channels * places)][channel][position] = flat[i];
        }
        return arrays;
    }
}
