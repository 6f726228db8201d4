// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import io.github.attribution4j.run.InvalidRequestException.Problems;
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
