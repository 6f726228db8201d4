// SPDX-License-Identifier: Apache-2.0
/**
 * Operators into which ONNX Runtime's optimizer joins those of the standard, in the words of the standard again.
 * Internal: no compatibility is promised.
 *
 * <p>Start at {@link io.github.attribution4j.onnx.internal.unfuse.Unfused}.
 */
@NullMarked
package io.github.attribution4j.onnx.internal.unfuse;

import org.jspecify.annotations.NullMarked;
