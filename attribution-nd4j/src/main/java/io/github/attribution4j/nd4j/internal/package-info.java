// SPDX-License-Identifier: Apache-2.0
/** Runs the operations of a SameDiff graph one by one, forward and back. */
@NullMarked
package io.github.attribution4j.nd4j.internal;

import org.jspecify.annotations.NullMarked;
