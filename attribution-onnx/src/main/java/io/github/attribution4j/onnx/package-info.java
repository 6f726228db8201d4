// SPDX-License-Identifier: Apache-2.0
/**
 * Explains ONNX models on plain ONNX Runtime, which computes no gradients by itself: the nodes that compute a
 * vector-Jacobian product are added to the graph, and the runtime runs them like any others.
 *
 * <p>What a user names will stand here. So far there is the ground below it, all of it internal.
 */
@NullMarked
package io.github.attribution4j.onnx;

import org.jspecify.annotations.NullMarked;
