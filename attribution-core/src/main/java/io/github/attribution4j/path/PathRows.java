// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.path;

import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The points of each example's path at given positions, as rows to be evaluated: all positions of example 0, then of
 * example 1, and so on. The positions of one example are a {@linkplain Rows#group() group}.
 */
final class PathRows implements Rows {
    private final Path path;
    private final long examples;
    private final double[] positions;

    PathRows(Path path, long examples, double[] positions) {
        this.path = path;
        this.examples = examples;
        this.positions = positions.clone();
    }

    @Override
    public long count() {
        return examples * positions.length;
    }

    @Override
    public long group() {
        return positions.length;
    }

    @Override
    public long example(long row) {
        return row / positions.length;
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        int first = (int) (from % positions.length);
        long example = from / positions.length;
        long rows = to - from;
        if (first == 0 && rows % positions.length == 0) {
            return path.at(example, example + rows / positions.length, positions);
        }
        if (first + rows > positions.length) {
            // This range of rows ends inside a group.
            long border = from + positions.length - first;
            return joined(attributed(from, border), attributed(border, to));
        }
        return path.at(example, example + 1, Arrays.copyOfRange(positions, first, Math.toIntExact(first + rows)));
    }

    private static List<Tensor> joined(List<Tensor> before, List<Tensor> after) {
        List<Tensor> joined = new ArrayList<>(before.size());
        for (int i = 0; i < before.size(); i++) {
            joined.add(before.get(i).tensors().concat(List.of(before.get(i), after.get(i)), 0));
        }
        return joined;
    }

    /** Returns the numbers of examples and points. */
    @Override
    public String toString() {
        return "PathRows[" + examples + " examples, " + positions.length + " points each]";
    }
}
