// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rewrite;

import io.github.attribution4j.djl.internal.script.Stmt;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A call of a module in an instrumented method.
 *
 * @param target the module called
 * @param method the method called
 * @param modules for each parameter of the method that is a module: which one is passed
 * @param handsOn whether a trace left it neither arguments nor a result, and it is known which value it hands on
 * @param loop whether it stands in a loop
 */
record CallSite(ModuleRef target, String method, Map<String, ModuleRef> modules, boolean handsOn, boolean loop) {
    private static final Pattern FORWARD = Pattern.compile("forward(__)?[0-9]*");
    private static final Pattern RECURRENT_FORWARD = Pattern.compile("forward_(tensor|packed)");

    /**
     * A module known by where it stands.
     *
     * @param type its class
     * @param base the variable with the index it is counted from; empty if the offset is counted from the root
     * @param offset its index minus that of the base
     */
    record ModuleRef(String type, String base, int offset) {}

    /** Whether a method counts as the call of a module, which taps see: forward, a trace's forward1, an overload's forward__0, forward with hooks. */
    static boolean counts(String method) {
        return FORWARD.matcher(method).matches() || method.equals(Hooks.CALL);
    }

    /** The same for a class: dynamically quantized recurrent layers have these two instead of {@code forward}. */
    static boolean counts(Stmt.ClassDef definition, String method) {
        return counts(method)
                || (RECURRENT_FORWARD.matcher(method).matches()
                        && definition.members().stream()
                                .noneMatch(m -> m instanceof Stmt.Def def && counts(def.name())));
    }
}
