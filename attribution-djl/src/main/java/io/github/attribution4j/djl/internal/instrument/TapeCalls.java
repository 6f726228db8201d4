// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.program.CallSite.ModuleRef;
import io.github.attribution4j.djl.internal.program.Structure;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.wire.RuntimeSource;
import java.util.ArrayList;
import java.util.List;

/** Calls of the tape, which a rewritten method has as a variable. */
final class TapeCalls {
    private TapeCalls() {}

    /** Returns the value, shown to the tape. */
    static Expr show(RuntimeSource runtime, ModuleRef target, int place, Structure structure, Expr value) {
        Expr base = target.base().isEmpty() ? new Expr.Literal("0") : new Expr.Name(target.base());
        List<Expr> arguments = new ArrayList<>(List.of(
                base,
                new Expr.Literal(String.valueOf(target.offset())),
                new Expr.Literal(String.valueOf(place)),
                value));
        if (structure instanceof Structure.Tensor) {
            return port("show", arguments.toArray(new Expr[0]));
        }
        arguments.add(0, new Expr.Name(AddedNames.TAPE));
        return new Expr.Call(Trees.dotted(runtime.visitor(structure)), arguments, List.of(), true);
    }

    /** Returns a call of a method of the tape. */
    static Expr port(String method, Expr... arguments) {
        Expr receiver = new Expr.Parens(new Expr.Name(AddedNames.TAPE));
        return new Expr.Call(new Expr.Attribute(receiver, method), List.of(arguments), List.of(), true);
    }

    /** Returns the index of a module. */
    static Expr number(ModuleRef ref) {
        Expr offset = new Expr.Literal(String.valueOf(ref.offset()));
        if (ref.base().isEmpty()) {
            return offset;
        }
        Expr base = new Expr.Name(ref.base());
        return ref.offset() == 0
                ? base
                : new Expr.Call(Trees.dotted("torch.add"), List.of(base, offset), List.of(), false);
    }
}
