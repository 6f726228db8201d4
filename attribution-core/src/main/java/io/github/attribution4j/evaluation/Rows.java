// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/**
 * The rows that a method evaluates. They are not all made at once: the {@link Evaluator} asks for the rows of
 * each call.
 */
@Experimental
public interface Rows {
    /**
     * Returns rows of given tensors, row = example.
     *
     * @param tensors for each attributed input a tensor of {@code count} rows, or of one row for all
     */
    static Rows of(List<Tensor> tensors, long count) {
        return new TensorRows(tensors, count);
    }

    /**
     * Returns for each of some rows the tensor's row of its example. If the tensor has one row for all, it is returned
     * itself; if all rows are of one example, only its row is returned.
     *
     * @param perExample a row for each example, or one for all
     * @param examples for each row its example
     */
    static Tensor ofExamples(Tensor perExample, long... examples) {
        if (perExample.shape().dim(0) == 1) {
            return perExample;
        }
        for (long example : examples) {
            if (example != examples[0]) {
                return perExample.select(0, examples);
            }
        }
        return perExample.rows(examples[0], examples[0] + 1);
    }

    /** Returns the number of rows. */
    long count();

    /**
     * Returns the size of a group: how many consecutive rows belong together, such as the steps of one path. It divides
     * {@link #count()}. A range consists of whole groups or lies within one group. Where a group is split depends only
     * on its size and that of the batches, so the arithmetic on one group does not depend on the others.
     */
    default long group() {
        return 1;
    }

    /** Returns the example that a row belongs to, which determines its fixed inputs and its target. */
    long example(long row);

    /**
     * Returns the example that each row of a range belongs to.
     *
     * @param from first row, inclusive
     * @param to last row, exclusive
     */
    default long[] examples(long from, long to) {
        long[] examples = new long[Math.toIntExact(to - from)];
        for (int r = 0; r < examples.length; r++) {
            examples[r] = example(from + r);
        }
        return examples;
    }

    /**
     * Makes a range of rows. A row must not depend on the range in which it is made.
     *
     * @param from first row, inclusive
     * @param to last row, exclusive
     * @return for each attributed input, in order, a tensor of {@code to - from} rows, owned by the current scope
     */
    List<Tensor> attributed(long from, long to);

    /**
     * Returns a range of these rows. It has the same groups if it consists of whole ones.
     *
     * @param from first row, inclusive
     * @param to last row, exclusive
     */
    default Rows range(long from, long to) {
        return new RowRange(this, from, to);
    }
}
