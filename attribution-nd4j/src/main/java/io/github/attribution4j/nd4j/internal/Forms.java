// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import io.github.attribution4j.model.program.Program.RowForm;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Arranges arrays so that axis 0 counts rows, and back; see {@link RowForm}. */
public final class Forms {
    private Forms() {}

    /** Returns a value of the graph with rows on axis 0: a new array, or the same one if it is so. */
    public static INDArray view(RowForm form, INDArray value) {
        long[] shape = value.shape();
        return switch (form.kind()) {
            case ROWS -> value;
            case AXIS -> moved(value, (int) form.number(), 0);
            case MAJOR -> reshaped(value, split(shape, form.number(), shape[0] / form.number()));
            case MINOR -> {
                INDArray split = reshaped(value, split(shape, shape[0] / form.number(), form.number()));
                INDArray swapped = swapped(split);
                Runner.free(split);
                yield swapped;
            }
            case ALONE -> {
                long[] row = new long[shape.length + 1];
                row[0] = 1;
                System.arraycopy(shape, 0, row, 1, shape.length);
                yield reshaped(value, row);
            }
        };
    }

    /** Returns an array with rows on axis 0 as the graph has it: a new array, or the same one if it is so. */
    public static INDArray unview(RowForm form, INDArray value) {
        long[] shape = value.shape();
        return switch (form.kind()) {
            case ROWS -> value;
            case AXIS -> moved(value, 0, (int) form.number());
            case MAJOR -> reshaped(value, joined(shape));
            case MINOR -> {
                INDArray swapped = swapped(value);
                INDArray joined = reshaped(swapped, joined(swapped.shape()));
                Runner.free(swapped);
                yield joined;
            }
            case ALONE -> reshaped(value, Arrays.copyOfRange(shape, 1, shape.length));
        };
    }

    private static long[] split(long[] shape, long first, long second) {
        long[] split = new long[shape.length + 1];
        split[0] = first;
        split[1] = second;
        System.arraycopy(shape, 1, split, 2, shape.length - 1);
        return split;
    }

    private static long[] joined(long[] shape) {
        long[] joined = Arrays.copyOfRange(shape, 1, shape.length);
        joined[0] *= shape[0];
        return joined;
    }

    private static INDArray moved(INDArray value, int from, int to) {
        int[] order = new int[value.rank()];
        int next = 0;
        for (int axis = 0; axis < order.length; axis++) {
            if (next == from) {
                next++;
            }
            order[axis] = axis == to ? from : next++;
        }
        return value.permute(order).dup('c');
    }

    private static INDArray swapped(INDArray value) {
        int[] order = new int[value.rank()];
        Arrays.setAll(order, axis -> axis);
        order[0] = 1;
        order[1] = 0;
        return value.permute(order).dup('c');
    }

    private static INDArray reshaped(INDArray value, long... shape) {
        return value.dup('c').reshape('c', shape);
    }
}
