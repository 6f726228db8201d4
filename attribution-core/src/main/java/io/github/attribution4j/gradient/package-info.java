/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
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
