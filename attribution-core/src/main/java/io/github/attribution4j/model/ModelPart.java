// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

/**
 * Which part of which model a model is: what heads and tails of cuts, copies and wrappers say of themselves, so that what is
 * learned of a model once is known of every object that stands for it.
 *
 * @param whole the model that was loaded or made
 * @param part which part of it, in words that differ for parts that compute different things; empty for all of it
 */
public record ModelPart(Model whole, String part) {
    /** Returns a part of this part. */
    public ModelPart inside(String inner) {
        return new ModelPart(whole, part.isEmpty() ? inner : part + ", " + inner);
    }
}
