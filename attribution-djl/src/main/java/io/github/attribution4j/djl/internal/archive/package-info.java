/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
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
