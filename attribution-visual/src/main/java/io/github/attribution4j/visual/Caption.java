// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.Explained;
import io.github.attribution4j.visual.internal.Numbers;

/**
 * The texts around a picture, and the number of its pixels: a title, a smaller line below it, a note at its foot.
 *
 * <pre>{@code
 * HeatMap.of(why, 0).caption(Caption.of("Why a cat?").note("Photo: K. Smith"))
 * }</pre>
 *
 * <p>Immutable and thread-safe.
 */
public final class Caption {
    /** No text, and two device pixels per CSS pixel. */
    static final Caption NONE = of("");

    final String title;
    final String subtitle;
    final String note;
    final double scale;

    private Caption(String title, String subtitle, String note, double scale) {
        this.title = title;
        this.subtitle = subtitle;
        this.note = note;
        this.scale = scale;
    }

    /**
     * Returns a caption with a title only.
     *
     * @param title such as method and target; at most two lines are shown; may be empty
     */
    public static Caption of(String title) {
        return new Caption(title, "", "", 2);
    }

    /** Returns a caption made from an explanation. */
    static Caption of(Explained explained) {
        return of(explained.title()).subtitle(explained.subtitle()).note(explained.note());
    }

    /** Returns a copy with another title, of which at most two lines are shown. */
    public Caption title(String text) {
        return new Caption(text, subtitle, note, scale);
    }

    /** Returns a copy with a smaller line below the title, such as the score; at most two lines are shown. */
    public Caption subtitle(String text) {
        return new Caption(title, text, note, scale);
    }

    /** Returns a copy with a note at the foot, such as the completeness gap; at most six lines are shown. */
    public Caption note(String text) {
        return new Caption(title, subtitle, text, scale);
    }

    /**
     * Returns a copy with another number of pixels.
     *
     * @param devicePixels per CSS pixel, 0.25 to 16; 2 by default, for dense displays and for print
     * @throws IllegalArgumentException if it is out of range
     */
    public Caption scale(double devicePixels) {
        return new Caption(title, subtitle, note, Checks.within("scale", devicePixels, 0.25, 16));
    }

    /** Returns an empty canvas with these texts. */
    Canvas canvas() {
        return new Canvas(title, subtitle, note, scale);
    }

    /** Returns the title, for the text of a chart. */
    String inBrackets() {
        return title.isEmpty() ? "]" : ", " + title + "]";
    }

    /** Returns the texts and the scale. */
    @Override
    public String toString() {
        return "Caption[title=" + title + ", subtitle=" + subtitle + ", note=" + note + ", scale="
                + Numbers.coordinate(scale) + "]";
    }
}
