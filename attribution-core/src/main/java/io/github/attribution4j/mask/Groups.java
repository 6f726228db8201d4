// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.mask.MaskIds.Ids;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The groups of elements of certain inputs: a {@link FeatureMask} that has been checked. The index is computed once;
 * making the rows of a coalition looks each element of it up, before it is broadcast over channels.
 */
final class Groups {
    private static final int NAMED_GAPS = 5;

    private final Inputs inputs;
    private final List<Shape> shapes;
    private final List<int[]> ids;
    private final int[] counts;
    private final List<List<String>> names;
    /** For each input the group of the first element, if those of the others follow in order; else -1. */
    private final int[] ascendFrom;

    private Groups(Inputs inputs, List<Shape> shapes, List<int[]> ids, int[] counts, List<List<String>> names) {
        this.inputs = inputs;
        this.shapes = shapes;
        this.ids = ids;
        this.counts = counts;
        this.names = names;
        this.ascendFrom = IntStream.range(0, ids.size())
                .map(input -> ascendFrom(shapes.get(input), ids.get(input)))
                .toArray();
    }

    /** Checks numbers and returns the groups; none after adding what is wrong, or if there are no numbers. */
    static Optional<Groups> of(
            List<Ids> perInput, Inputs inputs, IntFunction<List<List<String>>> names, Problems problems) {
        if (perInput.isEmpty()) {
            return Optional.empty();
        }
        int rows = Numbering.rows(perInput);
        int[] counts = new int[rows];
        for (int row = 0; row < rows; row++) {
            String which = rows == 1 ? "mask" : "mask of example " + row;
            counts[row] = count(Numbering.distinct(perInput, row), which, problems);
            if (counts[row] == 0) {
                return Optional.empty();
            }
        }
        List<int[]> compact = perInput.stream()
                .map(one ->
                        Arrays.stream(one.values()).mapToInt(Math::toIntExact).toArray())
                .toList();
        return Optional.of(new Groups(
                inputs,
                perInput.stream().map(Ids::shape).toList(),
                compact,
                counts,
                names.apply(Arrays.stream(counts).max().orElse(0))));
    }

    private static int count(long[] distinct, String which, Problems problems) {
        if (distinct.length == 0) {
            problems.add(which + ": the inputs have no elements");
            return 0;
        }
        if (distinct[0] < 0) {
            problems.add(which + " holds the group number " + distinct[0]
                    + "; groups are numbered 0, 1, 2, ...: renumber them, or use renumbered()");
            return 0;
        }
        long largest = distinct[distinct.length - 1];
        if (largest == distinct.length - 1) {
            return distinct.length;
        }
        List<String> missing = new ArrayList<>();
        int at = 0;
        for (long number = 0; number < largest && missing.size() < NAMED_GAPS; number++) {
            if (distinct[at] == number) {
                at++;
            } else {
                missing.add(Long.toString(number));
            }
        }
        long more = largest + 1 - distinct.length - missing.size();
        problems.add(which + " has groups up to " + largest + " but no element in " + String.join(", ", missing)
                + (more > 0 ? " and " + more + " more" : "")
                + "; a group without elements has no attribution: renumber the groups, or use renumbered()");
        return 0;
    }

    /** Says which elements are one feature, unless each is one of its own without a name. */
    Outcome describe(Outcome outcome) {
        return areElements() ? outcome : outcome.groups(shapes, ids, names);
    }

    /** Returns whether each group is an element without a name of its own: features are then elements. */
    private boolean areElements() {
        long elements = inputs.attributed().stream()
                .mapToLong(tensor -> tensor.shape().row().size())
                .sum();
        return names.isEmpty() && Arrays.stream(counts).allMatch(count -> count == elements);
    }

    /** Returns for each example what is known of its groups in the order of the features. */
    List<List<String>> byFeature(List<List<String>> perGroup) {
        if (!areElements()) {
            return perGroup;
        }
        List<List<String>> byFeature = new ArrayList<>();
        for (int example = 0; example < perGroup.size(); example++) {
            List<String> own = perGroup.get(example);
            List<String> ordered = new ArrayList<>();
            for (int input = 0; input < inputs(); input++) {
                for (long group : numbers(input, example)) {
                    ordered.add(own.get((int) group));
                }
            }
            byFeature.add(ordered);
        }
        return byFeature;
    }

    /** Returns an explanation with these groups, whose elements count each. */
    Explanation sums(Explanation explanation) {
        return explanation.groupedBy(shapes, ids, names);
    }

