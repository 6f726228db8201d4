// SPDX-License-Identifier: Apache-2.0
/**
 * Quantized operators in words of the standard's quantizers and of operators on floats, for the way back. Internal: no
 * compatibility is promised.
 */
@NullMarked
package io.github.attribution4j.onnx.internal.quantized;

import org.jspecify.annotations.NullMarked;
