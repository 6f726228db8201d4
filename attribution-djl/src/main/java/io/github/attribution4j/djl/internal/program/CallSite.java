// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.script.Stmt;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A call of a module in an instrumented method.
 *
 * @param target the called module
 * @param method the called method
 * @param modules the module that is passed, for each parameter of the method that is a module
 * @param passesThrough whether a trace dropped arguments and result of the call, and the value that passes through is
 *     known
 * @param loop whether the call is in a loop
 */
public record CallSite(
        ModuleRef target, String method, Map<String, ModuleRef> modules, boolean passesThrough, boolean loop) {
    private static final Pattern FORWARD = Pattern.compile("forward(__)?[0-9]*");
    private static final Pattern RECURRENT_FORWARD = Pattern.compile("forward_(tensor|packed)");

    /**
     * A module, by its position in the tree.
     *
     * @param type its class
     * @param base the variable that holds the index from which the offset counts; empty if it counts from the root
     * @param offset the module's index minus that of the base
     */
    public record ModuleRef(String type, String base, int offset) {}

    /**
     * Returns whether a method is a call of the module, which taps see: {@code forward}, {@code forward1} of a trace,
     * {@code forward__0} of an overload, and forward with hooks.
     */
    public static boolean counts(String method) {
        return FORWARD.matcher(method).matches() || method.equals(AddedNames.HOOKED);
    }

    /**
     * Returns the same for a method of a class. Dynamically quantized recurrent layers have two such methods instead of
     * {@code forward}.
     */
    public static boolean counts(Stmt.ClassDef definition, String method) {
        return counts(method)
                || (RECURRENT_FORWARD.matcher(method).matches()
                        && definition.members().stream()
                                .noneMatch(m -> m instanceof Stmt.Def def && counts(def.name())));
    }
}
