// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;

/** Makes tensors of a floating type from double precision. */
final class Floats {
    private Floats() {}

    static Tensor of(double[] values, Shape shape, DataType type, Tensors tensors) {
        if (type == DataType.FLOAT64) {
            return tensors.of(values, shape);
        }
        float[] rounded = new float[values.length];
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = (float) values[i];
        }
        return tensors.of(rounded, shape);
    }
}
