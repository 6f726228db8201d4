// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal.summary;

import io.github.attribution4j.visual.internal.Axis;
import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Style;
import java.util.Arrays;
import java.util.stream.IntStream;

/** A point for each example: its value of a feature, the feature's attribution, and in color the value of another. */
public final class Dependence {
    private static final double RADIUS = 2.6;
    private static final double LEGEND = 130;
    private static final double BAR = 12;
    /** Of the column at the left where points without a value are. */
    private static final double MISSING = 50;
    /** Of the space between two categories, for points beside each other. */
    private static final double SPREAD = 0.6;

    private final Canvas canvas;
    private final Examples examples;
    private final int feature;
    private final int other;
    private final Palette palette;

    private Dependence(Canvas canvas, Examples examples, int feature, int other, Palette palette) {
        this.canvas = canvas;
        this.examples = examples;
        this.feature = feature;
        this.other = other;
        this.palette = palette;
    }

    /**
     * Draws it.
     *
     * @param other the feature that colors the points; −1 for none
     */
    public static double draw(
            Canvas canvas, Examples examples, int feature, int other, double width, double height, Palette palette) {
        return new Dependence(canvas, examples, feature, other, palette).draw(width, height);
    }

    /** Returns the feature that interacts most with the given one, or −1 if none does. */
    public static int interacting(Examples examples, int feature) {
        return Interaction.strongest(examples, feature);
    }

    private double draw(double width, double height) {
        double head = canvas.heading(width);
        double top = head + 18;
        double bottom = top + height;
        double[] attributions = examples.attributions()[feature];
        double lowest = Math.min(0, Arrays.stream(attributions).min().orElse(0));
        double highest = Math.max(0, Arrays.stream(attributions).max().orElse(0));
        Axis up = new Axis(lowest, highest, bottom - RADIUS - 3, top + RADIUS + 3);
        Column column = examples.columns()[feature];
        double[] finite =
                Arrays.stream(column.numbers()).filter(Double::isFinite).toArray();
        boolean missing = finite.length < column.numbers().length;
        double left = Style.MARGIN + up.widthBeside() + 2;
        double right = width - Style.MARGIN - (other < 0 ? 0 : LEGEND);
        double start = left + (missing ? MISSING : 0) + RADIUS + 3;
        boolean categories = !column.categories().isEmpty();
        double low = categories ? -0.5 : Arrays.stream(finite).min().orElse(0);
        double high = categories
                ? column.categories().size() - 0.5
                : Arrays.stream(finite).max().orElse(0);
        Axis along = new Axis(low, high, start, right - RADIUS - 3);
        Dots dots = new Dots(canvas, left, top, right - left, height, RADIUS, examples.size());
        if (categories) {
            categories(along, column, bottom);
        } else if (finite.length > 0) {
            along.below(canvas, top, bottom);
            dots.grid(along.gridBelow(), new double[0]);
        }
        if (missing) {
            canvas.text(left + MISSING / 2, bottom + 15, Column.MISSING, Style.SMALL, Style.QUIET, Anchor.MIDDLE);
        }
        up.beside(canvas, left, right);
        dots.grid(new double[0], up.gridBeside());
        dots.horizontal(up.at(0), Style.RULE);
        points(dots, column, along, up, left + MISSING / 2);
        dots.draw();
        canvas.line(left, bottom, right, bottom, Style.RULE);
        if (dots.isRaster()) {
            parts(along, column, top, height);
        }
        if (other >= 0) {
            legend(right + 22, top, bottom);
        }
        String name = Glyphs.visible(examples.names()[feature]);
        canvas.text(
                left,
                head + 10,
                Glyphs.elide("attribution of " + name, Style.SMALL, false, right - left),
                Style.SMALL,
                Style.QUIET,
                Anchor.START);
        canvas.text(
                (left + right) / 2,
                bottom + 32,
                Glyphs.elide(name, Style.TEXT, false, right - left),
                Style.TEXT,
                Style.INK,
                Anchor.MIDDLE);
        return canvas.foot("", bottom + 42, width);
    }

    private void categories(Axis along, Column column, double bottom) {
        int size = column.categories().size();
        double room = (along.end() - along.start()) / size - 6;
        for (int i = 0; i < size; i++) {
            String name = Glyphs.elide(Glyphs.visible(column.categories().get(i)), Style.SMALL, false, room);
            // No label that would be an ellipsis only; what the points say has the name.
            if (room > 18) {
                canvas.text(along.at(i), bottom + 15, name, Style.SMALL, Style.QUIET, Anchor.MIDDLE);
            }
        }
    }

