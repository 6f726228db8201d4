// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.ColorScale;
import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.OkLab;
import io.github.attribution4j.visual.internal.Resample;
import io.github.attribution4j.visual.internal.Style;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Layout and pixels of a {@link HeatMap}. */
final class HeatMapDrawing {

    private static final double GAP = 16;
    private static final double SHORTEST_BAR = 96;
    private static final String LEGEND = "attribution";

    private enum Panel {
        ORIGINAL("original"),
        HEAT_MAP("attribution"),
        OVERLAY("overlay"),
        MASKED("masked original"),
        ALPHA_SCALED("original, faded");

        private final String caption;

        Panel(String caption) {
            this.caption = caption;
        }
    }

    private final double[] values;
    private final int height;
    private final int width;
    private final @Nullable OriginalImage original;
    private final ColorScale scale;
    private final Opacity opacity;
    private final Canvas canvas;

    HeatMapDrawing(
            double[] values,
            int height,
            int width,
            @Nullable OriginalImage original,
            ColorScale scale,
            Opacity opacity,
            Caption caption) {
        this.values = values;
        this.height = height;
        this.width = width;
        this.original = original;
        this.scale = scale;
        this.opacity = opacity;
        this.canvas = caption.canvas();
    }

    Picture draw(HeatMap.View view, boolean smooth, int panelSize, boolean legend, String foot) {
        List<Panel> panels = switch (view) {
            case HEAT_MAP -> List.of(Panel.HEAT_MAP);
            case OVERLAY -> List.of(Panel.OVERLAY);
            case SIDE_BY_SIDE -> List.of(Panel.ORIGINAL, Panel.HEAT_MAP, Panel.OVERLAY);
            case MASKED -> List.of(Panel.MASKED);
            case ALPHA_SCALED -> List.of(Panel.ALPHA_SCALED);
        };
        double columns = original == null ? width : original.width();
        double rows = original == null ? height : original.height();
        double factor = panelSize / Math.max(columns, rows);
        // Whole pixels per cell, so that all cells are equally large.
        double cell = smooth || factor < 1 ? factor : Math.max(1, Math.rint(factor));
        double panelWidth = Math.max(12, Math.rint(columns * cell));
        double panelHeight = Math.max(12, Math.rint(rows * cell));

        double right = panels.size() * (panelWidth + GAP) - GAP;
        double bar = legend ? GAP + scale.verticalWidth(LEGEND) : 0;
        double total = Math.max(2 * Style.MARGIN + right + bar, legend || canvas.hasTitle() ? 300 : 0);
        double y = canvas.heading(total);
        if (legend) {
            y += 4;
        }
        double top = legend ? y + 19 : y;
        double x = Style.MARGIN;
        for (Panel panel : panels) {
            // A single heat map or overlay needs no name: legend and picture show what it is.
            if (legend && (panels.size() > 1 || view == HeatMap.View.MASKED || view == HeatMap.View.ALPHA_SCALED)) {
                String caption = Glyphs.elide(
                        panel.caption, Style.TEXT, false, Math.max(panelWidth, panels.size() == 1 ? 110 : 0));
                canvas.text(x, y + 6, caption, Style.TEXT, Style.QUIET, Anchor.START);
            }
            panel(panel, x, top, panelWidth, panelHeight, smooth);
            x += panelWidth + GAP;
        }
        double bottom = top + panelHeight;
        if (legend) {
            double barHeight = Math.max(SHORTEST_BAR, panelHeight);
            double barLeft = Math.max(x, panels.size() == 1 ? Style.MARGIN + 110 + GAP : 0);
            total = Math.max(total, barLeft + bar - GAP + Style.MARGIN);
            canvas.text(barLeft, y + 6, LEGEND, Style.TEXT, Style.QUIET, Anchor.START);
            scale.vertical(canvas, barLeft, top, barHeight, place -> legendColor(view, place));
            bottom = top + barHeight;
        }
        double end = canvas.foot(legend ? foot : "", bottom + 12, total);
        return new Picture(canvas.titleOr("Attribution heat map"), total, end, canvas, null);
    }

    private int legendColor(HeatMap.View view, double place) {
        return switch (view) {
            case HEAT_MAP, SIDE_BY_SIDE -> scale.map().applyAsInt(place);
            case OVERLAY -> opacity.over(Style.PAPER, scale.map(), place);
            case MASKED -> OkLab.blend(0x000000, 0xffffff, Math.abs(place));
            case ALPHA_SCALED -> OkLab.blend(0xffffff, 0x404040, Math.abs(place));
        };
    }

    private void panel(Panel panel, double x, double y, double panelWidth, double panelHeight, boolean smooth) {
        int columns = canvas.device(panelWidth);
        int rows = canvas.device(panelHeight);
        double[] enlarged = smooth
                ? Resample.smooth(values, width, height, columns, rows)
                : Resample.nearest(values, width, height, columns, rows);
        int[] under = original == null ? new int[enlarged.length] : original.rgb(columns, rows, smooth);
        int[] rgb = new int[enlarged.length];
        for (int i = 0; i < rgb.length; i++) {
            double place = scale.place(enlarged[i]);
            rgb[i] = switch (panel) {
                case ORIGINAL -> under[i];
                case HEAT_MAP -> scale.map().applyAsInt(place);
                case OVERLAY -> opacity.over(paleGray(under[i]), scale.map(), place);
                case MASKED -> OkLab.blend(0x000000, under[i], Math.abs(place));
                case ALPHA_SCALED -> OkLab.blend(Style.PAPER, under[i], Math.abs(place));
            };
        }
        canvas.raster(x, y, panelWidth, panelHeight, columns, rows, rgb);
        canvas.frame(x, y, panelWidth, panelHeight, Style.RULE);
    }

    /** Returns a brightness between mid-gray and white, so that no color of the image looks like one of the scale. */
    private static int paleGray(int rgb) {
        double luma = 0.299 * (rgb >> 16 & 0xff) + 0.587 * (rgb >> 8 & 0xff) + 0.114 * (rgb & 0xff);
        int gray = (int) Math.rint(135 + luma * (252 - 135) / 255);
        return gray << 16 | gray << 8 | gray;
    }
}
