// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import ai.djl.pytorch.engine.PtNDArray;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.BinaryOperator;
import java.util.function.Function;

/**
 * A tensor in libtorch's memory.
 *
 * <p>It owns one native handle, which no other object closes. Views and aliases are handles of their own on the same
 * memory, which libtorch counts. Shape and type are kept in Java, so reading them takes no native call.
 */
public final class TorchTensor implements Tensor {
    private final TorchTensors tensors;
    private final PtNDArray array;
    private final Shape shape;
    private final DataType dataType;
    private final Lifetime lifetime;

    @SuppressWarnings("this-escape")
    TorchTensor(TorchTensors tensors, PtNDArray array, Shape shape, DataType dataType) {
        this.tensors = tensors;
        this.array = array;
        this.shape = shape;
        this.dataType = dataType;
        this.lifetime = Lifetime.begin(this);
    }

    PtNDArray array() {
        lifetime.check();
        return array;
    }

    private static TorchOperations torch() {
        return TorchRuntime.get().operations();
    }

    @Override
    public Shape shape() {
        return shape;
    }

    @Override
    public DataType dataType() {
        return dataType;
    }

    @Override
    public TorchTensors tensors() {
        return tensors;
    }

    @Override
    public Tensor add(Tensor other) {
        return arithmetic("add", other, PtNDArray::add);
    }

    @Override
    public Tensor add(double scalar) {
        Tensors.Checks.arithmetic("add", this, scalar);
        return scalar(scalar, PtNDArray::add, dataType);
    }

    @Override
    public Tensor sub(Tensor other) {
        return arithmetic("sub", other, PtNDArray::sub);
    }

    @Override
    public Tensor mul(Tensor other) {
        return arithmetic("mul", other, PtNDArray::mul);
    }

    @Override
    public Tensor mul(double scalar) {
        Tensors.Checks.arithmetic("mul", this, scalar);
        return scalar(scalar, PtNDArray::mul, dataType);
    }

    @Override
    public Tensor div(Tensor other) {
        Shape result = Tensors.Checks.div(this, other);
        return binary(other, PtNDArray::div, result, dataType);
    }

    private TorchTensor arithmetic(String name, Tensor other, BinaryOperator<PtNDArray> operation) {
        Shape result = Tensors.Checks.arithmetic(name, this, other);
        return binary(other, operation, result, dataType);
    }

    private TorchTensor binary(Tensor other, BinaryOperator<PtNDArray> operation, Shape result, DataType type) {
        PtNDArray left = array();
        PtNDArray right = tensors.array(other);
        return tensors.wrap(TorchRuntime.guard(() -> operation.apply(left, right)), result, type);
    }

    private TorchTensor scalar(double value, BinaryOperator<PtNDArray> operation, DataType type) {
        PtNDArray left = array();
        return torch().withScalar(
                        dataType,
                        value,
                        right -> tensors.wrap(TorchRuntime.guard(() -> operation.apply(left, right)), shape, type));
    }

    @Override
    public Tensor abs() {
        Tensors.Checks.notBool("abs", this);
        PtNDArray own = array();
        return tensors.wrap(TorchRuntime.guard(own::abs), shape, dataType);
    }

    @Override
    public Tensor exp() {
        Tensors.Checks.floating("exp", this);
        PtNDArray own = array();
        return tensors.wrap(TorchRuntime.guard(own::exp), shape, dataType);
    }

    @Override
    public Tensor log() {
        Tensors.Checks.floating("log", this);
        PtNDArray own = array();
        return tensors.wrap(TorchRuntime.guard(own::log), shape, dataType);
    }

    @Override
    public Tensor sqrt() {
        Tensors.Checks.floating("sqrt", this);
        PtNDArray own = array();
        return tensors.wrap(TorchRuntime.guard(() -> (PtNDArray) own.sqrt()), shape, dataType);
    }

    @Override
    public Tensor clamp(double min, double max) {
        Tensors.Checks.clamp(this, min, max);
        return tensors.wrap(torch().clamp(array(), dataType, min, max), shape, dataType);
    }

    @Override
    public Tensor gt(Tensor other) {
        Shape result = Tensors.Checks.comparison("gt", this, other);
        return binary(other, PtNDArray::gt, result, DataType.BOOL);
    }

    @Override
    public Tensor gt(double scalar) {
        Tensors.Checks.comparison("gt", this, scalar);
        return scalar(scalar, PtNDArray::gt, DataType.BOOL);
    }

