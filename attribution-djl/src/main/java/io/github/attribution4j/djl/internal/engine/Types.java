// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;

/** Converts shapes and element types between DJL and this library. */
public final class Types {
    private Types() {}

    public static ai.djl.ndarray.types.Shape toDjl(Shape shape) {
        return new ai.djl.ndarray.types.Shape(shape.dims());
    }

    public static Shape fromDjl(ai.djl.ndarray.types.Shape shape) {
        return Shape.of(shape.getShape());
    }

    public static ai.djl.ndarray.types.DataType toDjl(DataType dataType) {
        return switch (dataType) {
            case FLOAT32 -> ai.djl.ndarray.types.DataType.FLOAT32;
            case FLOAT64 -> ai.djl.ndarray.types.DataType.FLOAT64;
            case INT64 -> ai.djl.ndarray.types.DataType.INT64;
            case INT32 -> ai.djl.ndarray.types.DataType.INT32;
            case UINT8 -> ai.djl.ndarray.types.DataType.UINT8;
            case BOOL -> ai.djl.ndarray.types.DataType.BOOLEAN;
        };
    }

    /** Returns the nearest type that holds all values of another type. */
    public static DataType fromDjl(ai.djl.ndarray.types.DataType dataType) {
        return switch (dataType) {
            case FLOAT32, FLOAT16, BFLOAT16 -> DataType.FLOAT32;
            case FLOAT64 -> DataType.FLOAT64;
            case INT64, UINT32 -> DataType.INT64;
            case INT32, INT16, INT8, UINT16 -> DataType.INT32;
            case UINT8 -> DataType.UINT8;
            case BOOLEAN -> DataType.BOOL;
            case COMPLEX64 ->
                throw new ModelException(
                        "a tensor of complex numbers has no counterpart here; let the model give real and"
                                + " imaginary parts, as torch.view_as_real does, or choose another output");
            default ->
                throw new ModelException("an array of type " + dataType
                        + " has no counterpart here; convert it to float32, float64, int64, int32, uint8 or"
                        + " bool first");
        };
    }
}
