// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.method;

import io.github.attribution4j.Baseline;
import io.github.attribution4j.TokenBaseline;
import io.github.attribution4j.perturbation.FeatureMask;
import io.github.attribution4j.setting.Sources;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** How the texts of settings become values. */
public final class SettingTypes {
    public static final String BASELINE = "baseline";
    public static final String MASK = "mask";
    public static final String LAYER = "layer";
    static final String METHOD = "method";
    public static final String UNIT = "unit";

    /** What the texts of a unit are, for help. */
    public static final String UNITS =
            "coordinates 17,3,3; slices 17,0:4,: (summed); or sum, sum-of-squares of the layer";

    /** What the texts of a baseline are, for help. */
    public static final String BASELINES =
            "a number (or one for each input: 0,0.5), a file with the inputs' arrays, mean:FILE or "
                    + "samples:FILE (rows are samples), blur:SIGMA, uniform:LOW,HIGH, normal:MEAN,STDEV, token:ID or "
                    + "token:ID:KEPT,... (a reference token), head:BASELINE (of the model's inputs, lifted to the layer)";

    /** What the texts of a mask are, for help. */
    public static final String MASKS =
            "per-element, grid:ROWSxCOLUMNS, patches:HEIGHTxWIDTH, ranges:AXIS:LENGTH,LENGTH,..., "
                    + "columns:GROUP=COLUMN,COLUMN,...;GROUP=... of a table, a file of group numbers 0, 1, 2, ..., or "
                    + "renumbered:FILE if they have gaps; behind each 'named [NAME, NAME, ...]' names the groups";

    private static final Pattern NAMED = Pattern.compile("(.*\\S)\\s+named\\s*\\[(.*)]", Pattern.DOTALL);

    private SettingTypes() {}

    static Setting<Integer> integer(String name, int byDefault, String meaning) {
        return new Setting<>(
                name,
                "an integer",
                Integer.toString(byDefault),
                meaning,
                (text, sources) -> Integer.valueOf(text.strip()));
    }

    static Setting<Double> number(String name, double byDefault, String meaning) {
        return new Setting<>(
                name, "a number", Double.toString(byDefault), meaning, (text, sources) -> Double.valueOf(text.strip()));
    }

    static Setting<Boolean> flag(String name, boolean byDefault, String meaning) {
        return new Setting<>(
                name, "true or false", Boolean.toString(byDefault), meaning, (text, sources) -> flag(text));
    }

