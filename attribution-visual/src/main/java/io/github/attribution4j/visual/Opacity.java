// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.OkLab;
import java.util.function.DoubleToIntFunction;

/**
 * How strongly an overlay covers the original image.
 *
 * @param largest the opacity of the strongest attribution, 0 to 1
 * @param byMagnitude whether weaker attributions cover less: opacity {@code largest·|t|^0.7} at the position {@code t}
 *     on the color scale; otherwise every pixel has the largest opacity
 */
public record Opacity(double largest, boolean byMagnitude) {

    /**
     * Checks the largest opacity.
     *
     * @param largest the opacity of the strongest attribution, 0 to 1
     * @param byMagnitude whether weaker attributions cover less
     * @throws IllegalArgumentException if {@code largest} is not within 0 to 1
     */
    public Opacity {
        Checks.within("largest", largest, 0, 1);
    }

    /**
     * Returns an opacity that is smaller for weaker attributions, so that the original stays visible where attributions
     * are small.
     *
     * @param largest the opacity of the strongest attribution, 0 to 1
     * @return the opacity
     */
    public static Opacity byMagnitude(double largest) {
        return new Opacity(largest, true);
    }

    /**
     * Returns one opacity for all pixels.
     *
     * @param opacity 0 (the original alone) to 1 (the heat map alone)
     * @return the opacity
     */
    public static Opacity constant(double opacity) {
        return new Opacity(opacity, false);
    }

    /** Returns the color of position {@code t} on the scale over the given background. */
    int over(int background, DoubleToIntFunction map, double t) {
        if (!byMagnitude) {
            return OkLab.blend(background, map.applyAsInt(t), largest);
        }
        // The pale middle of the scale would bleach the image; the opacity already shows that the value is small.
        double strong = Math.signum(t) * (0.45 + 0.55 * Math.abs(t));
        return OkLab.blend(background, map.applyAsInt(strong), largest * Math.pow(Math.abs(t), 0.7));
    }
}
