// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import java.util.List;
import java.util.Optional;

/**
 * TracIn of any parameters: how far a step of gradient descent on a training row lowers the loss of an explained
 * example.
 *
 * <pre>
 * influence(i, e) = Σ over checkpoints of rate · ∇loss(i) · ∇loss(e)
 * </pre>
 *
 * <p>The gradients are with respect to the parameters that are named, or to all that were learned. A positive influence
 * lowers the loss (a proponent), a negative one raises it (an opponent). The loss of a row is its own, not divided by
 * the rows of a batch. The model is a {@link ParameterizedModel} with gradients by parameters, such as archives and
 * graphs; for others, and where the last layer is enough, {@link TracInFast} costs much less.
 *
 * <p><b>Projection.</b> A row has as many numbers as there are parameters. {@link #projected} shortens them to d, by
 * random signs and places drawn from the seed of the run. A dot product x · y is then an estimate without bias, of
 * standard error at most ‖x‖ ‖y‖ √(2 / d).
 *
 * <p><b>Cost.</b> Two forward rows and a backward row for each training row and explained example in each checkpoint,
 * and one more. Each row goes back in a call of its own: gradients of a batch would be their sum.
 *
 * <p><b>Paper.</b> Pruthi, Liu, Kale and Sundararajan, <i>Estimating Training Data Influence by Tracing Gradient
 * Descent</i>, 2020.
 *
 * <p><b>Compared with Captum.</b> {@code TracInCP}: the same numbers for {@code loss_fn} with {@code reduction="none"}
 * and {@code layers} whose parameters are named here. Settings: {@code parameters}, {@code projected}.
 */
public final class TracIn extends Influence<TracIn> {
    private static final Setting<List<String>> PARAMETERS =
            Setting.of("parameters", Kind.ADDRESSES, List.of(), "names of parameters; none for all that were learned");

    /** What it says of itself. */
    public static final Description<TracIn> DESCRIPTION = Description.of(
            "tracin",
            Need.LAYERS,
            "training rows whose gradients by parameters lower or raise the loss",
            TracIn::new,
            PARAMETERS,
            Sketches.SETTING);

    private TracIn(Settings<TracIn> settings) {
        super(settings);
    }

    /**
     * Traces parameters.
     *
     * @param parameters names, such as {@code fc.weight}; none for all that were learned
     */
    public TracIn(String... parameters) {
        this(DESCRIPTION.defaults().with(PARAMETERS, List.of(parameters)));
    }

    /** Returns a copy that projects rows of more numbers to this many; 0 for no projection. */
    public TracIn projected(int numbers) {
        return with(Sketches.SETTING, numbers);
    }

    /**
     * Returns the influence of each training row on itself: Σ over checkpoints of rate · ‖gradient‖². It is high for
     * rows that the model has to learn by heart, such as those with a wrong label.
     *
     * @param checkpoints at least one
     * @param training rows that the model learned from
     * @throws io.github.attribution4j.run.InvalidRequestException and others as for {@link #rank}
     */
    public SelfInfluence self(List<Checkpoint> checkpoints, Examples training, Run run) {
        return ofRowsOnThemselves(checkpoints, training, run);
    }

    @Override
    boolean isRandom() {
        return value(Sketches.SETTING) > 0;
    }

    @Override
    Optional<String> remark(Block block) {
        return Sketches.remark(value(Sketches.SETTING));
    }

    @Override
    Vectors vectors(Checkpoint checkpoint, Examples training, Run run) {
        return Vectors.of(this::block);
    }

    private Block block(Evaluator evaluator) {
        ParameterGradients gradients = ParameterGradients.of(evaluator, value(PARAMETERS));
        Sketches sketches = new Sketches(evaluator.run().seed(), value(Sketches.SETTING));
        return gradients.block(evaluator, gradient -> sketches.project(0, gradient, 1, gradient.length));
    }
}
