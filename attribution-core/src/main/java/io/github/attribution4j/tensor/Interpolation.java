// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

/**
 * How {@link Tensor#interpolate} reads between grid points, as PyTorch's {@code interpolate} does. For float64 tensors,
 * PyTorch picks the other adjacent cell for a few pairs of sizes for which {@code i * in / out} falls on a rounding
 * edge.
 */
public enum Interpolation {
    /** The value of the cell {@code floor(i * in / out)}. */
    NEAREST,
    /** Linear in both axes, half-pixel centers ({@code align_corners=False}), clamped at the border. */
    BILINEAR
}
