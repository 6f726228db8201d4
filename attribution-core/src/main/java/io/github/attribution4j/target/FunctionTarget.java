// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
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
        // Only the function itself knows which outputs it accepts.
    }
}
