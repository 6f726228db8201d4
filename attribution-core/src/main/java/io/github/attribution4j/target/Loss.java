// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.ToDoubleBiFunction;
import org.jspecify.annotations.Nullable;

/**
 * How wrong the output of a row is, compared with the label of its example; the smaller the better. It is 0 or more,
 * but for the {@link #margin}. {@link Target#loss} makes it a target. Immutable.
 */
public final class Loss {
    private final String name;
    private final ToDoubleBiFunction<double[], Double> function;
    private final @Nullable BiFunction<double[], Double, double[]> derivative;
    private final Outputs outputs;

    private Loss(
            String name,
            ToDoubleBiFunction<double[], Double> function,
            @Nullable BiFunction<double[], Double, double[]> derivative,
            Outputs outputs) {
        this.name = name;
        this.function = function;
        this.derivative = derivative;
        this.outputs = outputs;
    }

    /** What outputs a loss takes, and with them what labels: of logits and probabilities numbers of classes. */
    private enum Outputs {
        ANY,
        CLASSES,
        LOGITS,
        PROBABILITIES,
        NUMBERS
    }

    /**
     * Cross-entropy of logits: ln Σ exp(z) − z of the label's class. A label is the number of a class; of a model with
     * a single logit 0 or 1.
     */
    public static Loss crossEntropy() {
        return new Loss("cross-entropy", Loss::ofLogits, Loss::derivativeOfLogits, Outputs.LOGITS);
    }

    /**
     * Cross-entropy of probabilities: −ln p of the label's class. A label is the number of a class; of a model with a
     * single probability 0 or 1. A probability below 1e-15 counts as 1e-15.
     */
    public static Loss logLoss() {
        return new Loss("log-loss", Loss::ofProbabilities, Loss::derivativeOfProbabilities, Outputs.PROBABILITIES);
    }

    /**
     * The margin by which the label's class loses: the largest output of another class less that of the label's. Above
     * 0 where the model decides for another class. Unlike those of a cross-entropy, its gradients stay large where the
     * model is sure. A label is the number of a class; of a model with a single logit z 0 or 1, and the margin is z
     * or −z.
     *
     * <p>It is the loss of Carlini and Wagner, <i>Towards Evaluating the Robustness of Neural Networks</i>, 2017,
     * without their bound.
     */
    public static Loss margin() {
        return new Loss("margin", Loss::ofMargin, Loss::derivativeOfMargin, Outputs.CLASSES);
    }

    /** The square of the difference of the only output and the label. */
    public static Loss squaredError() {
        return new Loss(
                "squared-error",
                (output, label) -> (output[0] - label) * (output[0] - label),
                (output, label) -> new double[] {2 * (output[0] - label)},
                Outputs.NUMBERS);
    }

    /**
     * A function of your own, for methods that need no gradient.
     *
     * @param name for provenance
     * @param function of a row of the output, row-major, and the label
     */
    public static Loss of(String name, ToDoubleBiFunction<double[], Double> function) {
        return new Loss(name, function, null, Outputs.ANY);
    }

    /**
     * A function of your own with its derivative.
     *
     * @param name for provenance
     * @param function of a row of the output, row-major, and the label
     * @param derivative the function's derivative by each element of the output
     */
    public static Loss of(
            String name,
            ToDoubleBiFunction<double[], Double> function,
            BiFunction<double[], Double, double[]> derivative) {
        return new Loss(name, function, derivative, Outputs.ANY);
    }

