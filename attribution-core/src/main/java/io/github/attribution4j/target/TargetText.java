// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads targets: units of a layer in a short form, and the form of {@link Target#describe}. */
final class TargetText {
    static final Kind<Target> UNIT = Kind.of(Target.UNITS, TargetText::unit).said(Target::describe);

    private static final String ALL = "sum of all values";
    private static final String SQUARES = "sum of squares";
    private static final Pattern SUM = Pattern.compile("sum of \\[(.*)]");
    /** Coordinates for all examples, or for each. */
    private static final Pattern INDEX = Pattern.compile("index ((?:\\[[\\d, ]*]|\\d+)(?:, (?:\\[[\\d, ]*]|\\d+))*)");

    private static final Pattern PROBABILITY = Pattern.compile("probability of (?:index )?(\\d+)");
    private static final String SIGMOID = "sigmoid of ";
    /** Between the texts of two examples; coordinates are separated like this, too, but are numbers. */
    private static final Pattern EXAMPLES = Pattern.compile(", (?=[a-z(])");

    /** The coordinates of one example: a number, or several in brackets. */
    private static final Pattern COORDINATES = Pattern.compile("\\[[^]]*]|\\d+");

    private TargetText() {}

    private static Target unit(String given) {
        String text = given.strip();
        return switch (text) {
            case "sum" -> Target.slice();
            case "sum-of-squares" -> words(SQUARES);
            default ->
                text.startsWith("sum of ") || text.startsWith("index ")
                        ? words(text)
                        : text.contains(":") ? Target.slice(text) : Target.at(Numbers.integers(text));
        };
    }

    /** Returns the target of a description, in which classes may have names. */
    static Target read(String description, List<String> classes) {
        String text = description;
        for (int i = 0; i < classes.size(); i++) {
            String name = Pattern.quote("'" + classes.get(i) + "'");
            text = text.replaceAll(name + " at \\[", "index [" + i + ", ").replaceAll(name, "index " + i);
        }
        Target target = words(text);
        return classes.isEmpty() ? target : target.named(classes.toArray(String[]::new));
    }

    private static Target words(String text) {
        if (text.equals(ALL)) {
            return Target.slice();
        }
        if (text.equals(SQUARES)) {
            return Target.of(SQUARES, TargetText::sumOfSquares, output -> output.mul(2));
        }
        try {
            return read(Arrays.asList(EXAMPLES.split(text, -1)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "target '" + text + "': is made of more than its description; give it", e);
        }
    }

    /** Reads a text for all examples, or one for each, which then differ in nothing but coordinates. */
    private static Target read(List<String> each) {
        if (each.size() > 1 && each.stream().distinct().count() == 1) {
            return read(each.subList(0, 1));
        }
        List<List<String>> sides = parts(each, " minus ");
        if (sides.size() == 2) {
            return Target.difference(read(sides.get(0)), read(sides.get(1)));
        }
        if (sides.size() == 1 && each.stream().allMatch(text -> text.startsWith(SIGMOID))) {
            return Target.sigmoid(read(
                    each.stream().map(text -> text.substring(SIGMOID.length())).toList()));
        }
        if (sides.size() == 1 && each.stream().allMatch(text -> text.startsWith("(") && text.endsWith(")"))) {
            List<String> inner = each.stream()
                    .map(text -> text.substring(1, text.length() - 1))
                    .toList();
            List<List<String>> terms = parts(inner, " plus ");
            return terms.size() == 1
                    ? read(inner)
                    : Target.sum(terms.stream().map(TargetText::read).toArray(Target[]::new));
        }
        return each.size() == 1 ? one(each.get(0)) : Target.atEach(coordinates(each));
    }

    /** Parts each text at a separator outside parentheses; returns for each part that of each text. */
    private static List<List<String>> parts(List<String> each, String separator) {
        List<List<String>> parts = new ArrayList<>();
        for (String text : each) {
            List<String> own = parts(text, separator);
            if (parts.isEmpty()) {
                own.forEach(part -> parts.add(new ArrayList<>()));
            }
            if (own.size() != parts.size()) {
                throw new IllegalArgumentException(text);
            }
            for (int i = 0; i < own.size(); i++) {
                parts.get(i).add(own.get(i));
            }
        }
        return parts;
    }

    private static List<String> parts(String text, String separator) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int start = 0;
        for (int at = 0; at < text.length(); at++) {
            depth += text.charAt(at) == '(' ? 1 : text.charAt(at) == ')' ? -1 : 0;
            if (depth == 0 && text.startsWith(separator, at)) {
                parts.add(text.substring(start, at));
                start = at + separator.length();
            }
        }
        parts.add(text.substring(start));
        return parts;
    }

    private static Target one(String text) {
        Matcher slices = SUM.matcher(text);
        if (slices.matches()) {
            return Target.slice(slices.group(1));
        }
        Matcher probability = PROBABILITY.matcher(text);
        if (probability.matches()) {
            return Target.probability(Long.parseLong(probability.group(1)));
        }
        if (text.equals("output")) {
            return Target.output();
        }
        if (text.equals(ALL)) {
            return Target.slice();
        }
        long[][] coordinates = coordinates(List.of(text));
        return coordinates.length == 1 ? Target.at(coordinates[0]) : Target.atEach(coordinates);
    }

    private static long[][] coordinates(List<String> each) {
        return each.stream()
                .flatMap(text -> {
                    Matcher index = INDEX.matcher(text);
                    if (!index.matches()) {
                        throw new IllegalArgumentException(text);
                    }
                    return COORDINATES.matcher(index.group(1)).results();
                })
                .map(one -> Numbers.integers(one.group()))
                .toArray(long[][]::new);
    }

    private static Tensor sumOfSquares(Tensor output) {
        long rows = output.shape().dim(0);
        return output.mul(output).reshape(rows, output.shape().row().size()).sum(1);
    }
}
