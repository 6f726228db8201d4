// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.answer;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.visual.BarChart;
import io.github.attribution4j.visual.Caption;
import io.github.attribution4j.visual.HeatMap;
import io.github.attribution4j.visual.OriginalImage;
import io.github.attribution4j.visual.Picture;
import io.github.attribution4j.visual.TimeSeriesChart;
import io.github.attribution4j.visual.TokenText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Draws explanations. */
public final class Pictures {
    /** The kinds of pictures. */
    enum Kind {
        /** Pixels. */
        HEAT_MAP,
        /** A bar for each feature. */
        BARS,
        /** Bars from the baseline's score to the score. */
        WATERFALL,
        /** Curves over time, on colors. */
        SERIES,
        /** A text. */
        TOKENS;

        String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private Pictures() {}

    static void checkKind(@Nullable String label) {
        if (label != null) {
            kind(label);
        }
    }

    private static Kind kind(String label) {
        List<String> labels = Arrays.stream(Kind.values()).map(Kind::label).toList();
        int found = labels.indexOf(label);
        if (found < 0) {
            throw new IllegalArgumentException(
                    "--picture '" + label + "' is unknown; " + NearNames.hint(label, labels));
        }
        return Kind.values()[found];
    }

    /**
     * Draws one example.
     *
     * @param label the kind of picture, or null for the one that fits the shape
     * @param input the name of the input shown, or null
     * @param tokens of a text, else empty
     * @param top features shown as bars
     */
    public static Picture of(
            Explained explained,
            int example,
            @Nullable String label,
            @Nullable String input,
            List<String> tokens,
            int top) {
        Explanation explanation = explained.explanation();
        List<String> names = explanation.names();
        if (input != null && !names.contains(input)) {
            throw new IllegalArgumentException(
                    "--show '" + input + "' is no attributed input; " + NearNames.hint(input, names));
        }
        String shown = input != null ? input : names.get(0);
        boolean one = input != null || names.size() == 1;
        Tensor attribution = explanation.attributions().get(names.indexOf(shown));
        Kind kind = label != null ? kind(label) : suggested(attribution.shape(), one, !tokens.isEmpty());
        return switch (kind) {
            case HEAT_MAP -> heatMap(explained, shown, example);
            case BARS, WATERFALL -> bars(explained, example, input, tokens, kind, top);
            case SERIES -> series(explained, shown, example);
            case TOKENS ->
                TokenText.of(explanation, example, tokens.toArray(String[]::new))
                        .picture();
        };
    }

    private static Kind suggested(Shape shape, boolean one, boolean text) {
        if (!one) {
            return Kind.BARS;
        }
        if (text && (shape.rank() == 2 || shape.rank() == 3)) {
            return Kind.TOKENS;
        }
        return shape.rank() == 3 || shape.rank() == 4 ? Kind.HEAT_MAP : Kind.BARS;
    }

    private static Picture heatMap(Explained explained, String input, int example) {
        HeatMap map = HeatMap.of(explained.explanation(), input, example);
        // What has names along its last axes, such as a matrix of interactions, has no places in an image.
        Explanation explanation = explained.explanation();
        boolean named =
                !explanation.featureNames(explanation.names().indexOf(input)).isEmpty();
        return named
                ? map.picture()
                : original(explained, example).map(map::over).orElse(map).picture();
    }

    /** Returns the image to draw below: the image file, or the first attributed input that is an image. */
    private static Optional<OriginalImage> original(Explained explained, int example) {
        if (explained.file().image().isPresent()) {
            return explained.file().image();
        }
        for (Inputs.Input input : explained.inputs().attributedInputs()) {
            Shape shape = input.tensor().shape();
            if (shape.rank() == 4 && (shape.dim(1) == 1 || shape.dim(1) == 3)) {
                return Optional.of(OriginalImage.stretched(input.tensor(), example));
            }
        }
        return Optional.empty();
    }

    private static Picture bars(
            Explained explained, int example, @Nullable String input, List<String> tokens, Kind kind, int top) {
        Explanation explanation = explained.explanation();
        Features features = Features.of(explained, example, input == null ? List.of() : List.of(input), tokens);
        BarChart chart = (features.own()
                        ? BarChart.of(explanation, example)
                        : BarChart.of(features.names(), features.attributions()).values(features.values()))
                .top(top)
                .caption(Caption.of(title(explanation, example)).note(settings(explanation)))
                .layout(kind == Kind.WATERFALL ? BarChart.Layout.WATERFALL : BarChart.Layout.BARS);
        if (features.complete()) {
            chart = chart.score(explanation.scores()[example]);
            if (explanation.baselineScores().isPresent()) {
                chart = chart.baselineScore(explanation.baselineScores().get()[example]);
            }
            if (explanation.hasCompletenessGap()) {
                chart = chart.completenessGap(explanation.completenessGap()[example]);
            }
        }
        return chart.picture();
    }

    /** Returns the settings as a foot line, with short digests. */
    private static String settings(Explanation explanation) {
        List<String> parts = new ArrayList<>();
        explanation.provenance().settings().forEach((name, value) -> parts.add(name + " " + value));
        return String.join(", ", parts).replaceAll("([0-9a-f]{8})[0-9a-f]{56}", "$1");
    }

    private static Picture series(Explained explained, String input, int example) {
        Tensor values = explained.inputs().attributedInputs().stream()
                .filter(one -> one.name().equals(input))
                .map(Inputs.Input::tensor)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "--picture series draws an input, and '" + input + "' is a layer; leave it out"));
        return TimeSeriesChart.of(explained.explanation(), example, values, TimeSeriesChart.Axes.CHANNELS_LAST)
                .picture();
    }

    /** Returns method, target and, if there are several, the example. */
    static String title(Explanation explanation, int example) {
        String which = explanation.scores().length == 1 ? "" : " (example " + example + ")";
        return explanation.provenance().method() + ", target " + explanation.target(example) + which;
    }
}
