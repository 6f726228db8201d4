// SPDX-License-Identifier: Apache-2.0
/**
 * TorchScript archives as files: reading, refusing, rewriting. Internal: no compatibility is promised.
 *
 * <p>Start at {@link io.github.attribution4j.djl.internal.archive.TorchArchive}. It opens a {@code .pt} file without
 * libtorch, gives access to its source text and its object tree, and writes a copy with changed text. A file that
 * cannot be used is refused with an {@link io.github.attribution4j.djl.internal.archive.ArchiveException}, whose
 * message is one line. Tensor bytes are never decoded, and those of a file are never held in memory.
 */
@NullMarked
package io.github.attribution4j.djl.internal.archive;

import org.jspecify.annotations.NullMarked;
