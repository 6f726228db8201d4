// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;

/**
 * What a run of a model has at one of its cut points.
 *
 * @param point the address
 * @param dataType the type of the elements
 * @param shape of the tensor, rows first as a rule
 */
public record LayerValue(CutPoint point, DataType dataType, Shape shape) {}
