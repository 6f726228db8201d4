// SPDX-License-Identifier: Apache-2.0
/**
 * The nodes that compute gradients. Internal: no compatibility is promised.
 *
 * <p>{@link io.github.attribution4j.onnx.internal.gradient.Weaver} goes from the output back to the attributed values.
 * {@link io.github.attribution4j.onnx.internal.gradient.Rules}, the table of operators, has the rule that computes the
 * gradients of a node's inputs from those of its outputs. The rules of element-wise operators of one input are in a
 * text file: {@code elementwise.rules}.
 */
@NullMarked
package io.github.attribution4j.onnx.internal.gradient;

import org.jspecify.annotations.NullMarked;
