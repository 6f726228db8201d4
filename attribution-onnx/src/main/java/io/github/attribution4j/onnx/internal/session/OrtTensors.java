// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Copies tensors of the plain-Java backend to the runtime and back. */
public final class OrtTensors {
    private OrtTensors() {}

    /** Copies a tensor into the runtime's memory; the caller closes the result. */
    public static OnnxTensor of(Tensor tensor) {
        return of(tensor, tensor.shape());
    }

    /**
     * Copies a tensor into the runtime's memory; the caller closes the result.
     *
     * @param shape of as many elements
     */
    public static OnnxTensor of(Tensor tensor, Shape shape) {
        ByteBuffer direct = direct(tensor.toByteBuffer());
        OnnxJavaType type = switch (tensor.dataType()) {
            case FLOAT32 -> OnnxJavaType.FLOAT;
            case FLOAT64 -> OnnxJavaType.DOUBLE;
            case INT64 -> OnnxJavaType.INT64;
            case INT32 -> OnnxJavaType.INT32;
            case UINT8 -> OnnxJavaType.UINT8;
            case BOOL -> OnnxJavaType.BOOL;
        };
        try {
            return OnnxTensor.createTensor(OnnxRuntime.environment(), direct, shape.dims(), type);
        } catch (OrtException e) {
            throw OnnxRuntime.failure("ONNX Runtime does not take an input of shape " + shape, e);
        }
    }

    /** The bytes in memory that the runtime can use; a copy of a tensor mostly has them there. */
    private static ByteBuffer direct(ByteBuffer source) {
        if (source.isDirect()) {
            return source;
        }
        ByteBuffer direct = ByteBuffer.allocateDirect(source.remaining()).order(ByteOrder.nativeOrder());
        return direct.put(source).flip();
    }

    /** Copies a value of the runtime; the tensor belongs to the current scope. */
    public static Tensor tensor(OnnxTensor value) {
        return tensor(value, null);
    }

    /**
     * Copies a value of the runtime; the tensor belongs to the current scope.
     *
     * @param shape of as many elements; null for the value's own
     */
    public static Tensor tensor(OnnxTensor value, @Nullable Shape shape) {
        DataType type = switch (value.getInfo().type) {
            case FLOAT -> DataType.FLOAT32;
            case DOUBLE -> DataType.FLOAT64;
            case INT64 -> DataType.INT64;
            case INT32 -> DataType.INT32;
            case UINT8 -> DataType.UINT8;
            case BOOL -> DataType.BOOL;
            default ->
                throw new UnsupportedModelException("the model gives a value of type " + value.getInfo().type
                        + "; convert it to float32 inside the model");
        };
        return Tensors.ofJava()
                .of(
                        value.getByteBuffer(),
                        type,
                        shape == null ? Shape.of(value.getInfo().getShape()) : shape);
    }

    /** The type that a tensor must have as an input of this type; null if there is none. */
    public static @Nullable DataType dataType(ElementType element) {
        return switch (element) {
            case FLOAT -> DataType.FLOAT32;
            case DOUBLE -> DataType.FLOAT64;
            case INT64 -> DataType.INT64;
            case INT32 -> DataType.INT32;
            case UINT8 -> DataType.UINT8;
            case BOOL -> DataType.BOOL;
            default -> null;
        };
    }

    /** The runtime and its version. */
    public static String engine() {
        return "ONNX Runtime " + OnnxRuntime.environment().getVersion();
    }
}
