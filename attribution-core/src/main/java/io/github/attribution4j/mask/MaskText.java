// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads masks: in the short form that people write, and as {@link FeatureMask#toString} writes them. */
final class MaskText {
    static final Kind<FeatureMask> KIND = Kind.ofSources("mask", MaskText::read);

    /** {@code kind:rest}, as people write it, or {@code kind(rest)}, as a mask says itself. */
    private static final Pattern CUT = Pattern.compile(
            "(grid|patches|superpixels|ranges|windows|columns|spans)\\s*(?::(.*)|\\((.*)\\))",
            Pattern.DOTALL | Pattern.CASE_INSENSITIVE);

    private static final Pattern NAMED = Pattern.compile("(.*\\S)\\s+named\\s*\\[(.*)]", Pattern.DOTALL);
    private static final Pattern AXIS = Pattern.compile("(?:axis)?\\s*(-?\\d+)\\s*:(.*)");
    private static final Pattern KIND_OF_SPANS = Pattern.compile("[a-z][a-z-]*");
    private static final String RENUMBERED = "renumbered";

    private MaskText() {}

    static FeatureMask parse(String text) {
        try {
            return read(text, part -> {
                throw new IllegalArgumentException("mask '" + text + "': '" + part
                        + "' is none of per-element, grid(cells high, cells wide), patches(height, width),"
                        + " superpixels(count, compactness), ranges(axis n: length, length, ...), windows(axis n:"
                        + " length), words, sentences and columns(group: column, column; ...); several are separated by"
                        + " |, one for each input");
            });
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("mask '" + text + "': a number is too large", e);
        } catch (IOException e) {
            throw new UncheckedIOException("mask '" + text + "' names a file", e);
        }
    }

    static FeatureMask read(String text, Sources sources) throws IOException {
        String[] parts = text.split("\\|", -1);
        FeatureMask[] masks = new FeatureMask[parts.length];
        for (int i = 0; i < parts.length; i++) {
            masks[i] = one(parts[i].strip(), sources);
        }
        return masks.length == 1 ? masks[0] : FeatureMask.perInput(masks);
    }

    private static FeatureMask one(String part, Sources sources) throws IOException {
        Matcher named = NAMED.matcher(part);
        if (named.matches()) {
            return one(named.group(1), sources).named(named.group(2).strip().split("\\s*,\\s*", -1));
        }
        if (part.startsWith(RENUMBERED + ":")) {
            return one(part.substring(RENUMBERED.length() + 1), sources).renumbered();
        }
        if (part.endsWith(" " + RENUMBERED)) {
            return one(part.substring(0, part.length() - RENUMBERED.length() - 1), sources)
                    .renumbered();
        }
        if (part.equals("per-element")) {
            return FeatureMask.perElement();
        }
        if (part.equals("words") || part.equals("sentences")) {
            return FeatureMask.spans(part);
        }
        Matcher cut = CUT.matcher(part);
        if (!cut.matches()) {
            return FeatureMask.of(sources.groupNumbers(part).toArray(Tensor[]::new));
        }
        boolean shortly = cut.group(2) != null;
        String rest = shortly ? cut.group(2) : cut.group(3);
        return switch (cut.group(1).toLowerCase(Locale.ROOT)) {
            case "grid" -> {
                int[] cells = two(rest, "grid:4x4");
                yield FeatureMask.grid(cells[0], cells[1]);
            }
            case "patches" -> {
                int[] size = two(rest, "patches:8x8");
                yield FeatureMask.patches(size[0], size[1]);
            }
            case "superpixels" -> superpixels(rest.strip());
            case "ranges" -> ranges(rest.strip());
            case "windows" -> windows(rest.strip());
            case "spans" -> FeatureMask.spans(rest.strip());
            default -> FeatureMask.columns(groups(rest, shortly ? '=' : ':'));
        };
    }

    private static Map<String, List<String>> groups(String text, char separator) {
        Map<String, List<String>> groups = new LinkedHashMap<>();
        for (String group : text.split(";", -1)) {
            int end = group.indexOf(separator);
            if (end < 1) {
                throw new IllegalArgumentException(
                        "'" + group.strip() + "' names no columns; columns need groups with their columns, such as"
                                + " columns:colour=red,blue;size=small,large or columns(colour: red, blue; size: small,"
                                + " large)");
            }
            List<String> columns = Arrays.stream(group.substring(end + 1).split(",", -1))
                    .map(String::strip)
                    .toList();
            String name = group.substring(0, end).strip();
            if (groups.put(name, columns) != null) {
                throw new IllegalArgumentException("columns: group '" + name + "' is given twice; give it once");
            }
        }
        return groups;
    }

    static boolean isKind(String kind) {
        return KIND_OF_SPANS.matcher(kind).matches();
    }

    private static FeatureMask superpixels(String text) {
        double[] numbers = Numbers.of(text);
        if (numbers.length < 1 || numbers.length > 2 || numbers[0] != Math.rint(numbers[0])) {
            throw new IllegalArgumentException(
                    "superpixels need a count, and may have a compactness, such as superpixels:50 or"
                            + " superpixels:50,0.5");
        }
        int count = (int) numbers[0];
        return numbers.length == 1 ? FeatureMask.superpixels(count) : FeatureMask.superpixels(count, numbers[1]);
    }

    private static FeatureMask windows(String text) {
        Matcher axis = AXIS.matcher(text);
        int[] length = axis.matches() ? ints(axis.group(2)) : new int[0];
        if (length.length != 1) {
            throw new IllegalArgumentException("windows need an axis and a length, such as windows:1:24");
        }
        return FeatureMask.windows(Integer.parseInt(axis.group(1)), length[0]);
    }

    private static FeatureMask ranges(String text) {
        Matcher axis = AXIS.matcher(text);
        if (!axis.matches()) {
            throw new IllegalArgumentException("ranges need an axis and lengths, such as ranges:1:1,1,3");
        }
        return FeatureMask.ranges(Integer.parseInt(axis.group(1)), ints(axis.group(2)));
    }

    private static int[] two(String text, String example) {
        int[] numbers = ints(text);
        if (numbers.length != 2) {
            throw new IllegalArgumentException("needs two numbers, such as " + example);
        }
        return numbers;
    }

    private static int[] ints(String text) {
        try {
            return Arrays.stream(Numbers.integers(text))
                    .mapToInt(Math::toIntExact)
                    .toArray();
        } catch (ArithmeticException e) {
            throw (NumberFormatException) new NumberFormatException(text).initCause(e);
        }
    }
}
