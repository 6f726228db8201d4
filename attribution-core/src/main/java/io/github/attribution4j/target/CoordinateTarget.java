// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** One element of the output's row: the same for all examples, or one for each. */
final class CoordinateTarget implements Target {
    private static final int COPIED_ELEMENTS = 1 << 15;

    private final long[][] coordinates;

    CoordinateTarget(long[][] coordinates) {
        this.coordinates = new long[coordinates.length][];
        for (int i = 0; i < coordinates.length; i++) {
            this.coordinates[i] = coordinates[i].clone();
        }
    }

    @Override
    public Tensor score(Tensor output, long[] examples) {
        Shape row = output.shape().row();
        Tensor flat = row.rank() == 1 ? output : output.reshape(examples.length, row.size());
        long[] positions = positions(row, examples);
        if (coordinates.length == 1) {
            return flat.slice(1, positions[0], positions[0] + 1).reshape(examples.length);
        }
        return flat.pick(positions);
    }

    /** Returns the elements of {@link #score}. For a small output this is faster than through a tensor. */
    @Override
    public double[] scores(Tensor output, long[] examples) {
        if (output.shape().size() > COPIED_ELEMENTS) {
            return score(output, examples).toDoubleArray();
        }
        double[] all = output.toDoubleArray();
        long[] positions = positions(output.shape().row(), examples);
        double[] scores = new double[positions.length];
        for (int r = 0; r < scores.length; r++) {
            scores[r] = all[Math.toIntExact(r * output.shape().row().size() + positions[r])];
        }
        return scores;
    }

    @Override
    public Tensor cotangent(Tensor output, long[] examples) {
        Shape row = output.shape().row();
        long[] positions = positions(row, examples);
        if (output.shape().size() > COPIED_ELEMENTS || !output.dataType().isFloating()) {
            return output.tensors()
                    .of(positions, examples.length)
                    .oneHot(row.size(), output.dataType())
                    .reshape(output.shape());
        }
        // Up to this size, one copy from Java costs less than three operations of an engine.
        double[] indicator = new double[Math.toIntExact(output.shape().size())];
        for (int r = 0; r < positions.length; r++) {
            indicator[Math.toIntExact(r * row.size() + positions[r])] = 1;
        }
        return output.tensors().of(indicator, output.dataType(), output.shape());
    }

    private long[] positions(Shape row, long[] examples) {
        long[] positions = new long[examples.length];
        for (int r = 0; r < examples.length; r++) {
            long[] chosen = coordinates[coordinates.length == 1 ? 0 : Math.toIntExact(examples[r])];
            long position = 0;
            for (int axis = 0; axis < row.rank(); axis++) {
                position = position * row.dim(axis) + chosen[axis];
            }
            positions[r] = position;
        }
        return positions;
    }

    @Override
    public void check(Shape output, long examples, Problems problems) {
        if (coordinates.length != 1 && coordinates.length != examples) {
            problems.add("target " + describe() + ": " + coordinates.length + " targets for " + examples
                    + " examples; give one for all, or one for each");
        }
        for (long[] chosen : coordinates) {
            if (chosen.length != output.rank() - 1) {
                problems.add("target " + Arrays.toString(chosen) + " has " + chosen.length
                        + " coordinates, but the model's output has shape " + output + ", " + (output.rank() - 1)
                        + " axes after the rows; give one coordinate for each with Target.at(...)"
                        + (output.rank() == 1 ? ", here none: use Target.output()" : ""));
                return;
            }
            for (int axis = 0; axis < chosen.length; axis++) {
                if (chosen[axis] < 0 || chosen[axis] >= output.dim(axis + 1)) {
                    problems.add("target " + Arrays.toString(chosen) + ": " + chosen[axis] + " lies outside 0 to "
                            + (output.dim(axis + 1) - 1) + ", axis " + (axis + 1) + " of the model's output of shape "
                            + output);
                    return;
                }
            }
        }
    }

    @Override
    public Target forExamples(long[] examples) {
        if (coordinates.length == 1) {
            return this;
        }
        return new CoordinateTarget(Arrays.stream(examples)
                .mapToObj(example -> coordinates[Math.toIntExact(example)])
                .toArray(long[][]::new));
    }

    @Override
    public List<String> words(List<String> classes) {
        return Arrays.stream(coordinates).map(chosen -> word(chosen, classes)).toList();
    }

    private static String word(long[] chosen, List<String> classes) {
        if (chosen.length == 0 || chosen[0] >= classes.size()) {
            return "index " + text(chosen);
        }
        String name = "'" + classes.get((int) chosen[0]) + "'";
        return chosen.length == 1
                ? name
                : name + " at " + Arrays.toString(Arrays.copyOfRange(chosen, 1, chosen.length));
    }

    private static String text(long[] chosen) {
        return chosen.length == 1 ? Long.toString(chosen[0]) : Arrays.toString(chosen);
    }

    @Override
    public String describe() {
        return Arrays.stream(coordinates).map(CoordinateTarget::text).collect(Collectors.joining(", ", "index ", ""));
    }

    @Override
    public String toString() {
        return describe();
    }
}
