// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.path;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How inputs that bypass a layer behave while the layer's activations follow a path of the inputs. Examples are a
 * residual connection, a mask, or a second input.
 */
public enum Bypass {
    /**
     * They follow the path: at position t the whole model runs at γ(t). Attributions of the layer account for what
     * flows through it; the part that bypasses it is missing from their sum.
     */
    FOLLOW,
    /**
     * They stay at the explained inputs: at position t the tail runs at the activation of γ(t) and, besides it, at x.
     * Attributions of the layer account for the whole change of the tail's score.
     */
    STAY;

    /**
     * Returns the one of a name, {@code follow} or {@code stay}.
     *
     * @throws IllegalArgumentException listing the names if there is none of that name
     */
    public static Bypass of(String name) {
        return Arrays.stream(values())
                .filter(bypass -> bypass.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("bypass '" + name + "' is unknown; choose one of "
                        + Arrays.stream(values()).map(Bypass::toString).collect(Collectors.joining(", "))));
    }

    /** Returns the name in lower case. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