    private static double ofLogits(double[] logits, double label) {
        if (logits.length == 1) {
            double signed = label == 1 ? -logits[0] : logits[0];
            return Math.max(signed, 0) + Math.log1p(Math.exp(-Math.abs(signed)));
        }
        double largest = largest(logits);
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - largest);
        }
        return largest + Math.log(sum) - logits[(int) label];
    }

    private static double[] derivativeOfLogits(double[] logits, double label) {
        if (logits.length == 1) {
            return new double[] {1 / (1 + Math.exp(-logits[0])) - label};
        }
        double largest = largest(logits);
        double sum = 0;
        double[] derivative = new double[logits.length];
        for (int i = 0; i < logits.length; i++) {
            derivative[i] = Math.exp(logits[i] - largest);
            sum += derivative[i];
        }
        for (int i = 0; i < logits.length; i++) {
            derivative[i] = derivative[i] / sum - (i == (int) label ? 1 : 0);
        }
        return derivative;
    }

    private static double ofMargin(double[] outputs, double label) {
        return outputs.length == 1
                ? label == 1 ? -outputs[0] : outputs[0]
                : outputs[rival(outputs, label)] - outputs[(int) label];
    }

    private static double[] derivativeOfMargin(double[] outputs, double label) {
        double[] derivative = new double[outputs.length];
        if (outputs.length == 1) {
            derivative[0] = label == 1 ? -1 : 1;
        } else {
            derivative[rival(outputs, label)] = 1;
            derivative[(int) label] = -1;
        }
        return derivative;
    }

    /** Returns the class of the largest output but the label's. */
    private static int rival(double[] outputs, double label) {
        int best = label == 0 ? 1 : 0;
        for (int i = 0; i < outputs.length; i++) {
            best = i != (int) label && outputs[i] > outputs[best] ? i : best;
        }
        return best;
    }

    private static double largest(double[] values) {
        double largest = Double.NEGATIVE_INFINITY;
        for (double value : values) {
            largest = Math.max(largest, value);
        }
        return largest;
    }

    private static double ofProbabilities(double[] probabilities, double label) {
        return -Math.log(probability(probabilities, label));
    }

    private static double probability(double[] probabilities, double label) {
        double given = probabilities.length == 1
                ? label == 1 ? probabilities[0] : 1 - probabilities[0]
                : probabilities[(int) label];
        return Math.max(given, 1e-15);
    }

    private static double[] derivativeOfProbabilities(double[] probabilities, double label) {
        double[] derivative = new double[probabilities.length];
        double slope = -1 / probability(probabilities, label);
        if (probabilities.length == 1) {
            derivative[0] = label == 1 ? slope : -slope;
        } else {
            derivative[(int) label] = slope;
        }
        return derivative;
    }

    double of(double[] output, double label) {
        return function.applyAsDouble(output, label);
    }

    /** Returns the derivative, if it is known. */
    Optional<double[]> derivative(double[] output, double label) {
        return derivative == null ? Optional.empty() : Optional.of(derivative.apply(output, label));
    }

    /**
     * Returns what is wrong with a label for outputs of a size, in words that follow "label 3".
     *
     * @param size elements of a row of the output
     */
    Optional<String> problem(double label, long size) {
        return switch (outputs) {
            case ANY -> Optional.empty();
            case NUMBERS ->
                size == 1
                        ? Double.isFinite(label) ? Optional.empty() : Optional.of("is not a finite number")
                        : Optional.of("is one number, and the model's output has " + size + " for each row");
            case CLASSES, LOGITS, PROBABILITIES -> {
                long classes = size == 1 ? 2 : size;
                boolean fits = label >= 0 && label < classes && label == Math.rint(label);
                yield fits ? Optional.empty() : Optional.of("is no class from 0 to " + (classes - 1));
            }
        };
    }

    /**
     * Returns the class that an output decides for: that of the largest number. A single number decides for class 1 if
     * it is above 0, or for {@link #logLoss}, which takes it for a probability, above 0.5; else for class 0.
     *
     * @param output a row of the model's output, row-major
     */
    public int decision(double[] output) {
        if (output.length == 1) {
            return output[0] > (takesProbabilities() ? 0.5 : 0) ? 1 : 0;
        }
        int best = 0;
        for (int i = 1; i < output.length; i++) {
            best = output[i] > output[best] ? i : best;
        }
        return best;
    }

    /** Returns whether outputs are taken for logits. */
    boolean takesLogits() {
        return outputs == Outputs.LOGITS;
    }

    /** Returns whether outputs are taken for probabilities. */
    boolean takesProbabilities() {
        return outputs == Outputs.PROBABILITIES;
    }

    /** Returns the name. */
    @Override
    public String toString() {
        return name;
    }
}
