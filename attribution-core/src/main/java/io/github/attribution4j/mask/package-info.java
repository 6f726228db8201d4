// SPDX-License-Identifier: Apache-2.0
/**
 * Which elements go absent together, and the scores of inputs that lack some.
 *
 * <p>A {@link io.github.attribution4j.mask.FeatureMask} says which elements of the inputs form a group. {@link
 * io.github.attribution4j.mask.Coalitions} evaluates coalitions of groups for a method that asks for them: this is what
 * a perturbation method of your own is written with.
 */
@NullMarked
package io.github.attribution4j.mask;

import org.jspecify.annotations.NullMarked;
