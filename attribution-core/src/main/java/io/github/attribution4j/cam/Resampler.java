// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Resamples maps {@code (N, 1, positions...)} with one to three axes of positions. */
final class Resampler {
    private Resampler() {}

    /**
     * Returns the extents of the resampled map.
     *
     * @param given the extents asked for, or none for those of the last axes of the first attributed input
     */
    static long[] size(long[] given, Inputs inputs, String layer, long[] positions) {
        int axes = positions.length;
        Inputs.Input input = inputs.attributedInputs().get(0);
        Shape shape = input.tensor().shape();
        if (axes < 1 || axes > 3) {
            throw refused("the map of layer '" + layer + "' has " + axes + " axes of positions, "
                    + "and only one to three can be resampled; leave upsample out");
        }
        if (given.length > 0) {
            if (given.length != axes) {
                throw refused(given.length + " extents given for the map of layer '" + layer + "', which has " + axes
                        + " axes of positions; give one for each");
            }
            return given;
        }
        if (shape.rank() < axes + 1) {
            throw refused("input '" + input.name() + "' of shape " + shape + " has no size for a map of " + axes
                    + " axes; give one, upsample(mode, size...)");
        }
        long[] dims = shape.dims();
        return Arrays.copyOfRange(dims, dims.length - axes, dims.length);
    }

    private static InvalidRequestException refused(String problem) {
        return new InvalidRequestException(List.of("upsample: " + problem));
    }

    /**
     * Returns a map {@code (rows, 1, positions...)} at another size. Linear resampling goes along one axis after the
     * other, which is the same as all at once.
     */
    static Tensor resample(Tensor map, long[] size, Tensor.Interpolation mode) {
        long[] from = map.shape().dims();
        long rows = from[0];
        return switch (size.length) {
            case 1 -> map.interpolate(1, size[0], mode);
            case 2 -> map.interpolate(size[0], size[1], mode);
            default -> {
                Tensor deep =
                        map.reshape(rows, from[2], from[3] * from[4]).interpolate(size[0], from[3] * from[4], mode);
                yield deep.reshape(rows * size[0], from[3], from[4])
                        .interpolate(size[1], size[2], mode)
                        .reshape(rows, 1, size[0], size[1], size[2]);
            }
        };
    }
}