    /** Returns the number of each element's group, for each input. */
    List<Ids> ids() {
        List<Ids> given = new ArrayList<>();
        for (int input = 0; input < shapes.size(); input++) {
            given.add(new Ids(
                    shapes.get(input),
                    Arrays.stream(ids.get(input)).asLongStream().toArray()));
        }
        return given;
    }

    /** Returns what groups are called, as {@link MaskIds#names}. */
    List<List<String>> names() {
        return names;
    }

    /** Returns the number of groups of an example. */
    int count(int example) {
        return counts.length == 1 ? counts[0] : counts[Math.toIntExact(inputs.source(example))];
    }

    /** Returns the largest number of groups. */
    int most() {
        return Arrays.stream(counts).max().orElse(0);
    }

    /** Returns the number of attributed inputs. */
    int inputs() {
        return shapes.size();
    }

    /** Returns the number of elements of a row of an input's mask, before it is broadcast. */
    int rowSize(int input) {
        return Math.toIntExact(shapes.get(input).row().size());
    }

    /** Returns the shape of rows of an input's mask. */
    Shape shape(int input, long rows) {
        return shapes.get(input).withRows(rows);
    }

    /**
     * Looks up for each element of a row of an input's mask whether its group is kept.
     *
     * @param kept for each group of the example
     * @param into takes {@link #rowSize} values from {@code at} on
     */
    void gather(int input, int example, boolean[] kept, boolean[] into, int at) {
        int[] index = ids.get(input);
        int size = rowSize(input);
        int start = start(input, example);
        int first = ascendFrom[input];
        if (first >= 0) {
            System.arraycopy(kept, first, into, at, size);
            return;
        }
        for (int i = 0; i < size; i++) {
            into[at + i] = kept[index[start + i]];
        }
    }

    /** Returns the first of consecutive groups that are an element each, the same for all examples; else -1. */
    private static int ascendFrom(Shape shape, int... ids) {
        if (shape.dim(0) != 1 || ids.length == 0) {
            return -1;
        }
        for (int i = 1; i < ids.length; i++) {
            if (ids[i] != ids[0] + i) {
                return -1;
            }
        }
        return ids[0];
    }

    private int start(int input, int example) {
        return shapes.get(input).dim(0) == 1 ? 0 : Math.toIntExact(inputs.source(example) * rowSize(input));
    }

    /** Returns the group of each element of an example of an input, row-major. */
    long[] numbers(int input, int example) {
        int start = start(input, example);
        long[] own = Arrays.stream(ids.get(input), start, start + rowSize(input))
                .asLongStream()
                .toArray();
        try (TensorScope scope = TensorScope.open()) {
            Shape row = inputs.attributed().get(input).shape().withRows(1);
            return Tensors.ofJava().of(own, shape(input, 1)).broadcast(row).toLongArray();
        }
    }

    /**
     * Returns where the groups of an example are: for each the first input that has it, then the mean position of its
     * elements there along each axis of a row.
     */
    double[][] places(int example) {
        double[][] places = new double[count(example)][];
        for (int input = 0; input < shapes.size(); input++) {
            Shape row = shapes.get(input).row();
            int[] index = ids.get(input);
            int start = start(input, example);
            double[][] sums = new double[places.length][row.rank() + 1];
            int[] sizes = new int[places.length];
            long[] at = new long[row.rank()];
            for (int i = 0; i < rowSize(input); i++) {
                int group = index[start + i];
                sizes[group]++;
                for (int axis = 0; axis < at.length; axis++) {
                    sums[group][axis + 1] += at[axis];
                }
                for (int axis = at.length - 1; axis >= 0 && ++at[axis] == row.dim(axis); axis--) {
                    at[axis] = 0;
                }
            }
            for (int group = 0; group < places.length; group++) {
                if (places[group] == null && sizes[group] > 0) {
                    places[group] = sums[group];
                    for (int axis = 1; axis < places[group].length; axis++) {
                        places[group][axis] /= sizes[group];
                    }
                    places[group][0] = input;
                }
            }
        }
        return places;
    }

    /** Returns whether the groups are made of the same elements in all examples. */
    boolean areAlike() {
        return shapes.stream().allMatch(shape -> shape.dim(0) == 1);
    }

