// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.view;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One layer's values at the inspected inputs. Its tensors belong to the {@link LayerInspector.Views} that it
 * comes from.
 */
public final class LayerView {
    /**
     * Statistics of some numbers, computed in double precision. NaN and infinite values are counted, and left out of
     * everything else.
     *
     * @param count the number of finite values
     * @param notFinite the number of others
     * @param mean of the finite values; 0 if there are none, as everything else
     * @param standardDeviation √(mean of squared differences from the mean)
     * @param min smallest
     * @param lowerQuartile a quarter is not larger
     * @param median half is not larger
     * @param upperQuartile three quarters are not larger
     * @param max largest
     * @param zeros the fraction that is exactly 0: for a rectifier's output, the part that is off
     * @param norm √(sum of squares)
     */
    public record Statistics(
            long count,
            long notFinite,
            double mean,
            double standardDeviation,
            double min,
            double lowerQuartile,
            double median,
            double upperQuartile,
            double max,
            double zeros,
            double norm) {
        /** Returns the statistics of all elements of a tensor. */
        public static Statistics of(Tensor tensor) {
            return of(tensor.toDoubleArray());
        }

        /** Returns the statistics of numbers, which are not changed. */
        public static Statistics of(double... values) {
            double[] sorted =
                    Arrays.stream(values).filter(Double::isFinite).sorted().toArray();
            int n = sorted.length;
            if (n == 0) {
                return new Statistics(0, values.length, 0, 0, 0, 0, 0, 0, 0, 0, 0);
            }
            double sum = 0;
            double squares = 0;
            long zero = 0;
            for (double value : sorted) {
                sum += value;
                squares += value * value;
                zero += value == 0 ? 1 : 0;
            }
            double mean = sum / n;
            double spread = 0;
            for (double value : sorted) {
                spread += (value - mean) * (value - mean);
            }
            return new Statistics(
                    n,
                    values.length - n,
                    mean,
                    Math.sqrt(spread / n),
                    sorted[0],
                    quantile(sorted, 0.25),
                    quantile(sorted, 0.5),
                    quantile(sorted, 0.75),
                    sorted[n - 1],
                    (double) zero / n,
                    Math.sqrt(squares));
        }

        /**
         * Returns a quantile of numbers, between the two nearest by linear interpolation, as NumPy's default does.
         *
         * @param values finite, at least one; not changed
         * @param fraction 0 for the smallest, 1 for the largest
         */
        public static double quantile(double[] values, double fraction) {
            if (values.length == 0 || !(fraction >= 0 && fraction <= 1)) {
                throw new IllegalArgumentException("quantile " + fraction + " of " + values.length
                        + " values: needs 0 to 1, and at least one value");
            }
            double[] sorted = values.clone();
            Arrays.sort(sorted);
            double at = fraction * (sorted.length - 1);
            int below = (int) Math.floor(at);
            int above = Math.min(below + 1, sorted.length - 1);
            return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
        }
    }

    /** The kind of values. */
    public enum Quantity {
        /** What the layer computed. */
        ACTIVATION,
        /** ∂score/∂activation. */
        GRADIENT,
        /** Activation · gradient: what each value contributes to first order. */
        PRODUCT
    }

    private final Cut.Point point;
    private final int channelAxis;
    private final Tensor activation;
    private final @Nullable Tensor gradient;

    LayerView(Cut.Point point, int channelAxis, Tensor activation, @Nullable Tensor gradient) {
        this.point = point;
        this.channelAxis =
                activation.shape().rank() < 2 ? 0 : activation.shape().axis(channelAxis);
        this.activation = activation;
        this.gradient = gradient;
    }

    /** Returns the address of the layer. */
    public Cut.Point point() {
        return point;
    }

    /** Returns what the layer computed, shape {@code (examples, ...)}. */
    public Tensor activation() {
        return activation;
    }

    /** Returns whether gradients were asked for. */
    public boolean hasGradient() {
        return gradient != null;
    }

    /**
     * Returns the gradient of the score with respect to the activation, shaped like it.
     *
     * @throws IllegalStateException if no gradients were asked for
     */
    public Tensor gradient() {
        if (gradient == null) {
            throw new IllegalStateException(
                    "layer '" + point + "' was inspected without a target, so there is no gradient; "
                            + "call inspect(model, inputs, target)");
        }
        return gradient;
    }

    /** Returns the number of channels; 1 if the activation has no axis of channels. */
    public int channels() {
        return channelAxis == 0 ? 1 : Math.toIntExact(activation.shape().dim(channelAxis));
    }

    /**
     * Returns values in row-major order of {@link #positionShape}.
     *
     * @param quantity which values
     * @param example from 0
     * @param channel from 0
     */
    public double[] channel(Quantity quantity, int example, int channel) {
        double[] values = values(quantity);
        int examples = Math.toIntExact(activation.shape().dim(0));
        if (example < 0 || example >= examples || channel < 0 || channel >= channels()) {
            throw new IllegalArgumentException("example " + example + ", channel " + channel + ": layer '" + point
                    + "' has " + examples + " examples and " + channels() + " channels, counted from 0");
        }
        return channelOf(values, example, channel);
    }

    /** Returns the extents of one channel of one example: those behind the examples, without the channels. */
    public long[] positionShape() {
        long[] dims = activation.shape().dims();
        List<Long> rest = new ArrayList<>();
        for (int axis = 1; axis < dims.length; axis++) {
            if (axis != channelAxis) {
                rest.add(dims[axis]);
            }
        }
        return rest.stream().mapToLong(Long::longValue).toArray();
    }

    /** Returns the statistics of all values of all examples. */
    public Statistics statistics(Quantity quantity) {
        return Statistics.of(values(quantity));
    }

    /** Returns the statistics of each channel, over examples and positions. */
    public List<Statistics> channelStatistics(Quantity quantity) {
        double[] values = values(quantity);
        int examples = Math.toIntExact(activation.shape().dim(0));
        List<Statistics> statistics = new ArrayList<>();
        for (int channel = 0; channel < channels(); channel++) {
            double[] all = new double[values.length / channels()];
            int size = all.length / examples;
            for (int example = 0; example < examples; example++) {
                System.arraycopy(channelOf(values, example, channel), 0, all, example * size, size);
            }
            statistics.add(Statistics.of(all));
        }
        return statistics;
    }

    /** Returns all values in row-major order of the activation; a new array. */
    public double[] values(Quantity quantity) {
        double[] values = quantity == Quantity.GRADIENT ? gradient().toDoubleArray() : activation.toDoubleArray();
        if (quantity == Quantity.PRODUCT) {
            double[] factors = gradient().toDoubleArray();
            for (int i = 0; i < values.length; i++) {
                values[i] *= factors[i];
            }
        }
        return values;
    }

    private double[] channelOf(double[] values, int example, int channel) {
        Shape shape = activation.shape();
        int size = Math.toIntExact(shape.row().size());
        if (channelAxis == 0) {
            double[] row = new double[size];
            System.arraycopy(values, example * size, row, 0, size);
            return row;
        }
        int inner = 1;
        for (int axis = channelAxis + 1; axis < shape.rank(); axis++) {
            inner *= Math.toIntExact(shape.dim(axis));
        }
        int channels = channels();
        double[] result = new double[size / channels];
        for (int i = 0; i < result.length; i++) {
            int outer = i / inner;
            result[i] = values[example * size + (outer * channels + channel) * inner + i % inner];
        }
        return result;
    }

    @Override
    public String toString() {
        return "LayerView[" + point + ", shape " + activation.shape() + "]";
    }
}
