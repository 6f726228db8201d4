// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The score that is explained: a function of the model's output with one value for each row, and its derivative. A
 * class, a neuron, a pixel of a segmentation, a difference, a probability: all are targets.
 *
 * <p>Immutable and thread-safe. Output has shape {@code (rows, ...)}; several rows may belong to one example, and
 * {@code examples[r]} names the example of row r.
 */
public interface Target {
    /**
     * Some positions of one axis, as NumPy writes them: {@code 17}, {@code 0:4}, {@code -2:}, {@code ::2}, {@code :}.
     * Negative positions count from the end.
     *
     * <p>Unlike in NumPy, a range may not reach beyond the axis and must not be empty: a selection that is smaller than
     * it looks is an error.
     *
     * @param from first position, or null for the first of the axis
     * @param to position after the last, or null for the end of the axis
     * @param step distance between positions, at least 1
     */
    record Slice(@Nullable Long from, @Nullable Long to, long step) {
        private static final Pattern TEXT =
                Pattern.compile("\\s*(-?\\d{1,18})?\\s*(?:(:)\\s*(-?\\d{1,18})?\\s*(?::\\s*(\\d{1,18})?\\s*)?)?");

        /** Checks the step. */
        public Slice {
            if (step < 1) {
                throw new IllegalArgumentException("slice: step " + step + " must be at least 1");
            }
        }

        /** Returns one position. */
        public static Slice at(long index) {
            return new Slice(index, index == -1 ? null : (Long) (index + 1), 1);
        }

        /**
         * Returns the positions of a range.
         *
         * @param from first, inclusive
         * @param to last, exclusive
         */
        public static Slice range(long from, long to) {
            return new Slice(from, to, 1);
        }

        /** Returns the whole axis. */
        public static Slice all() {
            return new Slice(null, null, 1);
        }

        /**
         * Reads slices of consecutive axes, such as {@code 17, 0:4, :}.
         *
         * @throws IllegalArgumentException if a part is none of {@code n}, {@code from:to} and {@code from:to:step}
         */
        public static List<Slice> parse(String text) {
            List<Slice> slices = new ArrayList<>();
            for (String part : text.split(",", -1)) {
                Matcher matcher = TEXT.matcher(part);
                if (part.isBlank() || !matcher.matches()) {
                    throw new IllegalArgumentException("slice '" + text + "': part '" + part.strip()
                            + "' is none of n, from:to, from:to:step with whole numbers; write such as 17, 0:4, :");
                }
                Long first = number(matcher.group(1));
                if (matcher.group(2) == null) {
                    slices.add(at(first == null ? 0 : first));
                } else {
                    Long step = number(matcher.group(4));
                    slices.add(new Slice(first, number(matcher.group(3)), step == null ? 1 : step));
                }
            }
            return slices;
        }

        private static @Nullable Long number(@Nullable String digits) {
            return digits == null ? null : (Long) Long.parseLong(digits);
        }

        /**
         * Returns the positions on an axis.
         *
         * @throws IllegalArgumentException if there are none, or some lie outside
         */
        long[] positions(long extent) {
            long first = from == null ? 0 : from < 0 ? from + extent : from;
            long end = to == null ? extent : to < 0 ? to + extent : to;
            if (first < 0 || end > extent || first >= end) {
                throw new IllegalArgumentException(this + " selects "
                        + (first >= 0 && end <= extent ? "nothing" : "positions outside") + " of an axis of " + extent);
            }
            long[] positions = new long[Math.toIntExact((end - first + step - 1) / step)];
            for (int i = 0; i < positions.length; i++) {
                positions[i] = first + i * step;
            }
            return positions;
        }

        /** Returns the slice as {@link #parse} reads it. */
        @Override
        public String toString() {
            if (from != null && step == 1 && equals(at(from))) {
                return from.toString();
            }
            return (from == null ? "" : from) + ":" + (to == null ? "" : to) + (step == 1 ? "" : ":" + step);
        }
    }

    /**
     * The meaning of the first four columns of a detector's output {@code (rows, boxes, columns)}: the position of
     * a box.
     */
    enum BoxLayout {
        /** x1, y1, x2, y2. */
        CORNERS,
        /** Center x, center y, width, height, as in YOLO models. */
        CENTER_AND_SIZE;

        /** Returns x1, y1, x2, y2. */
        double[] corners(double a, double b, double c, double d) {
            return this == CORNERS
                    ? new double[] {a, b, c, d}
                    : new double[] {a - c / 2, b - d / 2, a + c / 2, b + d / 2};
        }
    }

