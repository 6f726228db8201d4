// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.tensor.Tensor;

/**
 * A tensor with the name of the input it belongs to.
 *
 * @param name the input's name
 * @param tensor the values
 */
public record NamedTensor(String name, Tensor tensor) {}
