// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/** The only number per row that a model returns. */
enum SingleOutputTarget implements Target {
    INSTANCE;

    @Override
    public Tensor score(Tensor output, long[] examples) {
        return output.reshape(Shape.of(examples.length));
    }

    @Override
    public Tensor cotangent(Tensor output, long[] examples) {
        return output.tensors().full(output.shape(), output.dataType(), 1);
    }

    @Override
    public void check(Shape output, long examples, Problems problems) {
        if (output.rank() > 0 && output.size() != output.dim(0)) {
            problems.add("target: none given, but the model's output has shape " + output + ", "
                    + output.row().size() + " values for each example; choose one, for instance Target.index(c), "
                    + "Target.at(...) or Target.argmax()");
        }
    }

    @Override
    public List<String> words(List<String> classes) {
        return List.of(classes.size() == 1 ? "'" + classes.get(0) + "'" : describe());
    }

    @Override
    public String describe() {
        return "output";
    }

    @Override
    public String toString() {
        return describe();
    }
}
