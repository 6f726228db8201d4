// SPDX-License-Identifier: Apache-2.0
/**
 * Backward rules on a graph: which operations it has ({@code Operations}), which rule each follows ({@code RuledWays}),
 * and how each family of rules passes back what comes ({@code Family}). A rule takes the place of a node's derivative.
 * Internal: no compatibility is promised.
 */
@NullMarked
package io.github.attribution4j.onnx.internal.rule;

import org.jspecify.annotations.NullMarked;
