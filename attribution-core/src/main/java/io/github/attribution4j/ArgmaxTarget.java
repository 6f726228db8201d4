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
package io.github.attribution4j;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;

/** The class of the largest output, decided at the explained inputs. */
enum ArgmaxTarget implements Target {
    INSTANCE;

    @Override
    public Tensor score(Tensor output, long[] examples) {
        return output.max(1);
    }

    @Override
    public Tensor cotangent(Tensor output, long[] examples) {
        return output.argmax(1).oneHot(output.shape().dim(1), output.dataType());
    }

    @Override
    public Target resolve(Tensor output) {
        return Target.indexes(output.argmax(1).to(DataType.INT64).toLongArray());
    }

    @Override
    public void check(Shape output, long examples, Problems problems) {
        problems.require(
                output.rank() == 2,
                "target argmax needs an output of shape (rows, classes), and the model's has shape " + output
                        + "; choose an element with Target.at(...)");
    }

    @Override
    public String describe() {
        return "argmax";
    }

    @Override
    public String toString() {
        return describe();
    }
}
