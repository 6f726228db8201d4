// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Draws the operands of {@link TensorContract}, each as a tensor under test and as a {@link SlowTensor}. */
final class TensorCases {
    static final List<DataType> NUMBERS =
            List.of(DataType.FLOAT32, DataType.FLOAT64, DataType.INT64, DataType.INT32, DataType.UINT8);
    static final List<DataType> FLOATING = List.of(DataType.FLOAT32, DataType.FLOAT64);

    private final Tensors tensors;
    private final Random random;

    TensorCases(Tensors tensors, long seed) {
        this.tensors = tensors;
        this.random = new Random(seed);
    }

    /** One operand in both forms. */
    record Operand(Tensor tensor, SlowTensor slow) {
        Shape shape() {
            return slow.shape;
        }
    }

    Random random() {
        return random;
    }

    /** Returns a shape of rank 0 to 4 with small extents. */
    Shape shape() {
        return shape(0, 4);
    }

    Shape shape(int minRank, int maxRank) {
        long[] dims = new long[minRank + random.nextInt(maxRank - minRank + 1)];
        for (int axis = 0; axis < dims.length; axis++) {
            dims[axis] = 1L + random.nextInt(4);
        }
        return Shape.of(dims);
    }

    /** Returns a shape that broadcasts to another: some extents 1, some leading axes missing. */
    Shape narrower(Shape shape) {
        int missing = random.nextInt(shape.rank() + 1);
        long[] dims = new long[shape.rank() - missing];
        for (int axis = 0; axis < dims.length; axis++) {
            dims[axis] = random.nextInt(3) == 0 ? 1 : shape.dim(missing + axis);
        }
        return Shape.of(dims);
    }

    /**
     * Draws a tensor, in half of the cases as a view of another. Fractions are eighths, so sums and products are exact.
     */
    Operand operand(DataType type, Shape shape) {
        return switch (shape.rank() == 0 ? 0 : random.nextInt(4)) {
            case 1 -> sliced(type, shape);
            case 2 -> stretched(type, shape);
            default -> direct(type, shape);
        };
    }

    Operand direct(DataType type, Shape shape) {
        SlowTensor slow = SlowTensor.generate(shape, index -> value(type));
        return new Operand(make(type, slow), slow);
    }

    private Operand sliced(DataType type, Shape shape) {
        int axis = random.nextInt(shape.rank());
        long before = random.nextInt(3);
        long extent = shape.dim(axis);
        Operand larger = direct(type, shape.with(axis, before + extent + random.nextInt(3)));
        return new Operand(
                larger.tensor.slice(axis, before, before + extent), larger.slow.slice(axis, before, before + extent));
    }

    private Operand stretched(DataType type, Shape shape) {
        Operand smaller = direct(type, narrower(shape));
        return new Operand(smaller.tensor.broadcast(shape), smaller.slow.broadcast(shape));
    }

    Tensor make(DataType type, SlowTensor slow) {
        double[] values = slow.values;
        return switch (type) {
            case FLOAT64 -> tensors.of(values, slow.shape);
            case FLOAT32 -> {
                float[] floats = new float[values.length];
                for (int i = 0; i < floats.length; i++) {
                    floats[i] = (float) values[i];
                }
                yield tensors.of(floats, slow.shape);
            }
            case INT64, INT32, UINT8 -> {
                long[] longs = new long[values.length];
                for (int i = 0; i < longs.length; i++) {
                    longs[i] = (long) values[i];
                }
                yield tensors.of(longs, slow.shape).to(type);
            }
            case BOOL -> {
                boolean[] bits = new boolean[values.length];
                for (int i = 0; i < bits.length; i++) {
                    bits[i] = values[i] != 0;
                }
                yield tensors.of(bits, slow.shape);
            }
        };
    }

    double value(DataType type) {
        return switch (type) {
            case FLOAT32, FLOAT64 -> (random.nextInt(129) - 64) / 8.0;
            case INT64, INT32 -> random.nextInt(19) - 9;
            case UINT8 -> random.nextInt(16);
            case BOOL -> random.nextInt(2);
        };
    }

    /** Returns some distinct axes in any order, some counted from the end; none in some cases. */
    int[] axes(int rank) {
        List<Integer> all = new ArrayList<>();
        for (int axis = 0; axis < rank; axis++) {
            all.add(random.nextBoolean() ? axis : axis - rank);
        }
        Collections.shuffle(all, random);
        return all.stream()
                .limit(random.nextInt(rank + 1))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    long[] indexes(int count, long extent) {
        return random.ints(count, 0, (int) extent).asLongStream().toArray();
    }
}
