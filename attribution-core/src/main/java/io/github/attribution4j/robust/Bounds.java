// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.internal.numeric.Digests;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The least and the largest value that an element may take: such as 0 and 1 for pixels. An attack leaves its inputs
 * within them, and refuses inputs that lie outside. Immutable; tensors given are not owned.
 */
public final class Bounds {
    static final Kind<Bounds> KIND =
            Kind.of("none, LOW:HIGH such as 0:1, or one for each input: 0:1,none", Bounds::parse);

    private static final Range UNBOUNDED = new Range(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, null, null);

    private final List<Range> ranges;

    private Bounds(List<Range> ranges) {
        this.ranges = ranges;
    }

    /** The bounds of one input: numbers for all elements, or tensors. */
    private record Range(
            double low,
            double high,
            @Nullable Tensor lows,
            @Nullable Tensor highs) {
        @Override
        public String toString() {
            if (lows != null && highs != null) {
                return digest(lows) + ":" + digest(highs);
            }
            return this.equals(UNBOUNDED) ? "none" : low + ":" + high;
        }
    }

    /** Returns bounds that allow every value. */
    public static Bounds none() {
        return new Bounds(List.of(UNBOUNDED));
    }

    /**
     * Returns the same bounds for all elements of all attributed inputs.
     *
     * @param low the least value allowed; may be infinite
     * @param high the largest value allowed, not below {@code low}; may be infinite
     */
    public static Bounds between(double low, double high) {
        if (!(low <= high)) {
            throw new IllegalArgumentException(
                    "bounds " + low + ":" + high + ": the first must be at most the second, and neither may be NaN");
        }
        return new Bounds(List.of(new Range(low, high, null, null)));
    }

    /**
     * Returns bounds of each element.
     *
     * @param lows the least values, shape of the input where axes may be 1: axis 0 has one row for all examples, or one
     *     for each
     * @param highs the largest values, shape of {@code lows}
     */
    public static Bounds between(Tensor lows, Tensor highs) {
        double[] low = lows.toDoubleArray();
        double[] high = highs.toDoubleArray();
        boolean ordered = lows.shape().equals(highs.shape());
        for (int i = 0; ordered && i < low.length; i++) {
            ordered = low[i] <= high[i];
        }
        if (!ordered) {
            throw new IllegalArgumentException("bounds of shapes " + lows.shape() + " and " + highs.shape()
                    + ": must have one shape, no element of the first may be above that of the second, and none NaN");
        }
        return new Bounds(List.of(new Range(Double.NaN, Double.NaN, lows, highs)));
    }

    /** Returns bounds for several attributed inputs: one for each, in order. */
    public static Bounds each(Bounds... perInput) {
        List<Range> ranges = new ArrayList<>();
        for (Bounds one : perInput) {
            if (one.ranges.size() != 1) {
                throw new IllegalArgumentException("bounds " + one + ": are of several inputs; give those of one");
            }
            ranges.addAll(one.ranges);
        }
        return new Bounds(List.copyOf(ranges));
    }

    private static Bounds parse(String text) {
        List<Bounds> all = new ArrayList<>();
        for (String one : text.split(",", -1)) {
            String[] ends = one.strip().split(":", -1);
            if (one.strip().equals("none")) {
                all.add(none());
            } else if (ends.length == 2) {
                all.add(between(Double.parseDouble(ends[0]), Double.parseDouble(ends[1])));
            } else {
                throw new IllegalArgumentException("must be none, or LOW:HIGH");
            }
        }
        return each(all.toArray(Bounds[]::new));
    }

    private Range of(int input) {
        return ranges.get(ranges.size() == 1 ? 0 : input);
    }

    /** Checks that bounds fit inputs, and that the inputs lie within them. */
    void check(Inputs inputs, Problems problems) {
        List<Inputs.Input> attributed = inputs.attributedInputs();
        if (ranges.size() != 1 && ranges.size() != attributed.size()) {
            problems.add("bounds " + this + ": " + ranges.size() + " given for " + attributed.size()
                    + " attributed inputs; give one for all, or one for each with Bounds.each(...)");
            return;
        }
        for (int i = 0; i < attributed.size(); i++) {
            Inputs.Input input = attributed.get(i);
            Range range = of(i);
            boolean fits = range.lows == null || fits("bounds", range.lows.shape(), input, inputs, problems);
            if (fits && input.tensor().dataType().isFloating()) {
                requireInside(input, i, sources(inputs), problems);
            }
        }
    }

    private void requireInside(Inputs.Input input, int number, long[] sources, Problems problems) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor rows = input.tensor();
            double[] values = rows.toDoubleArray();
            double[] inside = clamp(rows, number, sources).toDoubleArray();
            for (int i = 0; i < values.length; i++) {
                if (values[i] != inside[i] && !Double.isNaN(values[i])) {
                    problems.add("input '" + input.name() + "' holds " + values[i] + " in example "
                            + i / rows.shape().row().size() + ", outside of its bounds, whose nearest value is "
                            + inside[i] + "; give the bounds in the unit of the input, or leave them out");
                    return;
                }
            }
        }
    }

    /** Returns rows of an attributed input with every element at the nearest value that is allowed. */
    Tensor clamp(Tensor rows, int input, long[] sources) {
        Range range = of(input);
        if (range.lows == null || range.highs == null) {
            return range.equals(UNBOUNDED) ? rows : rows.clamp(range.low, range.high);
        }
        Tensor low = rowsOf(range.lows, rows, sources);
        Tensor high = rowsOf(range.highs, rows, sources);
        return least(most(rows, low), high);
    }

    static Tensor least(Tensor a, Tensor b) {
        return a.gt(b).where(b, a);
    }

    static Tensor most(Tensor a, Tensor b) {
        return a.gt(b).where(a, b);
    }

    /** Returns the rows of given values for rows of an input, on its backend and of its type. */
    static Tensor rowsOf(Tensor values, Tensor rows, long[] sources) {
        Tensor brought = rows.tensors().bring(Rows.ofExamples(values, sources)).to(rows.dataType());
        return brought.broadcast(rows.shape());
    }

    /** Returns for each row of the inputs its example in the request, for which tensors are given. */
    static long[] sources(Inputs inputs) {
        long[] sources = new long[Math.toIntExact(inputs.rows())];
        for (int row = 0; row < sources.length; row++) {
            sources[row] = inputs.source(row);
        }
        return sources;
    }

    /** Checks that values given for an input have its shape, as far as axes are not 1. */
    static boolean fits(String what, Shape given, Inputs.Input input, Inputs inputs, Problems problems) {
        Shape wanted = input.tensor().shape();
        boolean fits = given.rank() == wanted.rank() && (given.dim(0) == 1 || given.dim(0) == inputs.sources());
        for (int axis = 1; fits && axis < wanted.rank(); axis++) {
            fits = given.dim(axis) == 1 || given.dim(axis) == wanted.dim(axis);
        }
        problems.require(
                fits,
                what + " for input '" + input.name() + "': have shape " + given + ", and the input " + wanted
                        + "; axes must be equal, or 1 where one value is of all positions");
        return fits;
    }

    static String digest(Tensor tensor) {
        return tensor.shape() + " sha256:" + Digests.ofTensor(tensor).substring(0, 16);
    }

    /** Returns them as text; tensors as digests. */
    @Override
    public String toString() {
        return ranges.stream().map(Range::toString).collect(Collectors.joining(","));
    }
}
