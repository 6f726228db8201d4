// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric.localization;

import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.internal.numeric.Digests;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

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

        /** Returns left, top, right and bottom. */
        @Override
        public String toString() {
            return left + "," + top + "," + right + "," + bottom;
        }
    }

    /** The forms of texts, for help. */
    public static final String TEXTS = "a file with 1 inside and 0 outside (arrays as those of the inputs, or an image"
            + " that is white inside), boxes:LEFT,TOP,RIGHT,BOTTOM of an image (from 0, right and bottom exclusive; +"
            + " between boxes of an example, ; between examples), or boxes:FILE with a box in each row, and the"
            + " example's number before it if examples have several";

    static final Kind<Region> KIND = Kind.ofSources("region", Region::read);

    private static final String BOXES = "boxes:";
    private static final Pattern NUMBERS = Pattern.compile("[-\\d\\s,;+]*");

    private final List<Tensor> masks;
    private final List<List<Box>> boxes;
    /** Made when it is first asked for: it reads all masks. */
    private volatile @Nullable String words;

    private Region(List<Tensor> masks, List<List<Box>> boxes) {
        this.masks = masks;
        this.boxes = boxes;
    }

    /**
     * Returns a region given by masks: 1 inside, 0 outside.
     *
     * @param perInput one for each attributed input; axis 0 has one row for all examples or one for each, other axes
     *     are the input's, or 1 where a position stands for all elements along the axis; missing leading axes count
     *     as 1
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

    private static Region read(String text, Sources sources) throws IOException {
        String stripped = text.strip();
        if (!stripped.startsWith(BOXES)) {
            return of(sources.flags(stripped).toArray(Tensor[]::new));
        }
        String rest = stripped.substring(BOXES.length()).strip();
        return NUMBERS.matcher(rest).matches() ? boxes(listed(rest)) : boxes(rows(sources.arrays(rest)));
    }

    private static List<List<Box>> listed(String text) {
        List<List<Box>> perExample = new ArrayList<>();
        for (String example : text.split(";", -1)) {
            List<Box> own = new ArrayList<>();
            for (String box : example.isBlank() ? new String[0] : example.split("\\+", -1)) {
                own.add(box(Numbers.of(box), 0));
            }
            perExample.add(own);
        }
        return perExample;
    }

    /** Returns the boxes in the rows of an array: one for each example, or with the example's number before it. */
    private static List<List<Box>> rows(List<Tensor> arrays) {
        Shape shape = arrays.get(0).shape();
        boolean numbered = shape.rank() == 2 && shape.dim(1) == 5;
        if (arrays.size() != 1 || shape.rank() != 2 || !(numbered || shape.dim(1) == 4)) {
            throw new IllegalArgumentException("boxes are rows of left, top, right, bottom, with the example's number"
                    + " before it if examples have several; the file holds "
                    + arrays.stream().map(array -> array.shape().toString()).toList());
        }
        int columns = Math.toIntExact(shape.dim(1));
        double[] numbers = arrays.get(0).toDoubleArray();
        List<List<Box>> perExample = new ArrayList<>();
        for (int row = 0; row < shape.dim(0); row++) {
            double[] own = Arrays.copyOfRange(numbers, row * columns, (row + 1) * columns);
            int example = numbered ? whole(own[0]) : row;
            if (example >= shape.dim(0)) {
                throw new IllegalArgumentException("the file has a box for example " + example + ", and " + shape.dim(0)
                        + " boxes in all, so that an example before has none; examples count from 0");
            }
            while (perExample.size() <= example) {
                perExample.add(new ArrayList<>());
            }
            perExample.get(example).add(box(own, columns - 4));
        }
        return perExample;
    }

    private static Box box(double[] numbers, int from) {
        if (numbers.length != from + 4) {
            throw new IllegalArgumentException("a box is four whole numbers, such as boxes:2,0,6,8: left, top, right,"
                    + " bottom; here are " + numbers.length);
        }
        return new Box(
                whole(numbers[from]), whole(numbers[from + 1]), whole(numbers[from + 2]), whole(numbers[from + 3]));
    }

    private static int whole(double number) {
        if (number != Math.rint(number) || number < 0 || number > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "boxes and examples have whole numbers from 0; here is " + Numbers.plain(number));
        }
        return (int) number;
    }

    /** Checks that the region fits inputs, and that there is something inside for each example. */
    void check(Inputs inputs, Problems problems) {
        List<Inputs.Input> attributed = inputs.attributedInputs();
        boolean fits =
                boxes.isEmpty() ? masksFit(attributed, inputs, problems) : boxesFit(attributed, inputs, problems);
        for (int example = 0; fits && example < inputs.rows(); example++) {
            boolean[] inside;
            try {
                inside = inside(inputs, example);
            } catch (IllegalArgumentException e) {
                problems.add(String.valueOf(e.getMessage()));
                return;
            }
            boolean some = false;
            for (boolean one : inside) {
                some |= one;
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
            Shape wanted = attributed.get(i).tensor().shape();
            Shape given = masks.get(i).shape();
            if (!given.broadcastsTo(wanted.withRows(inputs.sources()))) {
                problems.add("region: the mask for input '" + attributed.get(i).name() + "' has shape " + given
                        + ", and the input " + wanted + "; axis 0 must be 1 or the number of examples, "
                        + inputs.sources() + ", and every other axis the input's, or 1 where one position is of all"
                        + " elements");
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
        return boxes.isEmpty()
                ? withLeadingAxes(masks.get(input).shape(), wanted).row()
                : Shape.of(1, wanted.dim(2), wanted.dim(3));
    }

    private static Shape withLeadingAxes(Shape mask, Shape wanted) {
        Shape shape = mask;
        while (shape.rank() < wanted.rank()) {
            shape = shape.prepend(1);
        }
        return shape;
    }

    /**
     * Returns for each position of an example, through all attributed inputs, whether it lies inside.
     *
     * @throws IllegalArgumentException if a mask has another number than 0 and 1 there
     */
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
        for (int i = 0; i < masks.size(); i++) {
            Tensor mask = masks.get(i);
            boolean each = mask.shape().rank() == attributed.get(i).shape().rank()
                    && mask.shape().dim(0) > 1;
            double[] flags = (each ? mask.rows(source, source + 1) : mask).toDoubleArray();
            boolean[] part = new boolean[flags.length];
            for (int at = 0; at < part.length; at++) {
                if (flags[at] != 0 && flags[at] != 1) {
                    throw new IllegalArgumentException("region: the mask for input '"
                            + inputs.attributedInputs().get(i).name() + "' holds " + Numbers.plain(flags[at])
                            + " for example " + example + "; give 1 inside and 0 outside");
                }
                part[at] = flags[at] == 1;
            }
            parts.add(part);
            total += part.length;
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
        String known = words;
        if (known == null) {
            known = boxes.isEmpty()
                    ? masks.stream()
                            .map(mask -> mask.shape() + " sha256:"
                                    + Digests.ofTensor(mask).substring(0, 16))
                            .collect(Collectors.joining(", "))
                    : boxes.stream()
                            .map(own -> own.stream().map(Box::toString).collect(Collectors.joining("+")))
                            .collect(Collectors.joining(";", BOXES, ""));
            words = known;
        }
        return known;
    }
}
