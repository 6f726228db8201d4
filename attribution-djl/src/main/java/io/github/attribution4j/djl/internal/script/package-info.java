// SPDX-License-Identifier: Apache-2.0
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
