// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.ColorScale;
import io.github.attribution4j.visual.internal.Explained;
import io.github.attribution4j.visual.internal.Numbers;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Attributions of an image as a heat map: alone, over the original, or side by side with it.
 *
 * <pre>{@code
 * Picture picture = HeatMap.of(attributions, 3, 224, 224)
 *         .over(OriginalImage.of(photo))
 *         .caption(Caption.of("Integrated gradients, class 281 (tabby cat)"))
 *         .picture();
 * picture.write(Path.of("why.png"));
 * }</pre>
 *
 * <p>Attributions become colors in this order: the channels of a pixel are reduced ({@link #channels}), the part of the
 * chosen sign is taken ({@link #sign}), a limit L is found ({@link #colorLimit}), and a pixel of value v gets the color
 * at {@code t = clamp(v / L, −1, 1)}. There is no other scaling: zero always has the neutral color, equal values have
 * equal colors, and the ticks of the legend are the true values. If values exceed L, the ends of the legend say ≤ or ≥,
 * and the foot line gives the largest.
 *
 * <p>Like Captum's {@code visualize_image_attr}, with these differences: colors are blue and red rather than green and
 * red, which color-blind readers confuse; the legend shows attributions rather than the range −1 to 1; negative values
 * keep their sign under {@link Sign#NEGATIVE}; and attributions of another size than the original, such as class
 * activation maps, are stretched over it.
 *
 * <p>Immutable and thread-safe. Arrays are copied.
 */
public final class HeatMap implements Chart {

    /** What is shown. */
    public enum View {
        /** The attributions alone. */
        HEAT_MAP,
        /** The attributions over the original in pale gray. */
        OVERLAY,
        /** Original, heat map and overlay in a row. */
        SIDE_BY_SIDE,
        /** The original times the magnitude t: black where nothing was attributed. Needs a sign other than ALL. */
        MASKED,
        /** The original with opacity t: white where nothing was attributed. Needs a sign other than ALL. */
        ALPHA_SCALED
    }

    /** How values between the pixels of the attribution are computed when it is enlarged. */
    public enum Interpolation {
        /**
         * Nearest if the image (the original if there is one) has at most 64 pixels along its longer side, else smooth.
         */
        AUTO,
        /** Every pixel a rectangle of one color. */
        NEAREST,
        /** Bilinear, of the values before they become colors. Shrinking averages. */
        SMOOTH
    }

    private final double[] values;
    private final int channelCount;
    private final int height;
    private final int width;
    private final Settings settings;

    private static final class Settings extends Look {
        ChannelReduction reduction = ChannelReduction.SUM;
        Sign sign = Sign.ALL;
        double outlierPercentage = 2;

        @Nullable
        OriginalImage original;

        @Nullable
        View view;

        Interpolation interpolation = Interpolation.AUTO;
        Opacity opacity = Opacity.byMagnitude(0.9);

        @Nullable
        ColorMap colors;

        boolean legend = true;
        int panelSize = 280;
        String[] rowNames = {};
        String[] columnNames = {};
    }

    private HeatMap(double[] values, int channelCount, int height, int width, Settings settings) {
        this.values = values;
        this.channelCount = channelCount;
        this.height = height;
        this.width = width;
        this.settings = settings;
    }

    /**
     * Returns a heat map of the attributions of one image.
     *
     * @param attributions shape {@code [channels, height, width]}, row-major; copied
     * @param channels at least 1; 1 for shape {@code [height, width]}
     * @param height rows
     * @param width columns
     * @return a heat map with default settings
     * @throws IllegalArgumentException if the sizes do not fit or a value is not finite
     */
    public static HeatMap of(double[] attributions, int channels, int height, int width) {
        checkShape("attributions", attributions.length, channels, height, width);
        return new HeatMap(
                Checks.finite("attributions", attributions.clone()), channels, height, width, new Settings());
    }

    /**
     * As {@link #of(double[], int, int, int)}, for float32 values.
     *
     * @param attributions shape {@code [channels, height, width]}, row-major; copied
     * @param channels at least 1; 1 for shape {@code [height, width]}
     * @param height rows
     * @param width columns
     * @return a heat map with default settings
     * @throws IllegalArgumentException if the sizes do not fit or a value is not finite
     */
    public static HeatMap of(float[] attributions, int channels, int height, int width) {
        return of(Checks.widen(attributions), channels, height, width);
    }

    /**
     * Returns a heat map of the only attributed input of an explanation. Method, target, scores and settings are its
     * title, subtitle and note until others are set. Rows and columns have the {@link #names} of the positions on the
     * last two axes, as those of a matrix of interactions do.
     *
     * @param explanation with attributions of shape {@code [N, C, H, W]} or {@code [N, H, W]}; copied, not closed
     * @param example which row of the batch
     * @return a heat map with default settings
     * @throws IllegalArgumentException if there are several inputs, the input is no image, or the example is out
     *     of range
     */
    public static HeatMap of(Explanation explanation, int example) {
        Explained explained = new Explained(explanation, example);
        return of(explained, explained.onlyName());
    }

    /**
     * As {@link #of(Explanation, int)}, for an explanation of several inputs.
     *
     * @param explanation copied, not closed
     * @param input the name of the input to show
     * @param example which row of the batch
     * @return a heat map with default settings
     * @throws IllegalArgumentException if there is no such input, it is no image, or the example is out of range
     */
    public static HeatMap of(Explanation explanation, String input, int example) {
        return of(new Explained(explanation, example), input);
    }

    private static HeatMap of(Explained explained, String input) {
        Tensor tensor = explained.input(input);
        int[] shape = Explained.imageShape("attribution", tensor);
        int pixels = shape[1] * shape[2];
        // A group of several channels contributes once to the pixel; the reduction would count it for each channel.
        HeatMap map = of(explained.once(input, element -> element % pixels), shape[0], shape[1], shape[2])
                .caption(Caption.of(explained));
        int axes = tensor.shape().rank();
        String[] rows = named(explained.names(input, axes - 2), shape[1]);
        String[] columns = named(explained.names(input, axes - 1), shape[2]);
        return map.with(settings -> {
            settings.rowNames = rows;
            settings.columnNames = columns;
        });
    }

    /** Returns a name for each position, blank for those after the last name; none where there are none. */
    private static String[] named(Optional<String[]> names, int positions) {
        String[] padded = names.map(given -> Arrays.copyOf(given, positions)).orElse(new String[0]);
        Arrays.setAll(padded, i -> padded[i] == null ? "" : padded[i]);
        return padded;
    }

    static void checkShape(String argument, int length, int channels, int height, int width) {
        Checks.atLeast("channels", channels, 1);
        Checks.atLeast("height", height, 1);
        Checks.atLeast("width", width, 1);
        if ((long) channels * height * width != length) {
            throw Checks.refuse(
                    argument,
                    length + " values for shape [" + channels + ", " + height + ", " + width + "]",
                    "that shape has " + (long) channels * height * width
                            + "; give one image, without the batch axis, in the order channel, row, column");
        }
    }

    /**
     * Returns the value at which colors saturate. With the magnitudes |v| sorted ascending as m₁ ≤ … ≤ mₙ it is the
     * first positive
     *
     * <pre>  m_k  with  m₁ + … + m_k ≥ (1 − p/100)·(m₁ + … + mₙ)</pre>
     *
     * <p>so the values above it have at most p % of the summed magnitude. Captum's {@code outlier_perc} means the same.
     * The limit is zero only if all values are zero; p = 0 gives the largest magnitude.
     *
     * @param values finite values of any shape; not modified
     * @param outlierPercentage p, 0 to 100
     * @return the limit
     * @throws IllegalArgumentException if there are no values, one is not finite, or p is out of range
     */
    public static double colorLimit(double[] values, double outlierPercentage) {
        Checks.within("outlierPercentage", outlierPercentage, 0, 100);
        return ColorScale.limit(Checks.finite("values", values), outlierPercentage);
    }

    /**
     * Returns a copy that reduces channels otherwise.
     *
     * @param reduction sum by default
     */
    public HeatMap channels(ChannelReduction reduction) {
        return with(settings -> settings.reduction = reduction);
    }

    /**
     * Returns a copy that draws the part of another sign.
     *
     * @param sign all by default
     */
    public HeatMap sign(Sign sign) {
        return with(settings -> settings.sign = sign);
    }

    /**
     * Returns a copy that lets another part saturate; see {@link #colorLimit}.
     *
     * @param percentage 0 to 100; 2 by default
     * @throws IllegalArgumentException if it is out of range
     */
    public HeatMap outlierPercentage(double percentage) {
        return with(settings -> settings.outlierPercentage = Checks.within("percentage", percentage, 0, 100));
    }

    /**
     * Returns a copy with the image that was explained.
     *
     * @param original of any size; the attributions are stretched over it
     */
    public HeatMap over(OriginalImage original) {
        return with(settings -> settings.original = original);
    }

    /**
     * Returns a copy with another view.
     *
     * @param view by default side by side if there is an original, else the heat map
     */
    public HeatMap view(View view) {
        return with(settings -> settings.view = view);
    }

    /**
     * Returns a copy that enlarges attributions otherwise.
     *
     * @param interpolation automatic by default
     */
    public HeatMap interpolation(Interpolation interpolation) {
        return with(settings -> settings.interpolation = interpolation);
    }

    /**
     * Returns a copy whose overlay covers the original with another opacity.
     *
     * @param opacity by magnitude, at most 0.9, by default
     */
    public HeatMap opacity(Opacity opacity) {
        return with(settings -> settings.opacity = opacity);
    }

    /**
     * Returns a copy with other colors.
     *
     * @param map by default {@link ColorMap#BLUE_WHITE_RED}, and {@link ColorMap#WHITE_VIOLET} for absolute values
     */
    public HeatMap colors(ColorMap map) {
        return with(settings -> settings.colors = map);
    }

    /**
     * Returns a copy with or without color bar, panel names and the foot line about saturation.
     *
     * @param legend true by default
     */
    public HeatMap legend(boolean legend) {
        return with(settings -> settings.legend = legend);
    }

    /**
     * Returns a copy with the names of rows and columns, which stand beside and below them in the view
     * {@link View#HEAT_MAP}. Up to 64 of them make the panel so large that each has room; of more, every second, third
     * and so on is named.
     *
     * @param rows one for each row, from the top; none to leave them unnamed
     * @param columns one for each column, from the left; none to leave them unnamed
     * @throws IllegalArgumentException if there are some, but not as many as rows or columns
     */
    public HeatMap names(String[] rows, String[] columns) {
        String[] rowNames = checkedNames("rows", rows, height);
        String[] columnNames = checkedNames("columns", columns, width);
        return with(settings -> {
            settings.rowNames = rowNames;
            settings.columnNames = columnNames;
        });
    }

    private static String[] checkedNames(String argument, String[] names, int wanted) {
        if (names.length > 0) {
            Checks.sameLength(argument, names.length, "the heat map's " + argument, wanted);
        }
        return Checks.copy(argument, names);
    }

    /**
     * Returns a copy with panels of another size.
     *
     * @param pixels the longer side, about, in CSS pixels, 16 to 4096; 280 by default
     * @throws IllegalArgumentException if it is out of range
     */
    public HeatMap panelSize(int pixels) {
        return with(settings -> settings.panelSize = (int) Checks.within("pixels", pixels, 16, 4096));
    }

    /**
     * Returns a copy with another caption.
     *
     * @param caption none by default; of an explanation method, target, scores and settings
     */
    public HeatMap caption(Caption caption) {
        return with(settings -> settings.caption = caption);
    }

    /** Returns the caption, from which another can be made: {@code chart.caption(chart.caption().title("Why?"))}. */
    public Caption caption() {
        return settings.caption;
    }

    private HeatMap with(Consumer<Settings> change) {
        return new HeatMap(values, channelCount, height, width, Look.with(settings, change));
    }

    /**
     * Draws the picture.
     *
     * @throws IllegalStateException if the settings contradict each other
     */
    @Override
    public Picture picture() {
        double[] shown = settings.reduction.reduce(values, channelCount, height * width);
        boolean negative = false;
        for (int i = 0; i < shown.length; i++) {
            shown[i] = settings.sign.of(shown[i]);
            negative |= shown[i] < 0;
        }
        View chosen =
                settings.view != null ? settings.view : settings.original == null ? View.HEAT_MAP : View.SIDE_BY_SIDE;
        if (settings.original == null && chosen != View.HEAT_MAP) {
            throw new IllegalStateException(
                    "view: " + chosen + " needs the original image; call over(image), or choose HEAT_MAP");
        }
        boolean masks = chosen == View.MASKED || chosen == View.ALPHA_SCALED;
        if (masks && settings.sign == Sign.ALL) {
            throw new IllegalStateException(
                    "sign: ALL cannot be told apart in view " + chosen + "; choose POSITIVE, NEGATIVE or ABSOLUTE");
        }
        ColorMap map = settings.colors != null
                ? settings.colors
                : settings.sign == Sign.ABSOLUTE ? ColorMap.WHITE_VIOLET : ColorMap.BLUE_WHITE_RED;
        if (negative && !map.isDiverging()) {
            throw new IllegalStateException(
                    "colors: a sequential map cannot show negative values; choose a diverging map"
                            + " or sign POSITIVE or ABSOLUTE");
        }
        ColorScale colorScale = ColorScale.of(shown, settings.outlierPercentage, map::at);
        return new HeatMapDrawing(
                        shown, height, width, settings.original, colorScale, settings.opacity, settings.caption)
                .named(settings.rowNames, settings.columnNames)
                .draw(chosen, smooth(), settings.panelSize, settings.legend, foot(colorScale));
    }

    private boolean smooth() {
        int longer = settings.original == null
                ? Math.max(width, height)
                : Math.max(settings.original.width(), settings.original.height());
        return settings.interpolation == Interpolation.SMOOTH
                || (settings.interpolation == Interpolation.AUTO && longer > 64);
    }

    private String foot(ColorScale colorScale) {
        String channels = channelCount == 1
                ? ""
                : (settings.reduction == ChannelReduction.SUM ? "Sum" : "Largest magnitude") + " over " + channelCount
                        + " channels. ";
        String part = switch (settings.sign) {
            case ALL -> "";
            case POSITIVE -> "Positive part. ";
            case NEGATIVE -> "Negative part. ";
            case ABSOLUTE -> "Absolute values. ";
        };
        if (colorScale.largest() == 0) {
            return channels + part + "All attributions shown are zero.";
        }
        String clip = colorScale.clips()
                ? "Colors saturate at |a| = " + Numbers.brief(colorScale.limit()) + " (outliers: "
                        + Numbers.brief(settings.outlierPercentage) + " % of \u03a3|a|); largest |a| = "
                        + Numbers.brief(colorScale.largest()) + "."
                : "";
        return channels + part + clip;
    }

    /** Returns the extents and the title. */
    @Override
    public String toString() {
        return "HeatMap[" + channelCount + (channelCount == 1 ? " channel of " : " channels of ") + height + " x "
                + width + settings.caption.inBrackets();
    }
}
