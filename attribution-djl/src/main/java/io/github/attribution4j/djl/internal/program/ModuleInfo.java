// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.script.Type;
import java.util.List;

/**
 * A module of the model.
 *
 * @param path its dotted path, as PyTorch's {@code named_modules()} shows it; empty for the root
 * @param index its pre-order number, by which {@code Request} names it
 * @param type the qualified name of its class, {@code __torch__.torch.nn.modules.conv.Conv2d}
 * @param calls the methods by which the program calls it
 * @param reason why it cannot be addressed; empty if it can
 * @param alias the path by which the program calls it, if that is another one; else empty
 */
public record ModuleInfo(String path, int index, String type, List<Call> calls, String reason, String alias) {
    public ModuleInfo {
        calls = List.copyOf(calls);
    }

    /**
     * One way in which the program calls a module: a method, at one or more places in the text. A place runs any number
     * of times if it is in a loop or a branch.
     *
     * @param method {@code forward}, {@code forward1} (second call in a trace) or {@code forward__0} (overload in a
     *     script)
     * @param sites the number of places that call this method of the module
     * @param resultType the declared type of the result
     * @param result where the tensors of the result are; if it has none, only arguments can be addressed
     * @param parameters names and types of the arguments
     * @param passesThrough whether a trace dropped arguments and result, so that the value is the one that passes
     *     through
     * @param repeated whether a place may run more than once: in a loop, or in a module that is itself called again
     */
    public record Call(
            String method,
            int sites,
            Type resultType,
            Structure result,
            List<Signature.Parameter> parameters,
            boolean passesThrough,
            boolean repeated) {
        public Call {
            parameters = List.copyOf(parameters);
        }
    }

    /** {@return whether taps and replacements work here} */
    public boolean addressable() {
        return reason.isEmpty();
    }

    /** {@return the class under its usual name, {@code Conv2d}} */
    public String simpleType() {
        return type.substring(type.lastIndexOf('.') + 1);
    }
}