    private void points(Dots dots, Column column, Axis along, Axis up, double missingX) {
        double[] attributions = examples.attributions()[feature];
        Column colors = other < 0 ? Column.UNKNOWN : examples.columns()[other];
        double[] places = colors.places();
        int[] order = Dots.shuffled(examples.size());
        double step = along.high() > along.low() ? (along.end() - along.start()) / (along.high() - along.low()) : 0;
        for (int i = 0; i < order.length; i++) {
            int e = order[i];
            double value = column.numbers()[e];
            // The golden ratio spreads any number of points evenly.
            double turn = i * 0.6180339887498949 % 1 - 0.5;
            double x;
            if (Double.isNaN(value)) {
                x = missingX + turn * MISSING * SPREAD;
            } else if (column.categories().isEmpty()) {
                x = along.at(Math.min(along.high(), Math.max(along.low(), value)));
            } else {
                x = along.at(value) + turn * step * SPREAD;
            }
            dots.dot(x, up.at(attributions[e]), color(colors, places, e), () -> describe(e));
        }
    }

    private int color(Column colors, double[] places, int example) {
        if (!colors.isKnown()) {
            return palette.value(0.25);
        }
        boolean kind = !colors.categories().isEmpty() && !Double.isNaN(colors.numbers()[example]);
        return kind ? Palette.kind((int) colors.numbers()[example]) : palette.value(places[example]);
    }

    private String describe(int example) {
        String colored = other < 0 ? "" : ", " + examples.label(other, example);
        return examples.describe(feature, example) + colored + " (" + examples.describe(example) + ")";
    }

    /** Says of upright parts of the plot how many examples are there. */
    private void parts(Axis along, Column column, double top, double height) {
        double[] values = column.numbers();
        int parts = column.categories().isEmpty() ? 30 : column.categories().size();
        double wide = (along.end() - along.start()) / parts;
        for (int part = 0; part < parts; part++) {
            double left = along.start() + part * wide;
            boolean last = part == parts - 1;
            int[] there = IntStream.range(0, values.length)
                    .filter(e -> along.at(values[e]) >= left
                            && (along.at(values[e]) < left + wide || (last && values[e] <= along.high())))
                    .toArray();
            if (there.length > 0) {
                double mean = Arrays.stream(there)
                        .mapToDouble(e -> examples.attributions()[feature][e])
                        .average()
                        .orElseThrow();
                canvas.hint(
                        left,
                        top,
                        wide,
                        height,
                        examples.names()[feature] + " = " + column.describe(there) + ": " + there.length
                                + " examples, mean attribution " + Examples.signed(mean));
            }
        }
    }

    private void legend(double x, double top, double bottom) {
        Column colors = examples.columns()[other];
        String name = Glyphs.visible(examples.names()[other]);
        double y = top + 8;
        for (String line : Glyphs.wrap(name, Style.SMALL, false, LEGEND - 22, 2)) {
            canvas.text(x, y, line, Style.SMALL, Style.INK, Anchor.START);
            y += 14;
        }
        canvas.hint(x, top - 4, LEGEND - 22, y - top, name);
        boolean missing = Arrays.stream(colors.numbers()).anyMatch(Double::isNaN);
        if (!colors.categories().isEmpty()) {
            int shown = Math.min(colors.categories().size(), Palette.MOST_KINDS);
            for (int i = 0; i < shown; i++) {
                y = entry(x, y, Palette.kind(i), colors.categories().get(i));
            }
            int others = colors.categories().size() - shown;
            if (others > 0) {
                y = entry(x, y, Palette.kind(shown), others + " others");
            }
        } else {
            y = bar(x, y, bottom - 24, colors.range());
        }
        if (missing) {
            entry(x, y, palette.value(Double.NaN), Column.MISSING);
        }
    }

    private double entry(double x, double y, int color, String text) {
        canvas.box(x, y, BAR, BAR, color);
        String shown = Glyphs.elide(Glyphs.visible(text), Style.SMALL, false, LEGEND - 22 - BAR - 6);
        canvas.text(x + BAR + 6, y + 10, shown, Style.SMALL, Style.QUIET, Anchor.START);
        return y + 18;
    }

    private double bar(double x, double y, double bottom, double[] range) {
        if (range.length == 0) {
            return y;
        }
        int rows = canvas.device(bottom - y);
        int[] rgb = IntStream.range(0, rows)
                .map(i -> palette.value(range[1] > range[0] ? 1 - i / (rows - 1.0) : 0.5))
                .toArray();
        canvas.raster(x, y, BAR, bottom - y, 1, rows, rgb);
        canvas.text(x + BAR + 6, y + 9, Numbers.brief(range[1]), Style.SMALL, Style.QUIET, Anchor.START);
        if (range[1] > range[0]) {
            canvas.text(x + BAR + 6, bottom, Numbers.brief(range[0]), Style.SMALL, Style.QUIET, Anchor.START);
        }
        return bottom + 8;
    }
}
