// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.ColorScale;
import io.github.attribution4j.visual.internal.Explained;
import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.OkLab;
import io.github.attribution4j.visual.internal.Style;
import io.github.attribution4j.visual.internal.SvgWriter;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Text whose tokens are colored by their attributions: red is for the target, blue against it.
 *
 * <p>A token of attribution a gets the color at {@code 0.8·clamp(a / L, −1, 1)} of {@link ColorMap#BLUE_WHITE_RED}; the
 * ends of the map are too dark to read on. L is {@link HeatMap#colorLimit}, by default with 0 % outliers: the largest
 * magnitude. Tokens are shown as the tokenizer names them; line ends and control characters become visible signs.
 *
 * <p>{@link Picture#toHtml()} of the result is text that can be selected and searched, with each attribution as
 * tooltip; {@link #toAnsi} is for a terminal of 24-bit color.
 *
 * <p>Immutable and thread-safe. Arrays are copied.
 */
public final class TokenText implements Chart {

    private static final double SIZE = 14;
    private static final double LINE = 28;
    private static final double BOX = 22;
    private static final double PADDING = 4;
    private static final double GAP = 3;
    private static final double LEGEND_WIDTH = 240;
    private static final double DARKEST = 0.8;
    private final String[] tokens;
    private final double[] attributions;
    private final Settings settings;

    private static final class Settings extends Look {
        double outlierPercentage;
        int width = 720;
    }

    private TokenText(String[] tokens, double[] attributions, Settings settings) {
        this.tokens = tokens;
        this.attributions = attributions;
        this.settings = settings;
    }

    /**
     * Returns a drawing of a text and the attributions of its tokens.
     *
     * @param tokens in reading order, as they will be shown
     * @param attributions one per token, finite
     * @return a drawing with default settings
     * @throws IllegalArgumentException if there are none, the numbers differ, or one is not finite
     */
    public static TokenText of(String[] tokens, double[] attributions) {
        double[] copy = Checks.finite("attributions", attributions.clone());
        Checks.sameLength("tokens", tokens.length, "attributions", copy.length);
        String[] visible = Checks.copy("tokens", tokens);
        for (int i = 0; i < tokens.length; i++) {
            // An empty token still has an attribution and must be visible.
            String token = Glyphs.visible(visible[i]);
            visible[i] = token.isBlank() ? "\u00b7" : token;
        }
        return new TokenText(visible, copy, new Settings());
    }

    /**
     * As {@link #of(String[], double[])}, for float32 attributions.
     *
     * @param tokens in reading order, as they will be shown
     * @param attributions one per token, finite
     * @return a drawing with default settings
     * @throws IllegalArgumentException if there are none, the numbers differ, or one is not finite
     */
    public static TokenText of(String[] tokens, float[] attributions) {
        return of(tokens, Checks.widen(attributions));
    }

    /**
     * Returns a drawing of one text of an explanation whose inputs have token names, as those of
     * {@link io.github.attribution4j.text.Tokens} have.
     *
     * @param explanation as in {@link #of(Explanation, int, String[])}
     * @param example which row of the batch
     * @return a drawing with default settings, and with method and target as title until another is set
     * @throws IllegalArgumentException as in that method, and if the tokens have no names
     */
    public static TokenText of(Explanation explanation, int example) {
        Explained explained = new Explained(explanation, example);
        return of(
                explanation,
                example,
                explained
                        .names(explained.onlyName(), 1)
                        .orElseThrow(() -> Checks.refuse(
                                "explanation",
                                "no names of tokens",
                                "name them with Inputs.named, or give them here")));
    }

    /**
     * Returns a drawing of one text of an explanation. Attributions of embeddings are summed over the embedding's axis,
     * which preserves completeness.
     *
     * @param explanation of one attributed input, with attributions of shape {@code [N, T]} or {@code [N, T, E]};
     *     copied, not closed
     * @param example which row of the batch
     * @param tokens the first tokens of the T, in reading order; the others are padding and not shown
     * @return a drawing with default settings, and with method and target as title until another is set
     * @throws IllegalArgumentException if there are several inputs, another shape, or more than T tokens, or if the
     *     example is out of range
     */
    public static TokenText of(Explanation explanation, int example, String[] tokens) {
        Explained explained = new Explained(explanation, example);
        Tensor tensor = explained.input(explained.onlyName());
        int rank = tensor.shape().rank();
        if (rank != 2 && rank != 3) {
            throw Checks.refuse(
                    "attribution",
                    "shape " + tensor.shape(),
                    "a text has [examples, tokens] or [examples, tokens, embedding]; explain at the embedding layer");
        }
        int length = Math.toIntExact(tensor.shape().dim(1));
        if (tokens.length > length) {
            throw Checks.refuse(
                    "tokens",
                    tokens.length + " values, but the explanation has " + length + " positions",
                    "give the tokens that the model saw, after truncation");
        }
        int width = Math.toIntExact(tensor.shape().row().size()) / length;
        double[] row = explained.once(explained.onlyName(), element -> element / width);
        double[] sums = new double[tokens.length];
        for (int i = 0; i < tokens.length * width; i++) {
            sums[i / width] += row[i];
        }
        return of(tokens, sums).caption(Caption.of(explained));
    }

    /**
     * Returns a copy that lets another part saturate; see {@link HeatMap#colorLimit}.
     *
     * @param percentage 0 to 100; 0 by default
     * @throws IllegalArgumentException if it is out of range
     */
    public TokenText outlierPercentage(double percentage) {
        return with(settings -> settings.outlierPercentage = Checks.within("percentage", percentage, 0, 100));
    }

    /**
     * Returns a copy whose lines break at another width.
     *
     * @param pixels CSS pixels, 320 to 4096; 720 by default
     * @throws IllegalArgumentException if it is out of range
     */
    public TokenText width(int pixels) {
        return with(settings -> settings.width = (int) Checks.within("pixels", pixels, 320, 4096));
    }

    private ColorScale colors() {
        return ColorScale.of(attributions, settings.outlierPercentage, ColorMap.BLUE_WHITE_RED::at);
    }

    private static int color(ColorScale colors, double place) {
        return colors.map().applyAsInt(DARKEST * place);
    }

    /**
     * Returns a copy with another caption.
     *
     * @param caption none by default; of an explanation method, target, scores and settings
     */
    public TokenText caption(Caption caption) {
        return with(settings -> settings.caption = caption);
    }

    /** Returns the caption, from which another can be made: {@code chart.caption(chart.caption().title("Why?"))}. */
    public Caption caption() {
        return settings.caption;
    }

    private TokenText with(Consumer<Settings> change) {
        return new TokenText(tokens, attributions, Look.with(settings, change));
    }

    /** Draws the picture. */
    @Override
    public Picture picture() {
        ColorScale colors = colors();
        int width = settings.width;
        Caption caption = settings.caption;
        Canvas canvas = caption.canvas();
        double y = canvas.heading(width);
        double x = Style.MARGIN;
        double right = width - Style.MARGIN;
        for (int i = 0; i < tokens.length; i++) {
            String token = Glyphs.elide(tokens[i], SIZE, false, right - Style.MARGIN - 2 * PADDING);
            double box = Glyphs.width(token, SIZE, false) + 2 * PADDING;
            if (x > Style.MARGIN && x + box > right) {
                x = Style.MARGIN;
                y += LINE;
            }
            int background = color(colors, colors.place(attributions[i]));
            canvas.box(x, y, box, BOX, 3, background);
            canvas.text(x + box / 2, y + 15.5, token, SIZE, OkLab.ink(background), Anchor.MIDDLE);
            x += box + GAP;
        }
        y += LINE + 8;
        double bar = Math.min(LEGEND_WIDTH, width - 2 * Style.MARGIN);
        canvas.text(Style.MARGIN, y + 8, "attribution", Style.SMALL, Style.QUIET, Anchor.START);
        colors.horizontal(canvas, Style.MARGIN, y + 14, bar, place -> color(colors, place));
        double end = canvas.foot(foot(colors), y + 52, width);
        return new Picture(canvas.titleOr("Attributions by token"), width, end, canvas, html(colors));
    }

    private static String foot(ColorScale colors) {
        if (colors.largest() == 0) {
            return "All attributions are zero.";
        }
        return colors.clips()
                ? "Colors saturate at |a| = " + Numbers.brief(colors.limit()) + "; largest |a| = "
                        + Numbers.brief(colors.largest()) + "."
                : "";
    }

    private String html(ColorScale colors) {
        StringBuilder out = new StringBuilder(128 * tokens.length);
        out.append("<div style=\"font-family:sans-serif;color:")
                .append(OkLab.css(Style.INK))
                .append(";background:#fff;max-width:")
                .append(settings.width)
                .append("px;padding:18px;box-sizing:border-box\">\n");
        paragraph(out, "font-weight:bold;font-size:15px;margin:0 0 4px", settings.caption.title);
        paragraph(out, "font-size:12px;color:#5f6368;margin:0 0 10px", settings.caption.subtitle);
        out.append("<p style=\"font-size:14px;line-height:2;margin:0 0 12px\">");
        for (int i = 0; i < tokens.length; i++) {
            int background = color(colors, colors.place(attributions[i]));
            out.append("<span style=\"background:")
                    .append(OkLab.css(background))
                    .append(";color:")
                    .append(OkLab.css(OkLab.ink(background)))
                    .append(";padding:2px 4px;border-radius:3px;overflow-wrap:anywhere\" title=\"")
                    .append(Numbers.signed(attributions[i], Numbers.decimals(colors.largest())))
                    .append("\">")
                    .append(SvgWriter.escape(tokens[i]))
                    .append("</span>\n");
        }
        out.append("</p>\n<p style=\"font-size:11px;margin:0 0 4px\">attribution ");
        for (int step = -4; step <= 4; step++) {
            int background = color(colors, step / 4.0);
            String text = step % 4 == 0 ? Numbers.brief(step / 4.0 * colors.limit()) : "&#160;";
            out.append("<span style=\"background:")
                    .append(OkLab.css(background))
                    .append(";color:")
                    .append(OkLab.css(OkLab.ink(background)))
                    .append(";padding:2px 6px\">")
                    .append(text)
                    .append("</span>");
        }
        out.append("</p>\n");
        paragraph(out, "font-size:11px;color:#5f6368;margin:0", foot(colors));
        paragraph(out, "font-size:11px;color:#5f6368;margin:0", settings.caption.note);
        return out.append("</div>\n").toString();
    }

    private static void paragraph(StringBuilder out, String style, String text) {
        if (!text.isBlank()) {
            out.append("<p style=\"")
                    .append(style)
                    .append("\">")
                    .append(SvgWriter.escape(text))
                    .append("</p>\n");
        }
    }

    /**
     * Returns the text for a terminal with 24-bit color, without added line breaks. Escape sequences in tokens are made
     * visible, not sent.
     *
     * @return the tokens, each colored and reset, separated by blanks, ended by {@code \n}
     */
    public String toAnsi() {
        ColorScale colors = colors();
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < tokens.length; i++) {
            int background = color(colors, colors.place(attributions[i]));
            out.append(i == 0 ? "" : " ")
                    .append(sequence(48, background))
                    .append(sequence(38, OkLab.ink(background)))
                    .append(tokens[i])
                    .append("\u001b[0m");
        }
        return out.append('\n').toString();
    }

    private static String sequence(int kind, int rgb) {
        return String.format(Locale.ROOT, "\u001b[%d;2;%d;%d;%dm", kind, rgb >> 16 & 0xff, rgb >> 8 & 0xff, rgb & 0xff);
    }

    /** Returns the number of tokens. */
    @Override
    public String toString() {
        return "TokenText[" + tokens.length + (tokens.length == 1 ? " token]" : " tokens]");
    }
}
