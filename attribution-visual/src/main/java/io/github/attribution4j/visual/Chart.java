// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import java.awt.image.BufferedImage;

/**
 * What draws one picture: the charts of this package. A notebook shows a chart as its picture; a kernel that knows
 * images or HTML only shows {@link #toImage()} or {@link #toHtml()}.
 */
public interface Chart {
    /** Draws the picture. */
    Picture picture();

    /**
     * Draws the picture as pixels; see {@link Picture#toImage()}.
     *
     * @throws IllegalStateException if it would have more than 2<sup>27</sup> pixels
     */
    default BufferedImage toImage() {
        return picture().toImage();
    }

    /** Draws the picture as a complete HTML document; see {@link Picture#toHtml()}. */
    default String toHtml() {
        return picture().toHtml();
    }
}
