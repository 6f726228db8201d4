// SPDX-License-Identifier: Apache-2.0
/**
 * TorchScript archives as files: reading, refusing, rewriting. Internal: no compatibility is promised.
 *
 * <p>Start at {@link io.github.attribution4j.djl.internal.archive.TorchArchive}, which opens a {@code .pt} file without libtorch, says in one line why it
 * cannot be used ({@link io.github.attribution4j.djl.internal.archive.ArchiveException}), hands out its source text and its object tree, and writes a copy with
 * changed text. Tensor bytes are never decoded and, from a file, never held in memory.
 */
@NullMarked
package io.github.attribution4j.djl.internal.archive;

import org.jspecify.annotations.NullMarked;