    @Override
    public Tensor ge(Tensor other) {
        Shape result = Tensors.Checks.comparison("ge", this, other);
        return binary(other, PtNDArray::gte, result, DataType.BOOL);
    }

    @Override
    public Tensor ge(double scalar) {
        Tensors.Checks.comparison("ge", this, scalar);
        return scalar(scalar, PtNDArray::gte, DataType.BOOL);
    }

    @Override
    public Tensor eq(Tensor other) {
        Shape result = Tensors.Checks.comparison("eq", this, other);
        return binary(other, PtNDArray::eq, result, DataType.BOOL);
    }

    @Override
    public Tensor eq(double scalar) {
        Tensors.Checks.comparison("eq", this, scalar);
        return scalar(scalar, PtNDArray::eq, DataType.BOOL);
    }

    @Override
    public Tensor where(Tensor whenTrue, Tensor whenFalse) {
        Shape result = Tensors.Checks.where(this, whenTrue, whenFalse);
        PtNDArray chosen = torch().where(array(), tensors.array(whenTrue), tensors.array(whenFalse));
        return tensors.wrap(chosen, result, whenTrue.dataType());
    }

    @Override
    public Tensor sum(int... axes) {
        boolean[] reduced = Tensors.Checks.axes("sum", this, axes);
        return tensors.wrap(
                torch().sum(array(), chosen(reduced)),
                remaining(reduced),
                dataType.isFloating() ? dataType : DataType.INT64);
    }

    @Override
    public Tensor mean(int... axes) {
        Tensors.Checks.floating("mean", this);
        boolean[] reduced = Tensors.Checks.axes("mean", this, axes);
        Shape result = remaining(reduced);
        double count = 1;
        for (int axis : chosen(reduced)) {
            count *= shape.dim(axis);
        }
        return tensors.wrap(torch().mean(array(), dataType, count, chosen(reduced)), result, dataType);
    }

    @Override
    public Tensor max(int... axes) {
        boolean[] reduced = Tensors.Checks.max(this, axes);
        return tensors.wrap(torch().max(array(), shape.rank(), chosen(reduced)), remaining(reduced), dataType);
    }

    @Override
    public Tensor argmax(int axis) {
        int fromStart = Tensors.Checks.argmax(this, axis);
        boolean[] reduced = new boolean[shape.rank()];
        reduced[fromStart] = true;
        return tensors.wrap(torch().argmax(array(), fromStart), remaining(reduced), DataType.INT64);
    }

    private static int[] chosen(boolean[] reduced) {
        int[] axes = new int[reduced.length];
        int count = 0;
        for (int axis = 0; axis < reduced.length; axis++) {
            if (reduced[axis]) {
                axes[count++] = axis;
            }
        }
        return Arrays.copyOf(axes, count);
    }

    private Shape remaining(boolean[] reduced) {
        long[] dims = new long[reduced.length];
        int count = 0;
        for (int axis = 0; axis < reduced.length; axis++) {
            if (!reduced[axis]) {
                dims[count++] = shape.dim(axis);
            }
        }
        return Shape.of(Arrays.copyOf(dims, count));
    }

    @Override
    public Tensor reshape(Shape to) {
        Tensors.Checks.reshape(this, to);
        return tensors.wrap(torch().reshape(array(), to.dims()), to, dataType);
    }

    @Override
    public Tensor broadcast(Shape to) {
        Tensors.Checks.broadcast(this, to);
        return tensors.wrap(torch().broadcast(array(), Types.toDjl(to)), to, dataType);
    }

    @Override
    public Tensor slice(int axis, long from, long to) {
        int fromStart = Tensors.Checks.slice(this, axis, from, to);
        return tensors.wrap(torch().slice(array(), fromStart, from, to), shape.with(fromStart, to - from), dataType);
    }

    @Override
    public Tensor select(int axis, long... indexes) {
        int fromStart = Tensors.Checks.select(this, axis, indexes);
        Shape result = shape.with(fromStart, indexes.length);
        return tensors.wrap(torch().select(array(), shape, fromStart, indexes), result, dataType);
    }

    @Override
    public Tensor pick(long... indexes) {
        Tensors.Checks.pick(this, indexes);
        boolean[] reduced = new boolean[shape.rank()];
        reduced[1] = true;
        Shape result = remaining(reduced);
        return tensors.wrap(torch().pick(array(), shape, result, indexes), result, dataType);
    }

