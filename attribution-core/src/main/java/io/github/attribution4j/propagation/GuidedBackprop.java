// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;

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
 * <p>No settings.
 */
public final class GuidedBackprop extends ReluMethod<GuidedBackprop> {
    /** The description of the method. */
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
