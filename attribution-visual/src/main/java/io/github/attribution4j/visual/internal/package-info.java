// SPDX-License-Identifier: Apache-2.0
/**
 * What drawings are made of and written with: marks, their painters, and text that looks the same everywhere. Internal:
 * no compatibility is promised.
 *
 * <p>A drawing lays out {@link io.github.attribution4j.visual.internal.Mark}s. {@link
 * io.github.attribution4j.visual.internal.SvgWriter} and {@link io.github.attribution4j.visual.internal.Java2dPainter}
 * paint the same marks.
 */
@NullMarked
package io.github.attribution4j.visual.internal;

import org.jspecify.annotations.NullMarked;
