// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

/** Names of values inside nested outputs, in the form that users write: {@code logits}, {@code hidden.0}. */
final class Names {
    private Names() {}

    /** Turns {@code .hidden[0]} or {@code ['logits']} into {@code hidden.0} or {@code logits}. */
    static String plain(String path) {
        String dotted =
                path.replace("['", ".").replace("']", "").replace('[', '.').replace("]", "");
        return dotted.startsWith(".") ? dotted.substring(1) : dotted;
    }

    /** Returns the position that a text is, or -1 if it is none. */
    static int index(String text) {
        return text.matches("\\d{1,6}") ? Integer.parseInt(text) : -1;
    }
}
