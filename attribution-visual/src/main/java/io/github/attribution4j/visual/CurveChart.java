// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.benchmark.BenchmarkTable;
import io.github.attribution4j.benchmark.BenchmarkTable.Cell;
import io.github.attribution4j.benchmark.BenchmarkTable.Interval;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.Judgement.Curve;
import io.github.attribution4j.visual.internal.Axis;
import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Style;
import io.github.attribution4j.visual.internal.summary.Palette;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Curves of metrics: what the model's score becomes while features are changed, as the mean over examples with a band
 * that holds it with a confidence of 95 %, for one or several methods. The legend has the area under each mean.
 *
 * <pre>{@code
 * CurveChart.of(table, "deletion").picture().write(Path.of("deletion.svg"));
 * }</pre>
 *
 * <p>Examples may have curves at different shares; between its points a curve is a straight line. The band is at the
 * shares that are points of some example, at most 201 of them.
 *
 * <p>Immutable and thread-safe.
 */
public final class CurveChart implements Chart {
    /** How many methods have a color of their own. */
    private static final int MOST = Palette.MOST_KINDS;

    private static final int MOST_POINTS = 201;
    private static final double VEIL = 0.18;

    private final Map<String, List<Curve>> lines;
    private final Settings settings;

    private static final class Settings extends Look {
        String shares = "share of the features that are changed";
        String scores = "score";
        int width = 640;
    }

    private CurveChart(Map<String, List<Curve>> lines, Settings settings) {
        this.lines = lines;
        this.settings = settings;
    }

    /**
     * Returns a chart of curves.
     *
     * @param lines by method the curves of its examples; at most 8 methods, each with at least one curve
     * @return a chart with default settings
     * @throws IllegalArgumentException if there are none or too many, or a method has no curve
     */
    public static CurveChart of(Map<String, List<Curve>> lines) {
        Checks.atLeast("methods with curves", lines.size(), 1);
        if (lines.size() > MOST) {
            throw Checks.refuse(
                    "methods",
                    Integer.toString(lines.size()),
                    "at most " + MOST + " have colors that differ; draw fewer");
        }
        Map<String, List<Curve>> copies = new LinkedHashMap<>();
        lines.forEach((method, curves) -> {
            Checks.atLeast("curves of " + method, curves.size(), 1);
            copies.put(method, List.copyOf(curves));
        });
        return new CurveChart(copies, new Settings());
    }

    /**
     * Returns a chart of one judgement.
     *
     * @throws IllegalArgumentException if its metric has no curves
     */
    public static CurveChart of(Judgement judgement) {
        return of(Map.of(judgement.explained().method(), judgement.curves()))
                .caption(Caption.of(
                        judgement.metric() + " of " + judgement.explained().method()));
    }

    /**
     * Returns a chart of the methods of a table by one metric; those that failed are left out.
     *
     * @throws IllegalArgumentException if the metric has no curves, or there are more than 8 methods
     */
    public static CurveChart of(BenchmarkTable table, String metric) {
        Map<String, List<Curve>> lines = new LinkedHashMap<>();
        for (String method : table.methods()) {
            Cell cell = table.cell(method, metric);
            if (!cell.curves().isEmpty()) {
                lines.put(method, cell.curves());
            }
        }
        return of(lines).caption(Caption.of(metric));
    }

    private CurveChart with(Consumer<Settings> change) {
        return new CurveChart(lines, Look.with(settings, change));
    }

    /** Returns a copy with other texts around it. */
    public CurveChart caption(Caption caption) {
        return with(copy -> copy.caption = caption);
    }

    /** Returns a copy with another text below the horizontal axis, and at the vertical one. */
    public CurveChart axes(String shares, String scores) {
        return with(copy -> {
            copy.shares = shares;
            copy.scores = scores;
        });
    }

    /**
     * Returns a copy of another width.
     *
     * @param pixels CSS pixels, 240 to 4096; 640 by default
     */
    public CurveChart width(int pixels) {
        return with(copy -> copy.width = (int) Checks.within("width", pixels, 240, 4096));
    }

