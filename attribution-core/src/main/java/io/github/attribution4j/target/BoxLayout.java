// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

/**
 * The meaning of the first four columns of a detector's output {@code (rows, boxes, columns)}: the position of a box.
 */
public enum BoxLayout {
    /** x1, y1, x2, y2. */
    CORNERS,
    /** Center x, center y, width, height, as in YOLO models. */
    CENTER_AND_SIZE;

    /** Returns x1, y1, x2, y2. */
    double[] corners(double a, double b, double c, double d) {
        return this == CORNERS ? new double[] {a, b, c, d} : new double[] {a - c / 2, b - d / 2, a + c / 2, b + d / 2};
    }
}
