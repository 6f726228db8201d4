// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import io.github.attribution4j.internal.numeric.Digests;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The loss of each row, compared with the label of its example. */
final class LossTarget implements Target {
    private final Loss loss;
    private final double[] labels;

    LossTarget(Loss loss, double[] labels) {
        this.loss = loss;
        this.labels = labels.clone();
        if (labels.length == 0) {
            throw new IllegalArgumentException("loss " + loss + ": no labels given; give one for each example");
        }
    }

    @Override
    public double[] scores(Tensor output, long[] examples) {
        double[] all = output.toDoubleArray();
        int size = all.length / examples.length;
        double[] scores = new double[examples.length];
        for (int row = 0; row < scores.length; row++) {
            scores[row] = loss.of(row(all, row, size), label(examples[row]));
        }
        return scores;
    }

    private static double[] row(double[] all, int row, int size) {
        return Arrays.copyOfRange(all, row * size, (row + 1) * size);
    }

    private double label(long example) {
        return labels[Math.toIntExact(example)];
    }

    @Override
    public Tensor score(Tensor output, long[] examples) {
        return output.tensors().of(scores(output, examples), output.dataType(), Shape.of(examples.length));
    }

    @Override
    public Tensor cotangent(Tensor output, long[] examples) {
        double[] all = output.toDoubleArray();
        int size = all.length / examples.length;
        double[] derivatives = new double[all.length];
        for (int row = 0; row < examples.length; row++) {
            double[] own = loss.derivative(row(all, row, size), label(examples[row]))
                    .orElseThrow(() -> new ModelException("loss " + loss + " has no derivative, which gradients need;"
                            + " give it one, or use a method that runs the model forward only"));
            if (own.length != size) {
                throw new ModelException("loss " + loss + ": its derivative has " + own.length
                        + " elements, and a row of the output " + size + "; return one for each");
            }
            System.arraycopy(own, 0, derivatives, row * size, size);
        }
        return output.tensors().of(derivatives, output.dataType(), output.shape());
    }

    @Override
    public void check(Shape output, long examples, Problems problems) {
        if (labels.length != examples) {
            problems.add(
                    "loss " + loss + ": " + labels.length + " labels for " + examples + " examples; give one for each");
        }
        for (int example = 0; example < labels.length; example++) {
            Optional<String> problem =
                    loss.problem(labels[example], output.row().size());
            if (problem.isPresent()) {
                problems.add("loss " + loss + ": the label " + labels[example] + " of example " + example + " "
                        + problem.get());
                return;
            }
        }
    }

    @Override
    public Target forExamples(long[] examples) {
        return new LossTarget(
                loss, Arrays.stream(examples).mapToDouble(this::label).toArray());
    }

    @Override
    public List<String> notices(Tensor output) {
        if (loss.takesProbabilities() && !areBetween0And1(output)) {
            return List.of("some of the model's outputs are no probabilities from 0 to 1, and log-loss takes them for"
                    + " such: use cross-entropy for logits");
        }
        boolean already = loss.takesLogits()
                && output.shape().rank() == 2
                && output.shape().dim(1) > 1
                && ProbabilityTarget.areProbabilities(output);
        return already
                ? List.of("the model's outputs are probabilities already (0 to 1, adding up to 1 in each row), and"
                        + " cross-entropy takes them for logits: use log-loss")
                : List.of();
    }

    private static boolean areBetween0And1(Tensor output) {
        return Arrays.stream(output.toDoubleArray())
                .allMatch(value -> value >= 0 && value <= 1 + ProbabilityTarget.SUM_TOLERANCE);
    }

    @Override
    public String describe() {
        try (Tensor all = Tensors.ofJava().of(labels, labels.length)) {
            return loss + " of labels " + all.shape() + " sha256:"
                    + Digests.ofTensor(all).substring(0, 16);
        }
    }

    @Override
    public String toString() {
        return describe();
    }
}
