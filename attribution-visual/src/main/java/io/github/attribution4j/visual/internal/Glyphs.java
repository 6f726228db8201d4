// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Widths of text, for layout. A fixed table is used instead of the fonts of the machine, so that a picture has the same
 * layout everywhere. The table is that of a wide sans-serif face, so the usual fonts need a little less.
 */
public final class Glyphs {

    /** Advances of U+0020 to U+007E in thousandths of the font size. */
    private static final int[] ASCII = {
        318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636,
        636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656,
        557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613,
        635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818,
        592, 592, 525, 636, 337, 636, 838
    };

    private static final double BOLD = 1.13;

    private static final int ELLIPSIS = 0x2026;

    private Glyphs() {}

    public static double width(String text, double size, boolean bold) {
        double sum = text.codePoints().mapToDouble(Glyphs::advance).sum();
        return sum * size * (bold ? BOLD : 1);
    }

    private static double advance(int codePoint) {
        if (codePoint >= 0x20 && codePoint < 0x7f) {
            return ASCII[codePoint - 0x20] / 1000.0;
        }
        if (codePoint == 0x2212 || codePoint == 0x00b1 || codePoint == 0x2264 || codePoint == 0x2265) {
            return 0.838;
        }
        return switch (columns(codePoint)) {
            case 0 -> 0;
            case 2 -> codePoint > 0xffff ? 1.3 : 1.02;
            default -> codePoint < 0x250 ? 0.72 : 0.85;
        };
    }

    /**
     * Returns the columns of the text in a terminal: 0 for combining marks, 2 for East Asian wide characters and emoji.
     */
    public static int columns(String text) {
        return text.codePoints().map(Glyphs::columns).sum();
    }

    private static int columns(int codePoint) {
        int type = Character.getType(codePoint);
        if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK || type == Character.FORMAT) {
            return 0;
        }
        boolean wide = within(codePoint, 0x1100, 0x115f)
                || within(codePoint, 0x2e80, 0xa4cf)
                || within(codePoint, 0xac00, 0xd7a3)
                || within(codePoint, 0xf900, 0xfaff)
                || within(codePoint, 0xfe30, 0xfe6f)
                || within(codePoint, 0xff00, 0xff60)
                || within(codePoint, 0xffe0, 0xffe6)
                || within(codePoint, 0x1f300, 0x1faff)
                || within(codePoint, 0x20000, 0x3fffd);
        return wide ? 2 : 1;
    }

    private static boolean within(int codePoint, int first, int last) {
        return codePoint >= first && codePoint <= last;
    }

    /**
     * Replaces every character that could break a line, a terminal or an XML document: line ends and tabs by visible
     * signs; other control characters, bidirectional overrides, noncharacters and lone surrogates by U+FFFD.
     */
    public static String visible(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> out.appendCodePoint(visible(c)));
        return out.toString();
    }

    private static int visible(int c) {
        if (c == '\n') {
            return 0x21b5;
        }
        if (c == '\t') {
            return 0x2192;
        }
        boolean bidi = within(c, 0x202a, 0x202e) || within(c, 0x2066, 0x2069);
        boolean line = c == 0x2028 || c == 0x2029;
        boolean surrogate = within(c, 0xd800, 0xdfff);
        boolean noncharacter = (c & 0xfffe) == 0xfffe;
        return Character.isISOControl(c) || bidi || line || surrogate || noncharacter ? 0xfffd : c;
    }

    /** Returns the text, with its middle replaced by an ellipsis if it is wider than {@code room}. */
    public static String elide(String text, double size, boolean bold, double room) {
        return elide(text, room, s -> width(s, size, bold));
    }

    /** Returns the text, with its middle replaced by {@code …} if it takes more terminal columns. */
    public static String elide(String text, int columns) {
        return elide(text, columns, Glyphs::columns);
    }

    private static String elide(String text, double room, ToDoubleFunction<String> measure) {
        if (measure.applyAsDouble(text) <= room) {
            return text;
        }
        int[] points = text.codePoints().toArray();
        // Bisect the number of characters left: width grows with it.
        int low = 0;
        int high = points.length - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (measure.applyAsDouble(keep(points, middle)) <= room) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return keep(points, low);
    }

    private static String keep(int[] points, int kept) {
        int tail = kept / 2;
        return new StringBuilder()
                .append(new String(points, 0, kept - tail))
                .appendCodePoint(ELLIPSIS)
                .append(new String(points, points.length - tail, tail))
                .toString();
    }

    /** Breaks at spaces into at most {@code lines} lines of the given width; the last is elided if it is too long. */
    public static List<String> wrap(String text, double size, boolean bold, double room, int lines) {
        List<String> out = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        String[] words = text.strip().split(" +", -1);
        for (int i = 0; i < words.length; i++) {
            String longer = line.isEmpty() ? words[i] : line + " " + words[i];
            if (line.isEmpty() || out.size() == lines - 1 || width(longer, size, bold) <= room) {
                line.setLength(0);
                line.append(longer);
            } else {
                out.add(elide(line.toString(), size, bold, room));
                line.setLength(0);
                line.append(words[i]);
            }
        }
        out.add(elide(line.toString(), size, bold, room));
        return out;
    }
}
