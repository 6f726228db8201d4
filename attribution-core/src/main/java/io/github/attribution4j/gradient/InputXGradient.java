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
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;

/**
 * The input times its gradient: the first-order estimate of what each element adds to the score, compared with zero.
 *
 * <p>Attribution: x · ∂F(x)/∂x, element by element; shape and type of the input. Complete on a linear model without
 * bias only, so it claims no completeness; {@link IntegratedGradients} is what it estimates with one step.
 *
 * <p><b>Cost.</b> One forward and one backward row for each example.
 *
 * <p><b>Paper.</b> Shrikumar, Greenside, Shcherbina and Kundaje, <i>Not Just a Black Box</i>, 2016.
 *
 * <p>Equal to Captum's {@code InputXGradient}. No settings.
 */
public final class InputXGradient extends Described<DifferentiableModel, InputXGradient>
        implements Attribution.Gradient {
    /** The description of the method. */
    public static final Description<InputXGradient> DESCRIPTION = Description.of(
            "input-x-gradient",
            Need.GRADIENTS,
            "input times gradient: a first-order estimate of what each element adds",
            InputXGradient::new);

    private InputXGradient(Settings<InputXGradient> settings) {
        super(settings);
    }

    /** Creates the method. */
    public InputXGradient() {
        this(DESCRIPTION.defaults());
    }

    @Override
    public Explanation attribute(DifferentiableModel model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run);
            List<Tensor> gradients = evaluator.gradientsAtInputs();
            List<Tensor> values = evaluator.inputs().attributed();
            List<Tensor> products = new ArrayList<>(gradients.size());
            for (int i = 0; i < gradients.size(); i++) {
                products.add(gradients.get(i).mul(values.get(i)));
            }
            return Explanation.of(evaluator, products);
        }
    }
}
