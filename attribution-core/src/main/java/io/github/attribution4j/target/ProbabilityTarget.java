// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Softmax probability of a class: p = exp(z_c) / Σ exp(z), ∂p/∂z_j = p (δ_cj − p_j). */
record ProbabilityTarget(long index) implements Target {
    /** The tolerance for a sum of probabilities that were rounded to float32 or float16. */
    static final double SUM_TOLERANCE = 1e-3;

    @Override
    public Tensor score(Tensor output, long[] examples) {
        return softmax(output).pick(classes(examples));
    }

    @Override
    public Tensor cotangent(Tensor output, long[] examples) {
        Tensor probabilities = softmax(output);
        Tensor chosen = probabilities.pick(classes(examples)).reshape(examples.length, 1);
        Tensor indicator = output.tensors()
                .of(classes(examples), examples.length)
                .oneHot(output.shape().dim(1), output.dataType());
        return indicator.sub(probabilities).mul(chosen);
    }

    private static Tensor softmax(Tensor logits) {
        long rows = logits.shape().dim(0);
        Tensor raised = logits.sub(logits.max(1).reshape(rows, 1)).exp();
        return raised.div(raised.sum(1).reshape(rows, 1));
    }

    private long[] classes(long[] examples) {
        long[] classes = new long[examples.length];
        Arrays.fill(classes, index);
        return classes;
    }

    @Override
    public void check(Shape output, long examples, Problems problems) {
        if (output.rank() > 0 && output.size() == output.dim(0)) {
            problems.add("target probability " + index + ": the model's output has shape " + output
                    + ", one number for each row, whose softmax is always 1; the probability of a single logit is its"
                    + " sigmoid: use Target.sigmoid(Target.output())");
        } else if (output.rank() != 2) {
            problems.add("target probability " + index
                    + " needs logits of shape (rows, classes), and the model's output " + "has shape " + output);
        } else {
            Target.index(index).check(output, examples, problems);
        }
    }

    @Override
    public List<String> words(List<String> classes) {
        return List.of(index < classes.size() ? "probability of '" + classes.get((int) index) + "'" : describe());
    }

    /** Returns whether each row of an output of shape (rows, classes) looks like probabilities. */
    static boolean areProbabilities(Tensor output) {
        int classes = Math.toIntExact(output.shape().dim(1));
        double[] values = output.toDoubleArray();
        for (int from = 0; from < values.length; from += classes) {
            double sum = 0;
            for (int i = from; i < from + classes; i++) {
                if (!(values[i] >= 0 && values[i] <= 1 + SUM_TOLERANCE)) {
                    return false;
                }
                sum += values[i];
            }
            if (Math.abs(sum - 1) > SUM_TOLERANCE) {
                return false;
            }
        }
        return true;
    }

    @Override
    public List<String> notices(Tensor output) {
        return areProbabilities(output)
                ? List.of("the model's outputs are probabilities already (0 to 1, adding up to 1 in each row), and the"
                        + " target is the softmax of them: the probability itself is Target.index(" + index + ")")
                : List.of();
    }

    @Override
    public String describe() {
        return "probability of " + index;
    }
}
