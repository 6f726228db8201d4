// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Rows of one call of a model.
 *
 * @param from number of the first row among all rows
 * @param to number after the last row
 * @param examples for each row of the call its example
 * @param inputs the call's inputs; they have additional rows if a row is run with copies of itself
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this package
record Batch(long from, long to, long[] examples, Inputs inputs) {
    /** Computes a batch, and returns its result with the step that follows once memory can no longer run out. */
    interface Computation {
        Computed compute(Batch batch);
    }

    /**
     * The result of a call.
     *
     * @param values tensors that are compared to find out whether rows change each other; axis 0 counts the rows of
     *     the call
     * @param sink takes the results of the rows from {@code from} to {@code to}
     */
    record Computed(List<Tensor> values, Consumer<TensorScope> sink) {}

    /** Returns the number of rows of the call. */
    int rows() {
        return examples.length;
    }

    /** Returns a tensor with a row for each row of the call. */
    Tensor checked(Tensor value, String subject, String noun) {
        if (value.shape().rank() == 0 || value.shape().dim(0) != rows()) {
            throw new ModelException(subject + " " + noun + " of shape " + value.shape() + " for " + rows()
                    + " rows; axis 0 of the " + noun + " must count rows");
        }
        if (value.shape().size() == 0) {
            throw new ModelException(subject + " " + noun + " of shape " + value.shape()
                    + ", which holds nothing for these inputs: there is nothing to explain at it");
        }
        return value;
    }

    /** Returns the gradient of a target's score of each row with respect to the output. */
    Tensor cotangent(Target target, Tensor output) {
        try {
            return target.cotangent(output, examples);
        } catch (IllegalArgumentException e) {
            if (output.dataType().isFloating()) {
                throw e;
            }
            throw new UnsupportedModelException(
                    "the model's output is of type " + output.dataType()
                            + ", which has no gradient; explain another output of it, or use a perturbation method",
                    e);
        }
    }

    /** Returns the rows from {@code from} to {@code to} of a tensor with a row for each row of the call. */
    Tensor own(Tensor value) {
        return to - from == rows() ? value : value.rows(0, to - from);
    }

    /** Returns the numbers of the rows from {@code from} to {@code to}, of one for each row of the call. */
    double[] own(double[] values) {
        return to - from == rows() ? values : Arrays.copyOf(values, Math.toIntExact(to - from));
    }

    /** Returns a call of one row, alone or with copies of itself. Tensors belong to the current scope. */
    Batch row(int row, int copies) {
        long number = Math.min(from + row, to - 1);
        return new Batch(number, number + 1, copiesOf(examples[row], copies), repeated(row, copies));
    }

    /** Returns a call with as many rows as this one, all of them copies of one row. */
    Batch copies(int row) {
        return new Batch(from, to, copiesOf(examples[row], rows()), repeated(row, rows()));
    }

    private static long[] copiesOf(long example, int copies) {
        long[] examples = new long[copies];
        Arrays.fill(examples, example);
        return examples;
    }

    private Inputs repeated(int row, int copies) {
        long[] rows = copiesOf(row, copies);
        List<Tensor> attributed = inputs.attributed().stream()
                .map(tensor -> copies == 1 ? tensor.rows(row, row + 1L) : tensor.select(0, rows))
                .toList();
        return inputs.expand(attributed, rows);
    }
}
