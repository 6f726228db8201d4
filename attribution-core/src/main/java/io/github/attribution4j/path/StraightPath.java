// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.path;

import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * A straight line.
 *
 * @param difference end − start, a row for each example
 */
record StraightPath(List<Tensor> start, List<Tensor> end, List<Tensor> difference) implements Path {
    static StraightPath between(List<Tensor> start, List<Tensor> end) {
        if (start.size() != end.size()) {
            throw new IllegalArgumentException(
                    "path: " + start.size() + " tensors at the start and " + end.size() + " at the end; give as many");
        }
        List<Tensor> difference = new ArrayList<>(end.size());
        for (int i = 0; i < end.size(); i++) {
            Tensor from = start.get(i);
            Tensor to = end.get(i);
            boolean fits = from.shape().rank() == to.shape().rank()
                    && from.shape().row().equals(to.shape().row())
                    && (from.shape().dim(0) == 1
                            || from.shape().dim(0) == to.shape().dim(0));
            if (!fits) {
                throw new IllegalArgumentException("path: start of shape " + from.shape() + " and end of shape "
                        + to.shape() + "; the start has the end's rows, or one row for all");
            }
            difference.add(to.sub(from));
        }
        return new StraightPath(List.copyOf(start), List.copyOf(end), List.copyOf(difference));
    }

    @Override
    public List<Tensor> at(long fromExample, long toExample, double[] positions) {
        List<Tensor> points = new ArrayList<>(difference.size());
        for (int i = 0; i < difference.size(); i++) {
            Tensor along = perExample(difference.get(i), fromExample, toExample);
            Tensor from = perExample(start.get(i), fromExample, toExample);
            Shape scale = along.shape().rowScale(1).with(1, positions.length);
            Tensor t = along.tensors().of(positions, along.dataType(), scale);
            points.add(flat(along.mul(t).add(from)));
        }
        return points;
    }

    @Override
    public List<Tensor> points(long[] examples, double[] positions) {
        List<Tensor> points = new ArrayList<>(difference.size());
        for (int i = 0; i < difference.size(); i++) {
            Tensor along = Rows.ofExamples(difference.get(i), examples);
            Tensor t = along.tensors()
                    .of(positions, along.dataType(), along.shape().rowScale(positions.length));
            points.add(along.mul(t).add(Rows.ofExamples(start.get(i), examples)));
        }
        return points;
    }

    @Override
    public List<Tensor> derivative(long fromExample, long toExample, double[] positions) {
        List<Tensor> derivatives = new ArrayList<>(difference.size());
        for (Tensor each : difference) {
            Tensor along = perExample(each, fromExample, toExample);
            derivatives.add(flat(along.broadcast(along.shape().with(1, positions.length))));
        }
        return derivatives;
    }

    /** Returns the examples' rows as shape (examples, 1, ...), so that an axis of positions broadcasts. */
    private static Tensor perExample(Tensor tensor, long from, long to) {
        boolean all =
                tensor.shape().dim(0) == 1 || (from == 0 && to == tensor.shape().dim(0));
        Tensor rows = all ? tensor : tensor.rows(from, to);
        return rows.reshape(rows.shape().row().prepend(1).prepend(rows.shape().dim(0)));
    }

    /** Joins the axes of examples and positions. */
    private static Tensor flat(Tensor grid) {
        Shape row = grid.shape().row().row();
        return grid.reshape(row.prepend(grid.shape().dim(0) * grid.shape().dim(1)));
    }
}
