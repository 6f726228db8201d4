// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal.summary;

import io.github.attribution4j.visual.internal.Axis;
import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Style;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** For each feature a bar: its mean magnitude; of several groups of examples, a bar for each group. */
public final class MeanBars {
    private static final double ONE = 15;
    private static final double OF_SEVERAL = 9;
    private static final double BETWEEN = 9;
    private static final double LABEL_GAP = 5;

    /**
     * What is drawn.
     *
     * @param names of the features shown
     * @param groups what the bars of a feature are called; a single blank one has no legend
     * @param lengths {@code lengths[group][feature]}, NaN where there is none
     * @param hints what each bar says, {@code hints[group][feature]}
     * @param others how many features are not shown
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared, and never changed
    public record Bars(String[] names, List<String> groups, double[][] lengths, String[][] hints, int others) {}

    private MeanBars() {}

    public static double draw(Canvas canvas, Bars bars, double width) {
        String[] names = Arrays.stream(bars.names()).map(Glyphs::visible).toArray(String[]::new);
        int groups = bars.groups().size();
        double thickness = groups == 1 ? ONE : OF_SEVERAL;
        double lane = groups * thickness + BETWEEN;
        double top = canvas.heading(width);
        if (groups > 1 || !bars.groups().get(0).isBlank()) {
            top = legend(canvas, bars.groups(), top, width);
        }
        double largest = Arrays.stream(bars.lengths())
                .flatMapToDouble(Arrays::stream)
                .filter(length -> !Double.isNaN(length))
                .max()
                .orElse(0);
        Lanes lanes = new Lanes(canvas, names, width);
        double label = Glyphs.width(Numbers.brief(largest) + "00", Style.SMALL, false) + LABEL_GAP;
        double bottom = top + names.length * lane + 4;
        Axis axis = new Axis(0, largest, lanes.right(), width - Style.MARGIN - label);
        if (largest > 0) {
            axis.below(canvas, top, bottom);
        }
        canvas.line(axis.start(), top, axis.start(), bottom, Style.RULE);
        for (int f = 0; f < names.length; f++) {
            double y = top + f * lane + 2 + BETWEEN / 2;
            lanes.name(f, y + groups * thickness / 2, lane, "");
            for (int g = 0; g < groups; g++) {
                double length = bars.lengths()[g][f];
                if (!Double.isNaN(length)) {
                    bar(
                            canvas,
                            axis,
                            largest == 0 ? 0 : length,
                            y + g * thickness,
                            thickness,
                            Palette.kind(g),
                            bars.hints()[g][f]);
                }
            }
        }
        canvas.text(
                (axis.start() + axis.end()) / 2,
                bottom + 32,
                "mean magnitude of attributions",
                Style.SMALL,
                Style.QUIET,
                Anchor.MIDDLE);
        String others = bars.others() == 0 ? "" : bars.others() + " other features are less important.";
        return canvas.foot(others, bottom + 44, width);
    }

    private static void bar(
            Canvas canvas, Axis axis, double length, double y, double thickness, int color, String hint) {
        double end = length == 0 ? axis.start() : axis.at(length);
        canvas.box(axis.start(), y, Math.max(0.5, end - axis.start()), thickness - 1, color);
        String label = Numbers.brief(length);
        // A white background under the number, so that no grid line runs through it.
        double numberWidth = Glyphs.width(label, Style.SMALL, false);
        double size = Math.min(Style.SMALL, thickness);
        canvas.box(end + LABEL_GAP, y, numberWidth, thickness - 1, Style.PAPER);
        canvas.text(end + LABEL_GAP, y + (thickness - 1) / 2 + size * 0.36, label, size, Style.INK, Anchor.START);
        canvas.hint(axis.start(), y, axis.end() - axis.start(), thickness, hint);
    }

    private static double legend(Canvas canvas, List<String> groups, double top, double width) {
        double x = Style.MARGIN;
        double y = top;
        List<String> shown = new ArrayList<>();
        for (String group : groups) {
            shown.add(Glyphs.elide(Glyphs.visible(group), Style.TEXT, false, width - 2 * Style.MARGIN - 18));
        }
        for (int g = 0; g < groups.size(); g++) {
            double room = 18 + Glyphs.width(shown.get(g), Style.TEXT, false);
            if (x > Style.MARGIN && x + room > width - Style.MARGIN) {
                x = Style.MARGIN;
                y += 18;
            }
            canvas.box(x, y + 1, 12, 12, Palette.kind(g));
            canvas.text(x + 18, y + 11, shown.get(g), Style.TEXT, Style.INK, Anchor.START);
            x += room + 20;
        }
        return y + 26;
    }
}
