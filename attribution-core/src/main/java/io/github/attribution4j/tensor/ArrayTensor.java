// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import io.github.attribution4j.tensor.Tensor.Lifetime;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A tensor in a Java array. Reshapes of contiguous tensors, slices and broadcasts are views; everything else is written
 * to a new row-major array.
 */
final class ArrayTensor implements Tensor {
    private final DataType dataType;
    private final Layout layout;
    private final Lifetime lifetime;
    private @Nullable Elements elements;

    ArrayTensor(Elements elements, Layout layout) {
        this.dataType = elements.dataType();
        this.elements = elements;
        this.layout = layout;
        this.lifetime = Lifetime.begin(this);
    }

    static ArrayTensor of(Tensor tensor) {
        return (ArrayTensor) tensor;
    }

    Elements elements() {
        Elements open = elements;
        if (open == null) {
            throw Lifetime.closed();
        }
        return open;
    }

    Layout layout() {
        return layout;
    }

    @Override
    public Shape shape() {
        return layout.shape();
    }

    @Override
    public DataType dataType() {
        return dataType;
    }

    @Override
    public Tensors tensors() {
        return ArrayTensors.INSTANCE;
    }

    private Tensor arithmetic(Elements.Arithmetic operation, Shape result, Tensor other) {
        ArrayTensor that = of(other);
        return Elementwise.arithmetic(operation, result, elements(), layout, that.elements(), that.layout);
    }

    private Tensor arithmetic(Elements.Arithmetic operation, double scalar) {
        Elements one = ArrayTensors.constant(dataType, scalar);
        return Elementwise.arithmetic(operation, shape(), elements(), layout, one, Layout.constant(shape()));
    }

    private Tensor compare(Elements.Comparison operation, Shape result, Tensor other) {
        ArrayTensor that = of(other);
        return Elementwise.compare(operation, result, elements(), layout, that.elements(), that.layout);
    }

    private Tensor compare(Elements.Comparison operation, double scalar) {
        Elements one = ArrayTensors.constant(dataType, scalar);
        return Elementwise.compare(operation, shape(), elements(), layout, one, Layout.constant(shape()));
    }

    @Override
    public Tensor add(Tensor other) {
        return arithmetic(Elements.Arithmetic.ADD, Tensors.Checks.arithmetic("add", this, other), other);
    }

    @Override
    public Tensor add(double scalar) {
        Tensors.Checks.arithmetic("add", this, scalar);
        return arithmetic(Elements.Arithmetic.ADD, scalar);
    }

    @Override
    public Tensor sub(Tensor other) {
        return arithmetic(Elements.Arithmetic.SUB, Tensors.Checks.arithmetic("sub", this, other), other);
    }

    @Override
    public Tensor mul(Tensor other) {
        return arithmetic(Elements.Arithmetic.MUL, Tensors.Checks.arithmetic("mul", this, other), other);
    }

    @Override
    public Tensor mul(double scalar) {
        Tensors.Checks.arithmetic("mul", this, scalar);
        return arithmetic(Elements.Arithmetic.MUL, scalar);
    }

    @Override
    public Tensor div(Tensor other) {
        return arithmetic(Elements.Arithmetic.DIV, Tensors.Checks.div(this, other), other);
    }

    @Override
    public Tensor abs() {
        Tensors.Checks.notBool("abs", this);
        return Elementwise.function(Elements.Function.ABS, this);
    }

    @Override
    public Tensor exp() {
        Tensors.Checks.floating("exp", this);
        return Elementwise.function(Elements.Function.EXP, this);
    }

    @Override
    public Tensor log() {
        Tensors.Checks.floating("log", this);
        return Elementwise.function(Elements.Function.LOG, this);
    }

    @Override
    public Tensor sqrt() {
        Tensors.Checks.floating("sqrt", this);
        return Elementwise.function(Elements.Function.SQRT, this);
    }

    @Override
    public Tensor clamp(double min, double max) {
        Tensors.Checks.clamp(this, min, max);
        return Elementwise.clamp(this, min, max);
    }

    @Override
    public Tensor gt(Tensor other) {
        return compare(Elements.Comparison.GT, Tensors.Checks.comparison("gt", this, other), other);
    }

    @Override
    public Tensor gt(double scalar) {
        Tensors.Checks.comparison("gt", this, scalar);
        return compare(Elements.Comparison.GT, scalar);
    }

    @Override
    public Tensor ge(Tensor other) {
        return compare(Elements.Comparison.GE, Tensors.Checks.comparison("ge", this, other), other);
    }

