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
package io.github.attribution4j.djl.golden;

import io.github.attribution4j.Target;
import io.github.attribution4j.tensor.Tensor;

/** Functions of an output that golden cases know by name. */
final class Targets {
    private Targets() {}

    static Target ofFunction(String name) {
        if (name.equals("sum-of-squares")) {
            return Target.of("sum of squares", Targets::sumOfSquares, output -> output.mul(2));
        }
        throw new IllegalArgumentException("function " + name);
    }

    private static Tensor sumOfSquares(Tensor output) {
        long rows = output.shape().dim(0);
        return output.mul(output).reshape(rows, output.shape().row().size()).sum(1);
    }
}
