// SPDX-License-Identifier: Apache-2.0
/**
 * Shapley values: what a group of elements adds to the score, averaged over all orders in which groups could be added.
 * They run any scoring function, with no need of gradients.
 *
 * <p>{@link io.github.attribution4j.shapley.ShapleyValues} accounts for every combination of groups exactly;
 * {@link io.github.attribution4j.shapley.ShapleySampling} and {@link io.github.attribution4j.shapley.KernelShap}
 * estimate the same numbers from a sample of combinations, and say how far off they may be.
 * {@link io.github.attribution4j.shapley.OwenValues} takes only combinations that a tree of groups allows;
 * {@link io.github.attribution4j.shapley.ShapleyInteractions} says what two groups add together.
 *
 * <p>Notation: x is an example, b its baseline, M the number of groups, F the target's score. A coalition S is a set of
 * groups; v(S) is F at x with every group outside S replaced by b, so v(∅) = F(b) and v(all) = F(x). The attribution of
 * a group stands at each of its elements; a sum over groups counts each group once.
 */
@NullMarked
package io.github.attribution4j.shapley;

import org.jspecify.annotations.NullMarked;