    /** The texts that name a unit of a layer, for help. */
    String UNITS = "coordinates 17,3,3; slices 17,0:4,: (summed); or sum, sum-of-squares of the layer";

    /** Units of a layer as values of a setting: coordinates, slices, or a function of the layer. */
    Kind<Target> KIND = TargetText.UNIT;

    /**
     * Reads a target from its {@linkplain #describe description}, such as {@code index 3}.
     *
     * @param classes names of the model's classes, which the description may use; or none
     * @throws IllegalArgumentException if the description is not the whole target: functions, regions and detections
     *     must be given as objects
     */
    static Target parse(String description, List<String> classes) {
        return TargetText.read(description, classes);
    }

    /**
     * Returns the score of each row.
     *
     * @param output the model's output, shape {@code (rows, ...)}
     * @param examples for each row its example
     * @return shape {@code (rows,)}
     */
    Tensor score(Tensor output, long[] examples);

    /**
     * Returns the derivative of the sum of all scores with respect to the output: the cotangent of a pullback.
     *
     * @param output the model's output, shape {@code (rows, ...)}
     * @param examples for each row its example
     * @return shape and type of {@code output}
     */
    Tensor cotangent(Tensor output, long[] examples);

    /**
     * Checks that the target exists in outputs of a shape; adds the problems.
     *
     * @param output shape of the model's output, {@code (rows, ...)}
     * @param examples number of examples
     * @param problems receives the problems
     */
    void check(Shape output, long examples, Problems problems);

    /** Returns the target in words, for provenance. */
    String describe();

    /** Returns the score of each row, in Java. */
    default double[] scores(Tensor output, long[] examples) {
        return score(output, examples).toDoubleArray();
    }

    /** Returns the target without the names of classes that {@link #named} gave it. */
    default Target unnamed() {
        return this;
    }

    /** Returns the names of classes that {@link #named} gave; else none. */
    default List<String> classes() {
        return List.of();
    }

    /**
     * Returns the target in words, with the names of the model's classes.
     *
     * @param classes names of the positions on axis 1 of the output, all of them, or none
     * @return one for all examples, or one for each
     */
    default List<String> words(List<String> classes) {
        return List.of(describe());
    }

    /**
     * Returns this target with names for the model's classes, which explanations, pictures and reasons then use. Scores
     * are the same.
     *
     * @param classes one for each position on axis 1 of the model's output, in order; for a model that returns one
     *     number for each row one name
     * @throws IllegalArgumentException if one is blank, or two are the same
     */
    default Target named(String... classes) {
        return new NamedTarget(this, List.of(classes));
    }

    /**
     * Returns this target with everything that depends on the explained output decided: {@link #argmax()} becomes the
     * classes it found.
     *
     * @param output the model's output at the explained inputs, row = example
     */
    default Target resolve(Tensor output) {
        return this;
    }

    /**
     * Returns notices for the user about this target at the explained outputs, such as that they are probabilities
     * already; none unless overridden.
     *
     * @param output the model's output at the explained inputs, row = example
     */
    default List<String> notices(Tensor output) {
        return List.of();
    }

    /** Returns the target of a list of examples (repeats allowed), which are examples 0, 1, ... of the result. */
    default Target forExamples(long[] examples) {
        return this;
    }

    /** The only output of a model that returns one number per row, shape {@code (rows,)} or {@code (rows, 1)}. */
    static Target output() {
        return SingleOutputTarget.INSTANCE;
    }

    /**
     * One class for all rows.
     *
     * @param index position on axis 1 of an output of shape {@code (rows, classes)}
     */
    static Target index(long index) {
        return new CoordinateTarget(new long[][] {{index}});
    }

    /**
     * One class for each example.
     *
     * @param indexes position on axis 1, one for each example
     */
    static Target indexes(long... indexes) {
        long[][] coordinates = new long[indexes.length][];
        for (int i = 0; i < indexes.length; i++) {
            coordinates[i] = new long[] {indexes[i]};
        }
        return new CoordinateTarget(coordinates);
    }

    /**
     * One element of an output of any rank, for all rows: a neuron, a pixel.
     *
     * @param coordinates positions on axes 1, 2, ... of the output, one for each
     */
    static Target at(long... coordinates) {
        return new CoordinateTarget(new long[][] {coordinates});
    }

