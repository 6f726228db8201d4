// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;

/**
 * Scores a row 1 if its most likely class is that of its example, else 0, so that the mean over examples is
 * an accuracy.
 *
 * @param decided classes of the examples; none before they are decided at the explained inputs
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this package
record Decision(long... decided) implements Target {
    @Override
    public Target resolve(Tensor output) {
        return new Decision(of(output));
    }

    /** Returns the most likely class of each row. */
    static long[] of(Tensor output) {
        return output.argmax(1).toLongArray();
    }

    @Override
    public Tensor score(Tensor output, long[] examples) {
        long[] classes = of(output);
        double[] scores = new double[classes.length];
        for (int row = 0; row < scores.length; row++) {
            scores[row] = classes[row] == decided[Math.toIntExact(examples[row])] ? 1 : 0;
        }
        return output.tensors().of(scores, output.dataType(), Shape.of(scores.length));
    }

    @Override
    public Tensor cotangent(Tensor output, long[] examples) {
        throw new ModelException("target " + describe() + ": a decision has no derivative");
    }

    @Override
    public void check(Shape output, long examples, Problems problems) {
        problems.require(
                isOfClasses(output),
                "accuracy needs an output of shape (rows, classes) with at least 2 classes, and the model's has shape "
                        + output + "; judge by its score instead");
    }

    /** Returns whether an output has a number for each of several classes. */
    static boolean isOfClasses(Shape output) {
        return output.rank() == 2 && output.dim(1) > 1;
    }

    @Override
    public String describe() {
        return "most likely class is that of the example";
    }

    @Override
    public String toString() {
        return describe();
    }
}
