// SPDX-License-Identifier: Apache-2.0
/**
 * ONNX Runtime: sessions, and what they say of the types of values. The only package that touches it. Internal: no
 * compatibility is promised.
 */
@NullMarked
package io.github.attribution4j.onnx.internal.session;

import org.jspecify.annotations.NullMarked;
