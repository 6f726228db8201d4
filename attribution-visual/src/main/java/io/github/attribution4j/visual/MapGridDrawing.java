// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.ColorScale;
import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Resample;
import io.github.attribution4j.visual.internal.Style;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Layout and pixels of a {@link MapGrid}. */
final class MapGridDrawing {
    private static final double GAP = 10;
    private static final double LINE = 14;
    private static final double SHORTEST_BAR = 96;
    private static final double THINNEST = 10;

    private final List<MapGrid.Entry> maps;
    private final @Nullable ColorScale common;
    private final double outlierPercentage;
    private final ColorMap colors;
    private final Canvas canvas;

    MapGridDrawing(
            List<MapGrid.Entry> maps,
            @Nullable ColorScale common,
            double outlierPercentage,
            ColorMap colors,
            Caption caption) {
        this.maps = maps;
        this.common = common;
        this.outlierPercentage = outlierPercentage;
        this.colors = colors;
        this.canvas = caption.canvas();
    }

    Picture draw(int columns, int cellSize, String quantity, String said) {
        double cell = 0;
        double tallest = 0;
        for (MapGrid.Entry map : maps) {
            cell = Math.max(cell, width(map, cellSize));
            tallest = Math.max(tallest, height(map, cellSize));
        }
        double bar = common == null ? 0 : GAP + common.verticalWidth(quantity);
        double right = 2 * Style.MARGIN + columns * (cell + GAP) - GAP;
        double total = Math.max(right + bar, canvas.hasTitle() ? 300 : 0);
        double head = canvas.heading(total);
        double labels = common == null ? 2 * LINE : LINE;
        double y = head;
        for (int i = 0; i < maps.size(); i++) {
            if (i > 0 && i % columns == 0) {
                y += labels + tallest + GAP;
            }
            draw(maps.get(i), Style.MARGIN + i % columns * (cell + GAP), y, labels, cell, cellSize);
        }
        double bottom = y + labels + tallest;
        if (common != null) {
            ColorScale scale = common;
            double left = right - Style.MARGIN + GAP;
            canvas.text(left, head + 6, quantity, Style.TEXT, Style.QUIET, Anchor.START);
            double length = Math.max(SHORTEST_BAR, Math.min(bottom - head - LINE, 240));
            scale.vertical(
                    canvas, left, head + LINE + 8, length, place -> scale.map().applyAsInt(place));
            bottom = Math.max(bottom, head + LINE + 8 + length);
        }
        double end = canvas.foot(said, bottom + 12, total);
        return new Picture(canvas.titleOr("Grid of maps"), total, end, canvas, null);
    }

    private static double width(MapGrid.Entry map, int cellSize) {
        return side(map.width(), map, cellSize);
    }

    private static double height(MapGrid.Entry map, int cellSize) {
        return side(map.height(), map, cellSize);
    }

    /** Maps of one grid may have different sizes; their longer sides are drawn equally long. */
    private static double side(int count, MapGrid.Entry map, int cellSize) {
        return Math.max(THINNEST, (double) cellSize * count / Math.max(map.height(), map.width()));
    }

    private void draw(MapGrid.Entry map, double x, double y, double labels, double cell, int cellSize) {
        ColorScale scale = common == null ? ColorScale.of(map.values(), outlierPercentage, colors::at) : common;
        String name = Glyphs.elide(map.name(), Style.SMALL, false, cell);
        canvas.text(x, y + LINE - 4, name, Style.SMALL, Style.INK, Anchor.START);
        if (common == null) {
            String limit = Glyphs.elide("\u00b1 " + Numbers.brief(scale.limit()), Style.SMALL, false, cell);
            canvas.text(x, y + 2 * LINE - 4, limit, Style.SMALL, Style.QUIET, Anchor.START);
        }
        double width = width(map, cellSize);
        double height = height(map, cellSize);
        int columns = canvas.device(width);
        int rows = canvas.device(height);
        double[] enlarged = Resample.nearest(map.values(), map.width(), map.height(), columns, rows);
        int[] rgb = new int[enlarged.length];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = scale.map().applyAsInt(scale.place(enlarged[i]));
        }
        canvas.raster(x, y + labels, width, height, columns, rows, rgb);
        canvas.frame(x, y + labels, width, height, Style.RULE);
    }
}
