// SPDX-License-Identifier: Apache-2.0
/**
 * The wire format of ONNX files, read and written without a schema compiler. Internal: no compatibility is promised.
 *
 * <p>Start at {@link io.github.attribution4j.onnx.internal.proto.Message}: the fields of one message in the order of
 * the file. What was read and not changed is written with its original bytes, so that unknown fields are preserved.
 * Weights are never read: the content of a field is a {@link io.github.attribution4j.onnx.internal.proto.Region} of the
 * file until its bytes are asked for.
 */
@NullMarked
package io.github.attribution4j.onnx.internal.proto;

import org.jspecify.annotations.NullMarked;
