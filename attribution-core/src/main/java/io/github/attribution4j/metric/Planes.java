// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.internal.numeric.PictureInformation;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

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

    /**
     * Returns the bits of the example within some groups and other elements outside, over all channels. Elements are
     * divided into 256 levels between the smallest and the largest of the example.
     *
     * @param outside for each attributed input its elements
     * @param kept for each group whether it is that of the example
     */
    double bits(List<double[]> outside, boolean[] kept) {
        double bits = 0;
        for (int input = 0; input < rows.length; input++) {
            double[] inside = rows[input];
            double low = Arrays.stream(inside).min().orElse(0);
            double range = Arrays.stream(inside).max().orElse(0) - low;
            int size = height(input) * width(input);
            int[] levels = new int[size];
            for (int from = 0; from < inside.length; from += size) {
                for (int i = 0; i < size; i++) {
                    boolean own = kept[(int) groups[input][from + i]];
                    double value = (own ? inside[from + i] : outside.get(input)[from + i]) - low;
                    double level = range > 0 ? value / range * (PictureInformation.LEVELS - 1) : 0;
                    levels[i] = (int) Math.max(0, Math.min(PictureInformation.LEVELS - 1, Math.round(level)));
                }
                bits += PictureInformation.bits(levels, width(input));
            }
        }
        return bits;
    }
}
