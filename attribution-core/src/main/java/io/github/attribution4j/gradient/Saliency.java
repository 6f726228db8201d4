// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;

/**
 * The gradient of the score with respect to the input, by default its absolute value: how strongly the score reacts to
 * a small change of each element.
 *
 * <p>Attribution: |∂F(x)/∂x|, or ∂F(x)/∂x when signed; shape and type of the input. It does not claim completeness.
 *
 * <p><b>Cost.</b> One forward and one backward row for each example.
 *
 * <p><b>Paper.</b> Simonyan, Vedaldi and Zisserman, <i>Deep Inside Convolutional Networks</i>, 2013.
 *
 * <p>Equal to Captum's {@code Saliency}, whose default is absolute too. Setting: {@code absolute}.
 */
public final class Saliency extends Described<DifferentiableModel, Saliency> implements Attribution.Gradient {
    private static final Setting<Boolean> ABSOLUTE =
            Setting.of("absolute", Kind.FLAG, true, "whether the sign is dropped");

    /** The description of the method. */
    public static final Description<Saliency> DESCRIPTION = Description.of(
            "saliency",
            Need.GRADIENTS,
            "how strongly the score reacts to a small change of each element: the gradient",
            Saliency::new,
            ABSOLUTE);

    private Saliency(Settings<Saliency> settings) {
        super(settings);
    }

    /** Creates the method with absolute values. */
    public Saliency() {
        this(DESCRIPTION.defaults());
    }

    /** Returns the method that keeps the sign: the gradient itself. */
    public static Saliency signed() {
        return new Saliency().absolute(false);
    }

    /** Returns a copy that drops the sign, the default, or keeps it. */
    public Saliency absolute(boolean absolute) {
        return with(ABSOLUTE, absolute);
    }

    @Override
    public Explanation attribute(DifferentiableModel model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run);
            List<Tensor> gradients = evaluator.gradientsAtInputs();
            return Explanation.of(
                    evaluator,
                    value(ABSOLUTE) ? gradients.stream().map(Tensor::abs).toList() : gradients);
        }
    }
}
