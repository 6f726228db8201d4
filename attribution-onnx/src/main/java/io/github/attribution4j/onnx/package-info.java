// SPDX-License-Identifier: Apache-2.0
/**
 * Explains ONNX models on plain ONNX Runtime, which computes no gradients by itself: the nodes that compute a
 * vector-Jacobian product are added to the graph, and the runtime runs them like any others.
 *
 * <p>{@link io.github.attribution4j.onnx.OnnxModel} is the only type that a user needs.
 */
@NullMarked
package io.github.attribution4j.onnx;

import org.jspecify.annotations.NullMarked;
