// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Makes tensors of one backend on one device. Thread-safe. Arrays and buffers are copied, so later changes to them have
 * no effect.
 *
 * <p>{@link #ofJava()} is the plain-Java backend; a model's own is {@code model.tensors()}. Every method throws
 * {@link IllegalArgumentException} if the number of elements does not fit the shape.
 */
public interface Tensors {
    /** Returns the plain-Java backend. */
    static Tensors ofJava() {
        return ArrayTensors.INSTANCE;
    }

    /** Returns the backend and device, such as {@code java} or {@code pytorch/cpu}. */
    String device();

    /** Returns a {@link DataType#FLOAT32} tensor of these elements in row-major order. */
    Tensor of(float[] values, Shape shape);

    /** Returns a {@link DataType#FLOAT64} tensor. */
    Tensor of(double[] values, Shape shape);

    /**
     * Returns a tensor of these numbers, rounded to a type.
     *
     * @param dataType {@link DataType#FLOAT32} or {@link DataType#FLOAT64}
     */
    default Tensor of(double[] values, DataType dataType, Shape shape) {
        if (dataType == DataType.FLOAT64) {
            return of(values, shape);
        }
        if (dataType != DataType.FLOAT32) {
            throw new IllegalArgumentException("dataType " + dataType + ": must be float32 or float64");
        }
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] = (float) values[i];
        }
        return of(rounded, shape);
    }

    /** Returns an {@link DataType#INT64} tensor. */
    Tensor of(long[] values, Shape shape);

    /** Returns an {@link DataType#INT32} tensor. */
    Tensor of(int[] values, Shape shape);

    /** Returns a {@link DataType#BOOL} tensor. */
    Tensor of(boolean[] values, Shape shape);

    /**
     * Returns a tensor of the bytes between the buffer's position and limit, which stay as they are.
     *
     * @param values row-major elements in the buffer's own byte order ({@link ByteBuffer#order()}), direct or not
     */
    Tensor of(ByteBuffer values, DataType dataType, Shape shape);

    /** Returns {@link #of(float[], Shape)} with these extents. */
    default Tensor of(float[] values, long... dims) {
        return of(values, Shape.of(dims));
    }

    /** Returns {@link #of(double[], Shape)} with these extents. */
    default Tensor of(double[] values, long... dims) {
        return of(values, Shape.of(dims));
    }

    /** Returns {@link #of(long[], Shape)} with these extents. */
    default Tensor of(long[] values, long... dims) {
        return of(values, Shape.of(dims));
    }

    /** Returns a tensor with every element the same. */
    Tensor full(Shape shape, DataType dataType, double value);

    /** Returns a tensor of zeros ({@code false} for bool). */
    default Tensor zeros(Shape shape, DataType dataType) {
        return full(shape, dataType, 0);
    }

    /**
     * Joins tensors along an axis.
     *
     * @param parts at least one, of this backend and one type, equal except for the extent of that axis
     */
    Tensor concat(List<Tensor> parts, int axis);

    /** Returns whether a tensor has this backend and device, so that it can be combined with tensors from here. */
    boolean owns(Tensor tensor);

    /** Returns a tensor's elements on this backend and device: an {@link Tensor#alias()} if it is here, else a copy. */
    default Tensor bring(Tensor tensor) {
        return owns(tensor) ? tensor.alias() : of(tensor.toByteBuffer(), tensor.dataType(), tensor.shape());
    }
}
