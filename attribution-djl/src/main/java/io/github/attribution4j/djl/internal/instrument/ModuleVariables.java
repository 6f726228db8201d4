// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.program.CallSite.ModuleRef;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.script.Expr;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which variables of a method hold which modules, at one place of its text. */
final class ModuleVariables {
    private static final ModuleRef UNCERTAIN = new ModuleRef("", "", 0);

    private final ProgramIndex index;
    private final Map<String, ModuleRef> variables = new HashMap<>();

    ModuleVariables(ProgramIndex index) {
        this.index = index;
    }

    /** Returns whether it is known which module a variable holds. */
    static boolean isCertain(ModuleRef module) {
        return !module.equals(UNCERTAIN);
    }

    ModuleVariables copy() {
        ModuleVariables copy = new ModuleVariables(index);
        copy.variables.putAll(variables);
        return copy;
    }

    void put(String name, ModuleRef module) {
        variables.put(name, module);
    }

    /** Makes each variable uncertain that holds another module elsewhere. */
    void merge(ModuleVariables other) {
        for (Map.Entry<String, ModuleRef> entry : other.variables.entrySet()) {
            variables.merge(entry.getKey(), entry.getValue(), (a, b) -> a.equals(b) ? a : UNCERTAIN);
        }
    }

    /** Makes a variable uncertain, if it holds a module. */
    void forget(Expr target) {
        if (target instanceof Expr.Name name && variables.containsKey(name.id())) {
            variables.put(name.id(), UNCERTAIN);
        }
    }

    /** Returns the module that an expression stands for; null if it is none. */
    @Nullable
    ModuleRef resolve(Expr expression) {
        if (expression instanceof Expr.Name name) {
            return variables.get(name.id());
        }
        if (expression instanceof Expr.Parens parens) {
            return resolve(parens.value());
        }
        if (expression instanceof Expr.Attribute attribute) {
            return child(resolve(attribute.value()), attribute.name());
        }
        if (expression instanceof Expr.Call call
                && call.callee() instanceof Expr.Name name
                && name.id().equals("getattr")
                && call.arguments().size() == 2
                && call.arguments().get(1) instanceof Expr.Text text) {
            return child(resolve(call.arguments().get(0)), text.value());
        }
        return null;
    }

    private @Nullable ModuleRef child(@Nullable ModuleRef parent, String attribute) {
        if (parent == null || !isCertain(parent)) {
            return parent;
        }
        ProgramIndex.ModuleClass owner = index.module(parent.type());
        String type = owner.children().get(attribute);
        Integer offset = owner.offsets().get(attribute);
        return type == null || offset == null ? null : new ModuleRef(type, parent.base(), parent.offset() + offset);
    }
}
