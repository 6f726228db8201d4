// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which elements of the inputs form one feature, so that they are present or absent together: pixels of a superpixel,
 * columns of one category, tokens of a word. Immutable and thread-safe; it does not hold the tensors it was made of.
 *
 * <pre>{@code
 * FeatureMask.grid(14, 14)                      // an image as 14 x 14 cells, all channels of a cell together
 * FeatureMask.superpixels(50)                   // about 50 regions of similar color in each image
 * FeatureMask.windows(1, 24)                    // a series with steps on axis 1, 24 at a time
 * FeatureMask.words()                           // a text, all tokens of a word together
 * FeatureMask.ranges(-1, 1, 1, 3)               // a table row of 5 columns, of which the last 3 are one category
 * FeatureMask.of(segments)                      // shape (1, 1, H, W), int64, numbered 0, 1, 2, ...
 * FeatureMask.perInput(FeatureMask.grid(8, 8), FeatureMask.perElement())   // an image and a table row
 * }</pre>
 *
 * <p>Groups are numbered 0 to M - 1. A mask made per element or geometrically numbers the groups of the first
 * attributed input first, then those of the next; in a mask of given numbers the same number in several inputs is
 * one group.
 */
public final class FeatureMask {
    /** What the texts of a mask are, for help. */
    public static final String TEXTS =
            "per-element, grid:ROWSxCOLUMNS, patches:HEIGHTxWIDTH, superpixels:COUNT of an image, "
                    + "ranges:AXIS:LENGTH,LENGTH,..., windows:AXIS:LENGTH, words or sentences of a text, "
                    + "columns:GROUP=COLUMN,COLUMN,...;GROUP=... of a table, a file of group numbers 0, 1, 2, ..., or "
                    + "renumbered:FILE if they have gaps; after each 'named [NAME, NAME, ...]' names the groups";

    /** Masks as values of a setting, which texts name: {@code grid:4x4}, files of group numbers and so on. */
    public static final Kind<FeatureMask> KIND = MaskText.KIND;

    private static final FeatureMask PER_ELEMENT =
            new FeatureMask(new GeometricIds("per-element", GeometricIds::perElement), List.of(), false);

    private final MaskIds ids;
    private final List<String> names;
    private final boolean renumbered;

    private FeatureMask(MaskIds ids, List<String> names, boolean renumbered) {
        this.ids = ids;
        this.names = List.copyOf(names);
        this.renumbered = renumbered;
    }

    /** Every element of every attributed input is a group of its own. */
    public static FeatureMask perElement() {
        return PER_ELEMENT;
    }

    /**
     * Cuts the last two axes of each attributed input into cells, the same for everything on the axes before
     * (channels). Where the extents do not divide evenly, cells differ by at most one element.
     *
     * @param cellsHigh number of cells along axis -2, at least 1 and at most its extent
     * @param cellsWide number of cells along axis -1, at least 1 and at most its extent
     */
    public static FeatureMask grid(int cellsHigh, int cellsWide) {
        String name = "grid(" + cellsHigh + ", " + cellsWide + ")";
        requirePositive(name, "the number of cells", cellsHigh, cellsWide);
        return geometric(name, (input, problems) -> GeometricIds.grid(name, cellsHigh, cellsWide, input, problems));
    }

    /**
     * Cuts the last two axes of each attributed input into patches of a size, the same for everything on the axes
     * before (channels). The last patch of an axis is smaller where the extent does not divide.
     *
     * @param height elements of a patch along axis -2, at least 1
     * @param width elements of a patch along axis -1, at least 1
     */
    public static FeatureMask patches(int height, int width) {
        String name = "patches(" + height + ", " + width + ")";
        requirePositive(name, "the size of a patch", height, width);
        return geometric(name, (input, problems) -> GeometricIds.patches(name, height, width, input, problems));
    }

    /**
     * Cuts each image into connected regions of similar color, {@linkplain #superpixels(int, double) of compactness}
     * 0.5.
     *
     * @param count about how many, at least 1 and at most the number of pixels
     */
    public static FeatureMask superpixels(int count) {
        return superpixels(count, 0.5);
    }

