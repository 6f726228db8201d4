// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.util.Arrays;

/**
 * Sums, means and maxima of {@link ArrayTensor}. Each output accumulates its elements in row-major order, in double
 * precision for float32 and with Neumaier's compensation for float64. So its bits depend on those elements alone.
 */
final class Reductions {
    private Reductions() {}

    static ArrayTensor sum(ArrayTensor a, boolean[] reduced, boolean mean) {
        Shape kept = kept(a.shape(), reduced);
        int size = Layout.size(kept);
        if (!a.dataType().isFloating()) {
            long[] sums = new long[size];
            forEachBlock(a, reduced, kept, DataType.INT64, (block, n, at, step) -> addLongs(block, n, sums, at, step));
            return new ArrayTensor(new LongElements(sums), Layout.contiguous(kept));
        }
        double[] sums = new double[size];
        if (a.dataType() == DataType.FLOAT32) {
            forEachBlock(
                    a, reduced, kept, DataType.FLOAT64, (block, n, at, step) -> addPlain(block, n, sums, at, step));
        } else {
            double[] lost = new double[size];
            forEachBlock(
                    a,
                    reduced,
                    kept,
                    DataType.FLOAT64,
                    (block, n, at, step) -> addCompensated(block, n, sums, lost, at, step));
            for (int i = 0; i < size; i++) {
                // The compensation of an infinite sum is NaN.
                sums[i] = Double.isFinite(sums[i]) ? sums[i] + lost[i] : sums[i];
            }
        }
        if (mean) {
            double count = count(a.shape(), reduced);
            for (int i = 0; i < size; i++) {
                sums[i] /= count;
            }
        }
        return floating(sums, a.dataType(), kept);
    }

    static ArrayTensor max(ArrayTensor a, boolean[] reduced) {
        Shape kept = kept(a.shape(), reduced);
        int size = Layout.size(kept);
        if (a.dataType().isFloating()) {
            double[] largest = new double[size];
            Arrays.fill(largest, Double.NEGATIVE_INFINITY);
            forEachBlock(a, reduced, kept, DataType.FLOAT64, (block, n, at, step) -> {
                double[] x = ((DoubleElements) block.elements).values;
                for (int i = 0; i < n; i++) {
                    largest[at + i * step] = Math.max(largest[at + i * step], x[block.at + i]);
                }
            });
            return floating(largest, a.dataType(), kept);
        }
        long[] largest = new long[size];
        Arrays.fill(largest, Long.MIN_VALUE);
        forEachBlock(a, reduced, kept, DataType.INT64, (block, n, at, step) -> {
            long[] x = ((LongElements) block.elements).values;
            for (int i = 0; i < n; i++) {
                largest[at + i * step] = Math.max(largest[at + i * step], x[block.at + i]);
            }
        });
        Elements out = Elements.allocate(a.dataType(), size);
        for (int i = 0; i < size; i++) {
            out.setLong(i, largest[i]);
        }
        return new ArrayTensor(out, Layout.contiguous(kept));
    }

    static ArrayTensor argmax(ArrayTensor a, int axis) {
        boolean[] reduced = new boolean[a.shape().rank()];
        reduced[axis] = true;
        Shape kept = kept(a.shape(), reduced);
        int extent = Math.toIntExact(a.shape().dim(axis));
        int inner = 1;
        for (int later = axis + 1; later < reduced.length; later++) {
            inner *= (int) a.shape().dim(later);
        }
        boolean floating = a.dataType().isFloating();
        double[] doubles = floating ? a.toDoubleArray() : new double[0];
        long[] longs = floating ? new long[0] : a.toLongArray();
        long[] best = new long[Layout.size(kept)];
        for (int i = 0; i < best.length; i++) {
            int start = i / inner * extent * inner + i % inner;
            int chosen = 0;
            for (int k = 1; k < extent; k++) {
                int here = start + k * inner;
                int there = start + chosen * inner;
                // Double.compare puts NaN above everything and, unlike >, 0.0 above -0.0, which counts as equal here.
                boolean larger = floating
                        ? doubles[here] > doubles[there]
                                || (Double.isNaN(doubles[here]) && !Double.isNaN(doubles[there]))
                        : longs[here] > longs[there];
                chosen = larger ? k : chosen;
            }
            best[i] = chosen;
        }
        return new ArrayTensor(new LongElements(best), Layout.contiguous(kept));
    }

    private static void addPlain(Block block, int n, double[] sums, int at, int step) {
        double[] x = ((DoubleElements) block.elements).values;
        if (step == 0) {
            double sum = sums[at];
            for (int i = 0; i < n; i++) {
                sum += x[block.at + i];
            }
            sums[at] = sum;
            return;
        }
        int from = block.at;
        for (int i = 0; i < n; i++) {
            sums[at + i] += x[from + i];
        }
    }

    private static void addCompensated(Block block, int n, double[] sums, double[] lost, int at, int step) {
        double[] x = ((DoubleElements) block.elements).values;
        for (int i = 0; i < n; i++) {
            int to = at + i * step;
            double value = x[block.at + i];
            double sum = sums[to];
            double next = sum + value;
            lost[to] += Math.abs(sum) >= Math.abs(value) ? (sum - next) + value : (value - next) + sum;
            sums[to] = next;
        }
    }

    private static void addLongs(Block block, int n, long[] sums, int at, int step) {
        long[] x = ((LongElements) block.elements).values;
        for (int i = 0; i < n; i++) {
            sums[at + i * step] += x[block.at + i];
        }
    }

    private static ArrayTensor floating(double[] values, DataType type, Shape shape) {
        Elements doubles = new DoubleElements(values);
        if (type == DataType.FLOAT64) {
            return new ArrayTensor(doubles, Layout.contiguous(shape));
        }
        Elements floats = Elements.allocate(type, values.length);
        floats.convert(0, doubles, 0, values.length);
        return new ArrayTensor(floats, Layout.contiguous(shape));
    }

    private static void forEachBlock(
            ArrayTensor a, boolean[] reduced, Shape kept, DataType read, Accumulator accumulator) {
        Elements elements = a.elements();
        Loop loop = Loop.over(a.shape(), a.layout(), Layout.reduced(a.shape(), reduced, kept));
        int inner = loop.inner();
        Block x = new Block(elements, loop.step(0), inner, read);
        int block = Block.length(inner, x);
        int step = loop.step(1);
        loop.forEach(at -> {
            for (int done = 0; done < inner; done += block) {
                int n = Math.min(block, inner - done);
                x.load(at[0], done, n);
                accumulator.add(x, n, at[1] + done * step, step);
            }
        });
    }

    private static Shape kept(Shape shape, boolean[] reduced) {
        long[] dims = new long[reduced.length];
        int rank = 0;
        for (int axis = 0; axis < reduced.length; axis++) {
            if (!reduced[axis]) {
                dims[rank++] = shape.dim(axis);
            }
        }
        return Shape.of(Arrays.copyOf(dims, rank));
    }

    private static double count(Shape shape, boolean[] reduced) {
        double count = 1;
        for (int axis = 0; axis < reduced.length; axis++) {
            count *= reduced[axis] ? shape.dim(axis) : 1;
        }
        return count;
    }

    private interface Accumulator {
        void add(Block block, int n, int at, int step);
    }
}
