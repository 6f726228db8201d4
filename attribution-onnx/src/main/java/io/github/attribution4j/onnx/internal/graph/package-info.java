// SPDX-License-Identifier: Apache-2.0
/**
 * ONNX models as graphs: nodes, values, weights, and what is known of types. Internal: no compatibility is promised.
 *
 * <p>Start at {@link io.github.attribution4j.onnx.internal.graph.OnnxFile}, which opens a file or an array, says in
 * one line why it cannot be used, and writes models whose weights stay where they are.
 */
@NullMarked
package io.github.attribution4j.onnx.internal.graph;

import org.jspecify.annotations.NullMarked;
