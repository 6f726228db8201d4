// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Tensor operations on libtorch's arrays. If one takes several native operations, intermediate results are closed at
 * once.
 */
public final class TorchOperations {
    /** Up to this size the copy through a Java array is cheaper than a direct buffer with a manager of its own. */
    private static final int COPIED_BYTES = 1 << 14;

    /** The number of scalars that are kept: methods use few numbers, and those again and again. */
    private static final int KEPT_SCALARS = 256;

    private record Scalar(DataType dataType, long bits) {}

    private final TorchRuntime torch;
    private final KeptHandles<Scalar> scalars = new KeptHandles<>(KEPT_SCALARS);

    TorchOperations(TorchRuntime torch) {
        this.torch = torch;
    }

    PtNDArray sum(PtNDArray array, int... axes) {
        ThreadSettings.useIntraOpThreads();
        // No axes means that the array is a scalar, for which libtorch's "all" is the same.
        return TorchRuntime.guard(() -> axes.length == 0
                ? JniUtils.sum(array)
                : JniUtils.sum(array, Arrays.stream(axes).asLongStream().toArray(), false));
    }

    PtNDArray mean(PtNDArray array, DataType dataType, double count, int... axes) {
        try (PtNDArray sum = sum(array, axes)) {
            return withScalar(dataType, count, divisor -> TorchRuntime.guard(() -> sum.div(divisor)));
        }
    }

    PtNDArray max(PtNDArray array, int rank, int... axes) {
        if (axes.length == rank) {
            return max(array);
        }
        PtNDArray result = max(array, axes[axes.length - 1]);
        for (int i = axes.length - 2; i >= 0; i--) {
            try (PtNDArray wider = result) {
                result = max(wider, axes[i]);
            }
        }
        return result;
    }

    /** Clamps against 0-dim tensors. DJL's own clip leaks two arrays in every call. */
    PtNDArray clamp(PtNDArray array, DataType dataType, double min, double max) {
        PtNDArray result = alias(array);
        if (min != Double.NEGATIVE_INFINITY) {
            try (PtNDArray unbounded = result) {
                result = withScalar(dataType, min, bound -> larger(unbounded, bound));
            }
        }
        if (max != Double.POSITIVE_INFINITY) {
            try (PtNDArray unbounded = result) {
                result = withScalar(dataType, max, bound -> smaller(unbounded, bound));
            }
        }
        return result;
    }

    boolean isFinite(PtNDArray array) {
        // x - x is 0 for finite x, else NaN.
        try (PtNDArray difference = TorchRuntime.guard(() -> array.sub(array));
                PtNDArray sum = TorchRuntime.guard(difference::sum);
                PtNDArray number = to(sum, DataType.FLOAT64)) {
            return read(number, ByteBuffer::getDouble) == 0;
        }
    }

    PtNDArray select(PtNDArray array, Shape shape, int axis, long... indexes) {
        if (indexes.length == 0) {
            return slice(array, axis, 0, 0);
        }
        if (isRange(indexes)) {
            return slice(array, axis, indexes[0], indexes[0] + indexes.length);
        }
        Shape result = shape.with(axis, indexes.length);
        long rest = axis == 0 ? shape.size() / shape.dim(0) : 0;
        if (rest == 0) {
            return gather(array, axis, indexes, axis, result);
        }
        try (PtNDArray positions = indexes(array, indexes);
                PtNDArray matrix = reshape(array, shape.dim(0), rest);
                PtNDArray chosen = rows(matrix, positions)) {
            return reshape(chosen, result.dims());
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
            return reshape(picked, result.dims());
        }
    }

    /** Gathers along an axis by indexes that vary along an axis of the result. */
    private PtNDArray gather(PtNDArray array, int axis, long[] indexes, int along, Shape result) {
        long[] dims = new long[result.rank()];
        Arrays.fill(dims, 1);
        dims[along] = indexes.length;
        try (PtNDArray flat = indexes(array, indexes);
                PtNDArray shaped = reshape(flat, dims);
                PtNDArray wide = broadcast(shaped, Types.toDjl(result))) {
            return gather(array, axis, wide);
        }
    }

    private PtNDArray indexes(PtNDArray array, long... indexes) {
        Device device = array.getManager().getDevice();
        return filled(
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
                PtNDArray given = to(array, DataType.INT64);
                PtNDArray columns = reshape(given, column);
                PtNDArray hits = TorchRuntime.guard(() -> columns.eq(numbers))) {
            return to(hits, dataType);
        }
    }

