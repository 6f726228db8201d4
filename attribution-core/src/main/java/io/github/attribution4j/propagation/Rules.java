// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.BackwardRule.BiasPart;
import io.github.attribution4j.model.rule.BackwardRule.Group;
import io.github.attribution4j.model.rule.BackwardRule.InputPart;
import io.github.attribution4j.model.rule.BackwardRule.Term;
import io.github.attribution4j.model.rule.BackwardRule.WeightPart;
import java.util.Arrays;
import java.util.List;

/**
 * The rules of layer-wise relevance propagation by their names in the literature. For a linear map with weights z[k] =
 * Σ_j x[j] w[j,k] + b[k] they tell how much of the relevance R[k] goes to j; x⁺ = max(0, x), x⁻ = min(0, x).
 *
 * <p>Where several rules have a stabilizer, stab(z) = z + ε · sign(z) with sign(0) = +1, its default is ε = 1e-6.
 * Relevance that a bias takes is lost to the inputs; rules that leave the bias out conserve it.
 *
 * <p>Sources: Bach et al., <i>On Pixel-Wise Explanations</i>, 2015 (ε, α-β, z, flat); Montavon et al., <i>Explaining
 * nonlinear classification decisions with deep Taylor decomposition</i>, 2017 (z⁺, zB, w²); Montavon et al.,
 * <i>Layer-Wise Relevance Propagation: An Overview</i>, 2019 (γ, and which rule for which layer).
 */
public final class Rules {
    /** ε of stabilizers where none is given. */
    public static final double STABILIZER = 1e-6;

    private Rules() {}

    /**
     * The ε rule: R[j] = Σ_k x[j] w[j,k] / stab(z[k]) · R[k]. With ε = 0 the z rule. The bias takes its part.
     *
     * @param epsilon in the unit of the layer's output, 0 or more
     */
    public static BackwardRule epsilon(double epsilon) {
        return weighted(
                "epsilon(" + epsilon + ")",
                epsilon,
                new Group(1, new Term(1, InputPart.VALUE, WeightPart.VALUE, BiasPart.VALUE)));
    }

    /**
     * The γ rule: R[j] = Σ_k x[j] (w[j,k] + γ w[j,k]⁺) / stab(Σ_j x[j] (w[j,k] + γ w[j,k]⁺) + b[k] + γ b[k]⁺) · R[k],
     * for inputs that are not negative, such as those after a ReLU.
     *
     * @param gamma the preference for positive weights, 0 or more
     */
    public static BackwardRule gamma(double gamma) {
        Term term = new Term(1, InputPart.VALUE, WeightPart.RAISED, BiasPart.RAISED);
        return new BackwardRule.Weighted(
                "gamma(" + gamma + ")", List.of(new Group(1, term)), STABILIZER, gamma, List.of(), List.of());
    }

    /**
     * The α-β rule: α times the shares of positive contributions x⁺w⁺ + x⁻w⁻ + b⁺ minus β times those of negative ones
     * x⁺w⁻ + x⁻w⁺ + b⁻.
     *
     * @param alpha α, of which α − β = 1 conserves relevance
     * @param beta β, 0 or more
     * @throws IllegalArgumentException if α − β is not 1
     */
    public static BackwardRule alphaBeta(double alpha, double beta) {
        if (!(beta >= 0) || Math.abs(alpha - beta - 1) > 1e-9) {
            throw new IllegalArgumentException("alpha " + alpha + ", beta " + beta
                    + ": beta must be 0 or more, and alpha - beta 1, or relevance is not conserved");
        }
        Group positive = new Group(
                alpha,
                new Term(1, InputPart.POSITIVE, WeightPart.POSITIVE, BiasPart.POSITIVE),
                new Term(1, InputPart.NEGATIVE, WeightPart.NEGATIVE, BiasPart.ZERO));
        Group negative = new Group(
                -beta,
                new Term(1, InputPart.POSITIVE, WeightPart.NEGATIVE, BiasPart.NEGATIVE),
                new Term(1, InputPart.NEGATIVE, WeightPart.POSITIVE, BiasPart.ZERO));
        String name = "alpha-beta(" + alpha + ", " + beta + ")";
        return beta == 0 ? weighted(name, STABILIZER, positive) : weighted(name, STABILIZER, positive, negative);
    }

