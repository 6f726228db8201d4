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
package io.github.attribution4j.djl.internal.script;

/** String literals. */
final class Strings {
    private Strings() {}

    static String quote(String value) {
        StringBuilder text = new StringBuilder("\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\t' -> text.append("\\t");
                case '\r' -> text.append("\\r");
                default -> {
                    if (c < ' ' || c > '~') {
                        throw new IllegalArgumentException(
                                "only ASCII text can be a literal, not U+" + Integer.toHexString(c));
                    }
                    text.append(c);
                }
            }
        }
        return text.append('"').toString();
    }

    static String unquote(String raw) {
        StringBuilder text = new StringBuilder();
        int end = raw.length() - 1;
        for (int i = 1; i < end; i++) {
            char c = raw.charAt(i);
            if (c != '\\' || i + 1 >= end) {
                text.append(c);
                continue;
            }
            char escape = raw.charAt(++i);
            switch (escape) {
                case 'n' -> text.append('\n');
                case 't' -> text.append('\t');
                case 'r' -> text.append('\r');
                case 'a' -> text.append('\007');
                case 'b' -> text.append('\b');
                case 'f' -> text.append('\f');
                case 'v' -> text.append('\013');
                case 'x' -> {
                    int stop = Math.min(i + 3, end);
                    text.append((char) Integer.parseInt(raw, i + 1, stop, 16));
                    i = stop - 1;
                }
                case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                    int stop = i;
                    while (stop < Math.min(i + 3, end) && raw.charAt(stop) >= '0' && raw.charAt(stop) <= '7') {
                        stop++;
                    }
                    text.append((char) Integer.parseInt(raw, i, stop, 8));
                    i = stop - 1;
                }
                default -> text.append(escape);
            }
        }
        return text.toString();
    }
}
