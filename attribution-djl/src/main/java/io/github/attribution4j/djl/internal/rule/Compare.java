// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rule;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The comparisons of which conditions are made. */
public enum Compare {
    GT,
    GE,
    LT,
    LE,
    EQ,
    NE;

    /** The numbers of the comparisons in the libraries' texts, by operator. */
    public static final Map<String, Integer> CODES = Arrays.stream(values())
            .collect(Collectors.toUnmodifiableMap(c -> c.name().toLowerCase(Locale.ROOT), Enum::ordinal));
}
