// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.onnx.internal.gradient.Rules;
import io.github.attribution4j.onnx.internal.gradient.Rules.Rule;
import io.github.attribution4j.onnx.internal.graph.Node;
import org.jspecify.annotations.Nullable;

/** How the rules of one family pass back what comes. */
interface Family {
    /** Returns the family of some rules. */
    static Family of(BackwardRule.Family family) {
        return switch (family) {
            case ANY, GUIDED -> new GuidedRules();
            case RELEVANCE -> new RelevanceRules();
            case COMPARISON -> new ComparisonRules();
        };
    }

    /** Returns why an operation cannot follow a rule; null if it can. */
    @Nullable
    String objection(BackwardRule rule, Operation operation);

    /** Whether operations that no rule names may pass their derivative where the rule for the rest says so. */
    default boolean derivative(Operation operation) {
        return true;
    }

    /** Returns the rule that a node follows whatever the set of rules says; null if none. */
    default @Nullable Rule always(Node node) {
        return null;
    }

    /** Whether nothing passes a node that has no rule of its own. */
    default boolean cuts(Node node) {
        return Rules.cuts(node);
    }

    /** Whether something passes truth values too. */
    default boolean carriesTruth() {
        return false;
    }

    /**
     * Returns how a place passes what comes to the last of its nodes.
     *
     * @param place with a rule that it can follow, and not of kind RESHAPE
     * @param around finds the place that computes a value, if one does and nothing else looks at the value
     * @return null for its derivative
     */
    @Nullable
    Rule of(Place place, Around around);

    /** Other places, as a rule sees them. */
    interface Around {
        /** Returns the place that computes a value; null if none does, or the way back ends at the value. */
        @Nullable
        Place before(String value);
    }
}