    PtNDArray interpolate(PtNDArray array, Shape from, Shape to, Tensor.Interpolation mode) {
        long planes = from.size() / (from.dim(-2) * from.dim(-1));
        long height = to.dim(-2);
        long width = to.dim(-1);
        // Each plane is interpolated by itself. libtorch's kernel for small images works on groups of channels, and its
        // rounding depends on a channel's position in the group, so a row's result would depend on the rows beside it.
        try (PtNDArray flat = reshape(array, planes, 1, from.dim(-2), from.dim(-1));
                PtNDArray resampled = mode == Tensor.Interpolation.NEAREST
                        ? nearest(flat, height, width)
                        : bilinear(flat, height, width)) {
            return reshape(resampled, to.dims());
        }
    }

    /**
     * Passes a number to a computation as a 0-dim tensor. The first numbers are kept.
     *
     * @param computation must not keep or close the tensor
     */
    <T> T withScalar(DataType dataType, double value, Function<PtNDArray, T> computation) {
        return scalars.with(
                new Scalar(dataType, Double.doubleToLongBits(value)),
                key -> scalar(torch.tensors(Device.cpu()).manager(), dataType, value),
                computation);
    }

    PtNDArray scalar(PtNDManager manager, DataType dataType, double value) {
        return full(manager, Shape.scalar(), dataType, value, Device.cpu());
    }

    PtNDArray full(PtNDManager manager, Shape shape, DataType dataType, double value, Device device) {
        return TorchRuntime.guard(() ->
                JniUtils.full(manager, Types.toDjl(shape), value, Types.toDjl(dataType), device, SparseFormat.DENSE));
    }

    /** Makes a tensor in libtorch's own memory, and lets Java write its elements there. */
    PtNDArray filled(PtNDManager manager, Shape shape, DataType dataType, Device device, Consumer<ByteBuffer> writer) {
        boolean here = device.equals(Device.cpu());
        PtNDManager home = here ? manager : torch.tensors(Device.cpu()).manager();
        PtNDArray array = TorchRuntime.guard(() -> JniUtils.createEmptyNdArray(
                home, Types.toDjl(shape), Types.toDjl(dataType), Device.cpu(), SparseFormat.DENSE));
        if (shape.size() > 0) {
            writer.accept(JniUtils.getByteBuffer(array, true));
        }
        if (here) {
            return array;
        }
        try (array) {
            return moved(array, manager);
        }
    }

    /** Makes a tensor of bytes, and lets Java write them. */
    PtNDArray bytes(TorchTensors home, long count, Consumer<ByteBuffer> writer) {
        return torch.own(filled(
                home.manager(), Shape.of(count), DataType.UINT8, home.manager().getDevice(), writer));
    }

    /** Moves an array to the device of a manager. DJL would attach it to a new manager that nobody closes. */
    private PtNDArray moved(PtNDArray array, PtNDManager target) {
        PtNDArray moved = TorchRuntime.guard(() -> JniUtils.to(array, array.getDataType(), target.getDevice()));
        PtNDManager temporary = moved.getManager();
        if (temporary != array.getManager()) {
            moved.attach(target);
            temporary.close();
        }
        return moved;
    }

    /**
     * Copies an array of any engine. What DJL's predictors return is an inference tensor, which cannot be saved for a
     * gradient.
     */
    PtNDArray copy(NDArray array, PtNDManager manager) {
        Types.fromDjl(array.getDataType());
        if (!(array instanceof PtNDArray own)) {
            DataType dataType = Types.fromDjl(array.getDataType());
            NDArray known = array.toType(Types.toDjl(dataType), false);
            ByteBuffer bytes = known.toByteBuffer();
            return filled(manager, Types.fromDjl(array.getShape()), dataType, manager.getDevice(), b -> b.put(bytes));
        }
        PtNDArray copy = TorchRuntime.guard(() -> JniUtils.clone(own));
        copy.attach(manager);
        if (own.getDevice().equals(manager.getDevice())) {
            return copy;
        }
        try (copy) {
            return moved(copy, manager);
        }
    }

    /** Returns the array itself or, if the facade lacks its type, a converted one in its place. */
    PtNDArray toKnownType(PtNDArray array) {
        ai.djl.ndarray.types.DataType type = array.getDataType();
        // DJL does not know bfloat16 and int16. Both fit into float32.
        DataType known = type == ai.djl.ndarray.types.DataType.UNKNOWN ? DataType.FLOAT32 : Types.fromDjl(type);
        if (Types.toDjl(known) == type) {
            return array;
        }
        try (array) {
            return to(array, known);
        }
    }

    /** Passes the elements, in row-major order on the CPU, to a reader that must not keep the buffer. */
    public <T> T read(PtNDArray array, Function<ByteBuffer, T> reader) {
        if (array.size() == 0) {
            return reader.apply(ByteBuffer.allocate(0));
        }
        if (!array.getDevice().equals(Device.cpu())) {
            try (PtNDArray here = moved(array, torch.tensors(Device.cpu()).manager())) {
                return read(here, reader);
            }
        }
        if (array.size() * array.getDataType().getNumOfBytes() <= COPIED_BYTES) {
            return reader.apply(TorchRuntime.guard(() -> JniUtils.getByteBuffer(array, false)));
        }
        // DJL may make a contiguous copy and attach it to the manager.
        try (NDManager temporary = array.getManager().newSubManager()) {
            PtNDArray view = JniUtils.detachGradient(array);
            view.attach(temporary);
            return reader.apply(TorchRuntime.guard(() -> JniUtils.getByteBuffer(view, true)));
        }
    }

