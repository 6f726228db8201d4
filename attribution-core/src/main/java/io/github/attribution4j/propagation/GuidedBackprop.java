// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Need;
import io.github.attribution4j.setting.Settings;

/**
 * Guided backpropagation: the gradient of the score with respect to the input, of which every ReLU lets only the positive
 * part through.
 *
 * <p>At a ReLU y = max(0, x) that is given g it gives back max(0, g) where x &gt; 0, else 0. Everything else keeps its
 * derivative. Attribution: what arrives at the input, in its shape and type; not complete. Sharp pictures, of which Adebayo et
 * al. (2018) showed that they depend little on the weights of the upper layers: check them with a randomized model.
 *
 * <p>Every ReLU follows the rule: module or function, in place or not, used once or often. Other activations (GELU, leaky
 * ReLU) keep their derivative, which a notice says; a model without any ReLU is refused.
 *
 * <p><b>Cost.</b> One forward and one backward row for each example. The backward run stops at every ReLU, so it costs a little
 * more than {@code Saliency}'s.
 *
 * <p><b>Paper.</b> Springenberg, Dosovitskiy, Brox and Riedmiller, <i>Striving for Simplicity: The All Convolutional Net</i>, 2015.
 *
 * <p><b>Compared with Captum.</b> Equal to {@code GuidedBackprop}, and at a neuron {@code NeuronGuidedBackprop}, where all ReLUs are
 * modules; functional ones Captum leaves at their derivative without saying so, and TorchScript models too.
 *
 * <p>No settings.
 */
public final class GuidedBackprop extends ReluMethod<GuidedBackprop> {
    /** What the method says of itself. */
    public static final Description<GuidedBackprop> DESCRIPTION = Description.of(
            "guided-backprop",
            Need.RULES,
            "the gradient whose ReLUs pass back only what is positive, where they were open",
            GuidedBackprop::new);

    private GuidedBackprop(Settings<GuidedBackprop> settings) {
        super(settings, new BackwardRule.GuidedRelu());
    }

    /** Creates the method. */
    public GuidedBackprop() {
        this(DESCRIPTION.defaults());
    }
}
