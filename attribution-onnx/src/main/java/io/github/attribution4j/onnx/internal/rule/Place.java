// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import org.jspecify.annotations.Nullable;

/**
 * An operation of a graph, with the rule that it follows.
 *
 * @param operation as the model lists it
 * @param group its nodes
 * @param rule null if it has none
 */
record Place(Operation operation, Group group, @Nullable BackwardRule rule) {
    Operation.Kind kind() {
        return operation.kind();
    }

    /** The operation in words, for refusals. */
    String described() {
        return "operation '" + operation.address() + "' (" + operation.name() + ", " + operation.kind() + ", node '"
                + group.end().name() + "')";
    }
}
