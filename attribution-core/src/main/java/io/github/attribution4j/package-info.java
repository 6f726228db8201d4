// SPDX-License-Identifier: Apache-2.0
/**
 * Explanations of a model's output: methods, what they take, and what they return.
 *
 * <p>{@link io.github.attribution4j.Attribution#attribute} is where to start: a method (an immutable value, found in
 * the packages {@code gradient}, {@code cam}, {@code perturbation}, {@code shapley} and {@code text}) is applied to a
 * {@link io.github.attribution4j.model.Model}, {@link io.github.attribution4j.model.Inputs} and a
 * {@link io.github.attribution4j.target.Target}, under the settings of one {@link io.github.attribution4j.run.Run}, and
 * returns an {@link io.github.attribution4j.Explanation}. {@link io.github.attribution4j.baseline.Baseline} says what
 * "absent" means, {@link io.github.attribution4j.NoiseTunnel} wraps any method. A new method evaluates the model
 * through {@link io.github.attribution4j.evaluation.Evaluator}, the one place that batches.
 */
@NullMarked
package io.github.attribution4j;

import org.jspecify.annotations.NullMarked;
