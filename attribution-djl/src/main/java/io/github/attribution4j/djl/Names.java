/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.djl;

/** Names of values inside nested outputs, as a user writes them: {@code logits}, {@code hidden.0}. */
final class Names {
    private Names() {}

    /** Turns {@code .hidden[0]} or {@code ['logits']} into {@code hidden.0} or {@code logits}. */
    static String plain(String path) {
        String dotted =
                path.replace("['", ".").replace("']", "").replace('[', '.').replace("]", "");
        return dotted.startsWith(".") ? dotted.substring(1) : dotted;
    }

    /** Returns a position, or -1 if the text is none. */
    static int index(String text) {
        return text.matches("\\d{1,6}") ? Integer.parseInt(text) : -1;
    }
}
