// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal;

import io.github.attribution4j.visual.internal.Mark.Anchor;
import java.util.ArrayList;
import java.util.List;

/** Collects the marks of one picture. Not thread-safe; used for one drawing. */
public final class Canvas {

    private final List<Mark> marks = new ArrayList<>();
    private final String title;
    private final String subtitle;
    private final String note;
    private final double scale;

    /**
     * Starts a picture with the texts around it.
     *
     * @param scale device pixels per CSS pixel
     */
    public Canvas(String title, String subtitle, String note, double scale) {
        this.title = title;
        this.subtitle = subtitle;
        this.note = note;
        this.scale = scale;
    }

    public List<Mark> marks() {
        return List.copyOf(marks);
    }

    public double scale() {
        return scale;
    }

    public boolean hasTitle() {
        return !title.isBlank();
    }

    /** Returns the title, or the kind of picture if there is none. */
    public String titleOr(String kind) {
        return hasTitle() ? title : kind;
    }

    /** Returns the device pixels that a length takes, at least one. */
    public int device(double length) {
        return Math.max(1, (int) Math.round(length * scale));
    }

    public void box(double x, double y, double width, double height, int rgb) {
        box(x, y, width, height, 0, rgb);
    }

    public void box(double x, double y, double width, double height, double radius, int rgb) {
        marks.add(new Mark.Box(x, y, width, height, radius, rgb));
    }

    public void frame(double x, double y, double width, double height, int rgb) {
        marks.add(new Mark.Frame(x, y, width, height, rgb));
    }

    public void line(double x1, double y1, double x2, double y2, int rgb) {
        marks.add(new Mark.Line(x1, y1, x2, y2, 1, rgb));
    }

    /** Draws a disk, which says a text where it is hovered over. */
    public void dot(double x, double y, double radius, int rgb, String hint) {
        marks.add(new Mark.Dot(x, y, radius, rgb, hint));
    }

    /** Says a text where a rectangle is hovered over. */
    public void hint(double x, double y, double width, double height, String text) {
        marks.add(new Mark.Hint(x, y, width, height, text));
    }

    public void curve(double[] xs, double[] ys, double width, int rgb) {
        marks.add(new Mark.Curve(xs, ys, width, rgb));
    }

    public void raster(double x, double y, double width, double height, int columns, int rows, int[] rgb) {
        marks.add(new Mark.Raster(x, y, width, height, columns, rows, rgb));
    }

    public void text(double x, double y, String text, double size, int rgb, Anchor anchor) {
        label(x, y, text, size, false, false, rgb, anchor);
    }

    /** Writes a text from bottom to top; its left end is the lower one. */
    public void upright(double x, double y, String text, double size, int rgb, Anchor anchor) {
        label(x, y, text, size, false, true, rgb, anchor);
    }

    public void bold(double x, double y, String text, double size, int rgb, Anchor anchor) {
        label(x, y, text, size, true, false, rgb, anchor);
    }

    private void label(
            double x, double y, String text, double size, boolean bold, boolean upright, int rgb, Anchor anchor) {
        if (!text.isEmpty()) {
            marks.add(new Mark.Label(x, y, text, size, bold, upright, rgb, anchor, Glyphs.width(text, size, bold)));
        }
    }

    /**
     * Draws title and subtitle at the top.
     *
     * @return the y below them, where the rest of the picture begins
     */
    public double heading(double width) {
        double room = width - 2 * Style.MARGIN;
        double y = Style.MARGIN;
        if (hasTitle()) {
            for (String line : Glyphs.wrap(Glyphs.visible(title), Style.TITLE, true, room, 2)) {
                bold(Style.MARGIN, y + Style.TITLE * 0.85, line, Style.TITLE, Style.INK, Anchor.START);
                y += 20;
            }
        }
        if (!subtitle.isBlank()) {
            for (String line : Glyphs.wrap(Glyphs.visible(subtitle), Style.TEXT, false, room, 2)) {
                text(Style.MARGIN, y + Style.TEXT, line, Style.TEXT, Style.QUIET, Anchor.START);
                y += 17;
            }
        }
        return y == Style.MARGIN ? y : y + 10;
    }

    /**
     * Writes a text of the drawing at the foot, and the caption's note on the next line.
     *
     * @return the height of the whole picture
     */
    public double foot(String said, double y, double width) {
        double next = y;
        for (String text : List.of(said, note)) {
            if (text.isBlank()) {
                continue;
            }
            for (String line : Glyphs.wrap(Glyphs.visible(text), Style.SMALL, false, width - 2 * Style.MARGIN, 6)) {
                text(Style.MARGIN, next + Style.SMALL, line, Style.SMALL, Style.QUIET, Anchor.START);
                next += 16;
            }
        }
        return next + Style.MARGIN - 4;
    }
}
