// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Tensor;
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
    private static final Pattern INDEX = Pattern.compile("index (.*)");
    private static final Pattern PROBABILITY = Pattern.compile("probability of (?:index )?(\\d+)");
    private static final Pattern SIGMOID = Pattern.compile("sigmoid of (.*)");

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
        Target target = words(text.replace(", index ", ", "));
        return classes.isEmpty() ? target : target.named(classes.toArray(String[]::new));
    }

    private static Target words(String text) {
        if (text.equals(ALL)) {
            return Target.slice();
        }
        if (text.equals(SQUARES)) {
            return Target.of(SQUARES, TargetText::sumOfSquares, output -> output.mul(2));
        }
        if (text.equals("output")) {
            return Target.output();
        }
        int minus = text.indexOf(" minus ");
        if (minus > 0) {
            return Target.difference(sum(text.substring(0, minus)), sum(text.substring(minus + " minus ".length())));
        }
        Matcher of = SIGMOID.matcher(text);
        if (of.matches()) {
            return Target.sigmoid(sum(of.group(1)));
        }
        return sum(text);
    }

    private static Target sum(String text) {
        if (!text.startsWith("(")) {
            return one(text);
        }
        return Target.sum(Arrays.stream(text.substring(1, text.length() - 1).split(" plus "))
                .map(TargetText::one)
                .toArray(Target[]::new));
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
        Matcher index = INDEX.matcher(text);
        if (index.matches()) {
            List<long[]> each = COORDINATES
                    .matcher(index.group(1))
                    .results()
                    .map(one -> Numbers.integers(one.group()))
                    .toList();
            return each.size() == 1 ? Target.at(each.get(0)) : Target.atEach(each.toArray(long[][]::new));
        }
        if (text.equals("output") || text.equals(ALL)) {
            return words(text);
        }
        throw new IllegalArgumentException("target '" + text + "': is made of more than its description; give it");
    }

    private static Tensor sumOfSquares(Tensor output) {
        long rows = output.shape().dim(0);
        return output.mul(output).reshape(rows, output.shape().row().size()).sum(1);
    }
}
