// SPDX-License-Identifier: Apache-2.0
/**
 * Curves between a baseline and an input, and how to integrate along them.
 *
 * <p>Read {@link io.github.attribution4j.path.Path} first: a path is a value. {@link
 * io.github.attribution4j.path.Quadrature} chooses where on a path a gradient is taken and with which weight; {@link
 * io.github.attribution4j.path.PathRows} asks for those points as rows.
 */
@NullMarked
package io.github.attribution4j.path;

import org.jspecify.annotations.NullMarked;
