// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.evaluation.Rows.Collected;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Sums a gradient times the increment of a value over adjacent nodes: the integral of g dh along each example's path.
 * The rows are the nodes of one path after the other. Not thread-safe.
 */
final class IncrementSums {
    private final long nodes;
    private final boolean trapezoid;
    private final List<Sum> perPoint = new ArrayList<>();

    /**
     * Starts empty sums.
     *
     * @param nodes of one path, at least 2
     * @param trapezoid whether an increment is multiplied by the mean of the gradients at both ends; else by the
     *     gradient at its start
     */
    IncrementSums(long nodes, boolean trapezoid) {
        this.nodes = nodes;
        this.trapezoid = trapezoid;
    }

    /** Adds a range of rows; ranges come in order, without gaps, and are whole paths or lie within one. */
    void add(TensorScope batch, long from, long to, List<Tensor> values, List<Tensor> gradients) {
        while (perPoint.size() < values.size()) {
            perPoint.add(new Sum());
        }
        boolean whole = from % nodes == 0 && (to - from) % nodes == 0;
        for (int i = 0; i < values.size(); i++) {
            if (whole) {
                perPoint.get(i).addPaths(batch, values.get(i), gradients.get(i));
            } else {
                perPoint.get(i).addPart(batch, values.get(i), gradients.get(i), to % nodes == 0);
            }
        }
    }

    /** Returns for each value the sum of each path, axis 0 counts paths. */
    List<Tensor> sums() {
        return perPoint.stream().map(sum -> Collected.join(sum.done)).toList();
    }

    private Tensor products(int axis, Tensor values, Tensor gradients) {
        long count = values.shape().dim(axis);
        Tensor increments = values.slice(axis, 1, count).sub(values.slice(axis, 0, count - 1));
        Tensor left = gradients.slice(axis, 0, count - 1);
        Tensor along = trapezoid ? left.add(gradients.slice(axis, 1, count)).mul(0.5) : left;
        return increments.mul(along).sum(axis);
    }

    private final class Sum {
        private final List<Tensor> done = new ArrayList<>();
        private @Nullable Tensor sum;
        private @Nullable Tensor lastValue;
        private @Nullable Tensor lastGradient;

        void addPaths(TensorScope batch, Tensor values, Tensor gradients) {
            Shape grid =
                    values.shape().row().prepend(nodes).prepend(values.shape().dim(0) / nodes);
            done.add(batch.keep(products(1, values.reshape(grid), gradients.reshape(grid))));
        }

        void addPart(TensorScope batch, Tensor values, Tensor gradients, boolean last) {
            Tensor before = lastValue;
            Tensor beforeGradient = lastGradient;
            Tensor there = before == null ? values : values.tensors().concat(List.of(before, values), 0);
            Tensor slopes = beforeGradient == null
                    ? gradients
                    : gradients.tensors().concat(List.of(beforeGradient, gradients), 0);
            long rows = there.shape().dim(0);
            Tensor total = sum;
            if (rows > 1) {
                Tensor part = products(0, there, slopes).reshape(values.shape().withRows(1));
                total = batch.keep(sum == null ? part : sum.add(part));
                free(sum);
            }
            free(before);
            free(beforeGradient);
            lastValue = null;
            lastGradient = null;
            sum = null;
            if (last) {
                if (total != null) {
                    done.add(total);
                }
            } else {
                sum = total;
                lastValue = batch.keep(there.rows(rows - 1, rows).mul(1));
                lastGradient = batch.keep(slopes.rows(rows - 1, rows).mul(1));
            }
        }

        private void free(@Nullable Tensor tensor) {
            if (tensor != null) {
                tensor.close();
            }
        }
    }
}
