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
package io.github.attribution4j.tensor;

/**
 * How {@link Tensor#interpolate} reads between grid points, as PyTorch's {@code interpolate} does. Of float64 tensors,
 * PyTorch picks another neighbour for a few pairs of sizes where {@code i * in / out} falls on a rounding edge.
 */
public enum Interpolation {
    /** The value of the cell {@code floor(i * in / out)}. */
    NEAREST,
    /** Linear in both axes, half-pixel centres ({@code align_corners=False}), clamped at the border. */
    BILINEAR
}
