// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import java.util.Locale;

/** How two activations are compared. A larger number means more similar. */
public enum Similarity {
    /** a · b / (‖a‖ ‖b‖), from −1 to 1; 0 if one of them is all zeros. */
    COSINE,
    /** −‖a − b‖, 0 or less: Captum's {@code euclidean_distance}, negative, so that near rows come first. */
    EUCLID,
    /** a · b. */
    DOT;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
