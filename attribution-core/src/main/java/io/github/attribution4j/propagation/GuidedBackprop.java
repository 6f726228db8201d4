// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Guided backpropagation: the gradient of the score with respect to the input, in which every ReLU passes only the
 * positive part.
 *
 * <p>A ReLU y = max(0, x) that gets g passes on max(0, g) where x &gt; 0, else 0. Everything else keeps its
 * derivative. Attribution: what arrives at the input, in its shape and type; not complete. The pictures are sharp, but
 * Adebayo et al. (2018) showed that they depend little on the weights of the upper layers: check them with a randomized
 * model.
 *
 * <p>Every ReLU follows the rule: module or function, in place or not, used once or often. Other activations (GELU,
 * leaky ReLU) keep their derivative, and a notice names them; a model without any ReLU is refused.
 *
 * <p><b>Cost.</b> One forward and one backward row for each example. The backward run stops at every ReLU, so it costs
 * a little more than {@code Saliency}'s.
 *
 * <p><b>Paper.</b> Springenberg, Dosovitskiy, Brox and Riedmiller, <i>Striving for Simplicity: The All Convolutional
 * Net</i>, 2015.
 *
 * <p><b>Compared with Captum.</b> Equal to {@code GuidedBackprop}, and at a neuron {@code NeuronGuidedBackprop}, where
 * all ReLUs are modules; Captum silently keeps the derivative of functional ReLUs, and of all ReLUs of TorchScript
 * models.
 *
 * <p>No settings. {@link #deconvolution} is the same with another rule at ReLUs.
 */
public final class GuidedBackprop extends Propagation<GuidedBackprop> {
    private static final Description<GuidedBackprop> GUIDED = Description.of(
            "guided-backprop",
            Need.RULES,
            "the gradient whose ReLUs pass back only what is positive, where they were open",
            settings -> new GuidedBackprop(settings, new BackwardRule.GuidedRelu()));
    private static final Description<GuidedBackprop> DECONVOLUTION = Description.of(
            "deconvolution",
            Need.RULES,
            "the gradient whose ReLUs pass back only what is positive, open or not",
            settings -> new GuidedBackprop(settings, new BackwardRule.DeconvolutionRelu()));

    private final RuleSet rules;

    private GuidedBackprop(Settings<GuidedBackprop> settings, BackwardRule rule) {
        super(settings);
        this.rules = RuleSet.relus(rule);
    }

    /** Creates guided backpropagation. */
    public GuidedBackprop() {
        this(GUIDED.defaults(), new BackwardRule.GuidedRelu());
    }

    /**
     * Returns deconvolution: the backward pass of a deconvolutional network. It is a gradient in which every ReLU
     * passes the positive part of what comes back to it, whatever its own input was.
     *
     * <p>A ReLU that gets g passes on max(0, g). Everything else keeps its derivative; a max pooling passes to the
     * position of the largest element. Attribution: what arrives at the input, in its shape and type; not complete.
     * Which ReLUs, refusals and notices: as for {@link GuidedBackprop}.
     *
     * <p><b>Cost.</b> One forward and one backward row for each example.
     *
     * <p><b>Paper.</b> Zeiler and Fergus, <i>Visualizing and Understanding Convolutional Networks</i>, 2014.
     *
     * <p><b>Compared with Captum.</b> Equal to {@code Deconvolution} and {@code NeuronDeconvolution} where all ReLUs
     * are modules; Captum silently keeps the derivative of functional ReLUs, and of all ReLUs of TorchScript models.
     */
    public static GuidedBackprop deconvolution() {
        return DECONVOLUTION.defaults().method();
    }

    /** Returns the descriptions of both variants. */
    public static List<Description<GuidedBackprop>> descriptions() {
        return List.of(GUIDED, DECONVOLUTION);
    }

    @Override
    public RuleSet rules() {
        return rules;
    }

    @Override
    void check(Inputs inputs, Problems problems) {}

    @Override
    Outcome explain(RuledRun run) {
        List<Operation> all = run.operations();
        List<Operation> relus = rules.selected(all);
        if (relus.isEmpty()) {
            throw new UnsupportedModelException(
                    name() + " changes what ReLUs give back, and this model has none among its " + all.size()
                            + " operations, so it would be the plain gradient; use Saliency, or another method");
        }
        String others = all.stream()
                .filter(operation -> operation.kind() == Operation.Kind.ACTIVATION && !relus.contains(operation))
                .map(Operation::plainName)
                .distinct()
                .sorted()
                .collect(Collectors.joining(", "));
        Outcome outcome = Outcome.of(run.propagate());
        if (!others.isEmpty()) {
            run.evaluator().notice(name() + " changes ReLUs alone; these keep their derivative: " + others);
        }
        return outcome;
    }
}