    /**
     * One element for each example.
     *
     * @param coordinates for each example the positions on axes 1, 2, ...
     */
    static Target atEach(long[]... coordinates) {
        return new CoordinateTarget(coordinates);
    }

    /**
     * The sum of some elements of an output of any rank, for all rows: a channel, a window, a layer.
     *
     * <pre>{@code
     * Target.slice("17, 0:4, :") // channel 17, the upper four lines
     * }</pre>
     *
     * @param text as in NumPy, for axes 1, 2, ... of the output; see {@link Slice}. An axis that is not mentioned
     *     counts as a whole
     * @throws IllegalArgumentException if the text cannot be read
     */
    static Target slice(String text) {
        return new SliceTarget(Slice.parse(text));
    }

    /**
     * The sum of some elements of an output of any rank, for all rows.
     *
     * @param perAxis positions on axes 1, 2, ... of the output; axes after the last one given count as a whole
     */
    static Target slice(Slice... perAxis) {
        return new SliceTarget(List.of(perAxis));
    }

    /** The class of the largest output of each explained example, found once and kept for all its rows. */
    static Target argmax() {
        return ArgmaxTarget.INSTANCE;
    }

    /**
     * The difference of two scores: why the one rather than the other.
     *
     * @param of the score that counts positively
     * @param minus the score that counts negatively
     */
    static Target difference(Target of, Target minus) {
        return new CombinedTarget(List.of(of), List.of(minus));
    }

    /**
     * The sum of several scores: any one of several classes. In a {@link #difference}, one set of classes against
     * another.
     *
     * @param targets at least one
     * @throws IllegalArgumentException if there are none
     */
    static Target sum(Target... targets) {
        return targets.length == 1 ? targets[0] : new CombinedTarget(List.of(targets), List.of());
    }

    /**
     * The probability of a class, softmax of outputs that are logits of shape {@code (rows, classes)}, of two classes
     * or more. Outputs that are probabilities already need {@link #index}; a notice says so. A single logit needs
     * {@link #sigmoid}.
     *
     * @param index the class
     */
    static Target probability(long index) {
        return new ProbabilityTarget(index);
    }

    /**
     * The probability of a separate logit, 1 / (1 + exp(-z)): for a model with a single logit, or for one class of
     * several that do not exclude each other.
     *
     * <pre>{@code
     * Target.sigmoid(Target.output()) // a model that returns one logit for each row
     * Target.sigmoid(Target.index(3)) // one of several labels
     * }</pre>
     *
     * @param logit the score to which the sigmoid is applied
     */
    static Target sigmoid(Target logit) {
        return new SigmoidTarget(logit);
    }

    /**
     * How wrong the model is at each example: methods then say what made the loss larger or smaller.
     *
     * @param loss the function of output and label
     * @param labels one for each example: numbers of classes, or values
     */
    static Target loss(Loss loss, double... labels) {
        return new LossTarget(loss, labels);
    }

    /**
     * One channel of the output summed over a region: a class of a segmentation where it was found, a heat map inside a
     * box. Score = Σ over positions p of mask[p] · output[channel, p].
     *
     * @param channel position on axis 1 of an output of shape {@code (rows, channels, ...)}
     * @param mask weights of the positions, such as 1 inside and 0 outside, shape of the output without rows and
     *     channels; copied
     */
    static Target region(long channel, Tensor mask) {
        return new RegionTarget(channel, mask);
    }

    /**
     * A detection: the sum of a class's scores over the boxes that overlap a given box. These boxes are decided once,
     * at the explained output, and kept; so gradients are those of scores, not of coordinates.
     *
     * @param layout the columns of the output
     * @param scoreColumn position on the last axis of the class's score
     * @param box corners of the given box: x1, y1, x2, y2
     * @param leastOverlap the least intersection over union, above 0, at most 1; 0.5 is usual
     */
    static Target detection(BoxLayout layout, int scoreColumn, double[] box, double leastOverlap) {
        return new DetectionTarget(layout, scoreColumn, box, leastOverlap, null);
    }

    /**
     * A function of your own.
     *
     * @param description in words, for provenance
     * @param score a function of the output, shape {@code (rows, ...)}, that returns one score for each row, shape
     *     {@code (rows,)}; row r must depend on row r only
     * @param derivative a function of the output that returns ∂score/∂output in the output's shape and type; only
     *     gradient methods use it
     */
    static Target of(String description, UnaryOperator<Tensor> score, UnaryOperator<Tensor> derivative) {
        return new FunctionTarget(description, score, derivative);
    }
}
