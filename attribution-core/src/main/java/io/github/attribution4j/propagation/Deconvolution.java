// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;

/**
 * Deconvolution: the backward pass of a deconvolutional network. It is a gradient in which every ReLU passes the
 * positive part of what comes back to it, whatever its own input was.
 *
 * <p>A ReLU that gets g passes on max(0, g). Everything else keeps its derivative; a max pooling passes to the position
 * of the largest element. Attribution: what arrives at the input, in its shape and type; not complete. Which ReLUs,
 * refusals and notices: as for {@link GuidedBackprop}.
 *
 * <p><b>Cost.</b> One forward and one backward row for each example.
 *
 * <p><b>Paper.</b> Zeiler and Fergus, <i>Visualizing and Understanding Convolutional Networks</i>, 2014.
 *
 * <p><b>Compared with Captum.</b> Equal to {@code Deconvolution} and {@code NeuronDeconvolution} where all ReLUs are
 * modules; Captum silently keeps the derivative of functional ReLUs, and of all ReLUs of TorchScript models.
 *
 * <p>No settings.
 */
public final class Deconvolution extends ReluMethod<Deconvolution> {
    /** The description of the method. */
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
