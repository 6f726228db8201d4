// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;

/**
 * The type and shape of the value at a cut point in one run of a model.
 *
 * @param point the address
 * @param dataType the type of the elements
 * @param shape of the tensor; axis 0 mostly counts rows
 */
public record LayerValue(CutPoint point, DataType dataType, Shape shape) {}
