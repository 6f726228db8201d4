// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The sum of some elements of the output's row; an axis that is not mentioned counts as a whole. */
record SliceTarget(List<Target.Slice> slices) implements Target {
    SliceTarget {
        slices = List.copyOf(slices);
    }

    @Override
    public Tensor score(Tensor output, long[] examples) {
        Shape row = output.shape().row();
        Tensor flat = output.reshape(examples.length, row.size());
        return flat.select(1, positions(row)).sum(1);
    }

    @Override
    public Tensor cotangent(Tensor output, long[] examples) {
        Shape row = output.shape().row();
        double[] indicator = new double[Math.toIntExact(row.size())];
        for (long position : positions(row)) {
            indicator[Math.toIntExact(position)] = 1;
        }
        return output.tensors().of(indicator, output.dataType(), row.prepend(1)).broadcast(output.shape());
    }

    /** Returns the positions in a flattened row. */
    private long[] positions(Shape row) {
        long[] positions = {0};
        for (int axis = 0; axis < row.rank(); axis++) {
            Target.Slice slice = axis < slices.size() ? slices.get(axis) : Target.Slice.all();
            long[] chosen = slice.positions(row.dim(axis));
            long[] finer = new long[Math.multiplyExact(positions.length, chosen.length)];
            for (int i = 0; i < finer.length; i++) {
                finer[i] = positions[i / chosen.length] * row.dim(axis) + chosen[i % chosen.length];
            }
            positions = finer;
        }
        return positions;
    }

    @Override
    public void check(Shape output, long examples, Problems problems) {
        if (slices.size() > output.rank() - 1) {
            problems.add("target " + describe() + " selects on " + slices.size() + " axes, but the output has shape "
                    + output + ", " + (output.rank() - 1) + " after the rows; leave some out");
            return;
        }
        for (int axis = 0; axis < slices.size(); axis++) {
            try {
                slices.get(axis).positions(output.dim(axis + 1));
            } catch (IllegalArgumentException e) {
                problems.add("target " + describe() + ": axis " + (axis + 1) + " of the output of shape " + output
                        + ": " + e.getMessage() + "; choose positions that exist");
            }
        }
    }

    @Override
    public List<String> words(List<String> classes) {
        if (classes.isEmpty() || slices.isEmpty()) {
            return List.of(describe());
        }
        long[] chosen = slices.get(0).positions(classes.size());
        String rest = slices.size() == 1
                ? ""
                : slices.stream().skip(1).map(Target.Slice::toString).collect(Collectors.joining(", ", " at [", "]"));
        return List.of(Arrays.stream(chosen)
                .mapToObj(position -> "'" + classes.get((int) position) + "'")
                .collect(Collectors.joining(", ", "sum of ", rest)));
    }

    @Override
    public String describe() {
        return slices.isEmpty()
                ? "sum of all values"
                : slices.stream().map(Target.Slice::toString).collect(Collectors.joining(", ", "sum of [", "]"));
    }
}
