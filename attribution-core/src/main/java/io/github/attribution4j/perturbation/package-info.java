// SPDX-License-Identifier: Apache-2.0
/**
 * Methods that change inputs and watch the score: they run any scoring function, with no need of gradients.
 *
 * <p>Start with {@link io.github.attribution4j.perturbation.FeatureAblation} (what changes when a group of elements
 * goes absent) and {@link io.github.attribution4j.mask.FeatureMask} (what a group is).
 * {@link io.github.attribution4j.perturbation.Occlusion} slides a window.
 * {@link io.github.attribution4j.perturbation.FeaturePermutation} needs no baseline: it shuffles groups between
 * examples. {@link io.github.attribution4j.perturbation.Rise} and {@link io.github.attribution4j.perturbation.Lime}
 * look at random samples around the input. Methods that account for every combination of groups are in
 * {@code io.github.attribution4j.shapley}.
 *
 * <p>Notation: x is an example, b its baseline, M the number of groups, F the target's score. A coalition S is a set of
 * groups; v(S) is F at x with every group outside S replaced by b, so v(∅) = F(b) and v(all) = F(x). The attribution of
 * a group stands at each of its elements; a sum over groups counts each group once.
 */
@NullMarked
package io.github.attribution4j.perturbation;

import org.jspecify.annotations.NullMarked;
