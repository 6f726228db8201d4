// SPDX-License-Identifier: Apache-2.0
/**
 * Damaged and hostile ONNX files: for any bytes, loading and running ends in numbers or in one line that says why not.
 */
@NullMarked
package io.github.attribution4j.onnx.fuzz;

import org.jspecify.annotations.NullMarked;
