// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric.randomization;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.Metric;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;
import java.util.stream.LongStream;

/**
 * How alike the explanations of two classes are (random logit test). The score of an example is s(e, ê), where e is the
 * explanation of the target's class, ê that of another class, drawn uniformly, and s the {@link Similarity}. Lower is
 * better: an explanation that is the same for each class does not say why it was this one.
 *
 * <p>The target is one class of outputs of shape {@code (rows, classes)}: {@link Target#index}, {@link Target#indexes}
 * or {@link Target#argmax}.
 *
 * <p><b>When it misleads.</b> With two classes, one logit is often the other with a minus: compare without signs, or
 * the correlation is -1. Classes that look at the same parts of an image have explanations that are rightly alike.
 *
 * <p><b>Cost.</b> Two explanations and one forward row for each example.
 *
 * <p><b>Paper.</b> Sixt, Granz and Landgraf, <i>When Explanations Lie: Why Many Modified BP Attributions Fail</i>,
 * 2020, which compares by SSIM.
 */
public final class RandomLogit extends DescribedRecipe<RandomLogit> implements Metric {
    private static final long PURPOSE = 0x106E;

    private static final Setting<Similarity> SIMILARITY =
            Setting.of("similarity", Similarity.KIND, Similarity.SSIM, "how explanations are compared");
    private static final Setting<Boolean> MAGNITUDES =
            Setting.of("magnitudes", Kind.FLAG, false, "whether attributions are compared without their signs");

    /** What the metric says of itself. */
    public static final Description<RandomLogit> DESCRIPTION = Description.of(
            "random-logit",
            Need.METHOD,
            "similarity of the explanations of two classes; lower is better",
            RandomLogit::new,
            SIMILARITY,
            MAGNITUDES);

    private RandomLogit(Settings<RandomLogit> settings) {
        super(settings);
    }

    /** Creates the metric: structural similarity, with signs. */
    public RandomLogit() {
        this(DESCRIPTION.defaults());
    }

    /** Returns a copy that compares explanations in another way. */
    public RandomLogit similarity(Similarity similarity) {
        return with(SIMILARITY, similarity);
    }

    /** Returns a copy that compares attributions without their signs, or with them. */
    public RandomLogit magnitudes(boolean magnitudes) {
        return with(MAGNITUDES, magnitudes);
    }

    @Override
    public boolean higherIsBetter() {
        return false;
    }

    /** Refuses: this metric explains another class, for which it needs the method. */
    @Override
    public Judgement judge(Model model, Inputs inputs, Target target, Explanation explanation, Run run) {
        throw Explained.givenRefused(name(), "explains another class");
    }

    /**
     * {@inheritDoc}
     *
     * @throws InvalidRequestException also if the target is not one class of several
     */
    @Override
    public <M extends Model> Judgement judge(
            M model, Inputs inputs, Target target, Attribution<? super M> method, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Evaluator evaluator = Evaluator.start(
                    this,
                    model,
                    inputs,
                    target,
                    run.started(),
                    problems -> problems.require(
                            method.ownScore().isEmpty(),
                            "method " + method.name() + ": explains a unit of a layer, which has no other class; give a"
                                    + " method that explains the output"));
            evaluator.run().plan(2L * evaluator.examples());
            Target decided = evaluator.target();
            Target other = Target.indexes(others(evaluator, decided));
            Explained<M> explained = new Explained<>(method, method, evaluator, decided);
            Maps own = explained.of(model);
            Maps another = explained.of(model, other);
            double[] scores = new double[own.rows()];
            for (int row = 0; row < scores.length; row++) {
                scores[row] = value(SIMILARITY).of(own, another, row, value(MAGNITUDES));
            }
            return explained.judged(this, scores, List.of());
        }
    }

    /** Draws another class than the target's for each example. */
    private long[] others(Evaluator evaluator, Target decided) {
        Tensor output = evaluator.outputs();
        Shape shape = output.shape();
        Problems problems = new Problems();
        problems.require(
                shape.rank() == 2 && shape.dim(1) > 1,
                "model: its output has shape " + shape + ", and metric " + name()
                        + " needs (rows, classes) with at least 2 classes");
        problems.throwIfAny();
        int classes = Math.toIntExact(shape.dim(1));
        long[] examples = LongStream.range(0, evaluator.examples()).toArray();
        double[] weights = decided.cotangent(output, examples).toDoubleArray();
        long[] others = new long[examples.length];
        for (int example = 0; example < others.length; example++) {
            int own = -1;
            for (int k = 0; k < classes; k++) {
                double weight = weights[example * classes + k];
                if (weight != 0) {
                    problems.require(
                            weight == 1 && own == -1,
                            "target " + decided.describe() + ": is not one class, which metric " + name()
                                    + " compares with another; give a class by its index, or argmax");
                    problems.throwIfAny();
                    own = k;
                }
            }
            Run run = evaluator.run();
            int drawn = run.random(PURPOSE, run.exampleKey(example)).nextInt(classes - 1);
            others[example] = drawn < own ? drawn : drawn + 1;
        }
        return others;
    }
}