    /** Copies an array so that its elements are in row-major order, whatever its strides. */
    public PtNDArray denseCopy(PtNDArray array) {
        return TorchRuntime.guard(() -> {
            try (PtNDArray flat = JniUtils.reshape(array, new long[] {-1});
                    PtNDArray copy = JniUtils.clone(flat)) {
                return JniUtils.reshape(copy, array.getShape().getShape());
            }
        });
    }

    public PtNDArray alias(PtNDArray array) {
        return JniUtils.detachGradient(array);
    }

    PtNDArray to(PtNDArray array, DataType dataType) {
        return TorchRuntime.guard(() -> JniUtils.to(array, Types.toDjl(dataType), array.getDevice()));
    }

    PtNDArray concat(PtNDArray[] arrays, int axis) {
        return TorchRuntime.guard(() -> JniUtils.cat(arrays, axis));
    }

    PtNDArray reshape(PtNDArray array, long... dims) {
        return TorchRuntime.guard(() -> JniUtils.reshape(array, dims));
    }

    PtNDArray broadcast(PtNDArray array, ai.djl.ndarray.types.Shape shape) {
        return TorchRuntime.guard(() -> JniUtils.broadcast(array, shape));
    }

    PtNDArray slice(PtNDArray array, int axis, long from, long to) {
        return TorchRuntime.guard(() -> JniUtils.slice(array, axis, from, to, 1));
    }

    PtNDArray where(PtNDArray mask, PtNDArray whenTrue, PtNDArray whenFalse) {
        return TorchRuntime.guard(() -> JniUtils.where(mask, whenTrue, whenFalse));
    }

    PtNDArray max(PtNDArray array) {
        return TorchRuntime.guard(() -> JniUtils.max(array));
    }

    PtNDArray max(PtNDArray array, int axis) {
        return TorchRuntime.guard(() -> JniUtils.max(array, axis, false));
    }

    /** Returns the larger of two arrays, element by element; NaN wins. */
    PtNDArray larger(PtNDArray a, PtNDArray b) {
        return TorchRuntime.guard(() -> JniUtils.max(a, b));
    }

    /** Returns the smaller of two arrays, element by element; NaN wins. */
    PtNDArray smaller(PtNDArray a, PtNDArray b) {
        return TorchRuntime.guard(() -> JniUtils.min(a, b));
    }

    PtNDArray argmax(PtNDArray array, int axis) {
        return TorchRuntime.guard(() -> JniUtils.argMax(array, axis, false));
    }

    PtNDArray gather(PtNDArray array, int axis, PtNDArray indexes) {
        return TorchRuntime.guard(() -> JniUtils.gather(array, indexes, axis));
    }

    /** Copies whole rows of a matrix. libtorch calls this an embedding. */
    PtNDArray rows(PtNDArray matrix, PtNDArray indexes) {
        return TorchRuntime.guard(() -> JniUtils.embedding(indexes, matrix, false));
    }

    PtNDArray nearest(PtNDArray four, long height, long width) {
        return TorchRuntime.guard(() -> JniUtils.interpolate(four, new long[] {height, width}, 0, false));
    }

    /**
     * Resamples without smoothing, like PyTorch's default. DJL's own bilinear mode always smooths when it shrinks
     * (antialias).
     */
    private PtNDArray bilinear(PtNDArray four, long height, long width) {
        try (PtNDArray size = int64(height, width)) {
            PtNDArray result = TorchRuntime.guard(() -> torch.bilinear(four, size));
            result.attach(four.getManager());
            return result;
        }
    }

    /** Makes an int64 vector on the CPU. */
    public PtNDArray int64(long... values) {
        return filled(
                torch.tensors(Device.cpu()).manager(),
                Shape.of(values.length),
                DataType.INT64,
                Device.cpu(),
                bytes -> bytes.asLongBuffer().put(values));
    }

    /** Makes a float64 vector on the CPU. */
    public PtNDArray float64(double... values) {
        return filled(
                torch.tensors(Device.cpu()).manager(),
                Shape.of(values.length),
                DataType.FLOAT64,
                Device.cpu(),
                bytes -> bytes.asDoubleBuffer().put(values));
    }

    /** Reads an int64 vector. */
    public long[] longs(PtNDArray array) {
        return read(array, bytes -> {
            long[] values = new long[bytes.remaining() / Long.BYTES];
            bytes.asLongBuffer().get(values);
            return values;
        });
    }
}
