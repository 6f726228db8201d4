/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.testkit.Activation;
import io.github.attribution4j.testkit.CutContract;
import io.github.attribution4j.testkit.ReferenceModels;
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
