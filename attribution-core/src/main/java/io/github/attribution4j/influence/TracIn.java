// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.ParameterizedModel.Parameter;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
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

    private static ParameterizedModel model(Evaluator evaluator) {
        if (evaluator.model() instanceof ParameterizedModel model) {
            return model;
        }
        throw new UnsupportedModelException("the parameters of model '"
                + evaluator.model().identity().name() + "' cannot be seen, so that there are no gradients by them; use"
                + " tracin-fast, which needs those of a layer only");
    }

    private List<String> parameters(ParameterizedModel model) {
        List<String> named = value(PARAMETERS);
        return named.isEmpty()
                ? model.parameters().stream()
                        .filter(Parameter::isLearned)
                        .map(Parameter::name)
                        .toList()
                : named;
    }

    @Override
    Block block(Evaluator evaluator) {
        ParameterizedModel model = model(evaluator);
        List<String> names = parameters(model);
        // Decides a target such as argmax, and checks it.
        evaluator.scores();
        Sketches sketches = new Sketches(evaluator.run().seed(), value(Sketches.SETTING));
        List<double[]> rows = new ArrayList<>();
        int count = evaluator.examples();
        evaluator.run().stage(count);
        for (int row = 0; row < count; row++) {
            evaluator.run().check(name(), row, count);
            double[] gradient = gradient(model, names, evaluator, row);
            rows.add(sketches.project(0, gradient, 1, gradient.length));
            evaluator.count(new Counts(1, 1, 1, 1));
            evaluator.run().report(name(), 1);
        }
        int width = rows.get(0).length;
        double[] all = new double[Math.multiplyExact(count, width)];
        for (int row = 0; row < count; row++) {
            System.arraycopy(rows.get(row), 0, all, row * width, width);
        }
        return new Block(count, List.of(all));
    }

    /** Returns the gradient of a row's loss by all parameters, one after the other. */
    private double[] gradient(ParameterizedModel model, List<String> names, Evaluator evaluator, int row) {
        return evaluator.run().within(name(), row, evaluator.examples(), () -> {
            Target target = evaluator.target();
            Inputs inputs = evaluator.inputs().select(row);
            try (TensorScope scope = TensorScope.open();
                    Pullback pullback = model.pullbackTo(names, inputs)) {
                Tensor cotangent = target.cotangent(pullback.output(), new long[] {row});
                List<double[]> parts = pullback.vjpLast(cotangent).stream()
                        .map(Tensor::toDoubleArray)
                        .toList();
                double[] gradient =
                        new double[parts.stream().mapToInt(part -> part.length).sum()];
                int at = 0;
                for (double[] part : parts) {
                    System.arraycopy(part, 0, gradient, at, part.length);
                    at += part.length;
                }
                return gradient;
            }
        });
    }
}
