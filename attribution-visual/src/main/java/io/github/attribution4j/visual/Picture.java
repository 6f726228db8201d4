// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.SummaryStatistics;
import io.github.attribution4j.view.LayerInspector;
import io.github.attribution4j.view.LayerView;
import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.Java2dPainter;
import io.github.attribution4j.visual.internal.Mark;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Png;
import io.github.attribution4j.visual.internal.SvgWriter;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A finished picture of an explanation: as pixels, as SVG, or as HTML.
 *
 * <p>All forms show the same drawing; in SVG and HTML, some parts also say their numbers when the pointer is over
 * them. SVG and HTML fetch nothing, contain no script, and embed their raster parts as
 * PNG, so they can be mailed, stored and put into a page unchanged; every text in them is escaped. The module
 * {@code attribution-notebook} shows pictures and charts in a JJava notebook; other notebook kernels for the JVM show a
 * {@link BufferedImage} or a string of SVG or HTML directly.
 *
 * <p>The layout does not depend on the machine, so SVG and HTML are the same everywhere. Pixels are the same for the
 * same JDK and the same installed fonts; only the logical font {@code SansSerif} is used. No display is needed.
 *
 * <p>Immutable and thread-safe; every call renders again.
 */
public final class Picture {

    /** The pixels of an image of 512 MiB. */
    private static final double MOST_PIXELS = 1 << 27;
    /** The width of a row of units, of which there are often some hundreds. */
    private static final int UNITS = 512;

    private final String description;
    private final double width;
    private final double height;
    private final double scale;
    private final List<Mark> marks;
    private final @Nullable String html;

    Picture(String description, double width, double height, Canvas canvas, @Nullable String html) {
        this.description = description;
        this.width = Math.ceil(width);
        this.height = Math.ceil(height);
        this.scale = canvas.scale();
        this.marks = canvas.marks();
        this.html = html;
    }

    /**
     * Draws an explanation the way that fits its shape. One attributed input of shape {@code [N, C, H, W]} or
     * {@code [N, H, W]} is a {@link HeatMap}, one whose tokens have names a {@link TokenText}; anything else is a
     * {@link BarChart}, a waterfall if the attributions add up to the score. Several examples of the same features are
     * a beeswarm ({@link SummaryChart}); of several images or texts, the first is shown.
     *
     * @param explanation copied, not closed
     * @throws IllegalStateException if it was closed
     */
    public static Picture of(Explanation explanation) {
        boolean rows = !isText(explanation) && !isImage(explanation) && explanation.scores().length > 1;
        return rows
                ? SummaryChart.beeswarm(AttributionTable.of(explanation))
                        .caption(Caption.of(explanation.provenance().method() + ", target "
                                + explanation.provenance().target()))
                        .picture()
                : of(explanation, 0);
    }

    /**
     * Draws one example of an explanation the way that fits its shape, as {@link #of(Explanation)} does.
     *
     * @param explanation copied, not closed
     * @param example which row of the batch
     * @throws IllegalArgumentException if there is no such example
     * @throws IllegalStateException if the explanation was closed
     */
    public static Picture of(Explanation explanation, int example) {
        if (isText(explanation)) {
            return TokenText.of(explanation, example).picture();
        }
        if (isImage(explanation)) {
            return HeatMap.of(explanation, example).picture();
        }
        BarChart bars = BarChart.of(explanation, example);
        boolean complete =
                explanation.hasCompletenessGap() && explanation.baselineScores().isPresent();
        return (complete ? bars.layout(BarChart.Layout.WATERFALL) : bars).picture();
    }

    /** Tokens have names of their own in each row. */
    private static boolean isText(Explanation explanation) {
        return explanation.attributions().size() == 1
                && explanation.featureNames(0).isEach(1)
                && explanation.attribution().shape().rank() <= 3;
    }

    private static boolean isImage(Explanation explanation) {
        int rank = explanation.attributions().get(0).shape().rank();
        return explanation.attributions().size() == 1 && (rank == 3 || rank == 4);
    }

    /**
     * Draws the activations of layers as {@link Histograms}.
     *
     * @throws IllegalStateException if the views were closed
     */
    public static Picture of(LayerInspector.Views views) {
        return Histograms.of(views, LayerView.Quantity.ACTIVATION).picture();
    }

