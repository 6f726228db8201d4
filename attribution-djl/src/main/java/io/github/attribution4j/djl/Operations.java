// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.Device;
import ai.djl.pytorch.engine.PtNDArray;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Interpolation;
import io.github.attribution4j.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Tensor operations that take several native ones; what lies between is closed at once. */
final class Operations {
    private final TorchRuntime torch;

    Operations(TorchRuntime torch) {
        this.torch = torch;
    }

    PtNDArray sum(PtNDArray array, int... axes) {
        return torch.sum(array, Arrays.stream(axes).asLongStream().toArray());
    }

    PtNDArray mean(PtNDArray array, DataType dataType, double count, int... axes) {
        try (PtNDArray sum = sum(array, axes)) {
            return torch.withScalar(dataType, count, divisor -> torch.guard(() -> sum.div(divisor)));
        }
    }

    PtNDArray max(PtNDArray array, int rank, int... axes) {
        if (axes.length == rank) {
            return torch.max(array);
        }
        PtNDArray result = torch.max(array, axes[axes.length - 1]);
        for (int i = axes.length - 2; i >= 0; i--) {
            try (PtNDArray wider = result) {
                result = torch.max(wider, axes[i]);
            }
        }
        return result;
    }

    /** Against 0-dim tensors: DJL's own clip leaves two arrays behind on every call. */
    PtNDArray clamp(PtNDArray array, DataType dataType, double min, double max) {
        PtNDArray result = torch.alias(array);
        if (min != Double.NEGATIVE_INFINITY) {
            try (PtNDArray unbounded = result) {
                result = torch.withScalar(dataType, min, bound -> torch.larger(unbounded, bound));
            }
        }
        if (max != Double.POSITIVE_INFINITY) {
            try (PtNDArray unbounded = result) {
                result = torch.withScalar(dataType, max, bound -> torch.smaller(unbounded, bound));
            }
        }
        return result;
    }

    boolean isFinite(PtNDArray array) {
        // x - x is 0 for finite x, else NaN.
        try (PtNDArray difference = torch.guard(() -> array.sub(array));
                PtNDArray sum = torch.guard(difference::sum);
                PtNDArray number = torch.to(sum, DataType.FLOAT64)) {
            return torch.read(number, ByteBuffer::getDouble) == 0;
        }
    }

    PtNDArray select(PtNDArray array, Shape shape, int axis, long... indexes) {
        if (indexes.length == 0) {
            return torch.slice(array, axis, 0, 0);
        }
        if (isRange(indexes)) {
            return torch.slice(array, axis, indexes[0], indexes[0] + indexes.length);
        }
        Shape result = shape.with(axis, indexes.length);
        long rest = axis == 0 ? shape.size() / shape.dim(0) : 0;
        if (rest == 0) {
            return gather(array, axis, indexes, axis, result);
        }
        try (PtNDArray positions = indexes(array, indexes);
                PtNDArray matrix = torch.reshape(array, shape.dim(0), rest);
                PtNDArray chosen = torch.rows(matrix, positions)) {
            return torch.reshape(chosen, result.dims());
        }
    }

    private static boolean isRange(long... indexes) {
        for (int i = 1; i < indexes.length; i++) {
            if (indexes[i] != indexes[0] + i) {
                return false;
            }
        }
        return true;
    }

    /** Takes one element of axis 1 for each row. */
    PtNDArray pick(PtNDArray array, Shape shape, Shape result, long... indexes) {
        try (PtNDArray picked = gather(array, 1, indexes, 0, shape.with(1, 1))) {
            return torch.reshape(picked, result.dims());
        }
    }

    /** Gathers along an axis by indexes that vary along an axis of the result. */
    private PtNDArray gather(PtNDArray array, int axis, long[] indexes, int along, Shape result) {
        long[] dims = new long[result.rank()];
        Arrays.fill(dims, 1);
        dims[along] = indexes.length;
        try (PtNDArray flat = indexes(array, indexes);
                PtNDArray shaped = torch.reshape(flat, dims);
                PtNDArray wide = torch.broadcast(shaped, Types.toDjl(result))) {
            return torch.gather(array, axis, wide);
        }
    }

    private PtNDArray indexes(PtNDArray array, long... indexes) {
        Device device = array.getManager().getDevice();
        return torch.filled(
                array.getManager(),
                Shape.of(indexes.length),
                DataType.INT64,
                device,
                bytes -> bytes.asLongBuffer().put(indexes));
    }

    PtNDArray oneHot(PtNDArray array, Shape shape, long classes, DataType dataType) {
        long[] all = new long[Math.toIntExact(classes)];
        Arrays.setAll(all, i -> i);
        long[] column = Arrays.copyOf(shape.dims(), shape.rank() + 1);
        column[shape.rank()] = 1;
        try (PtNDArray numbers = indexes(array, all);
                PtNDArray given = torch.to(array, DataType.INT64);
                PtNDArray columns = torch.reshape(given, column);
                PtNDArray hits = torch.guard(() -> columns.eq(numbers))) {
            return torch.to(hits, dataType);
        }
    }

    PtNDArray interpolate(PtNDArray array, Shape from, Shape to, Interpolation mode) {
        long planes = from.size() / (from.dim(-2) * from.dim(-1));
        long height = to.dim(-2);
        long width = to.dim(-1);
        // Every plane by itself: libtorch's kernel for small images works on groups of channels, and its rounding
        // depends
        // on a channel's place in the group, so that a row's result would depend on the rows beside it.
        try (PtNDArray flat = torch.reshape(array, planes, 1, from.dim(-2), from.dim(-1));
                PtNDArray resampled = mode == Interpolation.NEAREST
                        ? torch.nearest(flat, height, width)
                        : torch.bilinear(flat, height, width)) {
            return torch.reshape(resampled, to.dims());
        }
    }
}
