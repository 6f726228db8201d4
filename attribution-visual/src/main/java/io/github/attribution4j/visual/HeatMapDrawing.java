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
    /** What a name takes of the axis that it stands at. */
    private static final double NAME = 14;
    /** So many positions are made large enough for a name each. */
    private static final int ALL_NAMED = 64;

    private static final double LONGEST_NAME = 170;

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
    private String[] rowNames = {};
    private String[] columnNames = {};

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

    /** Takes names for rows and columns; none where there are none. They are shown beside a heat map alone. */
    HeatMapDrawing named(String[] rows, String[] columns) {
        rowNames = rows;
        columnNames = columns;
        return this;
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
        boolean named = view == HeatMap.View.HEAT_MAP && rowNames.length + columnNames.length > 0;
        if (named && original == null && Math.max(columns, rows) <= ALL_NAMED) {
            cell = Math.max(cell, NAME);
        }
        double left = Style.MARGIN + (named ? room(rowNames) : 0);
        double panelWidth = Math.max(12, Math.rint(columns * cell));
        double panelHeight = Math.max(12, Math.rint(rows * cell));

        double right = panels.size() * (panelWidth + GAP) - GAP;
        double bar = legend ? GAP + scale.verticalWidth(LEGEND) : 0;
        double total = Math.max(left + right + bar + Style.MARGIN, legend || canvas.hasTitle() ? 300 : 0);
        double y = canvas.heading(total);
        if (legend) {
            y += 4;
        }
        double top = legend ? y + 19 : y;
        double x = left;
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
        double end = top + panelHeight;
        if (named) {
            rowNames(left - 6, top, panelHeight / height);
            end = columnNames(left, end + 6, panelWidth / width);
        }
        double bottom = end;
        if (legend) {
            double barHeight = Math.max(SHORTEST_BAR, panelHeight);
            double barLeft = Math.max(x, panels.size() == 1 ? left + 110 + GAP : 0);
            total = Math.max(total, barLeft + bar - GAP + Style.MARGIN);
            canvas.text(barLeft, y + 6, LEGEND, Style.TEXT, Style.QUIET, Anchor.START);
            scale.vertical(canvas, barLeft, top, barHeight, place -> legendColor(view, place));
            bottom = Math.max(end, top + barHeight);
        }
        double whole = canvas.foot(legend ? foot : "", bottom + 12, total);
        return new Picture(canvas.titleOr("Attribution heat map"), total, whole, canvas, null);
    }

    /** Returns what the longest name takes, with the gap before the panel. */
    private static double room(String[] names) {
        double widest = 0;
        for (String name : names) {
            widest = Math.max(widest, Glyphs.width(shown(name, LONGEST_NAME), Style.TEXT, false));
        }
        return widest == 0 ? 0 : widest + 6;
    }

    private static String shown(String name, double room) {
        return Glyphs.elide(Glyphs.visible(name), Style.TEXT, false, room);
    }

    /** Returns from each position that is named how far it is to the next. */
    private static int step(double cell) {
        return Math.max(1, (int) Math.ceil(NAME / cell));
    }

    private void rowNames(double right, double top, double cell) {
        for (int row = 0; row < rowNames.length; row += step(cell)) {
            double y = top + (row + 0.5) * cell + 4;
            canvas.text(right, y, shown(rowNames[row], LONGEST_NAME), Style.TEXT, Style.INK, Anchor.END);
        }
    }

    /** Writes names from left to right where all have room so, else from bottom to top; returns the y below them. */
    private double columnNames(double left, double top, double cell) {
        boolean level = room(columnNames) <= cell;
        for (int column = 0; column < columnNames.length; column += step(cell)) {
            double x = left + (column + 0.5) * cell;
            String name = shown(columnNames[column], LONGEST_NAME);
            if (level) {
                canvas.text(x, top + Style.TEXT - 2, name, Style.TEXT, Style.INK, Anchor.MIDDLE);
            } else {
                canvas.upright(x + 4, top, name, Style.TEXT, Style.INK, Anchor.END);
            }
        }
        return top + (columnNames.length == 0 ? 0 : level ? Style.TEXT + 2 : room(columnNames));
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
