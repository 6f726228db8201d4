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
 * The language in which TorchScript archives keep their methods: syntax tree, parser, printer. Internal: no compatibility is promised.
 *
 * <p>The language is what PyTorch's serializer writes, a small regular subset of Python: no infix operators, one statement a line. Reading order:
 * {@link io.github.attribution4j.djl.internal.script.Expr}, {@link io.github.attribution4j.djl.internal.script.Stmt},
 * {@link io.github.attribution4j.djl.internal.script.Parser}, {@link io.github.attribution4j.djl.internal.script.Printer}. Printing a parsed file gives its text
 * back, apart from spaces.
 */
@NullMarked
package io.github.attribution4j.djl.internal.script;

import org.jspecify.annotations.NullMarked;