    @Override
    public Tensor oneHot(long classes, DataType type) {
        Tensors.Checks.oneHot(this, classes);
        for (long index : toLongArray()) {
            Tensors.Checks.oneHotIndex(index, classes);
        }
        long[] dims = Arrays.copyOf(shape.dims(), shape.rank() + 1);
        dims[shape.rank()] = classes;
        return tensors.wrap(torch().oneHot(array(), shape, classes, type), Shape.of(dims), type);
    }

    @Override
    public Tensor interpolate(long height, long width, Tensor.Interpolation mode) {
        Tensors.Checks.interpolate(this, height, width);
        Shape result = shape.with(-2, height).with(-1, width);
        if (result.equals(shape)) {
            return alias();
        }
        if (result.size() == 0) {
            return tensors.zeros(result, dataType);
        }
        return tensors.wrap(torch().interpolate(array(), shape, result, mode), result, dataType);
    }

    @Override
    public Tensor to(DataType type) {
        return type == dataType ? alias() : tensors.wrap(torch().to(array(), type), shape, type);
    }

    @Override
    public Tensor alias() {
        return tensors.wrap(torch().alias(array()), shape, dataType);
    }

    @Override
    public boolean isFinite() {
        PtNDArray own = array();
        if (!dataType.isFloating()) {
            return true;
        }
        if (!tensors.onHost()) {
            return torch().isFinite(own);
        }
        // A plain loop is faster than waking libtorch's threads.
        return torch().read(own, dataType::isFinite);
    }

    @Override
    public float[] toFloatArray() {
        float[] values = new float[length()];
        torch().read(array(), bytes -> {
            if (dataType == DataType.FLOAT32) {
                bytes.asFloatBuffer().get(values);
            } else {
                for (int i = 0; i < values.length; i++) {
                    values[i] = dataType.isFloating() ? (float) element(bytes, i) : (float) integer(bytes, i);
                }
            }
            return values;
        });
        return values;
    }

    @Override
    public double[] toDoubleArray() {
        double[] values = new double[length()];
        torch().read(array(), bytes -> {
            if (dataType == DataType.FLOAT64) {
                bytes.asDoubleBuffer().get(values);
            } else {
                for (int i = 0; i < values.length; i++) {
                    values[i] = element(bytes, i);
                }
            }
            return values;
        });
        return values;
    }

    @Override
    public long[] toLongArray() {
        long[] values = new long[length()];
        torch().read(array(), bytes -> {
            if (dataType == DataType.INT64) {
                bytes.asLongBuffer().get(values);
            } else {
                for (int i = 0; i < values.length; i++) {
                    values[i] = dataType.isFloating() ? (long) element(bytes, i) : integer(bytes, i);
                }
            }
            return values;
        });
        return values;
    }

    @Override
    public boolean[] toBooleanArray() {
        boolean[] values = new boolean[length()];
        torch().read(array(), bytes -> {
            for (int i = 0; i < values.length; i++) {
                values[i] = dataType.isFloating() ? element(bytes, i) != 0 : integer(bytes, i) != 0;
            }
            return values;
        });
        return values;
    }

    @Override
    public ByteBuffer toByteBuffer() {
        return torch().read(
                        array(),
                        bytes -> ByteBuffer.allocateDirect(bytes.remaining())
                                .order(ByteOrder.nativeOrder())
                                .put(bytes)
                                .flip());
    }

    @Override
    public <R> R readBytes(Function<ByteBuffer, R> reader) {
        return torch().read(
                        array(), bytes -> reader.apply(bytes.asReadOnlyBuffer().order(ByteOrder.nativeOrder())));
    }

    private int length() {
        lifetime.check();
        return Math.toIntExact(shape.size());
    }

    private double element(ByteBuffer bytes, int index) {
        return switch (dataType) {
            case FLOAT32 -> bytes.getFloat(Float.BYTES * index);
            case FLOAT64 -> bytes.getDouble(Double.BYTES * index);
            case INT64, INT32, UINT8, BOOL -> integer(bytes, index);
        };
    }

    private long integer(ByteBuffer bytes, int index) {
        return switch (dataType) {
            case INT64 -> bytes.getLong(Long.BYTES * index);
            case INT32 -> bytes.getInt(Integer.BYTES * index);
            case UINT8, BOOL -> bytes.get(index) & 0xff;
            case FLOAT32, FLOAT64 -> throw new IllegalStateException("a floating tensor has no integer elements");
        };
    }

    @Override
    public void close() {
        if (lifetime.end()) {
            array.close();
        }
    }

    @Override
    public boolean isClosed() {
        return Lifetime.hasEnded(lifetime);
    }

    @Override
    public String toString() {
        return dataType + " tensor of shape " + shape + " on " + tensors.device();
    }
}
