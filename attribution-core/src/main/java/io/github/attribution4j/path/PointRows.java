// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.path;

import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Points of paths as rows to be evaluated, each of an example of its own and at a position of its own. */
final class PointRows implements Rows {
    private final Path path;
    private final long[] examples;
    private final double[] positions;
    private final int group;

    PointRows(Path path, long[] examples, double[] positions, int group) {
        if (examples.length != positions.length || examples.length % group != 0) {
            throw new IllegalArgumentException("path: " + examples.length + " examples and " + positions.length
                    + " positions in groups of " + group + "; give as many of both, in whole groups");
        }
        this.path = path;
        this.examples = examples.clone();
        this.positions = positions.clone();
        this.group = group;
    }

    @Override
    public long count() {
        return examples.length;
    }

    @Override
    public long group() {
        return group;
    }

    @Override
    public long example(long row) {
        return examples[(int) row];
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        return path.points(
                Arrays.copyOfRange(examples, (int) from, (int) to),
                Arrays.copyOfRange(positions, (int) from, (int) to));
    }

    /** Returns the number of points. */
    @Override
    public String toString() {
        return "PointRows[" + examples.length + (examples.length == 1 ? " point]" : " points]");
    }
}
