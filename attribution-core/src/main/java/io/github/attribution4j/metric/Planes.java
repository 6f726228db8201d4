// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;

/**
 * The attributed inputs of one example as planes: the last two axes are an image, all axes before them its channels.
 *
 * @param rows for each attributed input its elements, row-major
 * @param groups for each attributed input the group of each element
 * @param shapes of the rows
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this package
record Planes(double[][] rows, long[][] groups, Shape[] shapes) {
    static Planes of(Coalitions coalitions, int example) {
        Inputs inputs = coalitions.evaluator().inputs();
        int count = inputs.attributed().size();
        double[][] rows = new double[count][];
        long[][] groups = new long[count][];
        Shape[] shapes = new Shape[count];
        for (int input = 0; input < count; input++) {
            rows[input] = row(inputs.attributed().get(input), example);
            groups[input] = coalitions.groupNumbers(input, example);
            shapes[input] = inputs.attributed().get(input).shape().row();
        }
        return new Planes(rows, groups, shapes);
    }

    /** Returns the elements of an example's row of a tensor, or of its one row for all. */
    static double[] row(Tensor tensor, int example) {
        long at = tensor.shape().dim(0) == 1 ? 0 : example;
        try (Tensor row = tensor.rows(at, at + 1)) {
            return row.toDoubleArray();
        }
    }

    /** Checks that all attributed inputs are images of a floating type. */
    static void check(String metric, Inputs inputs, Problems problems) {
        for (Inputs.Input input : inputs.attributedInputs()) {
            Shape shape = input.tensor().shape();
            problems.require(
                    shape.rank() >= 3 && input.tensor().dataType().isFloating(),
                    "metric " + metric + ": judges images, (rows, ..., height, width) of a floating type, and input '"
                            + input.name() + "' has shape " + shape + " and type "
                            + input.tensor().dataType() + "; use deletion or insertion");
        }
    }

    int height(int input) {
        return Math.toIntExact(shapes[input].dim(-2));
    }

    int width(int input) {
        return Math.toIntExact(shapes[input].dim(-1));
    }

    int channels(int input) {
        return rows[input].length / (height(input) * width(input));
    }
}
