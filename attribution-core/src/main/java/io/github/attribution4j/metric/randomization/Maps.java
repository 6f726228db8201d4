// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric.randomization;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The attributions of an explanation, in Java: what remains of it when its model is closed. */
final class Maps {
    /** One input's attributions of one example. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Part(double[] values, int height, int width) {}

    private final List<double[]> values = new ArrayList<>();
    private final List<Shape> shapes = new ArrayList<>();

    Maps(Explanation explanation) {
        for (Tensor tensor : explanation.attributions()) {
            values.add(tensor.toDoubleArray());
            shapes.add(tensor.shape());
        }
    }

    int rows() {
        return Math.toIntExact(shapes.get(0).dim(0));
    }

    /** Returns the attributions of all inputs of a row. */
    double[] row(int row, boolean magnitudes) {
        return parts(row, magnitudes).stream()
                .flatMapToDouble(part -> Arrays.stream(part.values()))
                .toArray();
    }

    /** Returns the attributions of each input of a row, as planes of the last two axes. */
    List<Part> parts(int row, boolean magnitudes) {
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            Shape shape = shapes.get(i).row();
            int size = Math.toIntExact(shape.size());
            double[] own = Arrays.copyOfRange(values.get(i), row * size, (row + 1) * size);
            for (int k = 0; magnitudes && k < size; k++) {
                own[k] = Math.abs(own[k]);
            }
            int rank = shape.rank();
            parts.add(new Part(
                    own, rank < 2 ? 1 : Math.toIntExact(shape.dim(-2)), rank < 1 ? 1 : Math.toIntExact(shape.dim(-1))));
        }
        return parts;
    }
}
