// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.operator;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import java.util.Collection;

/**
 * Tells whether a program may write to tensors in place: by an operator whose name ends in an underscore, by
 * {@code out=}, or by an operator that the table does not know.
 */
public final class InPlace {
    private InPlace() {}

    public static boolean occursIn(Collection<Stmt.File> files) {
        boolean[] found = new boolean[1];
        for (Stmt.File file : files) {
            Trees.forEach(file.statements(), expression -> {
                found[0] |= expression instanceof Expr.Call call && writes(call);
            });
        }
        return found[0];
    }

    /** Returns whether a call writes, or may write, to its first argument. */
    public static boolean writes(Expr.Call call) {
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
