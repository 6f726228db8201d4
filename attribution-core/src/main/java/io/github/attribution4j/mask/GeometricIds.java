// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Numbers that follow from an input's shape; each input has groups of its own. */
record GeometricIds(String describe, Cutter cutter, Names naming) implements MaskIds {
    /** Cuts one input. */
    interface Cutter {
        /** Returns numbers from 0 without gaps, or null after adding what is wrong. */
        @Nullable
        Ids cut(Inputs.Input input, Problems problems);
    }

    /** Names the groups of one input. */
    interface Names {
        /** Returns a name for each group; or none. */
        List<String> of(Inputs.Input input);
    }

    GeometricIds(String describe, Cutter cutter) {
        this(describe, cutter, input -> List.of());
    }

    @Override
    public List<List<String>> names(List<Inputs.Input> attributed, Inputs inputs, int groups) {
        List<String> names = new ArrayList<>();
        attributed.forEach(input -> names.addAll(naming.of(input)));
        return names.isEmpty() ? List.of() : List.of(names);
    }

    @Override
    public List<Ids> numbers(List<Inputs.Input> attributed, Inputs inputs, Problems problems) {
        List<Ids> numbers = new ArrayList<>();
        for (Inputs.Input input : attributed) {
            Ids own = cutter.cut(input, problems);
            if (own != null) {
                numbers.add(own);
            }
        }
        return numbers.size() == attributed.size() ? Numbering.apart(numbers) : List.of();
    }

    static Ids perElement(Inputs.Input input, Problems problems) {
        Shape shape = input.tensor().shape().withRows(1);
        long[] values = new long[Math.toIntExact(shape.size())];
        Arrays.setAll(values, i -> i);
        return new Ids(shape, values);
    }

    static @Nullable Ids grid(String name, int high, int wide, Inputs.Input input, Problems problems) {
        Shape shape = input.tensor().shape();
        if (!hasPlane(name, input, problems)) {
            return null;
        }
        if (high > shape.dim(-2) || wide > shape.dim(-1)) {
            problems.add("mask " + name + ": input '" + input.name() + "' of shape " + shape + " has only "
                    + shape.dim(-2) + " x " + shape.dim(-1) + " elements on its last two axes; ask for fewer cells");
            return null;
        }
        int height = Math.toIntExact(shape.dim(-2));
        int width = Math.toIntExact(shape.dim(-1));
        return plane(shape, wide, y -> cell(y, height, high), x -> cell(x, width, wide));
    }

    /** Returns the cell of a position when an extent is cut into cells that start at ⌊i · extent / cells⌋. */
    private static long cell(long position, long extent, long cells) {
        return (cells * (position + 1) - 1) / extent;
    }

    static @Nullable Ids patches(String name, int height, int width, Inputs.Input input, Problems problems) {
        if (!hasPlane(name, input, problems)) {
            return null;
        }
        Shape shape = input.tensor().shape();
        long wide = (shape.dim(-1) + width - 1) / width;
        return plane(shape, wide, y -> y / height, x -> x / width);
    }

    static boolean hasPlane(String name, Inputs.Input input, Problems problems) {
        Shape shape = input.tensor().shape();
        if (shape.rank() < 3) {
            problems.add("mask " + name + ": input '" + input.name() + "' has shape " + shape + "; it cuts two axes "
                    + "after that of the examples: use ranges(...) or perElement(), or perInput(...) for a mask of "
                    + "its own for each input");
            return false;
        }
        return true;
    }

    /** Which cell a position belongs to. */
    private interface Cells {
        long of(long position);
    }

    private static Ids plane(Shape input, long wide, Cells down, Cells across) {
        int height = Math.toIntExact(input.dim(-2));
        int width = Math.toIntExact(input.dim(-1));
        long[] dims = new long[input.rank()];
        Arrays.fill(dims, 1);
        dims[dims.length - 2] = height;
        dims[dims.length - 1] = width;
        long[] values = new long[height * width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                values[y * width + x] = down.of(y) * wide + across.of(x);
            }
        }
        return new Ids(Shape.of(dims), values);
    }

    static @Nullable Ids ranges(String name, int axis, int[] lengths, Inputs.Input input, Problems problems) {
        Shape shape = input.tensor().shape();
        int fromStart = axis(name, axis, input, problems);
        if (fromStart < 1) {
            return null;
        }
        long sum = Arrays.stream(lengths).asLongStream().sum();
        if (sum != shape.dim(fromStart)) {
            problems.add("mask " + name + ": the lengths add up to " + sum + ", and axis " + fromStart + " of input '"
                    + input.name() + "' of shape " + shape + " has extent " + shape.dim(fromStart)
                    + "; the two must be equal");
            return null;
        }
        long[] values = new long[Math.toIntExact(sum)];
        int next = 0;
        for (int range = 0; range < lengths.length; range++) {
            Arrays.fill(values, next, next + lengths[range], range);
            next += lengths[range];
        }
        return along(shape.rank(), fromStart, values);
    }

    static @Nullable Ids windows(String name, int axis, int length, Inputs.Input input, Problems problems) {
        Shape shape = input.tensor().shape();
        int fromStart = axis(name, axis, input, problems);
        if (fromStart < 1) {
            return null;
        }
        long[] values = new long[Math.toIntExact(shape.dim(fromStart))];
        Arrays.setAll(values, position -> position / length);
        return along(shape.rank(), fromStart, values);
    }

    /** Names windows by their first and last position: by the names of these, where they have some. */
    static List<String> windowNames(int axis, int length, Inputs.Input input) {
        int fromStart = axis < 0 ? axis + input.tensor().shape().rank() : axis;
        boolean named = !input.features().isEach(fromStart);
        List<String> positions = named ? input.features().along(fromStart, 0) : List.of();
        int extent = Math.toIntExact(input.tensor().shape().dim(fromStart));
        List<String> names = new ArrayList<>();
        for (int from = 0; from < extent; from += length) {
            int last = Math.min(from + length, extent) - 1;
            String first = positions.isEmpty() ? String.valueOf(from) : positions.get(from);
            String ends = last == from ? first : first + " to " + (positions.isEmpty() ? last : positions.get(last));
            names.add(positions.isEmpty() ? "steps " + ends : ends);
        }
        return names;
    }

    /** Returns an axis counted from the start; 0 after adding what is wrong. */
    private static int axis(String name, int axis, Inputs.Input input, Problems problems) {
        int rank = input.tensor().shape().rank();
        int fromStart = axis < 0 ? axis + rank : axis;
        if (fromStart < 1 || fromStart >= rank) {
            problems.add("mask " + name + ": input '" + input.name() + "' has shape "
                    + input.tensor().shape() + "; choose one of its axes 1 to " + (rank - 1));
            return 0;
        }
        return fromStart;
    }

    private static Ids along(int rank, int axis, long[] values) {
        long[] dims = new long[rank];
        Arrays.fill(dims, 1);
        dims[axis] = values.length;
        return new Ids(Shape.of(dims), values);
    }
}
