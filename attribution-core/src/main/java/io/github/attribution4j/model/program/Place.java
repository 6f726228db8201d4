// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.CutPoint;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.status.Experimental;

/**
 * A value inside a program, and the form in which it is passed in and out.
 *
 * @param point its address
 * @param form how it is arranged with rows on axis 0: values and gradients are returned in this form, and replacements
 *     and cotangents are given in it
 */
@Experimental
public record Place(CutPoint point, RowForm form) {
    /** Returns the failure of a run that did not compute the value at this place. */
    public ModelException notReached() {
        String layer = point.isInside() ? "the layer" : "layer '" + point.path() + "'";
        return new ModelException(
                point.call() == 0
                        ? layer
                                + " was not reached in this run, so there is no value to look at or to replace;"
                                + " the element may be too large, or these inputs take another branch"
                        : layer + " has no call " + point.call()
                                + " in this run, so there is no value to look at or to replace; calls count from"
                                + " 0, and these inputs may lead to fewer");
    }
}
