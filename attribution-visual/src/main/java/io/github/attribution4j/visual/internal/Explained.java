// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Features;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** One example of an explanation, copied into arrays, as drawings need it. It does not close the explanation. */
public final class Explained {
    private final Explanation explanation;
    private final int example;

    public Explained(Explanation explanation, int example) {
        int examples = explanation.scores().length;
        if (example < 0 || example >= examples) {
            throw Checks.refuse(
                    "example", example, "the explanation has " + examples + "; choose one from 0 to " + (examples - 1));
        }
        this.explanation = explanation;
        this.example = example;
    }

    /** Returns the attributions of the named input. */
    public Tensor input(String name) {
        int index = explanation.names().indexOf(name);
        if (index < 0) {
            throw Checks.refuse("input", "'" + name + "'", "the explanation has " + explanation.names());
        }
        return explanation.attributions().get(index);
    }

    /** Returns the features, each group once, with the caller's names if there are any. */
    public Features features(String @Nullable [] names) {
        Features features = explanation.features(example);
        if (names == null) {
            return features;
        }
        Features renamed;
        try {
            renamed = features.named(Arrays.stream(names).map(String::valueOf).toList());
        } catch (IllegalArgumentException e) {
            throw Checks.refuse(
                    "names",
                    names.length + " values, but attributions has " + features.size(),
                    "give one for each, or for each element that is grouped");
        }
        Checks.copy("names", names);
        return renamed;
    }

    /** Returns the value of a feature, as a cell of a table. */
    public static String value(Features features, int index) {
        List<Double> values = features.values(index);
        boolean number = values.size() == 1
                && !values.get(0).isNaN()
                && features.category(index).isEmpty();
        return number ? Numbers.cell(values.get(0)) : features.value(index);
    }

    /**
     * Returns the attributions of the named input for a caller that adds up the elements of each cell (the channels of
     * a pixel, the vector of a token). If a group has several elements in a cell, all but the first are zero.
     *
     * @param cell the cell of an element, by the element's index in the row
     */
    public double[] once(String name, IntUnaryOperator cell) {
        int index = explanation.names().indexOf(name);
        double[] values = row("attribution", input(name), example);
        if (!explanation.isGrouped()) {
            return values;
        }
        int[] groups = explanation.groupNumbers(index, example);
        Set<Long> seen = new HashSet<>();
        for (int i = 0; i < values.length; i++) {
            if (!seen.add((long) cell.applyAsInt(i) << 32 | groups[i])) {
                values[i] = 0;
            }
        }
        return values;
    }

    /** Returns the names of the positions on an axis of the named input, if they have names. */
    public Optional<String[]> names(String name, int axis) {
        List<String> names =
                explanation.featureNames(explanation.names().indexOf(name)).along(axis, example);
        return names.isEmpty() ? Optional.empty() : Optional.of(names.toArray(String[]::new));
    }

    /** Returns one row of a batch, flat. */
    public static double[] row(String argument, Tensor tensor, int example) {
        Shape shape = tensor.shape();
        if (shape.rank() == 0 || example < 0 || example >= shape.dim(0)) {
            throw Checks.refuse(
                    argument, "shape " + shape, "it has no example " + example + " on axis 0; give the whole batch");
        }
        try (Tensor one = tensor.rows(example, example + 1L)) {
            return one.toDoubleArray();
        }
    }

    /** Returns channels, height and width of one example, shape {@code [N, C, H, W]} or {@code [N, H, W]}. */
    public static int[] imageShape(String argument, Tensor tensor) {
        Shape shape = tensor.shape();
        if (shape.rank() != 3 && shape.rank() != 4) {
            throw Checks.refuse(
                    argument,
                    "shape " + shape,
                    "an image has [examples, channels, height, width] or [examples, height, width]; reshape it, or draw"
                            + " bars");
        }
        boolean channels = shape.rank() == 4;
        return new int[] {
            channels ? Math.toIntExact(shape.dim(1)) : 1,
            Math.toIntExact(shape.dim(channels ? 2 : 1)),
            Math.toIntExact(shape.dim(channels ? 3 : 2))
        };
    }

    public String onlyName() {
        if (explanation.names().size() != 1) {
            throw Checks.refuse(
                    "explanation",
                    explanation.names().size() + " attributed inputs, " + explanation.names(),
                    "one picture shows one of them; name the input");
        }
        return explanation.names().get(0);
    }

    public Scores scores() {
        Scores scores = Scores.unknown().withPrediction(explanation.scores()[example]);
        if (explanation.baselineScores().isPresent()) {
            scores = scores.withBaseline(explanation.baselineScores().get()[example]);
        }
        return explanation.hasCompletenessGap() ? scores.withGap(explanation.completenessGap()[example]) : scores;
    }

    /** Returns method and target, such as {@code integrated-gradients, target index 3}. */
    public String title() {
        String which = explanation.scores().length > 1 ? " (example " + example + ")" : "";
        return explanation.provenance().method() + ", target " + explanation.target(example) + which;
    }

    /** Returns the score, and the error that the method reports. */
    public String subtitle() {
        String score = "score " + Numbers.brief(explanation.scores()[example]);
        String baseline = explanation
                .baselineScores()
                .map(scores -> ", baseline score " + Numbers.brief(scores[example]))
                .orElse("");
        String gap = explanation.hasCompletenessGap()
                ? ", completeness gap " + Numbers.brief(explanation.completenessGap()[example])
                : "";
        return score + baseline + gap;
    }

    /** Returns every setting of the method, as a foot line. */
    public String note() {
        Map<String, String> settings = explanation.provenance().settings();
        List<String> parts = new ArrayList<>();
        settings.forEach((name, value) -> parts.add(name + " " + value));
        return String.join(", ", parts);
    }
}
