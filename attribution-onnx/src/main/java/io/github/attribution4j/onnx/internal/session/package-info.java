// SPDX-License-Identifier: Apache-2.0
/**
 * ONNX Runtime: sessions, and the types of values that they report. No other package calls it. Internal: no
 * compatibility is promised.
 */
@NullMarked
package io.github.attribution4j.onnx.internal.session;

import org.jspecify.annotations.NullMarked;
