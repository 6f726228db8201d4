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
package io.github.attribution4j.djl.internal.rewrite;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import java.util.Collection;

/** Whether a program may write to tensors: by an operator whose name ends in an underscore, by {@code out=}, or by an operator of unknown kind. */
final class InPlace {
    private InPlace() {}

    static boolean occursIn(Collection<Stmt.File> files) {
        boolean[] found = new boolean[1];
        for (Stmt.File file : files) {
            Trees.mapAll(file.statements(), expression -> {
                found[0] |= expression instanceof Expr.Call call && writes(call);
                return expression;
            });
        }
        return found[0];
    }

    /** Whether a call writes to its first argument, or may do so. */
    static boolean writes(Expr.Call call) {
        String name = Trees.dotted(call.callee());
        boolean operator = name.startsWith("torch.") || name.startsWith("ops.");
        boolean known = name.startsWith("torch.")
                || name.startsWith("ops.prim.")
                || name.startsWith("ops.quantized.")
                || name.startsWith("ops.torchvision.");
        boolean underscore = name.endsWith("_") && !name.endsWith("__");
        return (operator && (!known || underscore))
                || call.keywords().stream().anyMatch(k -> k.name().equals("out"));
    }
}
