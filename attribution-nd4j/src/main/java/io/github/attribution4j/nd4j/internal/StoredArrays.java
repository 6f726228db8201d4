// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import io.github.attribution4j.model.UnsupportedModelException;
import java.nio.ByteBuffer;
import org.nd4j.autodiff.samediff.serde.FlatBuffersMapper;
import org.nd4j.graph.FlatArray;
import org.nd4j.graph.FlatGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.shape.Shape;

/**
 * Checks that the arrays of a SameDiff file have as many bytes as their shapes say. ND4J does not, and reads past the
 * end, which ends the process.
 */
final class StoredArrays {
    private static final int MOST_AXES = 32;

    private StoredArrays() {}

    /**
     * Checks all arrays.
     *
     * @param bytes a whole file
     * @throws UnsupportedModelException naming the first variable whose array is not whole
     */
    static void requireWhole(ByteBuffer bytes) {
        FlatGraph graph = FlatGraph.getRootAsFlatGraph(bytes);
        for (int i = 0; i < graph.variablesLength(); i++) {
            FlatArray array = graph.variables(i).ndarray();
            if (array != null && !isWhole(array)) {
                throw new UnsupportedModelException("the array of variable number " + i
                        + " does not have the bytes that its shape asks for: the file is damaged; save it again");
            }
        }
    }

    /** The numbers of a shape are the count of axes, an extent and then a stride for each, and three more. */
    private static boolean isWhole(FlatArray array) {
        long rank = array.shapeLength() == 0 ? -1 : array.shape(0);
        if (rank < 0 || rank > MOST_AXES || array.shapeLength() != Shape.shapeInfoLength(rank)) {
            return false;
        }
        DataType type = FlatBuffersMapper.getDataTypeFromByte(array.dtype());
        int width = type == DataType.UTF8 ? 1 : type.width();
        if (width <= 0) {
            return false;
        }
        long held = array.bufferLength() / width;
        long elements = 1;
        long last = 0;
        for (int axis = 1; axis <= rank; axis++) {
            long extent = array.shape(axis);
            long stride = array.shape((int) rank + axis);
            if (extent < 0 || stride < 0 || extent > Integer.MAX_VALUE || stride > Integer.MAX_VALUE) {
                return false;
            }
            elements *= extent;
            last += Math.max(0, extent - 1) * stride;
            if (elements > Integer.MAX_VALUE || last > Integer.MAX_VALUE) {
                return false;
            }
        }
        return elements == 0 || isEmpty(array, rank) || (elements <= held && last < held);
    }

    private static boolean isEmpty(FlatArray array, long rank) {
        long[] numbers = new long[Shape.shapeInfoLength(rank)];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = array.shape(i);
        }
        return Shape.isEmpty(numbers);
    }
}
