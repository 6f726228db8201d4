// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.setting.Setting.Kind;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Rule sets of the literature for {@link Lrp}: which rule for which operation. Each is an ordinary {@link RuleSet};
 * change parts of it with {@link RuleSet#override}.
 *
 * <p>Common to all, unless said otherwise: activations pass relevance unchanged, max pooling passes it to the largest
 * element; sums, means, average pooling and residual additions share it in proportion; concatenation, slicing, padding
 * and lookups move it; products of two activations give half to each; normalizations count their standard deviation as
 * a constant, and batch normalization directly after a convolution or linear layer is merged with it, because LRP would
 * be wrong otherwise; softmax follows its Taylor rule. Recurrent layers and cells follow ε, their activations pass, and
 * the signal takes all relevance of a gate and its signal (Arras et al., <i>Explaining Recurrent Neural Network
 * Predictions in Sentiment Analysis</i>, 2017). Unknown operators have no rule.
 *
 * <p>Papers: Kohlbrenner et al., <i>Towards Best Practice in Explaining Neural Network Decisions with LRP</i>, 2020
 * (ε-plus, ε-α2β1); Lapuschkin et al., <i>Unmasking Clever Hans predictors</i>, 2019 (flat); Montavon et al. 2019
 * (ε-γ-box).
 */
public final class Composites {
    private static final String ALL = "epsilon:EPSILON, epsilon-plus, epsilon-plus-flat, epsilon-alpha2-beta1,"
            + " epsilon-alpha2-beta1-flat, epsilon-gamma-box:LOW,HIGH (bounds of the input), attn-lrp,"
            + " conservative-transformer";

    /**
     * Composites as values of a setting. A composite is read from its name or from its rules in full, and is written as
     * its rules.
     */
    public static final Kind<RuleSet> KIND =
            Kind.of("one of " + ALL, Composites::read).said(RuleSet::describe);

    private static final Pattern NUMBER = Pattern.compile("-?\\d+(?:\\.\\d+)?(?:E-?\\d+)?");

    private static final Map<String, Supplier<RuleSet>> PLAIN = Map.of(
            "epsilon-plus", Composites::epsilonPlus,
            "epsilon-plus-flat", Composites::epsilonPlusFlat,
            "epsilon-alpha2-beta1", Composites::epsilonAlpha2Beta1,
            "epsilon-alpha2-beta1-flat", Composites::epsilonAlpha2Beta1Flat,
            "attn-lrp", Composites::attnLrp,
            "conservative-transformer", Composites::conservativeTransformer);

    private static final Operation.Selector CONVOLUTION = Operation.Selector.kind(Operation.Kind.WEIGHTED)
            .and(Operation.Selector.name(
                    "conv1d",
                    "conv2d",
                    "conv3d",
                    "conv_transpose1d",
                    "conv_transpose2d",
                    "conv_transpose3d",
                    "convolution",
                    "_convolution"));

    private static final Operation.Selector FIRST = Operation.Selector.first(Operation.Kind.WEIGHTED);
    private static final Operation.Selector ROOT = Operation.Selector.name("rsqrt");

    private Composites() {}

    /**
     * The ε rule at every layer with weights.
     *
     * @param epsilon in the unit of the layers' outputs, 0 or more
     */
    public static RuleSet epsilon(double epsilon) {
        return dense(epsilon);
    }

    /** z⁺ for convolutions, ε for linear layers. */
    public static RuleSet epsilonPlus() {
        return convolutions(Rules.zPlus());
    }

    /** {@link #epsilonPlus} with the flat rule at the first layer with weights. */
    public static RuleSet epsilonPlusFlat() {
        return epsilonPlus().override(FIRST, Rules.flat());
    }

    /** α-β with α = 2 and β = 1 for convolutions, ε for linear layers. */
    public static RuleSet epsilonAlpha2Beta1() {
        return convolutions(Rules.alphaBeta(2, 1));
    }

    /** {@link #epsilonAlpha2Beta1} with the flat rule at the first layer with weights. */
    public static RuleSet epsilonAlpha2Beta1Flat() {
        return epsilonAlpha2Beta1().override(FIRST, Rules.flat());
    }

    /**
     * zB at the first layer with weights, γ = 0.25 for other convolutions, ε for linear layers.
     *
     * @param low smallest value of the model's inputs, after normalization
     * @param high largest value
     */
    public static RuleSet epsilonGammaBox(double low, double high) {
        return convolutions(Rules.gamma(0.25)).override(FIRST, Rules.zBox(low, high));
    }

    /**
     * {@link #epsilonGammaBox(double, double)} with bounds for each channel.
     *
     * @param low for each channel (axis 1) the smallest value
     * @param high for each channel the largest value
     */
    public static RuleSet epsilonGammaBox(double[] low, double[] high) {
        return convolutions(Rules.gamma(0.25)).override(FIRST, Rules.zBox(low, high));
    }

    /**
     * AttnLRP, for transformers: ε at layers with weights, the Taylor rule at softmax, half to each operand of a
     * product of two activations, and normalizations pass relevance unchanged (Achtibat et al., <i>AttnLRP:
     * Attention-Aware Layer-Wise Relevance Propagation for Transformers</i>, 2024). A reciprocal root ({@code rsqrt})
     * counts as a constant, so that a norm spelled out as x · rsqrt(mean(x²) + ε) passes relevance unchanged too. The
     * Taylor rule keeps a part of the relevance, as a bias does.
     */
    public static RuleSet attnLrp() {
        return dense(Rules.STABILIZER)
                .override(Operation.Selector.kind(Operation.Kind.NORMALIZATION), Rules.pass())
                .override(ROOT, Rules.stop());
    }

    /**
     * Conservative propagation for transformers: attention weights count as constants, so that all relevance of
     * attention goes to the values, and so do the standard deviations of normalizations, spelled out by {@code rsqrt}
     * or not; ε at layers with weights (Ali, Schnake, Eberle, Montavon, Müller and Wolf, <i>XAI for Transformers:
     * Better Explanations through Conservative Propagation</i>, 2022).
     */
    public static RuleSet conservativeTransformer() {
        return dense(Rules.STABILIZER)
                .override(Operation.Selector.kind(Operation.Kind.SOFTMAX), Rules.stop())
                .override(ROOT, Rules.stop());
    }

    private static RuleSet read(String given) {
        String text = given.strip();
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        Supplier<RuleSet> plain = PLAIN.get(name);
        if (plain != null) {
            requireNumbers(colon < 0, "takes no numbers; leave them out");
            return plain.get();
        }
        if (name.equals("epsilon") || name.equals("epsilon-gamma-box")) {
            double[] numbers = colon < 0 ? new double[0] : Numbers.of(text.substring(colon + 1));
            int wanted = name.equals("epsilon") ? 1 : 2;
            requireNumbers(numbers.length == wanted, "needs numbers; it is one of " + ALL);
            return wanted == 1 ? epsilon(numbers[0]) : epsilonGammaBox(numbers[0], numbers[1]);
        }
        return said(text).orElseThrow(() -> new IllegalArgumentException("choose one of " + ALL));
    }

    private static void requireNumbers(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalArgumentException(problem);
        }
    }

    /** Returns the composite that a text names. */
    private static Optional<RuleSet> said(String text) {
        List<Double> numbers = NUMBER.matcher(text)
                .results()
                .map(number -> Double.valueOf(number.group()))
                .distinct()
                .toList();
        Stream<RuleSet> withOne = numbers.stream().filter(number -> number >= 0).map(Composites::epsilon);
        Stream<RuleSet> withTwo = numbers.stream()
                .flatMap(low -> numbers.stream().filter(high -> high > low).map(high -> epsilonGammaBox(low, high)));
        return Stream.of(PLAIN.values().stream().map(Supplier::get), withOne, withTwo)
                .flatMap(composites -> composites)
                .filter(composite -> composite.describe().equals(text))
                .findFirst();
    }

    private static RuleSet convolutions(BackwardRule rule) {
        return dense(Rules.STABILIZER).override(CONVOLUTION, rule);
    }

    private static RuleSet dense(double epsilon) {
        return RuleSet.of(Operation.Selector.kind(Operation.Kind.WEIGHTED), Rules.epsilon(epsilon))
                .rule(Operation.Selector.kind(Operation.Kind.ACTIVATION, Operation.Kind.MAX_POOLING), Rules.pass())
                .rule(
                        Operation.Selector.kind(
                                Operation.Kind.LINEAR, Operation.Kind.AVERAGE_POOLING, Operation.Kind.RECURRENT),
                        new BackwardRule.Norm(epsilon))
                .rule(
                        Operation.Selector.kind(Operation.Kind.NORMALIZATION),
                        new BackwardRule.ConstantDeviation(epsilon))
                .rule(Operation.Selector.kind(Operation.Kind.SOFTMAX), Rules.softmaxTaylor())
                .rule(Operation.Selector.kind(Operation.Kind.PRODUCT), new BackwardRule.Uniform(epsilon));
    }
}
