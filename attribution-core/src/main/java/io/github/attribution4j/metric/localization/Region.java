// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric.localization;

import io.github.attribution4j.internal.numeric.Digests;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Where an explanation should point in each example: the object of an image, the words that decide. Immutable; tensors
 * given are not owned.
 *
 * <p>A region has positions, and says which lie inside. A position may stand for several elements: in a mask of shape
 * {@code (N, 1, H, W)} for images of shape {@code (N, C, H, W)} a position is a pixel, and its attribution the sum over
 * the channels.
 */
public final class Region {
    /**
     * A rectangle of pixels.
     *
     * @param left first column, inclusive
     * @param top first row, inclusive
     * @param right last column, exclusive
     * @param bottom last row, exclusive
     */
    public record Box(int left, int top, int right, int bottom) {
        /** Checks that it holds a pixel. */
        public Box {
            if (left < 0 || top < 0 || right <= left || bottom <= top) {
                throw new IllegalArgumentException("box " + left + "," + top + " to " + right + "," + bottom
                        + ": holds no pixel; give left, top, right, bottom, from 0, the last two exclusive");
            }
        }

        @Override
        public String toString() {
            return left + "," + top + "-" + right + "," + bottom;
        }
    }

    static final Kind<Region> KIND = Kind.ofSources(
            "file of arrays, 1 inside and 0 outside",
            (text, sources) -> of(sources.arrays(text).toArray(Tensor[]::new)));

    private final List<Tensor> masks;
    private final List<List<Box>> boxes;

    private Region(List<Tensor> masks, List<List<Box>> boxes) {
        this.masks = masks;
        this.boxes = boxes;
    }

    /**
     * Returns a region given by masks: 1 inside, 0 outside.
     *
     * @param perInput one for each attributed input; axis 0 has one row for all examples or one for each, other axes
     *     are the input's, or 1 where a position stands for all elements along the axis
     */
    public static Region of(Tensor... perInput) {
        return new Region(List.of(perInput), List.of());
    }

    /**
     * Returns the region inside of boxes, for a single attributed input of shape {@code (N, channels, height, width)}.
     *
     * @param perExample the boxes of each example, at least one; or one list for all
     */
    public static Region boxes(List<List<Box>> perExample) {
        return new Region(List.of(), perExample.stream().map(List::copyOf).toList());
    }

    /** Returns the region inside of the same boxes for all examples. */
    public static Region boxes(Box... forAll) {
        return boxes(List.of(List.of(forAll)));
    }

    /** Checks that the region fits inputs, and that there is something inside for each example. */
    void check(Inputs inputs, Problems problems) {
        List<Inputs.Input> attributed = inputs.attributedInputs();
        boolean fits =
                boxes.isEmpty() ? masksFit(attributed, inputs, problems) : boxesFit(attributed, inputs, problems);
        for (int example = 0; fits && example < inputs.rows(); example++) {
            boolean some = false;
            for (boolean inside : inside(inputs, example)) {
                some |= inside;
            }
            if (!some) {
                problems.add("region: holds nothing for example " + example + "; leave the example out");
                return;
            }
        }
    }

    private boolean masksFit(List<Inputs.Input> attributed, Inputs inputs, Problems problems) {
        if (masks.size() != attributed.size()) {
            problems.add("region: " + masks.size() + " masks for " + attributed.size()
                    + " attributed inputs; give one for each");
            return false;
        }
        for (int i = 0; i < masks.size(); i++) {
            Shape given = masks.get(i).shape();
            Shape wanted = attributed.get(i).tensor().shape();
            boolean fits = given.rank() == wanted.rank() && (given.dim(0) == 1 || given.dim(0) == inputs.sources());
            for (int axis = 1; fits && axis < wanted.rank(); axis++) {
                fits = given.dim(axis) == 1 || given.dim(axis) == wanted.dim(axis);
            }
            boolean flags = Arrays.stream(masks.get(i).toDoubleArray()).allMatch(value -> value == 0 || value == 1);
            if (!fits || !flags) {
                problems.add("region: the mask for input '" + attributed.get(i).name() + "' has shape " + given
                        + (fits
                                ? " and holds other numbers than 0 and 1; give 1 inside and 0 outside"
                                : ", and the input " + wanted
                                        + "; axes must be equal, or 1 where one position is of all" + " elements"));
                return false;
            }
        }
        return true;
    }

