// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import java.util.Arrays;
import java.util.Locale;

/**
 * What a score of the model has to do with a concept at a layer: the TCAV scores, one for each vector of the concept,
 * and their means. Immutable.
 */
public final class ConceptScore {
    private final Cav first;
    private final int target;
    private final String explained;
    private final double[][] derivatives;
    private final double accuracy;
    private final double[] accuracyInterval;
    private final double probability;
    private final double adjusted;
    private final double level;

    ConceptScore(
            Cav first,
            int target,
            String explained,
            double[][] derivatives,
            double accuracy,
            double[] accuracyInterval,
            double probability,
            double adjusted,
            double level) {
        this.first = first;
        this.target = target;
        this.explained = explained;
        this.derivatives = derivatives;
        this.accuracy = accuracy;
        this.accuracyInterval = accuracyInterval;
        this.probability = probability;
        this.adjusted = adjusted;
        this.level = level;
    }

    /** Returns this score with the probability that is adjusted for the number of tests. */
    ConceptScore adjusted(double newAdjusted) {
        return new ConceptScore(
                first, target, explained, derivatives, accuracy, accuracyInterval, probability, newAdjusted, level);
    }

    /** Returns the name of the concept. */
    public String concept() {
        return first.concept();
    }

    /** Returns the name of the other concept for a relative one; {@code random} otherwise. */
    public String against() {
        return isRelative() ? first.against() : "random";
    }

    /** Returns whether the concept was told from another concept, and not from random examples. */
    public boolean isRelative() {
        return first.role() == Cav.Role.RELATIVE;
    }

    /** Returns the address of the layer. */
    public String layer() {
        return first.layer();
    }

    /** Returns the position of the explained score among the targets. */
    public int target() {
        return target;
    }

    /** Returns the explained score in words. */
    public String explained() {
        return explained;
    }

    /** Returns the mean of {@link #signCounts}: 0 to 1, and 0.5 where the concept does not matter. */
    public double signCount() {
        return mean(signCounts());
    }

    /** Returns for each vector the share of examples at which the score grows towards the concept. */
    public double[] signCounts() {
        return Arrays.stream(derivatives).mapToDouble(ConceptScore::positive).toArray();
    }

    /**
     * Returns the mean of {@link #magnitudes}: how much the score grows for a step of length 1 towards the concept, in
     * units of the score for each unit of the layer, if vectors have length 1.
     */
    public double magnitude() {
        return mean(magnitudes());
    }

    /** Returns for each vector the mean directional derivative over the examples. */
    public double[] magnitudes() {
        return Arrays.stream(derivatives).mapToDouble(ConceptScore::mean).toArray();
    }

    /** Returns the standard deviation of {@link #signCounts} over the vectors; NaN for one. */
    public double spread() {
        return deviation(signCounts());
    }

    /**
     * Returns the directional derivative of each example, {@code [vector][example]}: the gradient of the score by the
     * layer's value, times the vector. A copy.
     */
    public double[][] derivatives() {
        return Arrays.stream(derivatives).map(double[]::clone).toArray(double[][]::new);
    }

    /** Returns the held-out accuracy of the classifiers, mean over the vectors; NaN if these were given. */
    public double accuracy() {
        return accuracy;
    }

    /** Returns the 95 % interval of the accuracy of one classifier; NaN if vectors were given. */
    public double[] accuracyInterval() {
        return accuracyInterval.clone();
    }

    /**
     * Returns the probability that random examples in place of the concept's give a score as far from what chance
     * gives; see {@link Significance}. NaN without random concepts.
     */
    public double probability() {
        return probability;
    }

    /** Returns the probability, adjusted for the number of tests of this result (Holm). */
    public double adjustedProbability() {
        return adjusted;
    }

    /** Returns whether the adjusted probability is at most the level of the test. */
    public boolean isSignificant() {
        return adjusted <= level;
    }

    static double positive(double[] derivatives) {
        return (double) Arrays.stream(derivatives).filter(value -> value > 0).count() / derivatives.length;
    }

    static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(Double.NaN);
    }

    static double deviation(double[] values) {
        double mean = mean(values);
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        return values.length < 2 ? Double.NaN : Math.sqrt(squares / (values.length - 1));
    }

    /** Returns the concept, the layer, the explained score and the sign count. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s against %s at %s for %s: %.3f%s",
                concept(),
                against(),
                layer(),
                explained,
                signCount(),
                Double.isNaN(adjusted) ? "" : String.format(Locale.ROOT, " (p = %.3g)", adjusted));
    }
}
