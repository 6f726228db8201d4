// SPDX-License-Identifier: Apache-2.0
/**
 * The language in which TorchScript archives hold their methods: syntax tree, parser, printer. Internal: no
 * compatibility is promised.
 *
 * <p>The language is the output of PyTorch's serializer, a small regular subset of Python: no infix operators, one
 * statement on each line. Reading order: {@link io.github.attribution4j.djl.internal.script.Expr},
 * {@link io.github.attribution4j.djl.internal.script.Stmt}, {@link io.github.attribution4j.djl.internal.script.Parser},
 * {@link io.github.attribution4j.djl.internal.script.Printer}. A file that was parsed and printed has its old text,
 * except for some spaces.
 */
@NullMarked
package io.github.attribution4j.djl.internal.script;

import org.jspecify.annotations.NullMarked;
