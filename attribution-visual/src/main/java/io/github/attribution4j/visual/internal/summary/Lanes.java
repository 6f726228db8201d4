// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal.summary;

import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Style;

/** The names of features at the left, one below the other. */
final class Lanes {
    private static final double GAP = 12;
    private static final double MOST = 0.32;

    private final Canvas canvas;
    private final String[] names;
    private final double room;

    Lanes(Canvas canvas, String[] names, double width) {
        this(canvas, names, "", width);
    }

    /**
     * Makes room for the names.
     *
     * @param more another text beside the plot, for which there must be room
     */
    Lanes(Canvas canvas, String[] names, String more, double width) {
        this.canvas = canvas;
        this.names = names;
        double widest = Glyphs.width(more, Style.SMALL, false);
        for (String name : names) {
            widest = Math.max(widest, Glyphs.width(name, Style.TEXT, false));
        }
        this.room = Math.min(widest, width * MOST);
    }

    /** Returns where the plot beside the names begins. */
    double right() {
        return Style.MARGIN + room + GAP;
    }

    /** Writes one name, shortened in its middle if it is long; hovered over, it is whole, and more is said. */
    void name(int lane, double middle, double height, String more) {
        String shown = Glyphs.elide(names[lane], Style.TEXT, false, room);
        canvas.text(Style.MARGIN + room, middle + Style.TEXT * 0.36, shown, Style.TEXT, Style.INK, Anchor.END);
        canvas.hint(Style.MARGIN, middle - height / 2, room, height, names[lane] + (more.isEmpty() ? "" : ": " + more));
    }
}
