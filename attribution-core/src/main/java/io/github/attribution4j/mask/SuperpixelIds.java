// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.internal.numeric.Superpixels;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Superpixels of the explained images: each example has its own. */
record SuperpixelIds(int count, double compactness) implements MaskIds {
    @Override
    public List<Ids> numbers(List<Inputs.Input> attributed, Inputs inputs, Problems problems) {
        List<Ids> numbers = new ArrayList<>();
        int[] rows = MaskIds.rows(inputs);
        if (rows.length != inputs.rows() || IntStream.range(0, rows.length).anyMatch(row -> rows[row] < 0)) {
            problems.add("mask " + describe() + ": it follows from the images of the request and was given changed"
                    + " copies of them, by a method that wraps another; give the method the mask's fixed(inputs)");
            return List.of();
        }
        for (Inputs.Input input : attributed) {
            Shape shape = input.tensor().shape();
            if (!GeometricIds.hasPlane(describe(), input, problems)) {
                return List.of();
            }
            long pixels = shape.dim(-1) * shape.dim(-2);
            if (count > pixels) {
                problems.add("mask " + describe() + ": input '" + input.name() + "' of shape " + shape + " has only "
                        + pixels + " pixels; ask for fewer superpixels");
                return List.of();
            }
            numbers.add(numbers(input.tensor(), rows));
        }
        return Numbering.apart(numbers);
    }

    private Ids numbers(Tensor images, int[] rows) {
        Shape shape = images.shape();
        int height = Math.toIntExact(shape.dim(-2));
        int width = Math.toIntExact(shape.dim(-1));
        int channels = Math.toIntExact(shape.row().size() / height / width);
        long[] values = new long[Math.multiplyExact(rows.length, height * width)];
        for (int i = 0; i < rows.length; i++) {
            try (Tensor row = images.rows(rows[i], rows[i] + 1L);
                    Tensor floats = row.to(DataType.FLOAT32)) {
                int[] regions = new Superpixels(floats.toFloatArray(), channels, height, width, compactness).cut(count);
                for (int pixel = 0; pixel < regions.length; pixel++) {
                    values[i * regions.length + pixel] = regions[pixel];
                }
            }
        }
        long[] dims = new long[shape.rank()];
        Arrays.fill(dims, 1);
        dims[0] = rows.length;
        dims[dims.length - 2] = height;
        dims[dims.length - 1] = width;
        return new Ids(Shape.of(dims), values);
    }

    @Override
    public List<List<String>> names(List<Inputs.Input> attributed, Inputs inputs, int groups) {
        return List.of(
                IntStream.range(0, groups).mapToObj(i -> "superpixel " + i).toList());
    }

    @Override
    public String describe() {
        return "superpixels(" + count + ", " + compactness + ")";
    }
}