    @Override
    public Tensor ge(double scalar) {
        Tensors.Checks.comparison("ge", this, scalar);
        return compare(Elements.Comparison.GE, scalar);
    }

    @Override
    public Tensor eq(Tensor other) {
        return compare(Elements.Comparison.EQ, Tensors.Checks.comparison("eq", this, other), other);
    }

    @Override
    public Tensor eq(double scalar) {
        Tensors.Checks.comparison("eq", this, scalar);
        return compare(Elements.Comparison.EQ, scalar);
    }

    @Override
    public Tensor where(Tensor whenTrue, Tensor whenFalse) {
        Shape result = Tensors.Checks.where(this, whenTrue, whenFalse);
        return Elementwise.where(result, this, of(whenTrue), of(whenFalse));
    }

    @Override
    public Tensor sum(int... axes) {
        return Reductions.sum(this, Tensors.Checks.axes("sum", this, axes), false);
    }

    @Override
    public Tensor mean(int... axes) {
        Tensors.Checks.floating("mean", this);
        return Reductions.sum(this, Tensors.Checks.axes("mean", this, axes), true);
    }

    @Override
    public Tensor max(int... axes) {
        return Reductions.max(this, Tensors.Checks.max(this, axes));
    }

    @Override
    public Tensor argmax(int axis) {
        return Reductions.argmax(this, Tensors.Checks.argmax(this, axis));
    }

    @Override
    public Tensor reshape(Shape shape) {
        Tensors.Checks.reshape(this, shape);
        Layout view = layout.reshape(shape);
        return view != null
                ? new ArrayTensor(elements(), view)
                : new ArrayTensor(Elementwise.converted(this, dataType), Layout.contiguous(shape));
    }

    @Override
    public Tensor broadcast(Shape shape) {
        Tensors.Checks.broadcast(this, shape);
        return new ArrayTensor(elements(), layout.broadcast(shape));
    }

    @Override
    public Tensor slice(int axis, long from, long to) {
        int fromStart = Tensors.Checks.slice(this, axis, from, to);
        return new ArrayTensor(elements(), layout.slice(fromStart, from, to));
    }

    @Override
    public Tensor select(int axis, long... indexes) {
        return Indexing.select(this, Tensors.Checks.select(this, axis, indexes), indexes);
    }

    @Override
    public Tensor pick(long... indexes) {
        Tensors.Checks.pick(this, indexes);
        return Indexing.pick(this, indexes);
    }

    @Override
    public Tensor oneHot(long classes, DataType type) {
        Tensors.Checks.oneHot(this, classes);
        return Indexing.oneHot(this, classes, type);
    }

    @Override
    public Tensor interpolate(long height, long width, Tensor.Interpolation mode) {
        Tensors.Checks.interpolate(this, height, width);
        return Resampling.interpolate(this, height, width, mode);
    }

    @Override
    public Tensor to(DataType type) {
        return type == dataType
                ? alias()
                : new ArrayTensor(Elementwise.converted(this, type), Layout.contiguous(shape()));
    }

    @Override
    public boolean isFinite() {
        return Elementwise.isFinite(this);
    }

    @Override
    public Tensor alias() {
        return new ArrayTensor(elements(), layout);
    }

    @Override
    public float[] toFloatArray() {
        return ((FloatElements) Elementwise.converted(this, DataType.FLOAT32)).values;
    }

    @Override
    public double[] toDoubleArray() {
        return ((DoubleElements) Elementwise.converted(this, DataType.FLOAT64)).values;
    }

    @Override
    public long[] toLongArray() {
        return ((LongElements) Elementwise.converted(this, DataType.INT64)).values;
    }

    @Override
    public boolean[] toBooleanArray() {
        byte[] bits = ((ByteElements) Elementwise.converted(this, DataType.BOOL)).values;
        boolean[] values = new boolean[bits.length];
        for (int i = 0; i < bits.length; i++) {
            values[i] = bits[i] != 0;
        }
        return values;
    }

    @Override
    public ByteBuffer toByteBuffer() {
        Elements contiguous = Elementwise.converted(this, dataType);
        int bytes = Math.toIntExact(shape().size() * dataType.bytes());
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        contiguous.write(buffer);
        return buffer.rewind();
    }

    @Override
    public void close() {
        if (lifetime.end()) {
            elements = null;
        }
    }

    @Override
    public boolean isClosed() {
        return elements == null;
    }

    /** Returns the type and the shape. */
    @Override
    public String toString() {
        return dataType + " tensor of shape " + shape() + (elements == null ? ", closed" : "");
    }
}
