// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** "Did you mean": the known names nearest to a mistyped one. */
public final class NearNames {
    private static final int SHOWN = 3;

    private NearNames() {}

    /** Returns up to three names by edit distance, nearest first, none that shares too little to be meant. */
    public static List<String> of(String name, List<String> known) {
        String wanted = name.toLowerCase(Locale.ROOT);
        return known.stream()
                .filter(candidate -> !candidate.isEmpty())
                .filter(candidate -> distance(wanted, candidate.toLowerCase(Locale.ROOT))
                        <= Math.max(2, Math.max(wanted.length(), candidate.length()) / 2))
                .sorted(Comparator.comparingInt(candidate -> distance(wanted, candidate.toLowerCase(Locale.ROOT))))
                .limit(SHOWN)
                .toList();
    }

    /** Returns "did you mean 'a', 'b'?" or, when nothing is near, the first known names. */
    public static String hint(String name, List<String> known) {
        List<String> near = of(name, known);
        if (!near.isEmpty()) {
            return near.stream()
                    .map(candidate -> "'" + candidate + "'")
                    .collect(Collectors.joining(", ", "did you mean ", "?"));
        }
        if (known.isEmpty()) {
            return "there are none";
        }
        String some = known.stream()
                .filter(candidate -> !candidate.isEmpty())
                .limit(2L * SHOWN)
                .collect(Collectors.joining("', '", "'", "'"));
        return "there are " + known.size() + ", such as " + some;
    }

    private static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(substituted, Math.min(previous[j], current[j - 1]) + 1);
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
