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
package io.github.attribution4j.cam;

/** What becomes of the maps of several layers. */
public enum Merge {
    /** The mean. Maps of layers whose values are larger count more; see {@link #SCALED_MEAN}. */
    MEAN,
    /** The largest value at each position. */
    MAX,
    /**
     * The mean of the maps divided, each example by itself, by their largest magnitude, so that every layer counts alike:
     * values lie between -1 and 1, and zero and sign stay. A map of zeros stays one.
     */
    SCALED_MEAN,
    /** One map for each layer, in the order of the layers. */
    EACH
}
