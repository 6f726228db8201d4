// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.view.LayerView;
import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Style;
import java.util.List;

/** Layout of {@link Histograms}. */
final class HistogramsDrawing {
    private static final double WIDTH = 232;
    private static final double HEIGHT = 84;
    private static final double GAP = 24;

    private final List<Histograms.Entry> entries;
    private final int bins;
    private final Canvas canvas;

    HistogramsDrawing(List<Histograms.Entry> entries, int bins, Caption caption) {
        this.entries = entries;
        this.bins = bins;
        this.canvas = caption.canvas();
    }

    Picture draw(int columns) {
        double total = 2 * Style.MARGIN + columns * (WIDTH + GAP) - GAP;
        double y = canvas.heading(total);
        for (int i = 0; i < entries.size(); i++) {
            if (i > 0 && i % columns == 0) {
                y += HEIGHT + 66;
            }
            panel(entries.get(i), Style.MARGIN + i % columns * (WIDTH + GAP), y);
        }
        double end = canvas.foot("", y + HEIGHT + 62, total);
        return new Picture(canvas.titleOr("Histograms"), total, end, canvas, null);
    }

    private void panel(Histograms.Entry entry, double x, double y) {
        canvas.text(
                x, y + 10, Glyphs.elide(entry.name(), Style.TEXT, false, WIDTH), Style.TEXT, Style.INK, Anchor.START);
        double top = y + 18;
        double bottom = top + HEIGHT;
        LayerView.Statistics facts = entry.statistics();
        int[] counts = Histograms.count(entry.values(), bins);
        int most = 1;
        for (int count : counts) {
            most = Math.max(most, count);
        }
        double bar = WIDTH / bins;
        double range = facts.max() - facts.min();
        for (int i = 0; i < bins; i++) {
            if (counts[i] > 0) {
                double low = facts.min() + range * i / bins;
                double high = facts.min() + range * (i + 1) / bins;
                // Even the smallest bar is visible.
                double height = Math.max(1, HEIGHT * counts[i] / most);
                int rgb = range == 0
                        ? ColorMap.ofSign(facts.min())
                        : low <= 0 && high >= 0 ? Style.NEUTRAL : ColorMap.ofSign(low);
                canvas.box(x + i * bar, bottom - height, Math.max(0.5, bar - 0.5), height, rgb);
            }
        }
        canvas.line(x, bottom, x + WIDTH, bottom, Style.RULE);
        if (facts.min() < 0 && facts.max() > 0) {
            double zero = x - facts.min() / range * WIDTH;
            canvas.line(zero, top, zero, bottom + 4, Style.RULE);
        }
        canvas.text(x, bottom + 14, Numbers.brief(facts.min()), Style.SMALL, Style.INK, Anchor.START);
        canvas.text(x + WIDTH, bottom + 14, Numbers.brief(facts.max()), Style.SMALL, Style.INK, Anchor.END);
        String line = "mean " + Numbers.brief(facts.mean()) + "  sd " + Numbers.brief(facts.standardDeviation())
                + "  zero " + Numbers.brief(100 * facts.zeros()) + " %";
        canvas.text(
                x, bottom + 29, Glyphs.elide(line, Style.SMALL, false, WIDTH), Style.SMALL, Style.QUIET, Anchor.START);
    }
}
