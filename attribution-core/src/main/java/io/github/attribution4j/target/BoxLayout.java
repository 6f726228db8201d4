// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

/** How a detector's output of shape {@code (rows, boxes, columns)} says where a box is: in its first four columns. */
public enum BoxLayout {
    /** x1, y1, x2, y2. */
    CORNERS,
    /** Centre x, centre y, width, height, as YOLO models give them. */
    CENTER_AND_SIZE;

    /** Returns x1, y1, x2, y2. */
    double[] corners(double a, double b, double c, double d) {
        return this == CORNERS ? new double[] {a, b, c, d} : new double[] {a - c / 2, b - d / 2, a + c / 2, b + d / 2};
    }
}
