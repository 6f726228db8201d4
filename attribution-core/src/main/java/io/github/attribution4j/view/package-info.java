// SPDX-License-Identifier: Apache-2.0
/**
 * What values inside a model look like: activations, gradients and weights of layers, and their statistics.
 *
 * <p>{@link io.github.attribution4j.view.LayerInspector} inspects layers of a model for given inputs and returns a
 * {@link io.github.attribution4j.view.LayerView} of each; {@link io.github.attribution4j.view.LayerView.Statistics}
 * describes any tensor, weights ({@link io.github.attribution4j.model.LayeredModel#weight}) among them. These are not
 * attributions: they do not explain a score.
 */
@NullMarked
package io.github.attribution4j.view;

import org.jspecify.annotations.NullMarked;
