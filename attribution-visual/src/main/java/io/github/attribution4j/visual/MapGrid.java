// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.view.LayerView;
import io.github.attribution4j.view.LayerView.Quantity;
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
 * <p>Zero is always the neutral color. With {@link Scaling#COMMON} equal values have equal colors in all maps, and the legend has the true
 * values; with {@link Scaling#OWN} every map reaches from the darkest blue to the darkest red its values need, and its limit stands
 * below its name.
 *
 * <p>Immutable and thread-safe. Arrays are copied.
 */
public final class MapGrid {
    /** How values become colors. */
    public enum Scaling {
        /** One scale for all maps, with a legend. */
        COMMON,
        /** A scale for each map, whose limit is written below its name. */
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

    /** Returns a grid without maps, to which {@link #add} adds. */
    public static MapGrid empty() {
        return new MapGrid(List.of(), new Settings());
    }

    /**
     * The channels of a layer at one example. Channels of two axes of positions are maps, of one axis rows, and units without positions
     * one row together.
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
     * The filters of a convolution, one map for each output channel and input channel.
     *
     * @param weight shape {@code (out, in, height, width)} or {@code (out, in, length)}; not closed
     * @return a grid with default settings and a row for each output channel if there are few input channels
     * @throws IllegalArgumentException if the shape is another
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
     * Adds a map.
     *
     * @param name shown above it
     * @param values finite, row-major; copied
     * @param height rows
     * @param width columns
     * @return a copy that differs in this
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
     * How values become colors.
     *
     * @param scaling common by default
     * @return a copy that differs in this
     */
    public MapGrid scaling(Scaling scaling) {
        return with(settings -> settings.scaling = scaling);
    }

    /**
     * How much may saturate; see {@link HeatMap#colorLimit}.
     *
     * @param percentage 0 to 100; 0 by default
     * @return a copy that differs in this
     * @throws IllegalArgumentException if it is out of range
     */
    public MapGrid outlierPercentage(double percentage) {
        return with(settings -> settings.outlierPercentage = Checks.within("percentage", percentage, 0, 100));
    }

    /**
     * The colors.
     *
     * @param map by default {@link ColorMap#BLUE_WHITE_RED}
     * @return a copy that differs in this
     */
    public MapGrid colors(ColorMap map) {
        return with(settings -> settings.colors = map);
    }

    /**
     * How many maps are drawn; the foot line says how many are left out.
     *
     * @param maps the first ones, at least 1; 64 by default
     * @return a copy that differs in this
     * @throws IllegalArgumentException if it is less than 1
     */
    public MapGrid top(int maps) {
        return with(settings -> settings.top = Checks.atLeast("maps", maps, 1));
    }

    /**
     * How many maps stand in a row.
     *
     * @param number at least 1; 8 by default
     * @return a copy that differs in this
     * @throws IllegalArgumentException if it is less than 1
     */
    public MapGrid columns(int number) {
        return with(settings -> settings.columns = Checks.atLeast("number", number, 1));
    }

    /**
     * How large one map is.
     *
     * @param pixels the longer side, about, in CSS pixels, 8 to 1024; 72 by default
     * @return a copy that differs in this
     * @throws IllegalArgumentException if it is out of range
     */
    public MapGrid cellSize(int pixels) {
        return with(settings -> settings.cellSize = (int) Checks.within("pixels", pixels, 8, 1024));
    }

    /**
     * What the values are, above the legend.
     *
     * @param text short
     * @return a copy that differs in this
     */
    public MapGrid quantity(String text) {
        return with(settings -> settings.quantity = text);
    }

    /**
     * Returns a copy with other texts around it.
     *
     * @param caption none by default; what is shown, where a layer or weight is drawn
     */
    public MapGrid caption(Caption caption) {
        return with(settings -> settings.caption = caption);
    }

    /** Returns the texts around it, so that one can be changed: {@code chart.caption(chart.caption().title("Why?"))}. */
    public Caption caption() {
        return settings.caption;
    }

    private MapGrid with(Consumer<Settings> change) {
        return new MapGrid(maps, Look.with(settings, change));
    }

    /**
     * Draws.
     *
     * @return the picture
     * @throws IllegalStateException if no map was added
     */
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
            common = ColorScale.of(all, settings.outlierPercentage, settings.colors);
        }
        String left = shown.size() == maps.size()
                ? ""
                : "The first " + shown.size() + " of " + maps.size() + " maps are shown.";
        return new MapGridDrawing(shown, common, settings.outlierPercentage, settings.colors, settings.caption)
                .draw(Math.min(settings.columns, shown.size()), settings.cellSize, settings.quantity, left);
    }

    /** Returns the number of maps and the title. */
    @Override
    public String toString() {
        return "MapGrid[" + maps.size() + (maps.size() == 1 ? " map" : " maps") + settings.caption.inBrackets();
    }
}
