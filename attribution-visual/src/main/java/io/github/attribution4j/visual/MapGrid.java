// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.view.LayerView;
import io.github.attribution4j.view.LayerView.Quantity;
import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.ColorScale;
import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Resample;
import io.github.attribution4j.visual.internal.Style;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Many small maps side by side: the channels of a layer, the filters of a convolution, the maps of several methods.
 *
 * <pre>{@code
 * MapGrid.of(views.get("conv1"), LayerView.Quantity.ACTIVATION, 0).picture().write(Path.of("conv1.png"));
 * MapGrid.ofFilters(model.weight("conv1.weight")).picture().write(Path.of("filters.png"));
 * }</pre>
 *
 * <p>Zero always has the neutral color. With {@link Scaling#COMMON} equal values have equal colors in all maps, and the
 * legend has the true values; with {@link Scaling#OWN} every map uses the whole color map, and its limit is printed
 * below its name.
 *
 * <p>Immutable and thread-safe. Arrays are copied.
 */
public final class MapGrid implements Chart {
    /** How values become colors. */
    public enum Scaling {
        /** One scale for all maps, with a legend. */
        COMMON,
        /** A separate scale for each map; its limit is printed below the name. */
        OWN
    }

    /** One map. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this package
    record Entry(String name, double[] values, int height, int width) {}

    private final List<Entry> maps;
    private final Settings settings;

    private static final class Settings extends Look {
        Scaling scaling = Scaling.COMMON;
        double outlierPercentage = 0;
        ColorMap colors = ColorMap.BLUE_WHITE_RED;
        int top = 64;
        int columns = 8;
        int cellSize = 72;
        String quantity = "value";
    }

    private MapGrid(List<Entry> maps, Settings settings) {
        this.maps = List.copyOf(maps);
        this.settings = settings;
    }

    /** Returns a grid without maps; {@link #add} adds them. */
    public static MapGrid empty() {
        return new MapGrid(List.of(), new Settings());
    }

    /**
     * Returns the channels of a layer for one example. A channel with two axes of positions is a map, one with a single
     * axis is a row, and units without positions form one row.
     *
     * @param view of the layer
     * @param quantity activations, gradients or their product
     * @param example which row of the batch
     * @return a grid with default settings
     * @throws IllegalArgumentException if channels have more than two axes of positions
     */
    public static MapGrid of(LayerView view, Quantity quantity, int example) {
        long[] positions = view.positionShape();
        if (positions.length > 2) {
            throw Checks.refuse(
                    "view",
                    "layer '" + view.point() + "' with positions " + Shape.of(positions),
                    "maps have at most two axes; slice the activation and add the slices");
        }
        List<Entry> maps = new ArrayList<>();
        int channels = view.channels();
        if (positions.length == 0) {
            double[] units = new double[channels];
            for (int channel = 0; channel < channels; channel++) {
                units[channel] = view.channel(quantity, example, channel)[0];
            }
            maps.add(entry("units", units, 1, channels));
        } else {
            int height = positions.length == 2 ? Math.toIntExact(positions[0]) : 1;
            int width = Math.toIntExact(positions[positions.length - 1]);
            for (int channel = 0; channel < channels; channel++) {
                maps.add(entry(Integer.toString(channel), view.channel(quantity, example, channel), height, width));
            }
        }
        String what = quantity == Quantity.PRODUCT
                ? "activation \u00b7 gradient"
                : quantity.name().toLowerCase(Locale.ROOT);
        return new MapGrid(maps, new Settings())
                .quantity(what)
                .caption(Caption.of(view.point() + " (" + view.point().kind() + "): " + what));
    }

    /**
     * Returns the filters of a convolution, one map for each output channel and input channel.
     *
     * @param weight shape {@code (out, in, height, width)} or {@code (out, in, length)}; not closed
     * @return a grid with default settings; a row for each output channel if there are few input channels
     * @throws IllegalArgumentException if it has another shape
     */
    public static MapGrid ofFilters(Tensor weight) {
        Shape shape = weight.shape();
        if (shape.rank() != 3 && shape.rank() != 4) {
            throw Checks.refuse(
                    "weight",
                    "shape " + shape,
                    "filters have shape (out, in, height, width) or (out, in, length); give a convolution's weight");
        }
        int in = Math.toIntExact(shape.dim(1));
        int height = shape.rank() == 4 ? Math.toIntExact(shape.dim(2)) : 1;
        int width = Math.toIntExact(shape.dim(-1));
        double[] values = weight.toDoubleArray();
        List<Entry> maps = new ArrayList<>();
        for (int filter = 0; filter < values.length / (height * width); filter++) {
            double[] map = new double[height * width];
            System.arraycopy(values, filter * map.length, map, 0, map.length);
            maps.add(entry((filter / in) + " \u2190 " + (filter % in), map, height, width));
        }
        return new MapGrid(maps, new Settings())
                .columns(in > 1 && in <= 12 ? in : 8)
                .quantity("weight")
                .caption(Caption.of("Filters " + shape));
    }

    /**
     * Returns a copy with one more map.
     *
     * @param name shown above it
     * @param values finite, row-major; copied
     * @param height rows
     * @param width columns
     * @throws IllegalArgumentException if the sizes do not fit or a value is not finite
     */
    public MapGrid add(String name, double[] values, int height, int width) {
        return new MapGrid(Look.plus(maps, entry(name, values, height, width)), settings);
    }

    private static Entry entry(String name, double[] values, int height, int width) {
        HeatMap.checkShape("values", values.length, 1, height, width);
        return new Entry(name, Checks.finite("values", values.clone()), height, width);
    }

    /**
     * Returns a copy with another scaling.
     *
     * @param scaling common by default
     */
    public MapGrid scaling(Scaling scaling) {
        return with(settings -> settings.scaling = scaling);
    }

    /**
     * Returns a copy that lets another part saturate; see {@link HeatMap#colorLimit}.
     *
     * @param percentage 0 to 100; 0 by default
     * @throws IllegalArgumentException if it is out of range
     */
    public MapGrid outlierPercentage(double percentage) {
        return with(settings -> settings.outlierPercentage = Checks.within("percentage", percentage, 0, 100));
    }

    /**
     * Returns a copy with other colors.
     *
     * @param map by default {@link ColorMap#BLUE_WHITE_RED}
     */
    public MapGrid colors(ColorMap map) {
        return with(settings -> settings.colors = map);
    }

    /**
     * Returns a copy that draws another number of maps; the foot line says how many are left out.
     *
     * @param maps the first ones, at least 1; 64 by default
     * @throws IllegalArgumentException if it is less than 1
     */
    public MapGrid top(int maps) {
        return with(settings -> settings.top = Checks.atLeast("maps", maps, 1));
    }

    /**
     * Returns a copy with another number of maps in a row.
     *
     * @param number at least 1; 8 by default
     * @throws IllegalArgumentException if it is less than 1
     */
    public MapGrid columns(int number) {
        return with(settings -> settings.columns = Checks.atLeast("number", number, 1));
    }

    /**
     * Returns a copy with maps of another size.
     *
     * @param pixels the longer side, about, in CSS pixels, 8 to 1024; 72 by default
     * @throws IllegalArgumentException if it is out of range
     */
    public MapGrid cellSize(int pixels) {
        return with(settings -> settings.cellSize = (int) Checks.within("pixels", pixels, 8, 1024));
    }

    /**
     * Returns a copy with a text above the legend that says what the values are.
     *
     * @param text short
     */
    public MapGrid quantity(String text) {
        return with(settings -> settings.quantity = text);
    }

    /**
     * Returns a copy with another caption.
     *
     * @param caption none by default; what is shown, where a layer or weight is drawn
     */
    public MapGrid caption(Caption caption) {
        return with(settings -> settings.caption = caption);
    }

    /** Returns the caption, from which another can be made: {@code chart.caption(chart.caption().title("Why?"))}. */
    public Caption caption() {
        return settings.caption;
    }

    private MapGrid with(Consumer<Settings> change) {
        return new MapGrid(maps, Look.with(settings, change));
    }

    /**
     * Draws the picture.
     *
     * @throws IllegalStateException if no map was added
     */
    @Override
    public Picture picture() {
        if (maps.isEmpty()) {
            throw new IllegalStateException("maps: none was added; there is nothing to draw");
        }
        List<Entry> shown = maps.subList(0, Math.min(settings.top, maps.size()));
        @Nullable ColorScale common = null;
        if (settings.scaling == Scaling.COMMON) {
            double[] all = shown.stream()
                    .flatMapToDouble(entry -> Arrays.stream(entry.values()))
                    .toArray();
            common = ColorScale.of(all, settings.outlierPercentage, settings.colors::at);
        }
        String left = shown.size() == maps.size()
                ? ""
                : "The first " + shown.size() + " of " + maps.size() + " maps are shown.";
        return new Drawing(shown, common, settings.outlierPercentage, settings.colors, settings.caption)
                .draw(Math.min(settings.columns, shown.size()), settings.cellSize, settings.quantity, left);
    }

    /** Returns the number of maps and the title. */
    @Override
    public String toString() {
        return "MapGrid[" + maps.size() + (maps.size() == 1 ? " map" : " maps") + settings.caption.inBrackets();
    }

    /** The layout and the pixels of one picture. */
    private static final class Drawing {
        private static final double GAP = 10;
        private static final double LINE = 14;
        private static final double SHORTEST_BAR = 96;
        private static final double THINNEST = 10;

        private final List<Entry> maps;
        private final @Nullable ColorScale common;
        private final double outlierPercentage;
        private final ColorMap colors;
        private final Canvas canvas;

        Drawing(
                List<Entry> maps,
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
            for (Entry map : maps) {
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
                        canvas,
                        left,
                        head + LINE + 8,
                        length,
                        place -> scale.map().applyAsInt(place));
                bottom = Math.max(bottom, head + LINE + 8 + length);
            }
            double end = canvas.foot(said, bottom + 12, total);
            return new Picture(canvas.titleOr("Grid of maps"), total, end, canvas, null);
        }

        private static double width(Entry map, int cellSize) {
            return side(map.width(), map, cellSize);
        }

        private static double height(Entry map, int cellSize) {
            return side(map.height(), map, cellSize);
        }

        /** Maps of one grid may have different sizes; their longer sides are drawn equally long. */
        private static double side(int count, Entry map, int cellSize) {
            return Math.max(THINNEST, (double) cellSize * count / Math.max(map.height(), map.width()));
        }

        private void draw(Entry map, double x, double y, double labels, double cell, int cellSize) {
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
}
