// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

/** Which part of signed attributions is drawn. */
public enum Sign {
    /** Positive and negative, as they are. */
    ALL,
    /** max(a, 0): what is for the target. */
    POSITIVE,
    /** min(a, 0): what is against the target. The values stay negative, in the legend too. */
    NEGATIVE,
    /** |a|. */
    ABSOLUTE;

    double of(double attribution) {
        return switch (this) {
            case ALL -> attribution;
            case POSITIVE -> Math.max(attribution, 0);
            case NEGATIVE -> Math.min(attribution, 0);
            case ABSOLUTE -> Math.abs(attribution);
        };
    }
}
