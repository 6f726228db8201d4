// SPDX-License-Identifier: Apache-2.0
/**
 * Models of ND4J: {@link io.github.attribution4j.nd4j.SameDiffModel} with gradients and layers, and
 * {@link io.github.attribution4j.nd4j.Dl4jModel} forward.
 */
@NullMarked
package io.github.attribution4j.nd4j;

import org.jspecify.annotations.NullMarked;
