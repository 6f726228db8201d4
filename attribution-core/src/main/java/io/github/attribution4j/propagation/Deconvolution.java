// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Need;
import io.github.attribution4j.setting.Settings;

/**
 * Deconvolution: the way back of a deconvolutional network, which is a gradient whose every ReLU lets the positive part of what
 * it is given through, wherever its own input lay.
 *
 * <p>At a ReLU that is given g it gives back max(0, g). Everything else keeps its derivative; a max pooling gives back to where
 * the largest element was. Attribution: what arrives at the input, in its shape and type; not complete. Which ReLUs, refusals
 * and notices: as for {@link GuidedBackprop}.
 *
 * <p><b>Cost.</b> One forward and one backward row for each example.
 *
 * <p><b>Paper.</b> Zeiler and Fergus, <i>Visualizing and Understanding Convolutional Networks</i>, 2014.
 *
 * <p><b>Compared with Captum.</b> Equal to {@code Deconvolution} and {@code NeuronDeconvolution} where all ReLUs are modules; functional
 * ones Captum leaves at their derivative without saying so, and TorchScript models too.
 *
 * <p>No settings.
 */
public final class Deconvolution extends ReluMethod<Deconvolution> {
    /** What the method says of itself. */
    public static final Description<Deconvolution> DESCRIPTION = Description.of(
            "deconvolution",
            Need.RULES,
            "the gradient whose ReLUs pass back only what is positive, open or not",
            Deconvolution::new);

    private Deconvolution(Settings<Deconvolution> settings) {
        super(settings, new BackwardRule.DeconvolutionRelu());
    }

    /** Creates the method. */
    public Deconvolution() {
        this(DESCRIPTION.defaults());
    }
}
