// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.proto;

/** Texts of others, such as names in a file, as part of a message of one line. */
public final class OneLine {
    private static final int LONGEST = 600;

    private OneLine() {}

    /** Whether a text has what no name has: control characters, which can change what a terminal shows. */
    public static boolean fits(String text) {
        return text.chars().noneMatch(Character::isISOControl);
    }

    /** The text with a question mark for each control character, cut if it is long. */
    public static String of(String text) {
        String line = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
        return fits(line)
                ? line
                : line.chars()
                        .map(c -> Character.isISOControl(c) ? '?' : c)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
    }
}
