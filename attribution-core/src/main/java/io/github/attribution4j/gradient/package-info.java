// SPDX-License-Identifier: Apache-2.0
/**
 * Methods that take gradients of a score with respect to the attributed inputs.
 *
 * <p>From the cheapest to the most careful: {@link io.github.attribution4j.gradient.Saliency} (the gradient), {@link
 * io.github.attribution4j.gradient.InputXGradient}, {@link io.github.attribution4j.gradient.IntegratedGradients} (the
 * gradient averaged on the way from a baseline; start here), and {@link io.github.attribution4j.gradient.GradientShap}
 * (averaged over a distribution of baselines). Each is applied to a layer with {@code at} and to a neuron with {@code
 * towards}.
 */
@NullMarked
package io.github.attribution4j.gradient;

import org.jspecify.annotations.NullMarked;
