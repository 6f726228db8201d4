// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import io.github.attribution4j.internal.numeric.Digests;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** The weighted sum of one channel of the output over positions. */
final class RegionTarget implements Target {
    private final long channel;
    private final Shape places;
    private final double[] weights;
    private final String description;

    RegionTarget(long channel, Tensor mask) {
        if (channel < 0) {
            throw new IllegalArgumentException("channel " + channel + ": channels count from 0");
        }
        this.channel = channel;
        this.places = mask.shape();
        this.weights = mask.toDoubleArray();
        if (places.rank() == 0) {
            throw new IllegalArgumentException("mask: a scalar; give the extents of the output after the channels");
        }
        if (!mask.isFinite()) {
            throw new IllegalArgumentException("mask: holds NaN or infinite values; give weights, such as 0 and 1");
        }
        long chosen = Arrays.stream(weights).filter(weight -> weight != 0).count();
        if (chosen == 0) {
            throw new IllegalArgumentException(
                    "mask of shape " + places + ": all 0, so there is no region; choose places");
        }
        this.description = "channel " + channel + " over " + chosen + " of " + weights.length + " places (mask "
                + Digests.ofTensor(mask).substring(0, 12) + ")";
    }

    private Tensor weights(Tensor output) {
        long[] dims = new long[output.shape().rank()];
        Arrays.fill(dims, 1);
        System.arraycopy(places.dims(), 0, dims, 2, places.rank());
        return output.tensors().of(weights, output.dataType(), Shape.of(dims));
    }

    @Override
    public Tensor score(Tensor output, long[] examples) {
        Tensor products = output.slice(1, channel, channel + 1).mul(weights(output));
        return products.reshape(products.shape().dim(0), products.shape().row().size())
                .sum(1);
    }

    @Override
    public Tensor cotangent(Tensor output, long[] examples) {
        int channels = Math.toIntExact(output.shape().dim(1));
        double[] indicator = new double[channels];
        indicator[(int) channel] = 1;
        long[] dims = new long[output.shape().rank()];
        Arrays.fill(dims, 1);
        dims[1] = channels;
        Tensor chosen = output.tensors().of(indicator, output.dataType(), Shape.of(dims));
        return chosen.mul(weights(output)).broadcast(output.shape());
    }

    @Override
    public void check(Shape output, long examples, Problems problems) {
        boolean fits = output.rank() == places.rank() + 2
                && Arrays.equals(Arrays.copyOfRange(output.dims(), 2, output.rank()), places.dims());
        problems.require(
                fits,
                "target: a mask of shape " + places
                        + " needs an output of shape (rows, channels, ...) with these extents "
                        + "after the channels, and the model's has shape " + output);
        problems.require(
                output.rank() < 2 || channel < output.dim(1),
                "target: channel " + channel + " of an output of shape " + output + " does not exist; axis 1 counts "
                        + "channels from 0");
    }

    @Override
    public List<String> words(List<String> classes) {
        String which = "channel " + channel;
        return List.of(
                channel < classes.size()
                        ? "'" + classes.get((int) channel) + "'" + description.substring(which.length())
                        : description);
    }

    @Override
    public String describe() {
        return description;
    }

    @Override
    public String toString() {
        return describe();
    }
}
