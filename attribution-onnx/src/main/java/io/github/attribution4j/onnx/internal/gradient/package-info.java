// SPDX-License-Identifier: Apache-2.0
/**
 * The nodes that compute gradients. Internal: no compatibility is promised.
 *
 * <p>{@link io.github.attribution4j.onnx.internal.gradient.Weaver} walks from the output back to the attributed values
 * and asks {@link io.github.attribution4j.onnx.internal.gradient.Rules}, the table of operators, what stands between
 * the gradient of a node's outputs and that of its inputs. Operators of one input that work element by element are a
 * text: {@code elementwise.rules}.
 */
@NullMarked
package io.github.attribution4j.onnx.internal.gradient;

import org.jspecify.annotations.NullMarked;
