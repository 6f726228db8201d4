// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Layer-wise relevance propagation: the score is passed back from layer to layer. A rule for every operation divides it
 * among the operation's inputs.
 *
 * <p>The relevance of the output is output · ∂score/∂output: for {@code Target.index(c)} the score at class c and zero
 * elsewhere. Each operation passes relevance back by its {@link Rules rule}; a {@link Composites composite} chooses the
 * rules. Attribution: the relevance that arrives; shape and type of the input, in the unit of the score.
 *
 * <p><b>Conservation.</b> A rule conserves relevance if the relevance that it passes back has the sum of what it
 * received. The explanation's completeness gap is Σ relevance − score for each example. The relevance that biases and
 * stabilizers took is missing; a notice names the rules that let biases take relevance.
 *
 * <p><b>Cost.</b> One forward and one backward row for each example. A convolution or linear layer is computed once
 * more for each term of its rule: twice forward and backward with z⁺, four times with α-β, and no more with ε.
 *
 * <p><b>Papers.</b> Bach, Binder, Montavon, Klauschen, Müller and Samek, <i>On Pixel-Wise Explanations for Non-Linear
 * Classifier Decisions by Layer-Wise Relevance Propagation</i>, 2015; Montavon et al. 2019; for transformers Ali et al.
 * 2022 and Achtibat et al. 2024.
 *
 * <p><b>Compared with Captum.</b> {@code new Lrp(Composites.epsilon(1e-9))} is {@code LRP} with its default rules, and
 * {@code at(layer)} {@code LayerLRP}, where Captum has rules: networks of linear layers, 2-D convolutions, poolings,
 * ReLU and tanh, without batch normalization. Captum's alpha-beta rule drops negative inputs. Captum does not merge
 * batch normalization, refuses most other modules, and distributes relevance twice at functional additions. Its delta
 * is score − Σ relevance, the negative of the gap here.
 *
 * <p>Setting: {@code rules}.
 */
public final class Lrp extends Propagation<Lrp> {
    private static final Setting<RuleSet> RULES = Setting.of(
                    "rules", Composites.KIND, Composites.epsilonPlus(), "which rule each operation follows")
            .alias("composite")
            .shown("epsilon-plus");

    /** The description of the method. */
    public static final Description<Lrp> DESCRIPTION = Description.of(
            "lrp",
            Need.RULES,
            "the score, handed back layer by layer and shared by rules; no baseline",
            Lrp::new,
            RULES);

    private final RuleSet rules;

    private Lrp(Settings<Lrp> settings) {
        super(settings);
        rules = settings.get(RULES);
        if (rules.family() != BackwardRule.Family.RELEVANCE) {
            throw new IllegalArgumentException("rules of family " + rules.family()
                    + ": relevance propagation needs relevance rules; see Rules and Composites");
        }
    }

    /** Creates the method with {@link Composites#epsilonPlus()}. */
    public Lrp() {
        this(DESCRIPTION.defaults());
    }

    /**
     * Creates the method.
     *
     * @param composite which rule for which operation, such as {@link Composites#epsilonGammaBox}
     * @throws IllegalArgumentException if these are no relevance rules
     */
    public Lrp(RuleSet composite) {
        this(DESCRIPTION.defaults().with(RULES, composite));
    }

    @Override
    public RuleSet rules() {
        return rules;
    }

    @Override
    void check(Inputs inputs, Problems problems) {}

    @Override
    Outcome explain(RuledRun run) {
        Evaluator evaluator = run.evaluator();
        List<Tensor> relevance = run.propagateOutput();
        double[] scores = evaluator.scores();
        double[] gap = new double[scores.length];
        double total = 0;
        for (Tensor tensor : relevance) {
            double[] values = tensor.toDoubleArray();
            int width = values.length / gap.length;
            for (int i = 0; i < values.length; i++) {
                gap[i / width] += values[i];
                total += values[i];
            }
        }
        double scored = 0;
        for (int i = 0; i < gap.length; i++) {
            gap[i] -= scores[i];
            scored += scores[i];
        }
        String absorbing = absorbing(run.operations());
        boolean large = Math.abs(total - scored) > 0.05 * Math.abs(scored);
        List<String> losses = large ? run.gradientLosses() : List.of();
        if (!absorbing.isEmpty() || !losses.isEmpty()) {
            evaluator.notice(String.format(
                    Locale.ROOT,
                    "relevance sums to %.6g and scores to %.6g, over all examples%s%s",
                    total,
                    scored,
                    absorbing.isEmpty() ? "" : taken(run.withoutBiases(), absorbing),
                    losses.isEmpty() ? "" : "; no relevance passes " + String.join(", ", losses)));
        }
        return Outcome.of(relevance).completenessGap(gap);
    }

    private static String taken(boolean withoutBiases, String absorbing) {
        return withoutBiases
                ? "; the model has no biases: what is missing went to the stabilizers and constants of " + absorbing
                : "; biases take their part by " + absorbing;
    }

    /** Returns the rules by which biases take relevance, with the number of operations for each. */
    private String absorbing(List<Operation> operations) {
        Map<String, Long> counts = IntStream.range(0, operations.size())
                .filter(i -> !mergesWithBefore(i, operations))
                .mapToObj(operations::get)
                .flatMap(operation -> rules.ruleFor(operation, operations).stream())
                .filter(Lrp::takesBias)
                .collect(Collectors.groupingBy(RuleSet::describe, TreeMap::new, Collectors.counting()));
        return counts.entrySet().stream()
                .map(entry -> entry.getKey() + " at " + entry.getValue()
                        + (entry.getValue() == 1 ? " operation" : " operations"))
                .collect(Collectors.joining(", "));
    }

    /**
     * Returns whether an operation is a batch normalization directly after a layer with weights, whose rule covers
     * both.
     */
    private static boolean mergesWithBefore(int number, List<Operation> operations) {
        return number > 0
                && operations.get(number).plainName().endsWith("batch_norm")
                && operations.get(number - 1).kind() == Operation.Kind.WEIGHTED;
    }

    private static boolean takesBias(BackwardRule rule) {
        return rule instanceof BackwardRule.ConstantDeviation
                || (rule instanceof BackwardRule.Weighted weighted
                        && weighted.groups().stream()
                                .flatMap(group -> group.terms().stream())
                                .anyMatch(term -> term.bias() != BackwardRule.BiasPart.ZERO));
    }
}