    /** Returns what the groups of an example are called, those of one element by its name; blank if that is unknown. */
    List<String> labels(int example) {
        List<String> given = names.isEmpty()
                ? List.of()
                : names.get(names.size() == 1 ? 0 : Math.toIntExact(inputs.source(example)));
        int[] sizes = new int[count(example)];
        String[] labels = new String[sizes.length];
        for (int input = 0; input < shapes.size(); input++) {
            Inputs.Input one = inputs.attributedInputs().get(input);
            long[] numbers = numbers(input, example);
            for (int element = 0; element < numbers.length; element++) {
                int group = (int) numbers[element];
                if (sizes[group]++ == 0) {
                    labels[group] =
                            one.features().element(one.name(), one.tensor().shape(), example, element);
                }
            }
        }
        for (int group = 0; group < sizes.length; group++) {
            boolean named = group < given.size() && !given.get(group).isEmpty();
            labels[group] = named ? given.get(group) : sizes[group] == 1 ? labels[group] : "";
        }
        return List.of(labels);
    }

    /**
     * Returns values of groups as values of elements, one tensor in the shape of each attributed input.
     *
     * @param values for each example a value for each group
     * @param evaluator says of which type
     */
    List<Tensor> spread(double[][] values, Evaluator evaluator) {
        List<Tensor> attributed = inputs.attributed();
        List<Tensor> spread = new ArrayList<>();
        for (int input = 0; input < shapes.size(); input++) {
            int size = rowSize(input);
            int[] index = ids.get(input);
            double[] elements = new double[Math.multiplyExact(values.length, size)];
            for (int example = 0; example < values.length; example++) {
                int start = start(input, example);
                for (int i = 0; i < size; i++) {
                    elements[example * size + i] = values[example][index[start + i]];
                }
            }
            Tensor tensor = attributed.get(input);
            DataType type = evaluator.attributionType(tensor);
            spread.add(tensor.tensors()
                    .of(elements, type, shape(input, values.length))
                    .broadcast(tensor.shape()));
        }
        return spread;
    }

    /**
     * Returns values of elements as values of groups, the reverse of {@link #spread}.
     *
     * @param perElement one tensor in the shape of each attributed input
     */
    double[][] collect(List<Tensor> perElement) {
        double[][] values = new double[Math.toIntExact(inputs.rows())][];
        try (TensorScope scope = TensorScope.open()) {
            for (int example = 0; example < values.length; example++) {
                values[example] = new double[count(example)];
                for (int input = 0; input < shapes.size(); input++) {
                    Tensor row = perElement.get(input).rows(example, example + 1);
                    double[] elements = row.toDoubleArray();
                    long[] groups = elementwise(input, example, row.shape());
                    for (int i = 0; i < elements.length; i++) {
                        values[example][Math.toIntExact(groups[i])] = elements[i];
                    }
                }
            }
        }
        return values;
    }

    /**
     * Returns for each group of an example sums over its elements: of x · x, and for each of some rows of b of x · b
     * and of b · b.
     *
     * @param b one tensor for each attributed input
     * @param rowsOfB rows of b, where it has several
     */
    double[][] products(int example, List<Tensor> b, long[] rowsOfB) {
        double[][] sums = new double[1 + 2 * rowsOfB.length][count(example)];
        try (TensorScope scope = TensorScope.open()) {
            for (int input = 0; input < shapes.size(); input++) {
                Tensor x = inputs.attributed().get(input);
                double[] own = row(x, example);
                long[] groups = elementwise(input, example, x.shape().withRows(1));
                addProducts(own, own, groups, sums[0]);
                for (int i = 0; i < rowsOfB.length; i++) {
                    double[] other = row(b.get(input), rowsOfB[i]);
                    addProducts(own, other, groups, sums[1 + 2 * i]);
                    addProducts(other, other, groups, sums[2 + 2 * i]);
                }
            }
        }
        return sums;
    }

    private static void addProducts(double[] left, double[] right, long[] groups, double[] sums) {
        for (int i = 0; i < left.length; i++) {
            sums[(int) groups[i]] += left[i] * right[i];
        }
    }

    private static double[] row(Tensor tensor, long row) {
        long at = tensor.shape().dim(0) == 1 ? 0 : row;
        return tensor.rows(at, at + 1).toDoubleArray();
    }

    /** Returns the group of every element of an example's row, broadcast. */
    private long[] elementwise(int input, int example, Shape row) {
        int start = start(input, example);
        int[] index = Arrays.copyOfRange(ids.get(input), start, start + rowSize(input));
        return Tensors.ofJava().of(index, shape(input, 1)).broadcast(row).toLongArray();
    }
}
