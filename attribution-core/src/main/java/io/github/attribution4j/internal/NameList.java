// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Names in one text, separated by commas or by another character; blanks around a name are not part of it. After a
 * backslash, a separator, a blank or a backslash is part of the name: {@code a\,b} is one name.
 */
public final class NameList {
    private static final char ESCAPE = '\\';
    private static final char COMMA = ',';

    private NameList() {}

    /** Returns the names in a text, at least one. */
    public static List<String> read(String text) {
        return read(text, COMMA);
    }

    /** Returns the names in a text, at least one, which this character separates. */
    public static List<String> read(String text, char separator) {
        return read(text, separator, true);
    }

    /** Returns the only name in a text, in which a comma needs no backslash. */
    public static String readOne(String text) {
        return read(text, COMMA, false).get(0);
    }

    private static List<String> read(String text, char separator, boolean several) {
        String escapable = separator + " " + ESCAPE;
        List<String> names = new ArrayList<>();
        StringBuilder name = new StringBuilder();
        int length = 0; // of the name, without blanks after it
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == separator && several) {
                names.add(name.substring(0, length));
                name.setLength(0);
                length = 0;
                continue;
            }
            boolean escaped = c == ESCAPE && i + 1 < text.length() && escapable.indexOf(text.charAt(i + 1)) >= 0;
            if (escaped) {
                i++;
            }
            boolean blank = !escaped && Character.isWhitespace(c);
            if (!blank || !name.isEmpty()) {
                name.append(text.charAt(i));
            }
            length = blank ? length : name.length();
        }
        names.add(name.substring(0, length));
        return names;
    }

    /** Returns the text that {@link #read} reads these names from. */
    public static String write(List<String> names) {
        return names.stream().map(NameList::write).collect(Collectors.joining(", "));
    }

    /** Returns the text that {@link #read} and {@link #readOne} read this name from. */
    public static String write(String name) {
        return write(name, COMMA);
    }

    /** Returns the text that {@link #read(String, char)} reads this name from. */
    public static String write(String name, char separator) {
        String text = name.replace("\\", "\\\\").replace("" + separator, "\\" + separator);
        if (text.endsWith(" ")) {
            text = text.substring(0, text.length() - 1) + "\\ ";
        }
        return text.startsWith(" ") ? ESCAPE + text : text;
    }
}