    /**
     * Cuts each image (the last two axes of each attributed input, channels on the axes before) into connected regions
     * of similar color, all channels of a pixel together: SLIC superpixels, without randomness. Each example has
     * regions of its own, numbered in reading order. The number of regions may differ from {@code count}, because each
     * is connected and none is smaller than a quarter of the usual size.
     *
     * <p>Colors are compared as the elements of the input, so a normalized image will do, and so will other channels
     * than red, green and blue. (The paper's colors are those of CIELAB, which an input need not have.)
     *
     * <p>Achanta and others, "SLIC Superpixels Compared to State-of-the-Art Superpixel Methods", 2012.
     *
     * @param count about how many, at least 1 and at most the number of pixels
     * @param compactness how many standard deviations of the image's elements count as much as the width of a region;
     *     more makes squarer regions. More than 0
     */
    public static FeatureMask superpixels(int count, double compactness) {
        SuperpixelIds ids = new SuperpixelIds(count, compactness);
        requirePositive(ids.describe(), "the number of superpixels", count);
        if (!(compactness > 0) || Double.isInfinite(compactness)) {
            throw new IllegalArgumentException(
                    "mask " + ids.describe() + ": compactness must be more than 0 and finite");
        }
        return new FeatureMask(ids, List.of(), false);
    }

    /**
     * Cuts one axis of each attributed input into windows of a length, the same for everything on the other axes: time
     * windows of a series. The last window is shorter where the extent does not divide. Windows are called after their
     * first and last position.
     *
     * @param axis an axis of the inputs, but not axis 0, which counts examples
     * @param length positions of a window, at least 1
     */
    public static FeatureMask windows(int axis, int length) {
        String name = "windows(axis " + axis + ": " + length + ")";
        requirePositive(name, "the length", length);
        requireNotExamples(name, axis);
        return new FeatureMask(
                new GeometricIds(
                        name,
                        (input, problems) -> GeometricIds.windows(name, axis, length, input, problems),
                        input -> GeometricIds.windowNames(axis, length, input)),
                List.of(),
                false);
    }

    /** All tokens of a word are one group: {@link #spans} of the kind {@code words}, which {@code Tokens} makes. */
    public static FeatureMask words() {
        return spans("words");
    }

    /** All tokens of a sentence are one group: {@link #spans} of the kind {@code sentences}. */
    public static FeatureMask sentences() {
        return spans("sentences");
    }

    /**
     * Groups positions by spans that come with the names of the inputs' features, and have the names of the spans. In
     * rows that are padded, the padding is one more group.
     *
     * @param kind as in {@link io.github.attribution4j.model.FeatureNames#spans}
     */
    public static FeatureMask spans(String kind) {
        if (!MaskText.isKind(kind)) {
            throw new IllegalArgumentException(
                    "mask spans '" + kind + "': a kind is a word of lower-case letters, such as words");
        }
        return new FeatureMask(new SpanIds(kind), List.of(), false);
    }

    /**
     * Cuts one axis of each attributed input into consecutive ranges, the same for everything on the other axes.
     *
     * @param axis an axis of the inputs, but not axis 0, which counts examples
     * @param lengths elements of each range, each at least 1; their sum must be the extent of the axis
     */
    public static FeatureMask ranges(int axis, int... lengths) {
        String name = "ranges(axis " + axis + ": "
                + Arrays.toString(lengths).replace("[", "").replace("]", "") + ")";
        requirePositive(name, "every length", lengths);
        requireNotExamples(name, axis);
        if (lengths.length == 0) {
            throw new IllegalArgumentException("mask " + name + ": give at least one length");
        }
        int[] copy = lengths.clone();
        return geometric(name, (input, problems) -> GeometricIds.ranges(name, axis, copy, input, problems));
    }

