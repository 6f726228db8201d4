// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads masks as {@link FeatureMask#toString} writes them, those made of numbers given by hand apart. */
final class MaskText {
    private static final Pattern PLANE = Pattern.compile("(grid|patches)\\s*\\(\\s*(\\d+)\\s*,\\s*(\\d+)\\s*\\)");
    private static final Pattern RANGES =
            Pattern.compile("ranges\\s*\\(\\s*axis\\s*(-?\\d+)\\s*:\\s*(\\d+(?:\\s*,\\s*\\d+)*)\\s*\\)");

    private static final Pattern COLUMNS = Pattern.compile("columns\\s*\\((.*)\\)", Pattern.DOTALL);

    private static final Pattern NAMED = Pattern.compile("(.*\\S)\\s+named\\s*\\[(.*)]", Pattern.DOTALL);

    private MaskText() {}

    private static Map<String, List<String>> groups(String inside, String text) {
        Map<String, List<String>> groups = new LinkedHashMap<>();
        for (String group : inside.split(";", -1)) {
            int colon = group.indexOf(':');
            if (colon < 0) {
                throw new IllegalArgumentException("mask '" + text + "': '" + group.strip()
                        + "' names no columns; write columns(group: column, column; group: ...)");
            }
            List<String> columns = Arrays.stream(group.substring(colon + 1).split(",", -1))
                    .map(String::strip)
                    .toList();
            if (groups.put(group.substring(0, colon).strip(), columns) != null) {
                throw new IllegalArgumentException("mask '" + text + "': a group is given twice");
            }
        }
        return groups;
    }

    static FeatureMask parse(String text) {
        String[] parts = text.split("\\|", -1);
        FeatureMask[] masks = new FeatureMask[parts.length];
        for (int i = 0; i < parts.length; i++) {
            masks[i] = one(parts[i].strip(), text);
        }
        return masks.length == 1 ? masks[0] : FeatureMask.perInput(masks);
    }

    private static FeatureMask one(String part, String text) {
        Matcher plane = PLANE.matcher(part);
        Matcher ranges = RANGES.matcher(part);
        Matcher named = NAMED.matcher(part);
        if (named.matches()) {
            return one(named.group(1), text).named(named.group(2).strip().split("\\s*,\\s*", -1));
        }
        Matcher columns = COLUMNS.matcher(part);
        if (columns.matches()) {
            return FeatureMask.columns(groups(columns.group(1), text));
        }
        try {
            if (part.equals("per-element")) {
                return FeatureMask.perElement();
            }
            if (plane.matches()) {
                int high = Integer.parseInt(plane.group(2));
                int wide = Integer.parseInt(plane.group(3));
                return plane.group(1).equals("grid") ? FeatureMask.grid(high, wide) : FeatureMask.patches(high, wide);
            }
            if (ranges.matches()) {
                int[] lengths = Arrays.stream(ranges.group(2).split(","))
                        .mapToInt(length -> Integer.parseInt(length.strip()))
                        .toArray();
                return FeatureMask.ranges(Integer.parseInt(ranges.group(1)), lengths);
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("mask '" + text + "': a number is too large", e);
        }
        throw new IllegalArgumentException(
                "mask '" + text + "': '" + part + "' is none of per-element, grid(cells high, "
                        + "cells wide), patches(height, width), ranges(axis n: length, length, ...) and columns(group: "
                        + "column, column; ...); several are separated by |, "
                        + "one for each input");
    }
}
