// SPDX-License-Identifier: Apache-2.0
/**
 * ONNX models as graphs: nodes, values, weights and known types. Internal: no compatibility is promised.
 *
 * <p>Start at {@link io.github.attribution4j.onnx.internal.graph.OnnxFile}, which opens a file or an array, reports in
 * one line why it cannot be used, and writes models that refer to its weights.
 */
@NullMarked
package io.github.attribution4j.onnx.internal.graph;

import org.jspecify.annotations.NullMarked;
