// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

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
 * <p>All forms show the same drawing. SVG and HTML fetch nothing, contain no script, and hold their raster parts as
 * embedded PNG, so they can be mailed, stored and put into a page as they are; every text in them is escaped. The
 * notebook kernels for the JVM show a {@link BufferedImage} or a string of SVG or HTML directly.
 *
 * <p>The layout does not depend on the machine, so SVG and HTML are the same everywhere. Pixels are the same for the
 * same JDK and the same installed fonts; only the logical font {@code SansSerif} is used. No display is needed.
 *
 * <p>Immutable and thread-safe; every call renders anew.
 */
public final class Picture {

    /** As many pixels as an image of 512 MiB has. */
    private static final double MOST_PIXELS = 1 << 27;

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
        this.scale = canvas.caption().scale;
        this.marks = canvas.marks();
        this.html = html;
    }

    /**
     * What the picture shows, in a line: the title, or what kind of picture it is.
     *
     * @return the description, which is also the alternative text in SVG and HTML
     */
    public String description() {
        return description;
    }

    /**
     * The width.
     *
     * @return CSS pixels (1/96 inch); {@link #toImage()} has {@code scale} times as many
     */
    public double width() {
        return width;
    }

    /**
     * The height.
     *
     * @return CSS pixels (1/96 inch); {@link #toImage()} has {@code scale} times as many
     */
    public double height() {
        return height;
    }

    /**
     * The picture as pixels, opaque on white.
     *
     * @return a new image of {@code scale·width × scale·height} pixels, for the caller to keep
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

    /**
     * The picture as an SVG 1.1 document, without XML declaration, so that it can stand in HTML too.
     *
     * @return the document
     */
    public String toSvg() {
        return SvgWriter.write(description, width, height, marks);
    }

    /**
     * The picture as a complete HTML document. Where text is colored it is text, not an image; everything else is SVG.
     *
     * @return the document
     */
    public String toHtml() {
        return "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"/><title>"
                + SvgWriter.escape(description)
                + "</title></head>\n<body>\n"
                + toHtmlFragment()
                + "</body>\n</html>\n";
    }

    /**
     * The picture as one element to put into a page.
     *
     * @return a {@code <figure>} with its styles inline
     */
    public String toHtmlFragment() {
        return "<figure style=\"margin:0\">\n" + (html == null ? toSvg() : html) + "</figure>\n";
    }

    /**
     * The picture as the bytes of a PNG file.
     *
     * @return a new array
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
     * Writes the form that the name of the file asks for, replacing a file that exists.
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

    private static void write(Path file, byte[] bytes) {
        try {
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "file: '" + file + "' cannot be written (" + e + "); check that its folder exists and is writable",
                    e);
        }
    }

    /**
     * Says what it is.
     *
     * @return description and size
     */
    @Override
    public String toString() {
        return "Picture[" + description + ", " + Numbers.coordinate(width) + "x" + Numbers.coordinate(height)
                + ", scale " + Numbers.coordinate(scale) + "]";
    }
}
