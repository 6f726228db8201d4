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

import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.function.UnaryOperator;

/** A user's own score and derivative. */
record FunctionTarget(String describe, UnaryOperator<Tensor> function, UnaryOperator<Tensor> derivative)
        implements Target {
    @Override
    public Tensor score(Tensor output, long[] examples) {
        Tensor score = function.apply(output);
        if (!score.shape().equals(Shape.of(examples.length))) {
            throw new ModelException("target '" + describe + "' returned scores of shape " + score.shape() + " for "
                    + examples.length + " rows; it must return one score for each row, shape "
                    + Shape.of(examples.length));
        }
        return score;
    }

    @Override
    public Tensor cotangent(Tensor output, long[] examples) {
        Tensor cotangent = derivative.apply(output);
        if (!cotangent.shape().equals(output.shape()) || cotangent.dataType() != output.dataType()) {
            throw new ModelException("target '" + describe + "' returned a derivative of shape " + cotangent.shape()
                    + " and type " + cotangent.dataType() + "; it must have those of the output, " + output.shape()
                    + " and " + output.dataType());
        }
        return cotangent;
    }

    @Override
    public void check(Shape output, long examples, Problems problems) {
        // Only the function itself knows which outputs it takes.
    }
}