    private static boolean flag(String text) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "true", "yes" -> true;
            case "false", "no" -> false;
            default -> throw new IllegalArgumentException("must be true or false");
        };
    }

    static Setting<double[]> numbers(String name, String byDefault, String meaning) {
        return new Setting<>(
                name, "a number, or one for each input: 0.1,0.2", byDefault, meaning, (text, sources) -> numbers(text));
    }

    /** A setting that is one of the values of an enum, named in lower case with hyphens. */
    static <E extends Enum<E>> Setting<E> choice(String name, Class<E> type, E byDefault, String meaning) {
        String all =
                Arrays.stream(type.getEnumConstants()).map(SettingTypes::label).collect(Collectors.joining(", "));
        return new Setting<>(name, "one of " + all, label(byDefault), meaning, (text, sources) -> {
            for (E value : type.getEnumConstants()) {
                if (label(value).equals(text.strip())) {
                    return value;
                }
            }
            throw new IllegalArgumentException("choose one of " + all);
        });
    }

    private static String label(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static Setting<String> text(String name, String type, String meaning) {
        return new Setting<>(name, type, null, meaning, (text, sources) -> text);
    }

    static Setting<Baseline> baseline(String meaning) {
        return new Setting<>(BASELINE, BASELINE, "0.0", meaning, SettingTypes::baseline);
    }

    static Setting<FeatureMask> mask() {
        return new Setting<>(
                MASK, MASK, "per-element", "the groups of elements that go absent together", SettingTypes::mask);
    }

    /** Numbers separated by commas, in brackets or not. */
    static double[] numbers(String text) {
        String plain = text.replace("[", "").replace("]", "");
        return Arrays.stream(plain.split(",", -1))
                .mapToDouble(one -> Double.parseDouble(one.strip()))
                .toArray();
    }

    /** Integers separated by commas or by {@code x}. */
    static long[] integers(String text) {
        return Arrays.stream(text.split("[,x]", -1))
                .mapToLong(one -> Long.parseLong(one.strip()))
                .toArray();
    }

    /** One shape for each input, separated by semicolons. */
    static Shape[] shapes(String text) {
        return Arrays.stream(text.split(";", -1))
                .map(one -> Shape.of(integers(one)))
                .toArray(Shape[]::new);
    }

    static Baseline baseline(String text, Sources sources) throws IOException {
        int colon = text.indexOf(':');
        String kind = colon < 0 ? "" : text.substring(0, colon).toLowerCase(Locale.ROOT);
        String rest = text.substring(colon + 1);
        return switch (kind) {
            case "blur" -> Baseline.blurred(Double.parseDouble(rest));
            case "uniform" -> {
                double[] ends = two("uniform:0,1", numbers(rest));
                yield Baseline.uniform(ends[0], ends[1]);
            }
            case "normal" -> {
                double[] moments = two("normal:0,1", numbers(rest));
                yield Baseline.normal(moments[0], moments[1]);
            }
            case "samples" -> Baseline.samples(array(sources.arrays(rest)));
            case "mean" -> Baseline.mean(array(sources.arrays(rest)));
            case "token" -> token(rest);
            case "head" -> baseline(rest, sources).throughHead();
            default -> isNumbers(text) ? Baseline.constant(numbers(text)) : Baseline.of(array(sources.arrays(text)));
        };
    }

    private static Baseline token(String text) {
        int colon = text.indexOf(':');
        TokenBaseline reference =
                TokenBaseline.of(Long.parseLong((colon < 0 ? text : text.substring(0, colon)).strip()));
        return colon < 0 ? reference : reference.keeping(integers(text.substring(colon + 1)));
    }

    private static double[] two(String example, double[] given) {
        if (given.length != 2) {
            throw new IllegalArgumentException("needs two numbers, such as " + example);
        }
        return given;
    }

    private static boolean isNumbers(String text) {
        try {
            return numbers(text).length > 0;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static Tensor[] array(List<Tensor> tensors) {
        return tensors.toArray(Tensor[]::new);
    }

    static FeatureMask mask(String text, Sources sources) throws IOException {
        Matcher named = NAMED.matcher(text);
        if (named.matches() && !text.contains("|")) {
            return mask(named.group(1), sources).named(named.group(2).strip().split("\\s*,\\s*", -1));
        }
        int colon = text.indexOf(':');
        String kind = colon < 0 ? text : text.substring(0, colon).toLowerCase(Locale.ROOT);
        String rest = text.substring(colon + 1);
        return switch (kind) {
            case "per-element" -> FeatureMask.perElement();
            case "grid" -> {
                int[] cells = two(rest, "grid:4x4");
                yield FeatureMask.grid(cells[0], cells[1]);
            }
            case "patches" -> {
                int[] size = two(rest, "patches:8x8");
                yield FeatureMask.patches(size[0], size[1]);
            }
            case "ranges" -> ranges(rest);
            case "columns" -> columns(rest);
            case "renumbered" ->
                FeatureMask.of(array(sources.groupNumbers(rest))).renumbered();
            default ->
                text.endsWith(")") || text.contains("|")
                        ? FeatureMask.parse(text)
                        : FeatureMask.of(array(sources.groupNumbers(text)));
        };
    }

    private static FeatureMask columns(String text) {
        Map<String, List<String>> groups = new LinkedHashMap<>();
        for (String group : text.split(";", -1)) {
            int equals = group.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException(
                        "columns need groups with their columns, such as columns:colour=red,blue;size=small,large");
            }
            List<String> columns = Arrays.stream(group.substring(equals + 1).split(",", -1))
                    .map(String::strip)
                    .toList();
            if (groups.put(group.substring(0, equals).strip(), columns) != null) {
                throw new IllegalArgumentException(
                        "columns: group '" + group.substring(0, equals).strip() + "' is given twice; give it once");
            }
        }
        return FeatureMask.columns(groups);
    }

    private static FeatureMask ranges(String text) {
        int colon = text.indexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("ranges need an axis and lengths, such as ranges:1:1,1,3");
        }
        int axis = Integer.parseInt(text.substring(0, colon).strip());
        return FeatureMask.ranges(axis, ints(text.substring(colon + 1)));
    }

    private static int[] two(String text, String example) {
        int[] numbers = ints(text);
        if (numbers.length != 2) {
            throw new IllegalArgumentException("needs two numbers, such as " + example);
        }
        return numbers;
    }

    private static int[] ints(String text) {
        return Arrays.stream(integers(text)).mapToInt(Math::toIntExact).toArray();
    }
}
