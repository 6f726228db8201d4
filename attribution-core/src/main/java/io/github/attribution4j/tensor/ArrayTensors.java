// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.nio.ByteBuffer;
import java.util.List;

/** The plain-Java backend: tensors in Java arrays, no native code. Reached by {@link Tensors#ofJava()}. */
final class ArrayTensors implements Tensors {
    static final Tensors INSTANCE = new ArrayTensors();

    private ArrayTensors() {}

    static Elements constant(DataType dataType, double value) {
        Elements one = Elements.allocate(dataType, 1);
        one.setDouble(0, value);
        return one;
    }

    @Override
    public String device() {
        return "java";
    }

    @Override
    public Tensor of(float[] values, Shape shape) {
        Tensors.Checks.of(values.length, shape);
        return new ArrayTensor(new FloatElements(values.clone()), Layout.contiguous(shape));
    }

    @Override
    public Tensor of(double[] values, Shape shape) {
        Tensors.Checks.of(values.length, shape);
        return new ArrayTensor(new DoubleElements(values.clone()), Layout.contiguous(shape));
    }

    @Override
    public Tensor of(long[] values, Shape shape) {
        Tensors.Checks.of(values.length, shape);
        return new ArrayTensor(new LongElements(values.clone()), Layout.contiguous(shape));
    }

    @Override
    public Tensor of(int[] values, Shape shape) {
        Tensors.Checks.of(values.length, shape);
        return new ArrayTensor(new IntElements(values.clone()), Layout.contiguous(shape));
    }

    @Override
    public Tensor of(boolean[] values, Shape shape) {
        Tensors.Checks.of(values.length, shape);
        byte[] bits = new byte[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = ByteElements.bit(values[i]);
        }
        return new ArrayTensor(new ByteElements(bits, DataType.BOOL), Layout.contiguous(shape));
    }

    @Override
    public Tensor of(ByteBuffer values, DataType dataType, Shape shape) {
        Tensors.Checks.ofBytes(values.remaining(), dataType, shape);
        Elements elements = Elements.allocate(dataType, Layout.size(shape));
        elements.read(values.duplicate().order(values.order()));
        return new ArrayTensor(elements, Layout.contiguous(shape));
    }

    @Override
    public Tensor full(Shape shape, DataType dataType, double value) {
        Tensors.Checks.full(dataType, value);
        return new ArrayTensor(constant(dataType, value), Layout.constant(shape));
    }

    @Override
    public Tensor concat(List<Tensor> parts, int axis) {
        return Indexing.concat(parts, Tensors.Checks.concat(parts, axis));
    }

    @Override
    public boolean owns(Tensor tensor) {
        return tensor instanceof ArrayTensor;
    }

    @Override
    public String toString() {
        return "Tensors[arrays of Java]";
    }
}
