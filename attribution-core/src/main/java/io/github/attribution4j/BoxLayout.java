/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j;

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
