// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal.summary;

import io.github.attribution4j.visual.internal.Axis;
import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Style;
import java.util.ArrayList;
import java.util.List;

/**
 * One example on one line: from the left what raises the score, up to the score; from the right what lowers it, down to
 * it. The features of the largest attributions are at the score.
 */
public final class Forces {
    private static final double THICKNESS = 26;
    private static final double LINE = 30;
    private static final int LABEL_LINES = 3;
    private static final double LABEL_GAP = 10;
    /** Between two features of one sign. */
    private static final double SLIT = 1;

    private final Canvas canvas;
    private final Examples examples;
    private final int example;
    private final Palette palette;
    private final List<Label> labels = new ArrayList<>();

    /** What is written below a feature, at {@code x}, which is near the middle of its segment. */
    private record Label(int line, double x, double room, double middle, double y, String name, double attribution) {
        double left() {
            return x - room / 2 - LABEL_GAP / 2;
        }

        double right() {
            return x + room / 2 + LABEL_GAP / 2;
        }

        /** Returns whether one of two covers the other, or the line that leads to it. */
        boolean meets(Label other) {
            if (line == other.line) {
                return left() < other.right() && other.left() < right();
            }
            boolean above = line < other.line;
            Label upper = above ? this : other;
            Label lower = above ? other : this;
            return upper.left() < lower.middle && lower.middle < upper.right();
        }
    }

    private Forces(Canvas canvas, Examples examples, int example, Palette palette) {
        this.canvas = canvas;
        this.examples = examples;
        this.example = example;
        this.palette = palette;
    }

    public static double draw(Canvas canvas, Examples all, int example, int features, double width, Palette palette) {
        // Ranked by this example alone.
        Examples one = all.select(new int[] {example}).top(features);
        return new Forces(canvas, one, 0, palette).draw(width);
    }

    private double draw(double width) {
        double end = examples.ends()[example];
        double up = 0;
        double down = 0;
        for (double[] row : examples.attributions()) {
            up += Math.max(0, row[example]);
            down += Math.max(0, -row[example]);
        }
        double y = canvas.heading(width);
        double start = examples.baseline(example);
        double low = Math.min(start, end - up);
        double high = Math.max(start, end + down);
        double edge = (high - low) * 0.04;
        Axis axis = new Axis(low - edge, high + edge, Style.MARGIN, width - Style.MARGIN);
        double top = y + 48;
        double bottom = top + THICKNESS;
        int lines = labels(axis, end, bottom + 24, width);
        double foot = bottom + 22 + lines * LINE;
        axis.below(canvas, top - 8, foot);
        write(bottom);
        marked(axis, start, y, examples.hasBaselines() ? "baseline score" : "zero", end);
        segments(axis, end, top, -1);
        segments(axis, end, top, 1);
        String score = Numbers.typographic(Numbers.score(end));
        double x = clamp(axis.at(end), Glyphs.width(examples.endName() + " " + score, Style.TEXT, true), width);
        canvas.bold(x, y + 12, examples.endName() + " " + score, Style.TEXT, Style.INK, Anchor.MIDDLE);
        canvas.box(axis.at(end) - 1, y + 18, 2, bottom + 4 - y - 18, Style.INK);
        return canvas.foot("", foot + 26, width);
    }

    private static double clamp(double x, double text, double width) {
        return Math.max(Style.MARGIN + text / 2, Math.min(width - Style.MARGIN - text / 2, x));
    }

    private void marked(Axis axis, double start, double y, String name, double end) {
        String text = name + " " + Numbers.typographic(Numbers.score(start));
        double half = Glyphs.width(text, Style.SMALL, false) / 2;
        double x = clamp(axis.at(start), 2 * half, axis.end() + Style.MARGIN);
        double line = axis.at(end);
        if (Math.abs(x - line) < half + LABEL_GAP) {
            // Beside the line of the score, on the side of the start; on the other side if that ends here.
            boolean left = start < end ? line - LABEL_GAP - 2 * half >= 0 : line + LABEL_GAP + 2 * half > axis.end();
            x = line + (left ? -1 : 1) * (half + LABEL_GAP);
        }
        canvas.text(x, y + 30, text, Style.SMALL, Style.QUIET, Anchor.MIDDLE);
        if (start != end) {
            canvas.line(axis.at(start), y + 35, axis.at(start), y + 48, Style.RULE);
        }
    }

    /** Draws the features that raise the score to the left of it (−1), or those that lower it to the right (1). */
    private void segments(Axis axis, double end, double top, int side) {
        double at = end;
        for (int f = 0; f < examples.features(); f++) {
            double attribution = examples.attributions()[f][example];
            if (attribution * side < 0) {
                double next = at - attribution;
                double x1 = Math.min(axis.at(at), axis.at(next));
                double wide = Math.abs(axis.at(next) - axis.at(at));
                double slit = wide > 4 * SLIT ? SLIT : 0;
                canvas.box(x1, top, Math.max(0.3, wide - slit), THICKNESS, palette.sign(attribution));
                canvas.hint(x1, top, wide, THICKNESS, examples.describe(f, example));
                at = next;
            }
        }
    }

    /** Finds a place below each feature for which there is room, the largest first. Returns the lines used. */
    private int labels(Axis axis, double end, double y, double width) {
        double[] at = {end, end};
        int lines = 0;
        for (int f = 0; f < examples.features(); f++) {
            double attribution = examples.attributions()[f][example];
            if (attribution == 0) {
                continue;
            }
            int side = attribution > 0 ? 0 : 1;
            double middle = axis.at(at[side] - attribution / 2);
            at[side] -= attribution;
            String name = Glyphs.elide(examples.label(f, example), Style.SMALL, false, width * 0.3);
            double room = Math.max(
                    Glyphs.width(name, Style.SMALL, false),
                    Glyphs.width(Examples.signed(attribution), Style.SMALL, false));
            double x = clamp(middle, room, width);
            for (int line = 0; line < LABEL_LINES; line++) {
                Label label = new Label(line, x, room, middle, y + line * LINE, name, attribution);
                if (labels.stream().noneMatch(label::meets)) {
                    labels.add(label);
                    lines = Math.max(lines, line + 1);
                    break;
                }
            }
        }
        return lines;
    }

    /** Writes the labels, over the grid lines. */
    private void write(double bottom) {
        for (Label label : labels) {
            canvas.line(label.middle, bottom + 2, label.middle, label.y - 10, Style.RULE);
        }
        for (Label label : labels) {
            canvas.box(label.x - label.room / 2, label.y - 9, label.room, 25, Style.PAPER);
            canvas.text(label.x, label.y, label.name, Style.SMALL, Style.INK, Anchor.MIDDLE);
            canvas.text(
                    label.x,
                    label.y + 13,
                    Examples.signed(label.attribution),
                    Style.SMALL,
                    palette.sign(label.attribution),
                    Anchor.MIDDLE);
        }
    }
}