    /** The mean curve of a method and its band. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Line(String method, int examples, double[] shares, double[] mean, double[] low, double[] high) {
        static Line of(String method, List<Curve> curves) {
            TreeSet<Double> all = new TreeSet<>();
            curves.forEach(curve -> Arrays.stream(curve.shares()).forEach(all::add));
            double[] shares = all.stream().mapToDouble(Double::doubleValue).toArray();
            if (shares.length > MOST_POINTS) {
                double first = shares[0];
                double last = shares[shares.length - 1];
                shares = IntStream.range(0, MOST_POINTS)
                        .mapToDouble(i -> first + (last - first) * i / (MOST_POINTS - 1))
                        .toArray();
            }
            double[][] scores = new double[shares.length][curves.size()];
            for (int c = 0; c < curves.size(); c++) {
                double[] own = curves.get(c).shares();
                double[] ofOwn = curves.get(c).scores();
                for (int i = 0; i < shares.length; i++) {
                    scores[i][c] = between(own, ofOwn, shares[i]);
                }
            }
            Interval[] intervals = Arrays.stream(scores).map(Interval::of).toArray(Interval[]::new);
            return new Line(
                    method,
                    curves.size(),
                    shares,
                    Arrays.stream(intervals).mapToDouble(Interval::mean).toArray(),
                    Arrays.stream(intervals).mapToDouble(Interval::low).toArray(),
                    Arrays.stream(intervals).mapToDouble(Interval::high).toArray());
        }

        private static double between(double[] shares, double[] scores, double share) {
            int at = Arrays.binarySearch(shares, share);
            if (at >= 0) {
                return scores[at];
            }
            int next = -at - 1;
            if (next == 0 || next == shares.length) {
                return scores[Math.min(next, shares.length - 1)];
            }
            double part = (share - shares[next - 1]) / (shares[next] - shares[next - 1]);
            return scores[next - 1] + part * (scores[next] - scores[next - 1]);
        }

        boolean hasBand() {
            return examples > 1;
        }

        double area() {
            return new Curve(shares, mean).area();
        }
    }

    @Override
    public Picture picture() {
        List<Line> all = new ArrayList<>();
        lines.forEach((method, curves) -> all.add(Line.of(method, curves)));
        Canvas canvas = settings.caption.canvas();
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (Line line : all) {
            for (int i = 0; i < line.mean().length; i++) {
                low = Math.min(low, line.hasBand() ? line.low()[i] : line.mean()[i]);
                high = Math.max(high, line.hasBand() ? line.high()[i] : line.mean()[i]);
            }
        }
        if (!Double.isFinite(low) || !Double.isFinite(high)) {
            throw Checks.refuse("scores", "NaN or infinite", "curves must be finite; leave the method out");
        }
        double pad = high > low ? 0.04 * (high - low) : Math.max(Math.abs(low) * 0.1, 0.5);
        double width = settings.width;
        double top = canvas.heading(width) + 8;
        double bottom = top + Math.max(160, width * 0.5);
        Axis scores = new Axis(low - pad, high + pad, bottom, top);
        double left = Style.MARGIN + 18 + scores.widthBeside();
        Axis shares = new Axis(
                all.stream().mapToDouble(line -> line.shares()[0]).min().orElse(0),
                all.stream()
                        .mapToDouble(line -> line.shares()[line.shares().length - 1])
                        .max()
                        .orElse(1),
                left,
                width - Style.MARGIN);
        bands(canvas, all, shares, scores);
        shares.below(canvas, top, bottom);
        scores.beside(canvas, left, width - Style.MARGIN);
        for (int i = 0; i < all.size(); i++) {
            canvas.curve(at(shares, all.get(i).shares()), at(scores, all.get(i).mean()), 1.8, Palette.kind(i));
        }
        String below = Glyphs.elide(Glyphs.visible(settings.shares), Style.SMALL, false, width - left);
        canvas.text((left + width - Style.MARGIN) / 2, bottom + 31, below, Style.SMALL, Style.QUIET, Anchor.MIDDLE);
        String beside = Glyphs.elide(Glyphs.visible(settings.scores), Style.SMALL, false, bottom - top);
        canvas.upright(Style.MARGIN + 8, (top + bottom) / 2, beside, Style.SMALL, Style.QUIET, Anchor.MIDDLE);
        double y = bottom + 50;
        for (int i = 0; i < all.size(); i++) {
            Line line = all.get(i);
            canvas.box(left, y - 8, 14, 4, 2, Palette.kind(i));
            String said = line.method() + ": area " + Numbers.brief(line.area()) + ", " + line.examples()
                    + (line.examples() == 1 ? " example" : " examples");
            String shown = Glyphs.elide(Glyphs.visible(said), Style.TEXT, false, width - left - 40);
            canvas.text(left + 22, y, shown, Style.TEXT, Style.INK, Anchor.START);
            y += 18;
        }
        boolean banded = all.stream().anyMatch(Line::hasBand);
        double end = canvas.foot(banded ? "Lines: means over examples. Bands: 95 % intervals." : "", y, width);
        return new Picture(canvas.titleOr("Curves of a metric"), width, end, canvas, null);
    }

    private static double[] at(Axis axis, double[] values) {
        return Arrays.stream(values).map(axis::at).toArray();
    }

    /** Draws the bands of all methods, through which each other is seen. */
    private static void bands(Canvas canvas, List<Line> all, Axis shares, Axis scores) {
        double plotWidth = shares.end() - shares.start();
        double plotHeight = scores.start() - scores.end();
        int columns = canvas.device(plotWidth);
        int rows = canvas.device(plotHeight);
        int[] rgb = new int[columns * rows];
        Arrays.fill(rgb, Style.PAPER);
        for (int i = 0; i < all.size(); i++) {
            Line line = all.get(i);
            double[] xs = at(shares, line.shares());
            double[] low = at(scores, line.low());
            double[] high = at(scores, line.high());
            for (int column = 0; line.hasBand() && column < columns; column++) {
                double x = shares.start() + (column + 0.5) / columns * plotWidth;
                if (x < xs[0] || x > xs[xs.length - 1]) {
                    continue;
                }
                int from = row(Line.between(xs, high, x), scores, rows);
                int to = row(Line.between(xs, low, x), scores, rows);
                for (int row = Math.max(0, from); row < Math.min(rows, to); row++) {
                    rgb[row * columns + column] = mixed(rgb[row * columns + column], Palette.kind(i));
                }
            }
        }
        canvas.raster(shares.start(), scores.end(), plotWidth, plotHeight, columns, rows, rgb);
    }

    private static int row(double y, Axis scores, int rows) {
        return (int) Math.round((y - scores.end()) / (scores.start() - scores.end()) * rows);
    }

    /** Returns a color seen through a veil of another. */
    private static int mixed(int under, int veil) {
        int mixed = 0;
        for (int shift = 0; shift <= 16; shift += 8) {
            double below = under >> shift & 0xff;
            double above = veil >> shift & 0xff;
            mixed |= (int) Math.round(below + VEIL * (above - below)) << shift;
        }
        return mixed;
    }

    /** Returns methods and settings. */
    @Override
    public String toString() {
        return "CurveChart[" + String.join(", ", lines.keySet()) + settings.caption.inBrackets();
    }
}
