// SPDX-License-Identifier: Apache-2.0
/**
 * Curves between a baseline and an input, and integration along them.
 *
 * <p>Read {@link io.github.attribution4j.path.Path} first. {@link io.github.attribution4j.path.Path.Quadrature} chooses
 * the points of a path where gradients are taken, and their weights; {@link io.github.attribution4j.path.Path#rows}
 * makes those points as rows.
 */
@NullMarked
package io.github.attribution4j.path;

import org.jspecify.annotations.NullMarked;
