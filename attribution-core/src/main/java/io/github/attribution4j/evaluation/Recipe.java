// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.run.Problems;
import io.github.attribution4j.setting.Need;
import io.github.attribution4j.status.Experimental;
import java.util.Map;

/**
 * Who asks for an evaluation, and how it is set: a method of attribution, or anything else that runs a model's rows,
 * such as a view of its layers. The evaluator knows no more of it; messages and provenance name it.
 */
@Experimental
public interface Recipe {
    /** Returns its name in lower case with hyphens, such as {@code integrated-gradients}. */
    String name();

    /** Returns every setting by name, in a fixed order, with values whose {@code toString} says it all. */
    Map<String, Object> settings();

    /**
     * Returns what is needed of a model. {@link Need#GRADIENTS} means gradients at the attributed inputs, which are
     * therefore checked to be finite and of a floating type.
     */
    Need need();

    /** Adds what is wrong with single settings; nothing unless it says otherwise. */
    default void checkSettings(Problems problems) {}
}
