// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmark;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Attributions that know nothing: independent standard normal numbers. No method to explain with, but the yardstick for
 * methods: what a metric says of it is what chance reaches.
 *
 * <p>The numbers of an example follow from (seed, example, input). Their scale has no meaning, so that metrics that see
 * the scale, as infidelity does, compare with it only where they leave the scale out.
 *
 * <p><b>Cost.</b> One forward row for each example, for its score. No settings.
 */
public final class RandomAttribution extends Described<Model, RandomAttribution> implements Attribution.Forward {
    /** The description of the method. */
    public static final Description<RandomAttribution> DESCRIPTION = Description.of(
            "random",
            Need.FORWARD,
            "random numbers that know nothing: what a metric gives them is what chance reaches",
            RandomAttribution::new);

    private static final long PURPOSE = 0x4A0D;

    private RandomAttribution(Settings<RandomAttribution> settings) {
        super(settings);
    }

    /** Creates the method. */
    public RandomAttribution() {
        this(DESCRIPTION.defaults());
    }

    @Override
    public Explanation attribute(Model model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run);
            List<Tensor> attributions = new ArrayList<>();
            for (Tensor input : evaluator.inputs().attributed()) {
                attributions.add(random(input, attributions.size(), evaluator));
            }
            return Explanation.of(evaluator, attributions);
        }
    }

    private static Tensor random(Tensor input, int number, Evaluator evaluator) {
        float[] values = new float[Math.toIntExact(input.shape().size())];
        int row = values.length / evaluator.examples();
        for (int example = 0; example < evaluator.examples(); example++) {
            RandomGenerator draws =
                    evaluator.run().random(PURPOSE, evaluator.run().exampleKey(example), number);
            for (int i = example * row; i < (example + 1) * row; i++) {
                values[i] = (float) draws.nextGaussian();
            }
        }
        DataType type = input.dataType().isFloating() ? input.dataType() : DataType.FLOAT32;
        return evaluator.model().tensors().of(values, input.shape()).to(type);
    }
}
