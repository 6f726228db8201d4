// SPDX-License-Identifier: Apache-2.0
/**
 * The wire format of ONNX files, read and written without a schema compiler. Internal: no compatibility is promised.
 *
 * <p>Start at {@link io.github.attribution4j.onnx.internal.proto.Message}: the fields of one message in the order of
 * the file. What was read and not changed is written as the bytes that it was read from, so that fields which nobody
 * here knows survive. Weights are never read: a field's content is a {@link
 * io.github.attribution4j.onnx.internal.proto.Region} of the file until somebody asks for its bytes.
 */
@NullMarked
package io.github.attribution4j.onnx.internal.proto;

import org.jspecify.annotations.NullMarked;
