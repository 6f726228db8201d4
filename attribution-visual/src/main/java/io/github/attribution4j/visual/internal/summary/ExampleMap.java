// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal.summary;

import io.github.attribution4j.visual.internal.Axis;
import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.ColorScale;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Style;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Examples from left to right, features from top to bottom, attributions as colors, and the scores on top. */
public final class ExampleMap {
    private static final double LANE = 22;
    private static final double CURVE = 56;
    private static final double OUTLIERS = 1;
    /** Of the parts of a lane that say which examples are there, at most. */
    private static final int MOST_PARTS = 60;

    private final Canvas canvas;
    private final Examples examples;
    private final double left;
    private final double right;
    private final int columns;

    private ExampleMap(Canvas canvas, Examples examples, double left, double right) {
        this.canvas = canvas;
        this.examples = examples;
        this.left = left;
        this.right = right;
        columns = Math.min(examples.size(), canvas.device(right - left));
    }

    /**
     * Draws it.
     *
     * @param order in which the examples are, in words
     */
    public static double draw(Canvas canvas, Examples all, String order, int features, double width, Palette palette) {
        Examples shown = all.top(features);
        double[] flat = Arrays.stream(shown.attributions())
                .flatMapToDouble(Arrays::stream)
                .toArray();
        ColorScale scale = ColorScale.of(flat, OUTLIERS, palette.signs());
        double top = canvas.heading(width);
        Lanes lanes = new Lanes(canvas, shown.names(), shown.endName(), width);
        double right = width - Style.MARGIN - scale.verticalWidth("attribution") - 18;
        return new ExampleMap(canvas, shown, lanes.right(), right).draw(lanes, scale, order, top, width);
    }

    private double mean(double[] values, int column) {
        return Arrays.stream(values, examples.first(column, columns), examples.first(column + 1, columns))
                .average()
                .orElse(0);
    }

    private double draw(Lanes lanes, ColorScale scale, String order, double top, double width) {
        double[] all = examples.ends();
        double[] ends =
                IntStream.range(0, columns).mapToDouble(i -> mean(all, i)).toArray();
        double low = Arrays.stream(ends).min().orElse(0);
        double high = Arrays.stream(ends).max().orElse(0);
        Axis up = new Axis(low, high, top + CURVE - 6, top + 6);
        canvas.text(left - 12, top + CURVE / 2 + 4, examples.endName(), Style.SMALL, Style.QUIET, Anchor.END);
        double wide = (right - left) / columns;
        double[] ticks = high > low ? new double[] {low, high} : new double[] {low};
        String[] labels = Numbers.briefApart(ticks);
        for (int i = 0; i < ticks.length; i++) {
            double y = up.at(ticks[i]);
            canvas.line(left, y, right, y, Style.GRID);
            canvas.text(right + 6, y + 4, labels[i], Style.SMALL, Style.QUIET, Anchor.START);
        }
        double[] xs = new double[2 * columns];
        double[] ys = new double[2 * columns];
        for (int i = 0; i < columns; i++) {
            xs[2 * i] = left + i * wide;
            xs[2 * i + 1] = left + (i + 1) * wide;
            Arrays.fill(ys, 2 * i, 2 * i + 2, up.at(ends[i]));
        }
        canvas.curve(xs, ys, 1.2, Style.INK);
        double begin = top + CURVE + 4;
        int rows = examples.features();
        int[] rgb = new int[columns * rows];
        for (int f = 0; f < rows; f++) {
            double[] row = examples.attributions()[f];
            for (int i = 0; i < columns; i++) {
                rgb[f * columns + i] = scale.map().applyAsInt(scale.place(mean(row, i)));
            }
        }
        canvas.raster(left, begin, right - left, rows * LANE, columns, rows, rgb);
        canvas.frame(left, begin, right - left, rows * LANE, Style.RULE);
        for (int f = 0; f < rows; f++) {
            lanes.name(
                    f, begin + f * LANE + LANE / 2, LANE, "mean magnitude " + Numbers.brief(examples.meanMagnitude(f)));
            hints(f, begin + f * LANE);
        }
        double bar = Math.max(60, Math.min(220, rows * LANE - 20));
        canvas.text(right + 18, begin + 13, "attribution", Style.TEXT, Style.QUIET, Anchor.START);
        scale.vertical(canvas, right + 18, begin + 24, bar, scale.map());
        double bottom = Math.max(begin + rows * LANE, begin + 24 + bar);
        canvas.text(
                (left + right) / 2,
                bottom + 18,
                examples.size() + (examples.size() == 1 ? " example" : " examples, " + order),
                Style.SMALL,
                Style.QUIET,
                Anchor.MIDDLE);
        String averaged = columns < examples.size() ? "Colors are means of neighboring examples." : "";
        return canvas.foot(averaged, bottom + 28, width);
    }

    private void hints(int feature, double top) {
        int parts = Math.min(examples.size(), MOST_PARTS);
        double wide = (right - left) / parts;
        for (int part = 0; part < parts; part++) {
            int[] there = IntStream.range(examples.first(part, parts), examples.first(part + 1, parts))
                    .toArray();
            String text = there.length == 1
                    ? examples.describe(feature, there[0]) + " (" + examples.describe(there[0]) + ")"
                    : summary(feature, there);
            canvas.hint(left + part * wide, top, wide, LANE, text);
        }
    }

    private String summary(int feature, int[] there) {
        double[] row = examples.attributions()[feature];
        String values = examples.columns()[feature].describe(there);
        return examples.names()[feature] + (values.isEmpty() ? "" : " = " + values) + ": mean "
                + Examples.signed(
                        Arrays.stream(there).mapToDouble(e -> row[e]).average().orElseThrow()) + " of "
                + there.length + " examples";
    }
}
