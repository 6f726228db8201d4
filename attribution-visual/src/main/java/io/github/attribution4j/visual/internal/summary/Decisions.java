// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal.summary;

import io.github.attribution4j.visual.internal.Axis;
import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Style;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The way of each example from its baseline score, at the bottom, to its score, at the top: at each feature a step by
 * the attribution. Important features come last, at the top.
 */
public final class Decisions {
    private static final double LANE = 24;
    private static final int MOST_LINES = 400;

    private Decisions() {}

    public static double draw(Canvas canvas, Examples all, int features, double width, Palette palette) {
        Examples shown = all.select(all.spread(MOST_LINES)).top(features);
        int steps = shown.features();
        double top = canvas.heading(width) + 22;
        double bottom = top + steps * LANE;
        Lanes lanes = new Lanes(canvas, shown.names(), width);
        double[][] ways =
                IntStream.range(0, shown.size()).mapToObj(e -> way(shown, e)).toArray(double[][]::new);
        double low = Arrays.stream(ways).flatMapToDouble(Arrays::stream).min().orElse(0);
        double high = Arrays.stream(ways).flatMapToDouble(Arrays::stream).max().orElse(0);
        Axis axis = new Axis(low, high, lanes.right() + 4, width - Style.MARGIN - 4);
        axis.below(canvas, top, bottom);
        for (int f = 0; f < steps; f++) {
            canvas.line(axis.start(), top + f * LANE + LANE, axis.end(), top + f * LANE + LANE, Style.GRID);
            lanes.name(f, top + f * LANE + LANE / 2, LANE, "mean magnitude " + Numbers.brief(shown.meanMagnitude(f)));
        }
        if (shown.hasBaselines() && Arrays.stream(shown.baselines()).distinct().count() == 1) {
            canvas.line(axis.at(shown.baseline(0)), top, axis.at(shown.baseline(0)), bottom, Style.RULE);
        }
        double[] places = Column.of(shown.ends()).places();
        double[] ys = IntStream.rangeClosed(0, steps)
                .mapToDouble(i -> bottom - i * LANE)
                .toArray();
        for (int e : Dots.shuffled(shown.size())) {
            double[] xs = Arrays.stream(ways[e]).map(axis::at).toArray();
            canvas.curve(xs, ys, shown.size() > 60 ? 1 : 1.6, palette.value(places[e]));
        }
        for (int e = 0; e < shown.size(); e++) {
            canvas.dot(axis.at(ways[e][steps]), top, 2.4, palette.value(places[e]), shown.describe(e));
        }
        canvas.text(
                (axis.start() + axis.end()) / 2, top - 12, shown.endName(), Style.SMALL, Style.QUIET, Anchor.MIDDLE);
        canvas.text(
                (axis.start() + axis.end()) / 2,
                bottom + 31,
                shown.hasBaselines() ? "from the baseline score" : "from zero",
                Style.SMALL,
                Style.QUIET,
                Anchor.MIDDLE);
        String said =
                shown.size() < all.size() ? shown.size() + " of " + all.size() + " examples, evenly by score." : "";
        return canvas.foot(said, bottom + 42, width);
    }

    private static double[] way(Examples examples, int example) {
        int steps = examples.features();
        double[] way = new double[steps + 1];
        way[0] = examples.baseline(example);
        for (int i = 0; i < steps; i++) {
            way[i + 1] = way[i] + examples.attributions()[steps - 1 - i][example];
        }
        return way;
    }
}
