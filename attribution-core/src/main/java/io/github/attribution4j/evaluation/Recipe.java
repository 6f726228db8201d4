// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.run.Problems;
import io.github.attribution4j.setting.Need;
import io.github.attribution4j.status.Experimental;
import java.util.Map;

/**
 * Name and settings of a computation that runs a model: a method, or anything else, such as a view of layers. The
 * evaluator uses nothing else of it. Messages and provenance name it.
 */
@Experimental
public interface Recipe {
    /** Returns the name in lower case with hyphens, such as {@code integrated-gradients}. */
    String name();

    /** Returns every setting by name, in a fixed order, with values whose {@code toString} is complete. */
    Map<String, Object> settings();

    /**
     * Returns what is needed of a model. {@link Need#GRADIENTS} means gradients at the attributed inputs, which are
     * therefore checked to be finite and of a floating type.
     */
    Need need();

    /** Adds problems of single settings; none unless overridden. */
    default void checkSettings(Problems problems) {}
}
