// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

/** Tensor.Interpolation of {@link ArrayTensor}, by the formulas of PyTorch's {@code interpolate}. */
final class Resampling {
    private Resampling() {}

    static ArrayTensor interpolate(ArrayTensor a, long height, long width, Tensor.Interpolation mode) {
        double[] in = a.toDoubleArray();
        int rank = a.shape().rank();
        Shape shape = a.shape().with(rank - 2, height).with(rank - 1, width);
        double[] out = new double[Layout.size(shape)];
        int inHeight = (int) a.shape().dim(-2);
        int inWidth = (int) a.shape().dim(-1);
        Axis rows = Axis.of(inHeight, (int) height, mode);
        Axis columns = Axis.of(inWidth, (int) width, mode);
        int planes = out.length == 0 ? 0 : out.length / ((int) height * (int) width);
        int next = 0;
        for (int plane = 0; plane < planes; plane++) {
            for (int y = 0; y < height; y++) {
                int upper = (plane * inHeight + rows.low[y]) * inWidth;
                int lower = (plane * inHeight + rows.high[y]) * inWidth;
                for (int x = 0; x < width; x++) {
                    double above = columns.between(x, in[upper + columns.low[x]], in[upper + columns.high[x]]);
                    double below = columns.between(x, in[lower + columns.low[x]], in[lower + columns.high[x]]);
                    out[next++] = rows.between(y, above, below);
                }
            }
        }
        Elements elements = Elements.allocate(a.dataType(), out.length);
        if (a.dataType() == DataType.FLOAT64) {
            return new ArrayTensor(new DoubleElements(out), Layout.contiguous(shape));
        }
        elements.convert(0, new DoubleElements(out), 0, out.length);
        return new ArrayTensor(elements, Layout.contiguous(shape));
    }

    /** For each output position of one axis: the two input positions between which it lies, and how far. */
    private static final class Axis {
        final int[] low;
        final int[] high;
        final double[] weight;

        private Axis(int out) {
            low = new int[out];
            high = new int[out];
            weight = new double[out];
        }

        static Axis of(int in, int out, Tensor.Interpolation mode) {
            Axis axis = new Axis(out);
            for (int i = 0; i < out; i++) {
                if (mode == Tensor.Interpolation.NEAREST) {
                    // PyTorch computes this position in float32, for both floating types.
                    int nearest = (int) Math.floor(i * ((float) in / out));
                    axis.low[i] = Math.min(nearest, in - 1);
                    axis.high[i] = axis.low[i];
                } else {
                    double position = Math.max(0, (i + 0.5) * in / out - 0.5);
                    axis.low[i] = Math.min((int) position, in - 1);
                    axis.high[i] = Math.min(axis.low[i] + 1, in - 1);
                    axis.weight[i] = position - axis.low[i];
                }
            }
            return axis;
        }

        double between(int i, double atLow, double atHigh) {
            double share = weight[i];
            // Not (1 - share) * atLow + 0 * atHigh: an infinite value without a share must not count.
            return share == 0 ? atLow : (1 - share) * atLow + share * atHigh;
        }
    }
}
