// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which elements of the attributions form one feature.
 *
 * @param shapes for each attribution the shape of its numbers: axis 0 is 1 or counts examples, other axes are 1 or the
 *     attribution's
 * @param ids for each attribution the numbers, row-major; from 0 without gaps in each example
 * @param names of the groups: none, one list for all examples, or one for each row of the numbers
 * @param shared whether each element has the whole contribution of its group, as methods that perturb return it; if
 *     not, the contribution is the sum over its elements
 * @param sources for each example the row of the numbers, or null if they are the same
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
record ElementGroups(
        List<Shape> shapes, List<int[]> ids, List<List<String>> names, boolean shared, long @Nullable [] sources) {
    /** Returns these for examples that are copies of others. */
    ElementGroups of(long[] examples) {
        boolean same = true;
        for (int i = 0; i < examples.length; i++) {
            same &= examples[i] == i;
        }
        return new ElementGroups(shapes, ids, names, shared, same ? null : examples);
    }

    /** Returns whether each example has its own numbers. */
    boolean isEach() {
        return shapes.stream().anyMatch(shape -> shape.dim(0) != 1);
    }

    /** Returns the names of an example's groups, or none. */
    List<String> names(int example) {
        return names.isEmpty() ? List.of() : names.get(names.size() == 1 ? 0 : Math.toIntExact(source(example)));
    }

    private long source(int example) {
        return sources == null ? example : sources[example];
    }

    private int[] own(int attribution, int example) {
        Shape shape = shapes.get(attribution);
        int size = Math.toIntExact(shape.row().size());
        long row = shape.dim(0) == 1 ? 0 : source(example);
        int from = Math.toIntExact(row * size);
        return Arrays.copyOfRange(ids.get(attribution), from, from + size);
    }

    /** Returns the group of every element of an example's row. */
    int[] numbers(int attribution, int example, Shape row) {
        int[] own = own(attribution, example);
        Shape mask = shapes.get(attribution).withRows(1);
        if (own.length == row.size()) {
            return own;
        }
        int[] numbers = new int[Math.toIntExact(row.size())];
        long[] steps = new long[row.rank()];
        long step = 1;
        for (int axis = row.rank() - 1; axis >= 0; axis--) {
            steps[axis] = mask.dim(axis + 1) == 1 ? 0 : step;
            step *= mask.dim(axis + 1);
        }
        long[] at = new long[row.rank()];
        long from = 0;
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = own[(int) from];
            for (int axis = at.length - 1; axis >= 0; axis--) {
                from += steps[axis];
                if (++at[axis] < row.dim(axis)) {
                    break;
                }
                from -= steps[axis] * row.dim(axis);
                at[axis] = 0;
            }
        }
        return numbers;
    }
}