    /**
     * Groups by number: elements with the same number are one group, in whichever input they are.
     *
     * @param perInput group numbers, one tensor of an integer type for each attributed input, whose axis 0 is 1 (one
     *     mask for all examples) or counts examples, and whose other axes are 1 or as long as the input's; missing
     *     leading axes count as 1. Numbers must run from 0 without gaps (in each example) unless {@link #renumbered()}.
     *     Copied
     * @throws IllegalArgumentException if a tensor is not of an integer type, or none is given
     */
    public static FeatureMask of(Tensor... perInput) {
        List<MaskIds.Ids> given = new ArrayList<>();
        for (int i = 0; i < perInput.length; i++) {
            DataType type = perInput[i].dataType();
            if (type.isFloating() || type == DataType.BOOL) {
                throw new IllegalArgumentException("mask: tensor " + i + " is of type " + type
                        + "; group numbers are integers: convert it with to(DataType.INT64)");
            }
            given.add(new MaskIds.Ids(perInput[i].shape(), perInput[i].toLongArray()));
        }
        requireSome(perInput.length);
        return new FeatureMask(new GivenIds(given, List.of()), List.of(), false);
    }

    /**
     * Groups by number, as {@link #of(Tensor...)}, the same for all examples.
     *
     * @param perInput for each attributed input the group number of every element of a row, in row-major order. Copied
     */
    public static FeatureMask ofIds(long[]... perInput) {
        requireSome(perInput.length);
        return new FeatureMask(new FlatIds(perInput), List.of(), false);
    }

    /**
     * Groups columns by name, such as those of a category that was encoded one-hot:
     * {@code Map.of("colour", List.of("colour_red", "colour_blue"))}. All other columns are groups of their own; groups
     * are called as here, or as their column. Needs inputs whose features have names ({@link Inputs#named(String...)}).
     *
     * @param groups for the name of each group the names of its columns
     * @throws IllegalArgumentException if a column is in two groups, or a group has none
     */
    public static FeatureMask columns(Map<String, List<String>> groups) {
        return new FeatureMask(ColumnIds.of(groups), List.of(), false);
    }

    /**
     * A mask of its own for each attributed input; the groups of different inputs are different groups.
     *
     * @param masks one for each attributed input, in order
     */
    public static FeatureMask perInput(FeatureMask... masks) {
        requireSome(masks.length);
        return new FeatureMask(new CombinedIds(List.of(masks)), List.of(), false);
    }

    /**
     * Reads a mask from text as {@link #toString} writes it: {@code per-element}, {@code grid(14, 14)},
     * {@code patches(16, 16)}, {@code superpixels(50, 0.5)}, {@code ranges(axis 1: 1, 1, 3)},
     * {@code windows(axis 1: 24)}, {@code words}, {@code sentences}, {@code spans(seasons)},
     * {@code columns(colour: red, blue; size: small, large)}, or several of them separated by {@code |}, one for each
     * input, each of which may end in {@code named [left, right]}. Numbers given by hand cannot be read.
     *
     * @throws IllegalArgumentException if the text is none of these
     */
    public static FeatureMask parse(String text) {
        return MaskText.parse(text);
    }

    private static FeatureMask geometric(String name, GeometricIds.Cutter cutter) {
        return new FeatureMask(new GeometricIds(name, cutter), List.of(), false);
    }

    private static void requirePositive(String name, String what, int... values) {
        for (int value : values) {
            if (value < 1) {
                throw new IllegalArgumentException("mask " + name + ": " + what + " must be at least 1, not " + value);
            }
        }
    }

    private static void requireNotExamples(String name, int axis) {
        if (axis == 0) {
            throw new IllegalArgumentException("mask " + name + ": axis 0 counts examples; cut another axis");
        }
    }

    private static void requireSome(int given) {
        if (given == 0) {
            throw new IllegalArgumentException("mask: nothing given; give one for each attributed input");
        }
    }

    /**
     * Returns this mask with its group numbers (of each example) replaced by 0, 1, 2, ... in ascending order: for masks
     * whose numbers have gaps or do not start at 0.
     */
    public FeatureMask renumbered() {
        return new FeatureMask(ids, names, true);
    }

    /** Returns this mask with a name for each group, in order; checked against the groups when it meets inputs. */
    public FeatureMask named(String... newNames) {
        return new FeatureMask(ids, List.of(newNames), renumbered);
    }

    /**
     * Returns the groups that this mask makes of inputs as a mask of given numbers: superpixels of an image, for a
     * method that explains changed copies of it.
     *
     * @throws InvalidRequestException if the mask does not fit the inputs
     */
    public FeatureMask fixed(Inputs inputs) {
        Groups groups = resolve(inputs);
        return new FeatureMask(new GivenIds(groups.ids(), groups.names()), names, false);
    }

