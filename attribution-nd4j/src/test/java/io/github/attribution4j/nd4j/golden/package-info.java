// SPDX-License-Identifier: Apache-2.0
/** The requests and expected numbers that TorchScript is held to, on the same networks as SameDiff graphs. */
@NullMarked
package io.github.attribution4j.nd4j.golden;

import org.jspecify.annotations.NullMarked;
