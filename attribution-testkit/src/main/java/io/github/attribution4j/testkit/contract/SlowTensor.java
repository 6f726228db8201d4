// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleFunction;

/**
 * A second implementation of the tensor operations, with which {@link TensorContract} compares: element by element in
 * doubles, without any code of a backend.
 */
final class SlowTensor {
    final Shape shape;
    final double[] values;

    SlowTensor(Shape shape, double[] values) {
        this.shape = shape;
        this.values = values;
    }

    /** Makes a tensor from a function of the index. */
    static SlowTensor generate(Shape shape, ToDoubleFunction<long[]> element) {
        double[] values = new double[Math.toIntExact(shape.size())];
        for (int flat = 0; flat < values.length; flat++) {
            values[flat] = element.applyAsDouble(index(shape, flat));
        }
        return new SlowTensor(shape, values);
    }

    private static long[] index(Shape shape, int flat) {
        long[] index = new long[shape.rank()];
        long rest = flat;
        for (int axis = index.length - 1; axis >= 0; axis--) {
            index[axis] = rest % shape.dim(axis);
            rest /= shape.dim(axis);
        }
        return index;
    }

    /** Returns the element at an index of a shape to which this tensor broadcasts. */
    double at(long... index) {
        int flat = 0;
        int skipped = index.length - shape.rank();
        for (int axis = 0; axis < shape.rank(); axis++) {
            long here = shape.dim(axis) == 1 ? 0 : index[skipped + axis];
            flat = (int) (flat * shape.dim(axis) + here);
        }
        return values[flat];
    }

    SlowTensor map(DoubleUnaryOperator function) {
        return new SlowTensor(shape, Arrays.stream(values).map(function).toArray());
    }

    SlowTensor with(SlowTensor other, Shape result, DoubleBinaryOperator function) {
        return generate(result, index -> function.applyAsDouble(at(index), other.at(index)));
    }

    SlowTensor where(SlowTensor yes, SlowTensor no, Shape result) {
        return generate(result, index -> at(index) != 0 ? yes.at(index) : no.at(index));
    }

    /** Applies a function to all elements that differ in the reduced axes only, in row-major order. */
    SlowTensor reduce(boolean[] reduced, ToDoubleFunction<double[]> function) {
        List<Long> kept = new ArrayList<>();
        List<Long> dropped = new ArrayList<>();
        for (int axis = 0; axis < reduced.length; axis++) {
            (reduced[axis] ? dropped : kept).add(shape.dim(axis));
        }
        Shape inner = shape(dropped);
        return generate(shape(kept), outer -> {
            double[] group = new double[Math.toIntExact(inner.size())];
            for (int flat = 0; flat < group.length; flat++) {
                long[] dropIndex = index(inner, flat);
                long[] full = new long[reduced.length];
                int nextKept = 0;
                int nextDropped = 0;
                for (int axis = 0; axis < full.length; axis++) {
                    full[axis] = reduced[axis] ? dropIndex[nextDropped++] : outer[nextKept++];
                }
                group[flat] = at(full);
            }
            return function.applyAsDouble(group);
        });
    }

    private static Shape shape(List<Long> dims) {
        return Shape.of(dims.stream().mapToLong(Long::longValue).toArray());
    }

    SlowTensor reshape(Shape other) {
        return new SlowTensor(other, values.clone());
    }

    SlowTensor broadcast(Shape other) {
        return generate(other, this::at);
    }

    SlowTensor slice(int axis, long from, long to) {
        return generate(shape.with(axis, to - from), index -> at(moved(index, axis, index[axis] + from)));
    }

    SlowTensor select(int axis, long... indexes) {
        return generate(shape.with(axis, indexes.length), index -> at(moved(index, axis, indexes[(int) index[axis]])));
    }

    SlowTensor pick(long... indexes) {
        long[] dims = new long[shape.rank() - 1];
        dims[0] = shape.dim(0);
        System.arraycopy(shape.dims(), 2, dims, 1, dims.length - 1);
        return generate(Shape.of(dims), index -> {
            long[] full = new long[shape.rank()];
            full[0] = index[0];
            full[1] = indexes[(int) index[0]];
            System.arraycopy(index, 1, full, 2, index.length - 1);
            return at(full);
        });
    }

    SlowTensor oneHot(long classes) {
        long[] dims = Arrays.copyOf(shape.dims(), shape.rank() + 1);
        dims[shape.rank()] = classes;
        return generate(Shape.of(dims), index -> {
            double wanted = at(Arrays.copyOf(index, shape.rank()));
            return wanted == index[shape.rank()] ? 1 : 0;
        });
    }

    static SlowTensor concat(List<SlowTensor> parts, int axis) {
        long extent = parts.stream().mapToLong(part -> part.shape.dim(axis)).sum();
        return generate(parts.get(0).shape.with(axis, extent), index -> {
            long position = index[axis];
            for (SlowTensor part : parts) {
                if (position < part.shape.dim(axis)) {
                    // Not at(), which broadcasts: an extent of 1 would accept any index.
                    return part.at(moved(index, axis, position));
                }
                position -= part.shape.dim(axis);
            }
            throw new AssertionError("no part reaches " + Arrays.toString(index));
        });
    }

    /** Resamples by the definition: nearest by the floor of the scaled position, bilinear between pixel centers. */
    SlowTensor interpolate(int height, int width, Tensor.Interpolation mode) {
        int rank = shape.rank();
        Shape result = shape.with(rank - 2, height).with(rank - 1, width);
        return generate(result, index -> {
            double y = position(index[rank - 2], shape.dim(-2), height, mode);
            double x = position(index[rank - 1], shape.dim(-1), width, mode);
            double total = 0;
            for (int corner = 0; corner < 4; corner++) {
                double shareY = corner / 2 == 0 ? 1 - (y - Math.floor(y)) : y - Math.floor(y);
                double shareX = corner % 2 == 0 ? 1 - (x - Math.floor(x)) : x - Math.floor(x);
                long[] from = index.clone();
                from[rank - 2] = Math.min((long) y + corner / 2, shape.dim(-2) - 1);
                from[rank - 1] = Math.min((long) x + corner % 2, shape.dim(-1) - 1);
                total += shareY * shareX == 0 ? 0 : shareY * shareX * at(from);
            }
            return total;
        });
    }

    private static double position(long out, long in, long size, Tensor.Interpolation mode) {
        if (mode == Tensor.Interpolation.NEAREST) {
            return (double) Math.min(out * in / size, in - 1);
        }
        double centre = (out + 0.5) * in / size - 0.5;
        return Math.min(Math.max(centre, 0), in - 1.0);
    }

    private static long[] moved(long[] index, int axis, long position) {
        long[] moved = index.clone();
        moved[axis] = position;
        return moved;
    }

    /** Returns the elements converted to a type: wrapped around for integers, rounded for float32. */
    SlowTensor in(DataType type) {
        return map(
                switch (type) {
                    case FLOAT32 -> x -> (float) x;
                    case FLOAT64 -> x -> x;
                    case INT64 -> x -> (long) x;
                    case INT32 -> x -> (int) (long) x;
                    case UINT8 -> x -> (long) x & 0xff;
                    case BOOL -> x -> x != 0 ? 1 : 0;
                });
    }
}
