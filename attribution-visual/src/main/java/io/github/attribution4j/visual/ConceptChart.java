// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.concept.ConceptScore;
import io.github.attribution4j.concept.ConceptScores;
import io.github.attribution4j.visual.internal.Axis;
import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Style;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Sign counts of concepts, layer by layer, as bars from 0.5, where a concept does not matter. A line at the end of a
 * bar is the standard deviation over the concept's vectors. A star marks significant scores; other bars are grey.
 *
 * <p>Immutable and thread-safe.
 */
public final class ConceptChart implements Chart {
    private static final double ROW = 22;
    private static final double THICKNESS = 12;
    private static final double GAP = 12;
    private static final double NUMBER = 52;

    private final ConceptScores scores;
    private final List<ConceptScore> shown;
    private final Settings settings;

    private static final class Settings extends Look {
        private int width = 760;
    }

    private ConceptChart(ConceptScores scores, List<ConceptScore> shown, Settings settings) {
        this.scores = scores;
        this.shown = shown;
        this.settings = settings;
    }

    /**
     * Returns a chart of the scores for one target.
     *
     * @param target position of the explained score among the targets
     * @throws IllegalArgumentException if there is no such target
     */
    public static ConceptChart of(ConceptScores scores, int target) {
        List<ConceptScore> shown =
                scores.all().stream().filter(score -> score.target() == target).toList();
        if (shown.isEmpty()) {
            throw Checks.refuse("target", target, "there are no scores for it; count targets from 0");
        }
        Settings settings = new Settings();
        settings.caption = Caption.of("Concepts and " + shown.get(0).explained());
        return new ConceptChart(scores, shown, settings);
    }

    /**
     * Returns a copy of another width.
     *
     * @param pixels CSS pixels, 420 to 4096; 760 by default
     * @throws IllegalArgumentException if it is out of range
     */
    public ConceptChart width(int pixels) {
        return with(changed -> changed.width = (int) Checks.within("pixels", pixels, 420, 4096));
    }

    /** Returns a copy with another caption; the explained score by default. */
    public ConceptChart caption(Caption caption) {
        return with(changed -> changed.caption = caption);
    }

    private ConceptChart with(Consumer<Settings> change) {
        return new ConceptChart(scores, shown, Look.with(settings, change));
    }

    @Override
    public Picture picture() {
        double width = settings.width;
        Canvas canvas = settings.caption.canvas();
        double y = canvas.heading(width);
        double names = shown.stream()
                .mapToDouble(score -> Glyphs.width(name(score), Style.TEXT, false))
                .max()
                .orElse(0);
        names = Math.min(names, width * 0.4);
        double left = Style.MARGIN + names + GAP;
        double right = width - Style.MARGIN - NUMBER;
        List<String> layers = scores.layers().stream()
                .filter(layer -> shown.stream().anyMatch(score -> score.layer().equals(layer)))
                .toList();
        double bottom = y + (layers.size() + shown.size()) * ROW + 4;
        Axis axis = new Axis(0, 1, left, right);
        axis.below(canvas, y, bottom);
        canvas.line(axis.at(0.5), y, axis.at(0.5), bottom, Style.RULE);
        double row = y;
        for (String layer : layers) {
            String heading = Glyphs.elide(Glyphs.visible(layer), Style.TEXT, true, right - Style.MARGIN);
            // A white background, so that no grid line runs through it.
            canvas.box(Style.MARGIN, row + 2, Glyphs.width(heading, Style.TEXT, true), ROW - 4, Style.PAPER);
            canvas.bold(Style.MARGIN, row + ROW * 0.7, heading, Style.TEXT, Style.INK, Anchor.START);
            row += ROW;
            for (ConceptScore score : shown) {
                if (score.layer().equals(layer)) {
                    bar(canvas, axis, score, row + ROW / 2, names);
                    row += ROW;
                }
            }
        }
        canvas.text(
                (left + right) / 2,
                bottom + 32,
                "share of examples at which the score grows towards the concept",
                Style.SMALL,
                Style.QUIET,
                Anchor.MIDDLE);
        double end = canvas.foot(foot(), bottom + 44, width);
        return new Picture(canvas.titleOr("Concepts"), width, end, canvas, null);
    }

    private static void bar(Canvas canvas, Axis axis, ConceptScore score, double middle, double names) {
        canvas.text(
                Style.MARGIN + names,
                middle + Style.TEXT * 0.36,
                Glyphs.elide(name(score), Style.TEXT, false, names),
                Style.TEXT,
                Style.INK,
                Anchor.END);
        double count = score.signCount();
        double from = axis.at(Math.min(0.5, count));
        double length = Math.max(1, axis.at(Math.max(0.5, count)) - from);
        int color = score.isSignificant() ? ColorMap.ofSign(count - 0.5) : Style.NEUTRAL;
        canvas.box(from, middle - THICKNESS / 2, length, THICKNESS, color);
        double spread = score.spread();
        if (spread > 0) {
            double low = axis.at(Math.max(0, count - spread));
            double high = axis.at(Math.min(1, count + spread));
            canvas.line(low, middle, high, middle, Style.INK);
            for (double end : new double[] {low, high}) {
                canvas.line(end, middle - 3, end, middle + 3, Style.INK);
            }
        }
        canvas.text(
                axis.end() + 8,
                middle + Style.SMALL * 0.36,
                String.format(Locale.ROOT, "%.2f%s", count, score.isSignificant() ? " *" : ""),
                Style.SMALL,
                Style.INK,
                Anchor.START);
        canvas.hint(axis.start(), middle - ROW / 2, axis.end() - axis.start(), ROW, Glyphs.visible(score.toString()));
    }

    private static String name(ConceptScore score) {
        return Glyphs.visible(score.isRelative() ? score.concept() + " or " + score.against() : score.concept());
    }

    private String foot() {
        if (shown.stream().allMatch(score -> Double.isNaN(score.probability()))) {
            return "Not tested: there are no random concepts.";
        }
        double[] spread = scores.chance(shown.get(0).layer(), shown.get(0).target());
        return "* significant among " + scores.all().size() + " scores. "
                + (spread.length == 0
                        ? ""
                        : "Random concepts have "
                                + Numbers.brief(Arrays.stream(spread).min().orElse(0)) + " to "
                                + Numbers.brief(Arrays.stream(spread).max().orElse(1)) + " at "
                                + shown.get(0).layer() + ".");
    }

    /** Returns the number of scores, and the title. */
    @Override
    public String toString() {
        return "ConceptChart[" + shown.size() + " scores" + settings.caption.inBrackets();
    }
}
