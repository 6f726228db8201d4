// SPDX-License-Identifier: Apache-2.0

/**
 * Replays the golden cases through the public API: what PyTorch and Captum computed on the eager models is compared
 * with what the library computes on their archives. {@link io.github.attribution4j.djl.golden.GoldenTest} is where to
 * start.
 */
@NullMarked
package io.github.attribution4j.djl.golden;

import org.jspecify.annotations.NullMarked;
