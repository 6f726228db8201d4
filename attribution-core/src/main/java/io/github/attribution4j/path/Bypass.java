// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.path;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What happens, while a path of the inputs is followed as the activations of a layer, to the inputs that bypass the layer: a
 * residual connection, a mask, a second input.
 */
public enum Bypass {
    /**
     * They follow the path: at position t the whole model runs at γ(t). Attributions of the layer account for what flows
     * through it; what flows past it is missing from their sum.
     */
    FOLLOW,
    /**
     * They stay at the explained inputs: at position t the tail runs at the activation of γ(t) and, besides it, at x.
     * Attributions of the layer account for all that the tail's score changes.
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
