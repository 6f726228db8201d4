// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.status.Experimental;

/**
 * The model as it was at one time of its training.
 *
 * @param model not closed
 * @param rate the learning rate at that time, with which influences in this checkpoint are weighted; more than 0
 */
@Experimental
public record Checkpoint(LayeredModel model, double rate) {
    /** Checks the rate. */
    public Checkpoint {
        if (!(rate > 0 && rate < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("learning rate " + rate + ": must be more than 0 and finite; give that"
                    + " of the optimizer at this checkpoint, or 1 for a single one");
        }
    }

    /** Returns the only checkpoint, usually the model at the end of its training, with a rate of 1. */
    public static Checkpoint of(LayeredModel model) {
        return new Checkpoint(model, 1);
    }
}
