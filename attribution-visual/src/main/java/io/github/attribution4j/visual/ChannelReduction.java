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
package io.github.attribution4j.visual;

/** How the attributions of the channels of one pixel become one value. */
public enum ChannelReduction {
    /** Their sum. It keeps completeness: the pixels add up to what the channels add up to. Captum does this too. */
    SUM,
    /** The one of largest magnitude, with its sign (of the first such channel). It does not keep completeness. */
    MAX_ABS;

    double[] reduce(double[] values, int channels, int pixels) {
        double[] out = new double[pixels];
        for (int i = 0; i < pixels; i++) {
            double one = values[i];
            for (int c = 1; c < channels; c++) {
                double other = values[c * pixels + i];
                one = this == SUM ? one + other : Math.abs(other) > Math.abs(one) ? other : one;
            }
            out[i] = one;
        }
        return out;
    }
}
