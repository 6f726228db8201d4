// SPDX-License-Identifier: Apache-2.0
/**
 * Operators in words of others, for the way back: quantized ones in words of the standard's quantizers and of operators
 * on floats, and smooth ones of classical models. Internal: no compatibility is promised.
 */
@NullMarked
package io.github.attribution4j.onnx.internal.quantized;

import org.jspecify.annotations.NullMarked;