    /** Returns the names of the groups in order; empty if they have none. */
    public List<String> names() {
        return names;
    }

    /**
     * Returns the number of groups that this mask makes of inputs; the largest, where it differs from example
     * to example.
     *
     * @throws InvalidRequestException if the mask does not fit the inputs
     */
    public int groups(Inputs inputs) {
        return resolve(inputs).most();
    }

    /**
     * Returns the attribution of each group, once: what a table or a bar chart of groups shows.
     *
     * @param inputs what was explained
     * @param perElement attributions, or standard errors, in the shape of the inputs
     * @return for each example, for each of its groups, the value at its elements
     * @throws InvalidRequestException if the mask does not fit the inputs
     */
    public double[][] byGroup(Inputs inputs, List<Tensor> perElement) {
        return resolve(inputs).collect(perElement);
    }

    /**
     * Returns the group of every element of one example of an input, row-major: which attributions are one and
     * the same.
     *
     * @param inputs what the mask is applied to
     * @param input position among the attributed inputs
     * @param example a row of the inputs
     * @throws InvalidRequestException if the mask does not fit the inputs
     */
    public long[] groupNumbers(Inputs inputs, int input, int example) {
        return resolve(inputs).numbers(input, example);
    }

    /**
     * Returns an explanation with this mask's groups as its features, each with the sum of its elements' attributions:
     * how the columns of a category count together under a gradient method, which takes no mask. The explanation's
     * tensors move to the result; close that one.
     *
     * @param explanation of attributions by element, not of groups
     * @param inputs what was explained
     * @throws InvalidRequestException if the mask does not fit the inputs, or the attributions are not of these inputs
     * @throws IllegalStateException if elements are grouped already
     */
    public Explanation sums(Explanation explanation, Inputs inputs) {
        Problems problems = new Problems();
        Optional<Groups> groups = resolve(inputs, problems);
        List<Shape> shapes = inputs.attributed().stream().map(Tensor::shape).toList();
        List<Shape> explained =
                explanation.attributions().stream().map(Tensor::shape).toList();
        problems.require(
                shapes.equals(explained),
                "mask " + this + ": the attributions have shapes " + explained + ", and the inputs " + shapes
                        + "; give what was explained");
        problems.throwIfAny();
        return groups.orElseThrow().sums(explanation);
    }

    /** Returns the groups in inputs; none after adding what is wrong. */
    Optional<Groups> resolve(Inputs inputs, Problems problems) {
        List<Inputs.Input> attributed = inputs.attributedInputs();
        Optional<Groups> groups = Groups.of(
                numbers(attributed, inputs, problems), inputs, most -> names(attributed, inputs, most), problems);
        if (groups.isPresent()
                && !names.isEmpty()
                && names.size() != groups.get().most()) {
            problems.add("mask " + this + ": " + names.size() + " names for "
                    + groups.get().most() + " groups; give one for each");
            return Optional.empty();
        }
        return groups;
    }

    private Groups resolve(Inputs inputs) {
        Problems problems = new Problems();
        Optional<Groups> groups = resolve(inputs, problems);
        problems.throwIfAny();
        return groups.orElseThrow();
    }

    /** Returns what groups are called, as {@link MaskIds#names}. */
    List<List<String>> names(List<Inputs.Input> attributed, Inputs inputs, int groups) {
        if (!names.isEmpty()) {
            return List.of(names);
        }
        List<List<String>> given = ids.names(attributed, inputs, groups);
        return renumbered ? Numbering.renumbered(given, ids.numbers(attributed, inputs, new Problems())) : given;
    }

    /** Returns the numbers of the elements of each input; an empty list after adding what is wrong. */
    List<MaskIds.Ids> numbers(List<Inputs.Input> attributed, Inputs inputs, Problems problems) {
        List<MaskIds.Ids> numbers = ids.numbers(attributed, inputs, problems);
        return renumbered ? Numbering.renumbered(numbers) : numbers;
    }

    /** Returns the mask in words; given numbers by their digest. */
    @Override
    public String toString() {
        return ids.describe() + (renumbered ? " renumbered" : "") + (names.isEmpty() ? "" : " named " + names);
    }
}
