// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A rule as a formula: one line of {@code elementwise.rules}. */
final class Formula implements Rules.Rule {
    private static final String FILE = "elementwise.rules";

    private final String operator;
    private final Map<String, Double> attributes = new LinkedHashMap<>();
    private final String text;

    private Formula(String line) {
        int colon = line.indexOf(':');
        String head = line.substring(0, colon).strip();
        this.text = line.substring(colon + 1).strip();
        int open = head.indexOf('(');
        this.operator = open < 0 ? head : head.substring(0, open);
        if (open >= 0) {
            for (String setting : head.substring(open + 1, head.length() - 1).split(",", -1)) {
                int equals = setting.indexOf('=');
                attributes.put(
                        setting.substring(0, equals).strip(),
                        Double.valueOf(setting.substring(equals + 1).strip()));
            }
        }
    }

    /** Reads the table. */
    static void addTo(Map<String, Rules.Rule> table) {
        try (InputStream in = Formula.class.getResourceAsStream(FILE)) {
            if (in == null) {
                throw new IllegalStateException(FILE + " is missing");
            }
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n", -1)) {
                if (!line.isBlank() && !line.startsWith("#")) {
                    Formula formula = new Formula(line);
                    table.put(formula.operator, formula);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void apply(Step step) {
        Reader reader = new Reader(step);
        String gradient = reader.comparison();
        if (reader.position != text.length()) {
            throw reader.wrong();
        }
        step.give(0, gradient);
    }

    /** Reads from left to right and writes nodes at once. */
    private final class Reader {
        private final Step step;
        private int position;

        Reader(Step step) {
            this.step = step;
        }

        String comparison() {
            String left = sum();
            return take('>') ? step.op("Greater", left, sum()) : left;
        }

        private String sum() {
            String left = product();
            while (true) {
                if (take('+')) {
                    left = step.add(left, product());
                } else if (take('-')) {
                    left = step.sub(left, product());
                } else {
                    return left;
                }
            }
        }

        private String product() {
            String left = factor();
            while (true) {
                if (take('*')) {
                    left = step.mul(left, factor());
                } else if (take('/')) {
                    left = step.div(left, factor());
                } else {
                    return left;
                }
            }
        }

        private String factor() {
            if (take('-')) {
                return step.neg(factor());
            }
            if (take('(')) {
                String inner = comparison();
                expect(')');
                return inner;
            }
            String word = word();
            if (take('(')) {
                List<String> arguments = new ArrayList<>();
                do {
                    arguments.add(comparison());
                } while (take(','));
                expect(')');
                return step.op(word, arguments.toArray(new String[0]));
            }
            return switch (word) {
                case "x" -> step.x();
                case "y" -> step.y();
                case "g" -> step.g();
                default -> {
                    Double otherwise = attributes.get(word);
                    yield step.number(otherwise == null ? Double.parseDouble(word) : step.real(word, otherwise));
                }
            };
        }

        private String word() {
            int start = position;
            while (position < text.length()
                    && (Character.isLetterOrDigit(text.charAt(position)) || text.charAt(position) == '.')) {
                position++;
            }
            if (start == position) {
                throw wrong();
            }
            String word = text.substring(start, position);
            blanks();
            return word;
        }

        private boolean take(char c) {
            if (position < text.length() && text.charAt(position) == c) {
                position++;
                blanks();
                return true;
            }
            return false;
        }

        private void expect(char c) {
            if (!take(c)) {
                throw wrong();
            }
        }

        private void blanks() {
            while (position < text.length() && text.charAt(position) == ' ') {
                position++;
            }
        }

        IllegalStateException wrong() {
            return new IllegalStateException("the rule of " + operator + " cannot be read from column " + position);
        }
    }
}