    /** The z⁺ rule: only positive contributions get relevance; the α-β rule with α = 1, β = 0. */
    public static BackwardRule zPlus() {
        return weighted(
                "z-plus",
                STABILIZER,
                new Group(
                        1,
                        new Term(1, InputPart.POSITIVE, WeightPart.POSITIVE, BiasPart.POSITIVE),
                        new Term(1, InputPart.NEGATIVE, WeightPart.NEGATIVE, BiasPart.ZERO)));
    }

    /**
     * The zB rule for a first layer whose inputs are bounded, l ≤ x ≤ h: shares of x w − l w⁺ − h w⁻, which are not
     * negative. The bias takes nothing.
     *
     * @param low l: the smallest value of a pixel, after normalization
     * @param high h: the largest
     */
    public static BackwardRule zBox(double low, double high) {
        return zBox(new double[] {low}, new double[] {high});
    }

    /**
     * The zB rule with bounds for each channel.
     *
     * @param low for each channel (axis 1) the smallest value
     * @param high for each channel the largest value
     */
    public static BackwardRule zBox(double[] low, double[] high) {
        for (int c = 0; c < Math.max(low.length, high.length) && low.length * high.length > 0; c++) {
            double l = low[low.length == 1 ? 0 : c];
            double h = high[high.length == 1 ? 0 : Math.min(c, high.length - 1)];
            if (!(l < h)) {
                throw new IllegalArgumentException(
                        "low " + l + ", high " + h + " of channel " + c + ": low must be below high");
            }
        }
        Group group = new Group(
                1,
                new Term(1, InputPart.VALUE, WeightPart.VALUE, BiasPart.ZERO),
                new Term(-1, InputPart.LOW, WeightPart.POSITIVE, BiasPart.ZERO),
                new Term(-1, InputPart.HIGH, WeightPart.NEGATIVE, BiasPart.ZERO));
        String name = "z-box(" + text(low) + ", " + text(high) + ")";
        return new BackwardRule.Weighted(name, List.of(group), STABILIZER, 0, list(low), list(high));
    }

    private static String text(double[] numbers) {
        return numbers.length == 1 ? String.valueOf(numbers[0]) : Arrays.toString(numbers);
    }

    private static List<Double> list(double[] numbers) {
        return Arrays.stream(numbers).boxed().toList();
    }

    /** The w² rule for a first layer: shares of w², whatever the input. The bias takes nothing. */
    public static BackwardRule wSquare() {
        return weighted(
                "w-square", STABILIZER, new Group(1, new Term(1, InputPart.ONE, WeightPart.SQUARE, BiasPart.ZERO)));
    }

    /** The flat rule for a first layer: equal shares for all inputs of an output. The bias takes nothing. */
    public static BackwardRule flat() {
        return weighted("flat", STABILIZER, new Group(1, new Term(1, InputPart.ONE, WeightPart.ONE, BiasPart.ZERO)));
    }

    /** Relevance passes unchanged: for activations; at a max pooling it goes to the largest element. */
    public static BackwardRule pass() {
        return new BackwardRule.Pass();
    }

    /** Relevance in proportion to each summand, for sums, means and average pooling. */
    public static BackwardRule norm() {
        return new BackwardRule.Norm(STABILIZER);
    }

    /** A normalization whose standard deviation counts as a constant (Ali et al. 2022). */
    public static BackwardRule constantDeviation() {
        return new BackwardRule.ConstantDeviation(STABILIZER);
    }

    /** The Taylor rule of a softmax (Achtibat et al. 2024). */
    public static BackwardRule softmaxTaylor() {
        return new BackwardRule.SoftmaxTaylor();
    }

    /** No relevance passes: the result counts as a constant (Ali et al. 2022, for attention weights). */
    public static BackwardRule stop() {
        return new BackwardRule.Stop();
    }

    /** Two operands of a product get half of the relevance each (Achtibat et al. 2024). */
    public static BackwardRule uniform() {
        return new BackwardRule.Uniform(STABILIZER);
    }

    /** Gradient times input. */
    public static BackwardRule gradient() {
        return new BackwardRule.Gradient();
    }

    private static BackwardRule weighted(String name, double epsilon, Group... groups) {
        return new BackwardRule.Weighted(name, List.of(groups), epsilon, 0, List.of(), List.of());
    }
}
