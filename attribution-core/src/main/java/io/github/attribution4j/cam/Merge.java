// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import java.util.Locale;

/** How the maps of several layers become one. */
public enum Merge {
    /** The mean. Maps of layers whose values are larger count more; see {@link #SCALED_MEAN}. */
    MEAN,
    /** The largest value at each position. */
    MAX,
    /**
     * The mean of the maps, each divided by its largest magnitude, example by example, so that every layer counts
     * alike. Values lie between -1 and 1; zero and sign stay. A map of zeros stays one.
     */
    SCALED_MEAN,
    /** One map for each layer, in the order of the layers. */
    EACH;

    /** Returns the name in lower case, such as {@code scaled-mean}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
