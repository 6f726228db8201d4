// SPDX-License-Identifier: Apache-2.0

/** Drawings of the attributions of many examples. Each writes marks to a canvas and returns the picture's height. */
@NullMarked
package io.github.attribution4j.visual.internal.summary;

import org.jspecify.annotations.NullMarked;
