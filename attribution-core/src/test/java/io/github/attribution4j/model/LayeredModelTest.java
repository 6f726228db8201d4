// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.testkit.contract.CutContract;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;

class LayeredModelTest extends CutContract {
    @Override
    protected LayeredModel model() {
        return ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.TANH, 4, 6, 3);
    }

    @Override
    protected Inputs inputs(Model model, int rows) {
        return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, 5, 4).rows(0, rows));
    }

    @Override
    protected double batchTolerance() {
        return 0;
    }

    @Override
    protected List<String> layers() {
        return List.of("fc1", "act1");
    }
}
