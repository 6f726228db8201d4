// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/**
 * The rows that a method wants evaluated, described rather than made: the {@link Evaluator} asks for as many at a time
 * as it gives to the model.
 */
@Experimental
public interface Rows {
    /**
     * Returns rows of given tensors, row = example.
     *
     * @param tensors for each attributed input a tensor of {@code count} rows, or of one row that serves all
     */
    static Rows of(List<Tensor> tensors, long count) {
        return new TensorRows(tensors, count);
    }

    /**
     * Returns for each of some rows the tensor's row of its example; the tensor itself where one row serves all, and
     * one row where all are of one example.
     *
     * @param perExample a row for each example, or one that serves all
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

    /** Returns how many rows there are. */
    long count();

    /**
     * Returns how many consecutive rows belong together, such as the steps of one path; divides {@link #count()}. A
     * range is either made of whole groups or lies within one, and where groups are split depends on their size and
     * that of the batches alone: so the arithmetic on one group does not depend on the others.
     */
    default long group() {
        return 1;
    }

    /** Returns the example that a row belongs to: it decides the fixed inputs and the target. */
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
     * Makes a range of rows. A row's values must not depend on the range it is made in.
     *
     * @param from first row, inclusive
     * @param to last row, exclusive
     * @return for each attributed input, in order, a tensor of {@code to - from} rows, owned by the current scope
     */
    List<Tensor> attributed(long from, long to);

    /**
     * Returns some of these rows; groups are kept where the range is made of whole ones.
     *
     * @param from first row, inclusive
     * @param to last row, exclusive
     */
    default Rows range(long from, long to) {
        return new RowRange(this, from, to);
    }
}
