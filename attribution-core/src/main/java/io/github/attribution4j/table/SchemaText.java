// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.table;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.table.Column.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Columns as text, one on a line; see {@link TableEncoder#parse}. */
final class SchemaText {
    private static final String SPECIAL = ":,\"#\\\n\r";

    private SchemaText() {}

    /** Returns a name as it stands in a schema: in quotes if it would be read otherwise. */
    static String quoted(String name) {
        boolean plain =
                !name.isEmpty() && name.equals(name.strip()) && name.chars().noneMatch(c -> SPECIAL.indexOf(c) >= 0);
        return plain
                ? name
                : '"'
                        + name.replace("\\", "\\\\")
                                .replace("\"", "\\\"")
                                .replace("\n", "\\n")
                                .replace("\r", "\\r")
                        + '"';
    }

    static List<Column> parse(String text) {
        List<Column> columns = new ArrayList<>();
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            try {
                List<List<String>> parts = new Line(lines.get(i)).parts();
                if (!parts.isEmpty()) {
                    columns.add(column(parts));
                }
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "schema line " + (i + 1) + ", '" + lines.get(i).strip() + "': " + e.getMessage(), e);
            }
        }
        return columns;
    }

    private static Column column(List<List<String>> parts) {
        if (parts.size() < 2
                || parts.size() > 3
                || parts.get(0).size() != 1
                || parts.get(1).size() != 1) {
            throw new IllegalArgumentException(
                    "write NAME: KIND, or NAME: KIND: CATEGORY, CATEGORY, ...; put what holds"
                            + " a comma, a colon or a # in double quotes");
        }
        String[] words = parts.get(1).get(0).split("\\s+", -1);
        boolean missing = words.length == 2 && words[1].equals("missing");
        if (words.length > 2 || (words.length == 2 && !missing)) {
            throw new IllegalArgumentException(
                    "'" + parts.get(1).get(0) + "': after the kind, only the word missing may follow");
        }
        Kind kind = Arrays.stream(Kind.values())
                .filter(one -> one.toString().equals(words[0]))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("'" + words[0] + "' is no kind of column; "
                        + NearNames.hint(
                                words[0],
                                Arrays.stream(Kind.values()).map(Kind::toString).toList())));
        return new Column(parts.get(0).get(0), kind, parts.size() == 3 ? parts.get(2) : List.of(), missing);
    }

    /** Divides a line at colons, and these parts at commas. */
    private static final class Line {
        private final String text;
        private final List<List<String>> parts = new ArrayList<>();
        private int at;

        Line(String text) {
            this.text = text;
        }

        List<List<String>> parts() {
            skipBlanks();
            if (ended()) {
                return parts;
            }
            parts.add(new ArrayList<>());
            while (true) {
                parts.get(parts.size() - 1).add(next());
                skipBlanks();
                if (ended()) {
                    return parts;
                }
                char separator = text.charAt(at++);
                if (separator == ':') {
                    parts.add(new ArrayList<>());
                } else if (separator != ',') {
                    throw new IllegalArgumentException("'" + separator + "' after a closing quote");
                }
            }
        }

        private boolean ended() {
            return at >= text.length() || text.charAt(at) == '#';
        }

        private void skipBlanks() {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
        }

        private String next() {
            skipBlanks();
            if (at < text.length() && text.charAt(at) == '"') {
                return quoted();
            }
            int from = at;
            while (!ended() && text.charAt(at) != ':' && text.charAt(at) != ',') {
                at++;
            }
            String name = text.substring(from, at).strip();
            if (name.isEmpty()) {
                throw new IllegalArgumentException("a name is empty; leave the comma or colon out, or write \"\"");
            }
            return name;
        }

        private String quoted() {
            StringBuilder name = new StringBuilder();
            at++;
            while (at < text.length() && text.charAt(at) != '"') {
                if (text.charAt(at) == '\\' && at + 1 < text.length()) {
                    at++;
                    char escaped = text.charAt(at);
                    name.append(escaped == 'n' ? '\n' : escaped == 'r' ? '\r' : escaped);
                } else {
                    name.append(text.charAt(at));
                }
                at++;
            }
            if (at >= text.length()) {
                throw new IllegalArgumentException("a double quote is not closed");
            }
            at++;
            return name.toString();
        }
    }
}
