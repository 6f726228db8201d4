// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The scores of a class over the boxes that overlap one. */
final class DetectionTarget implements Target {
    private final Target.BoxLayout layout;
    private final int column;
    private final double[] box;
    private final double leastOverlap;
    /** For each example, the boxes that count; null until they are decided. */
    private final boolean @Nullable [][] chosen;

    DetectionTarget(
            Target.BoxLayout layout, int column, double[] box, double leastOverlap, boolean @Nullable [][] chosen) {
        if (column < 4) {
            throw new IllegalArgumentException(
                    "scoreColumn " + column + ": columns 0 to 3 are coordinates; scores follow from 4");
        }
        if (box.length != 4 || !(box[0] < box[2] && box[1] < box[3])) {
            throw new IllegalArgumentException(
                    "box " + Arrays.toString(box) + ": must be x1, y1, x2, y2 with x1 < x2 and y1 < y2");
        }
        if (!(leastOverlap > 0 && leastOverlap <= 1)) {
            throw new IllegalArgumentException("leastOverlap " + leastOverlap + ": must be above 0 and at most 1");
        }
        this.layout = layout;
        this.column = column;
        this.box = box.clone();
        this.leastOverlap = leastOverlap;
        this.chosen = chosen;
    }

    @Override
    public Target resolve(Tensor output) {
        return chosen != null ? this : new DetectionTarget(layout, column, box, leastOverlap, choose(output));
    }

    private boolean[][] choose(Tensor output) {
        int boxes = Math.toIntExact(output.shape().dim(1));
        int columns = Math.toIntExact(output.shape().dim(2));
        double[] values = output.toDoubleArray();
        boolean[][] found = new boolean[Math.toIntExact(output.shape().dim(0))][boxes];
        for (int example = 0; example < found.length; example++) {
            boolean any = false;
            for (int b = 0; b < boxes; b++) {
                int at = (example * boxes + b) * columns;
                double[] corners = layout.corners(values[at], values[at + 1], values[at + 2], values[at + 3]);
                found[example][b] = overlap(box, corners) >= leastOverlap;
                any |= found[example][b];
            }
            if (!any) {
                throw new InvalidRequestException(List.of("target: no box of example " + example
                        + " overlaps " + Arrays.toString(box) + " by " + leastOverlap
                        + " or more (intersection over union); look at the boxes of the output, or allow less"));
            }
        }
        return found;
    }

    /** Returns intersection over union of two boxes given by their corners; 0 where one has no area. */
    static double overlap(double[] a, double[] b) {
        double width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
        double height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
        if (!(width > 0 && height > 0)) {
            return 0;
        }
        double both = width * height;
        return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both);
    }

    private Tensor weights(Tensor output, long[] examples) {
        boolean[][] decided = chosen == null ? choose(output) : chosen;
        int boxes = Math.toIntExact(output.shape().dim(1));
        double[] weights = new double[examples.length * boxes];
        for (int row = 0; row < examples.length; row++) {
            boolean[] wanted = decided[chosen == null ? row : Math.toIntExact(examples[row])];
            for (int b = 0; b < boxes; b++) {
                weights[row * boxes + b] = wanted[b] ? 1 : 0;
            }
        }
        return output.tensors().of(weights, output.dataType(), Shape.of(examples.length, boxes));
    }

    @Override
    public Tensor score(Tensor output, long[] examples) {
        Tensor scores = output.slice(2, column, column + 1)
                .reshape(output.shape().dim(0), output.shape().dim(1));
        return scores.mul(weights(output, examples)).sum(1);
    }

    @Override
    public Tensor cotangent(Tensor output, long[] examples) {
        int columns = Math.toIntExact(output.shape().dim(2));
        double[] indicator = new double[columns];
        indicator[column] = 1;
        Tensor chosenColumn = output.tensors().of(indicator, output.dataType(), Shape.of(1, 1, columns));
        Tensor weights = weights(output, examples);
        return weights.reshape(weights.shape().dim(0), weights.shape().dim(1), 1)
                .mul(chosenColumn);
    }

    @Override
    public void check(Shape output, long examples, Problems problems) {
        problems.require(
                output.rank() == 3 && output.dim(2) > column,
                "target: a detection needs an output of shape (rows, boxes, columns) with more than " + column
                        + " columns, and the model's has shape " + output);
    }

    @Override
    public Target forExamples(long[] examples) {
        boolean[][] all = chosen;
        return all == null
                ? this
                : new DetectionTarget(
                        layout,
                        column,
                        box,
                        leastOverlap,
                        Arrays.stream(examples)
                                .mapToObj(example -> all[Math.toIntExact(example)])
                                .toArray(boolean[][]::new));
    }

    @Override
    public String describe() {
        String found = chosen == null
                ? ""
                : ": "
                        + Arrays.toString(Arrays.stream(chosen)
                                .mapToInt(DetectionTarget::count)
                                .toArray()) + " boxes";
        return "column " + column + " of boxes over " + Arrays.toString(box) + " (overlap >= " + leastOverlap + ")"
                + found;
    }

    private static int count(boolean[] wanted) {
        int count = 0;
        for (boolean one : wanted) {
            count += one ? 1 : 0;
        }
        return count;
    }

    @Override
    public String toString() {
        return describe();
    }
}
