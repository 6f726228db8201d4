// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.rule;

import io.github.attribution4j.model.CutPoint;
import java.util.Objects;

/**
 * One place of a model's program at which an operator is applied. A module that is called twice has its operations once.
 *
 * @param address unique in the model; where the operation stands as a {@link CutPoint} inside a module does, such as {@code
 *     layer1.0/relu_#0}
 * @param module dotted path of the module in whose code it stands, such as {@code layer1.0}; empty for the root
 * @param name the operator without its namespace, such as {@code relu_}; {@code _} at the end says in place
 * @param kind what it does
 * @param order position in the order in which the program's text runs, from 0, unique in the model
 */
public record Operation(String address, String module, String name, OperationKind kind, int order) {
    /** Checks the parts. */
    public Operation {
        Objects.requireNonNull(address, "address");
        Objects.requireNonNull(module, "module");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(kind, "kind");
        if (order < 0) {
            throw new IllegalArgumentException("order " + order + " of operation '" + address + "': counts from 0");
        }
    }

    /** Returns the operator's name without the mark of an operation in place: {@code relu} for {@code relu_}. */
    public String plainName() {
        return name.length() > 1 && name.endsWith("_") && !name.endsWith("__")
                ? name.substring(0, name.length() - 1)
                : name;
    }

    /** Returns address and kind, as messages name an operation. */
    @Override
    public String toString() {
        return address + " (" + kind + ")";
    }
}
