// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.run.Problems;
import io.github.attribution4j.target.Target;

/**
 * What a method explains by itself, so that a request has no target: a score of a value inside the model.
 *
 * @param layer address of the value
 * @param score of the value, such as a unit
 * @param instead in words, what is explained in the place of a target
 */
public record OwnScore(String layer, Target score, String instead) {
    /** Adds a problem if a target is given, which would not be used. */
    public void requireNoTarget(Target target, Problems problems) {
        problems.require(
                target.unnamed() == Target.output(),
                "target " + target.describe() + ": is not used, since " + instead + "; leave the target out");
    }
}