    /**
     * Draws the activations of a layer for the first example as a {@link MapGrid}, or as {@link Histograms} if its
     * channels have more than two axes.
     *
     * @throws IllegalStateException if the view was closed
     */
    public static Picture of(LayerView view) {
        int axes = view.positionShape().length;
        if (axes <= 2) {
            MapGrid maps = MapGrid.of(view, LayerView.Quantity.ACTIVATION, 0);
            return (axes == 0 ? maps.cellSize(UNITS) : maps).picture();
        }
        return Histograms.empty()
                .add(view.point().toString(), view.values(LayerView.Quantity.ACTIVATION))
                .caption(Caption.of(view.point() + " (" + view.point().kind() + "): activation"))
                .picture();
    }

    /** Draws the mean magnitude of each feature as bars; see {@link SummaryChart#bars}. */
    public static Picture of(SummaryStatistics statistics) {
        return SummaryChart.bars(statistics).picture();
    }

    /**
     * Returns what the picture shows, in one line: its title, or its kind. This is also the alternative text in SVG
     * and HTML.
     */
    public String description() {
        return description;
    }

    /**
     * Returns the width in CSS pixels (1/96 inch); {@link #toImage()} has {@code scale} times as many.
     */
    public double width() {
        return width;
    }

    /**
     * Returns the height in CSS pixels (1/96 inch); {@link #toImage()} has {@code scale} times as many.
     */
    public double height() {
        return height;
    }

    /**
     * Renders the picture as pixels, opaque on white.
     *
     * @return a new image of {@code scale·width × scale·height} pixels, owned by the caller
     * @throws IllegalStateException if it would have more than 2<sup>27</sup> pixels
     */
    public BufferedImage toImage() {
        if (width * scale * height * scale > MOST_PIXELS) {
            throw new IllegalStateException("picture: " + Numbers.coordinate(width * scale) + " × "
                    + Numbers.coordinate(height * scale)
                    + " pixels; an image may have at most 2^27; lower the scale, show fewer rows, or use SVG");
        }
        return Java2dPainter.paint(width, height, scale, marks);
    }

    /** Returns the picture as an SVG 1.1 document. It has no XML declaration, so that it can be put into HTML. */
    public String toSvg() {
        return SvgWriter.write(description, width, height, marks);
    }

    /** Returns the picture as a complete HTML document. Colored text is text; everything else is SVG. */
    public String toHtml() {
        return "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"/><title>"
                + SvgWriter.escape(description)
                + "</title></head>\n<body>\n"
                + toHtmlFragment()
                + "</body>\n</html>\n";
    }

    /**
     * Returns the picture as one element of a page: a {@code <figure>} with its styles inline.
     */
    public String toHtmlFragment() {
        return "<figure style=\"margin:0\">\n" + (html == null ? toSvg() : html) + "</figure>\n";
    }

    /**
     * Returns the picture as the bytes of a PNG file.
     *
     * @throws IllegalStateException if it would have more than 2<sup>27</sup> pixels
     */
    public byte[] toPng() {
        return Png.encode(toImage(), scale);
    }

    /**
     * Writes a PNG file, replacing one that exists.
     *
     * @param file where to; its folder must exist
     * @throws UncheckedIOException if the file cannot be written
     */
    public void writePng(Path file) {
        write(file, toPng());
    }

    /**
     * Writes a file in the format of its name's extension, replacing one that exists.
     *
     * @param file where to, ending in {@code .png}, {@code .svg}, {@code .html} or {@code .htm}; its folder must exist
     * @throws IllegalArgumentException if the name ends in anything else
     * @throws UncheckedIOException if the file cannot be written
     */
    public void write(Path file) {
        Path leaf = file.getFileName();
        String name = leaf == null ? "" : leaf.toString();
        String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        switch (extension) {
            case "png" -> writePng(file);
            case "svg" -> write(file, toSvg().getBytes(StandardCharsets.UTF_8));
            case "html", "htm" -> write(file, toHtml().getBytes(StandardCharsets.UTF_8));
            default ->
                throw Checks.refuse(
                        "file", "'" + file + "'", "the name must say the form; end it in .png, .svg, .html or .htm");
        }
    }

    static void write(Path file, byte[] bytes) {
        try {
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "file: '" + file + "' cannot be written (" + e + "); check that its folder exists and is writable",
                    e);
        }
    }

    /** Returns description and size. */
    @Override
    public String toString() {
        return "Picture[" + description + ", " + Numbers.coordinate(width) + "x" + Numbers.coordinate(height)
                + ", scale " + Numbers.coordinate(scale) + "]";
    }
}
