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

/** One lane for each feature, in it a point for each example: its place the attribution, its color the value. */
public final class Beeswarm {
    private static final double LANE = 30;
    /** Of a lane, for points. */
    private static final double USED = 26;

    private static final double RADIUS = 2.3;
    private static final double LEGEND = 120;
    private static final String LOW = "low";
    private static final String HIGH = "high value of the feature";
    /** Of the parts of a lane that say how many examples are there. */
    private static final double PART = 12;

    private final Canvas canvas;
    private final Examples examples;
    private final Palette palette;
    private final int[] order;
    private final Axis axis;
    private final Dots dots;
    private final double top;

    private Beeswarm(Canvas canvas, Examples examples, Palette palette, double left, double right, double top) {
        this.canvas = canvas;
        this.examples = examples;
        this.palette = palette;
        this.top = top;
        order = Dots.shuffled(examples.size());
        double low = 0;
        double high = 0;
        for (double[] row : examples.attributions()) {
            low = Math.min(low, Arrays.stream(row).min().orElse(0));
            high = Math.max(high, Arrays.stream(row).max().orElse(0));
        }
        axis = new Axis(low, high, left + RADIUS + 2, right - RADIUS - 2);
        double height = examples.features() * LANE + 4;
        dots = new Dots(
                canvas, left, top, right - left, height, RADIUS, examples.size() * Math.max(1, examples.features()));
    }

    public static double draw(Canvas canvas, Examples all, int features, double width, Palette palette) {
        Examples shown = all.top(features);
        double top = canvas.heading(width);
        Lanes lanes = new Lanes(canvas, shown.names(), width);
        return new Beeswarm(canvas, shown, palette, lanes.right(), width - Style.MARGIN, top).draw(lanes, width);
    }

    private double draw(Lanes lanes, double width) {
        double bottom = top + examples.features() * LANE + 4;
        axis.below(canvas, top, bottom);
        dots.grid(axis.gridBelow(), new double[0]);
        boolean gray = false;
        for (int f = 0; f < examples.features(); f++) {
            dots.horizontal(middle(f), Style.GRID);
        }
        dots.vertical(axis.at(0), Style.RULE);
        for (int f = 0; f < examples.features(); f++) {
            double[] places = examples.columns()[f].places();
            lane(f, places);
            gray |= Arrays.stream(places).anyMatch(Double::isNaN);
        }
        dots.draw();
        for (int f = 0; f < examples.features(); f++) {
            lanes.name(f, middle(f), LANE, describe(f));
            if (dots.isRaster()) {
                parts(f);
            }
        }
        double y = bottom + 18;
        canvas.text((axis.start() + axis.end()) / 2, y + 14, "attribution", Style.SMALL, Style.QUIET, Anchor.MIDDLE);
        y += 24;
        if (Arrays.stream(examples.columns()).anyMatch(Column::isOrdered)) {
            legend(y, width);
            y += 18;
        }
        boolean signs = Arrays.stream(examples.columns()).anyMatch(column -> !column.isKnown())
                && Arrays.stream(examples.columns()).anyMatch(Column::isKnown);
        String said = (gray ? "Gray: the value is missing, or a category. " : "")
                + (signs ? "Red and blue: raises and lowers the score, whatever the value." : "");
        return canvas.foot(said.strip(), y + 4, width);
    }

    private double middle(int feature) {
        return top + feature * LANE + LANE / 2 + 2;
    }

    /** Stacks the points that would cover each other, away from the middle of the lane in turns. */
    private void lane(int feature, double[] places) {
        double[] attributions = examples.attributions()[feature];
        int bins = Math.max(1, (int) ((axis.end() - axis.start()) / (2 * RADIUS)));
        int[] filled = new int[bins + 1];
        int most = 0;
        for (double attribution : attributions) {
            most = Math.max(most, ++filled[bin(attribution, bins)]);
        }
        double step = Math.min(2 * RADIUS * 0.9, USED / most);
        Arrays.fill(filled, 0);
        for (int e : order) {
            int nth = filled[bin(attributions[e], bins)]++;
            int steps = (nth + 1) / 2;
            double away = nth % 2 == 0 ? steps * step : -steps * step;
            double place = places.length == 0 ? Double.NaN : places[e];
            int color = places.length == 0 ? palette.sign(attributions[e]) : palette.value(place);
            dots.dot(
                    axis.at(attributions[e]),
                    middle(feature) + away,
                    color,
                    () -> examples.describe(feature, e) + " (" + examples.describe(e) + ")");
        }
    }

    private int bin(double attribution, int bins) {
        double x = axis.at(attribution) - axis.start();
        return Math.min(bins, Math.max(0, (int) Math.round(x / (axis.end() - axis.start()) * bins)));
    }

    private String describe(int feature) {
        double[] row = examples.attributions()[feature];
        return "mean magnitude " + Numbers.brief(examples.meanMagnitude(feature)) + ", "
                + Examples.signed(Arrays.stream(row).min().orElse(0)) + " to "
                + Examples.signed(Arrays.stream(row).max().orElse(0));
    }

    /** Says of each part of a lane how many examples are there, and which values they have. */
    private void parts(int feature) {
        double[] row = examples.attributions()[feature];
        int parts = Math.max(1, (int) ((axis.end() - axis.start()) / PART));
        int[][] members = new int[parts + 1][];
        int[] counts = new int[parts + 1];
        for (double attribution : row) {
            counts[bin(attribution, parts)]++;
        }
        Arrays.setAll(members, part -> new int[counts[part]]);
        for (int e = 0; e < row.length; e++) {
            int part = bin(row[e], parts);
            members[part][--counts[part]] = e;
        }
        for (int part = 0; part <= parts; part++) {
            if (members[part].length > 0) {
                double[] there =
                        IntStream.of(members[part]).mapToDouble(e -> row[e]).toArray();
                String values = examples.columns()[feature].describe(members[part]);
                double center = axis.start() + (axis.end() - axis.start()) * part / parts;
                canvas.hint(
                        center - PART / 2,
                        middle(feature) - LANE / 2,
                        PART,
                        LANE,
                        examples.names()[feature] + (values.isEmpty() ? "" : " = " + values) + ": "
                                + members[part].length + (members[part].length == 1 ? " example, " : " examples, ")
                                + Examples.signed(Arrays.stream(there).min().orElseThrow()) + " to "
                                + Examples.signed(Arrays.stream(there).max().orElseThrow()));
            }
        }
    }

    private void legend(double y, double width) {
        double low = Glyphs.width(LOW, Style.SMALL, false) + 8;
        double total = low + LEGEND + 8 + Glyphs.width(HIGH, Style.SMALL, false);
        double left = Math.min((axis.start() + axis.end() - total) / 2, width - Style.MARGIN - total);
        int columns = canvas.device(LEGEND);
        int[] rgb = IntStream.range(0, columns)
                .map(i -> palette.value(i / (columns - 1.0)))
                .toArray();
        canvas.text(left, y + 10, LOW, Style.SMALL, Style.QUIET, Anchor.START);
        canvas.raster(left + low, y + 2, LEGEND, 8, columns, 1, rgb);
        canvas.text(left + low + LEGEND + 8, y + 10, HIGH, Style.SMALL, Style.QUIET, Anchor.START);
    }
}