    private boolean boxesFit(List<Inputs.Input> attributed, Inputs inputs, Problems problems) {
        Shape shape = attributed.get(0).tensor().shape();
        if (attributed.size() != 1 || shape.rank() != 4) {
            problems.add("region: boxes are of one image of shape (N, channels, height, width), and the attributed"
                    + " inputs are " + inputs + "; give masks with Region.of(...)");
            return false;
        }
        if (boxes.size() != 1 && boxes.size() != inputs.sources()) {
            problems.add("region: boxes for " + boxes.size() + " examples, and there are " + inputs.sources()
                    + "; give one list for all, or one for each");
            return false;
        }
        for (List<Box> own : boxes) {
            for (Box box : own) {
                if (box.right() > shape.dim(3) || box.bottom() > shape.dim(2)) {
                    problems.add("region: box " + box + " reaches beyond the image of " + shape.dim(3) + " × "
                            + shape.dim(2) + " pixels; give pixels, the last column and row exclusive");
                    return false;
                }
            }
        }
        return true;
    }

    private Shape positions(int input, Shape wanted) {
        return boxes.isEmpty() ? masks.get(input).shape().row() : Shape.of(1, wanted.dim(2), wanted.dim(3));
    }

    /** Returns for each position of an example, through all attributed inputs, whether it lies inside. */
    boolean[] inside(Inputs inputs, int example) {
        long source = inputs.source(example);
        List<Tensor> attributed = inputs.attributed();
        if (!boxes.isEmpty()) {
            Shape shape = attributed.get(0).shape();
            int height = Math.toIntExact(shape.dim(2));
            int width = Math.toIntExact(shape.dim(3));
            boolean[] inside = new boolean[height * width];
            for (Box box : boxes.get(boxes.size() == 1 ? 0 : Math.toIntExact(source))) {
                for (int y = box.top(); y < box.bottom(); y++) {
                    Arrays.fill(inside, y * width + box.left(), y * width + box.right(), true);
                }
            }
            return inside;
        }
        List<boolean[]> parts = new ArrayList<>();
        int total = 0;
        for (Tensor mask : masks) {
            int size = Math.toIntExact(mask.shape().row().size());
            int from = mask.shape().dim(0) == 1 ? 0 : Math.toIntExact(source) * size;
            parts.add(Arrays.copyOfRange(mask.toBooleanArray(), from, from + size));
            total += size;
        }
        boolean[] inside = new boolean[total];
        int at = 0;
        for (boolean[] part : parts) {
            System.arraycopy(part, 0, inside, at, part.length);
            at += part.length;
        }
        return inside;
    }

    /** Returns the sum of the values of each position's elements, given those of all elements of an example. */
    double[] pooled(double[] elements, Inputs inputs) {
        List<Tensor> attributed = inputs.attributed();
        int total = 0;
        for (int i = 0; i < attributed.size(); i++) {
            total += Math.toIntExact(positions(i, attributed.get(i).shape()).size());
        }
        double[] sums = new double[total];
        int element = 0;
        int first = 0;
        for (int i = 0; i < attributed.size(); i++) {
            Shape row = attributed.get(i).shape().row();
            Shape own = positions(i, attributed.get(i).shape());
            long size = row.size();
            for (long e = 0; e < size; e++) {
                sums[first + position(e, row, own)] += elements[element++];
            }
            first += Math.toIntExact(own.size());
        }
        return sums;
    }

    /** Returns the position to which an element belongs. */
    private static int position(long element, Shape row, Shape own) {
        long position = 0;
        long stride = 1;
        long rest = element;
        for (int axis = row.rank() - 1; axis >= 0; axis--) {
            long index = rest % row.dim(axis);
            rest /= row.dim(axis);
            position += own.dim(axis) == 1 ? 0 : index * stride;
            stride *= own.dim(axis);
        }
        return Math.toIntExact(position);
    }

    /** Returns the boxes, or the digests of the masks. */
    @Override
    public String toString() {
        return boxes.isEmpty()
                ? masks.stream()
                        .map(mask -> mask.shape() + " sha256:"
                                + Digests.ofTensor(mask).substring(0, 16))
                        .collect(Collectors.joining(", "))
                : "boxes " + boxes;
    }
}
