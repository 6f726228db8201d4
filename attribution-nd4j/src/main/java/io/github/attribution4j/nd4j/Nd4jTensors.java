// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.nd4j.internal.Nd4jStart;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Arrays of ND4J as tensors, and tensors as arrays of ND4J. A tensor lies in the Java heap and an array outside of it,
 * so there is one copy each way and no other: neither changes when the other one does, and each is freed by itself.
 */
public final class Nd4jTensors {
    private Nd4jTensors() {}

    /**
     * Copies an array, which may be a view of another, in any order.
     *
     * @return a tensor of {@link Tensors#ofJava()}, in the current scope. Half precision comes as float32
     * @throws IllegalArgumentException if the array is of a type that the library has no tensors of
     */
    public static Tensor of(INDArray array) {
        DataType type = dataType(array.dataType());
        if (type == null) {
            throw new IllegalArgumentException("array of type " + array.dataType()
                    + ": there are no tensors of this type; convert it with castTo(DataType.FLOAT)");
        }
        INDArray wanted = type == DataType.FLOAT32 ? array.castTo(org.nd4j.linalg.api.buffer.DataType.FLOAT) : array;
        boolean plain = wanted.ordering() == 'c' && !wanted.isView() && wanted.offset() == 0;
        INDArray row = plain ? wanted : wanted.dup('c');
        try {
            Shape shape = Shape.of(row.shape());
            ByteBuffer bytes = shape.size() == 0
                    ? ByteBuffer.allocate(0)
                    : row.data()
                            .asNio()
                            .duplicate()
                            .limit(Math.toIntExact(shape.size() * type.bytes()))
                            .order(ByteOrder.nativeOrder());
            return Tensors.ofJava().of(bytes, type, shape);
        } finally {
            if (row != wanted) {
                row.close();
            }
            if (wanted != array) {
                wanted.close();
            }
        }
    }

    /** Copies a tensor of any backend into a new array in row-major order, which the caller may close. */
    public static INDArray toArray(Tensor tensor) {
        return toArray(tensor, tensor.shape());
    }

    /**
     * Copies a tensor into a new array.
     *
     * @param shape of as many elements
     */
    static INDArray toArray(Tensor tensor, Shape shape) {
        Nd4jStart.quietly();
        INDArray array = Nd4j.createUninitializedDetached(type(tensor.dataType()), shape.dims());
        long bytes = shape.size() * tensor.dataType().bytes();
        if (bytes > 0) {
            tensor.readBytes(given -> {
                ByteBuffer direct = given.isDirect()
                        ? given
                        : ByteBuffer.allocateDirect(given.remaining())
                                .put(given)
                                .flip();
                return Pointer.memcpy(array.data().addressPointer(), new Pointer(direct), bytes);
            });
        }
        return array;
    }

    /** Copies the attributions of an explanation, one array for each attributed input, in order. */
    public static List<INDArray> attributions(Explanation explanation) {
        return explanation.attributions().stream().map(Nd4jTensors::toArray).toList();
    }

    /** The type of a tensor that holds an array; null if there is none. */
    static @Nullable DataType dataType(org.nd4j.linalg.api.buffer.DataType type) {
        return switch (type) {
            case FLOAT, HALF, BFLOAT16 -> DataType.FLOAT32;
            case DOUBLE -> DataType.FLOAT64;
            case LONG -> DataType.INT64;
            case INT -> DataType.INT32;
            case UBYTE -> DataType.UINT8;
            case BOOL -> DataType.BOOL;
            default -> null;
        };
    }

    private static org.nd4j.linalg.api.buffer.DataType type(DataType type) {
        return switch (type) {
            case FLOAT32 -> org.nd4j.linalg.api.buffer.DataType.FLOAT;
            case FLOAT64 -> org.nd4j.linalg.api.buffer.DataType.DOUBLE;
            case INT64 -> org.nd4j.linalg.api.buffer.DataType.INT64;
            case INT32 -> org.nd4j.linalg.api.buffer.DataType.INT32;
            case UINT8 -> org.nd4j.linalg.api.buffer.DataType.UINT8;
            case BOOL -> org.nd4j.linalg.api.buffer.DataType.BOOL;
        };
    }
}
