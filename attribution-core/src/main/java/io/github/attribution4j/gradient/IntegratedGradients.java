// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows.GroupMoments;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Integrated gradients: the gradient averaged along the straight path from a baseline x′ to the input x, times x − x′.
 *
 * <p>Attribution of element i: (x − x′)ᵢ ∫₀¹ ∂F(x′ + t (x − x′))/∂xᵢ dt ≈ (x − x′)ᵢ Σₖ wₖ ∂F(x′ + tₖ (x − x′))/∂xᵢ;
 * shape and type of the input. The integral is complete: attributions sum to F(x) − F(x′) over all elements of all
 * attributed inputs. The deviation from that sum is the explanation's
 * {@linkplain Explanation#completenessGap() completeness gap}, which falls as steps rise. Positions and weights are of
 * the input's own type, so a float64 model gets float64 accuracy.
 *
 * <p><b>Cost.</b> For each example {@code steps} forward and backward rows, and one or two forward rows for the gap (a
 * baseline that is the same for all examples is evaluated once, unless there are fixed inputs). Steps and examples are
 * batched together; the memory besides the model's does not grow with the steps. {@link #nonUniform} adds forward
 * rows, one less than intervals for each example. With a {@link #tolerance} there are no rows for the gap: the ends
 * are steps.
 *
 * <p><b>Repeatability.</b> On a backend whose rows do not influence each other to the bit (the plain-Java one), the
 * attributions of an example have the same bits whatever other examples are explained with it, in every thread, and for
 * every batching whose calls hold at least {@code steps} rows; smaller batches add up in another order and differ by
 * rounding.
 *
 * <p><b>Paper.</b> Sundararajan, Taly and Yan, <i>Axiomatic Attribution for Deep Networks</i>, 2017.
 *
 * <p><b>Compared with Captum.</b> Equal with its defaults (50 steps, Gauss-Legendre). Its {@code riemann_trapezoid},
 * whose weights do not sum to 1, is {@link Quadrature#CAPTUM_TRAPEZOID}; {@link Quadrature#TRAPEZOID} is the
 * trapezoidal rule. Its {@code internal_batch_size} splits steps only; {@link Run#batching} splits examples too.
 */
public final class IntegratedGradients extends Described<DifferentiableModel, IntegratedGradients>
        implements Attribution.Gradient {
    private static final Setting<Baseline> BASELINE = Setting.of(
            "baseline",
            Baseline.KIND,
            Baseline.zeros(),
            "where the path starts: one reference for each example, not a distribution");
    private static final Setting<Boolean> MULTIPLY = Setting.of(
            "multiply-by-inputs",
            Kind.FLAG,
            true,
            "whether gradients are multiplied by input - baseline; if not: a sensitivity, which claims no"
                    + " completeness");

    /** The description of the method. */
    public static final Description<IntegratedGradients> DESCRIPTION = Description.of(
            "integrated-gradients",
            Need.GRADIENTS,
            "gradients along the path from a baseline; attributions add up to the change of the score",
            IntegratedGradients::new,
            PathSettings.STEPS,
            PathSettings.QUADRATURE,
            PathSettings.SPACING,
            PathSettings.TOLERANCE,
            BASELINE,
            MULTIPLY);

    private final StepWeights weights;

    private IntegratedGradients(Settings<IntegratedGradients> settings) {
        super(settings);
        weights = StepWeights.of(settings.get(PathSettings.QUADRATURE), settings.get(PathSettings.STEPS));
    }

    /** Creates the method with its defaults: 50 steps, Gauss-Legendre, baseline zero, multiplied by inputs. */
    public IntegratedGradients() {
        this(DESCRIPTION.defaults());
    }

    /** Returns a copy that takes this many gradients along the path; default 50, at least 1 (trapezoids 2). */
    public IntegratedGradients steps(int steps) {
        return with(PathSettings.STEPS, steps);
    }

    /** Returns a copy that takes them at other positions with other weights; default Gauss-Legendre. */
    public IntegratedGradients quadrature(Quadrature quadrature) {
        return with(PathSettings.QUADRATURE, quadrature);
    }

    /**
     * Returns a copy that adds steps to each example where its score bends, until |gap| ≤ tolerance · |F(x) − F(x′)|.
     *
     * <p>The first steps are both ends and the middle. The sum is one of trapezoids, and since the score of each step
     * comes with its gradient, the error in each interval is known. In each round every example whose gap is too large
     * halves the interval with the largest error. Nothing is evaluated twice, and examples that are finished take no
     * part in later rounds. {@link #steps} is the most steps of an example, at least 3; raise it for small tolerances.
     *
     * <p>The explanation's {@link Explanation#measures() measures} say for each example how many {@code steps} were
     * taken; {@code error-estimate}, the sum of the magnitudes of the errors of all intervals, which bounds the gap and
     * in which errors do not cancel; and {@code tolerance-reached}, 1 or 0, where a notice says more. A small gap says
     * that the sum is right; single attributions can be further off, as with any rule of few steps.
     *
     * <p><b>Cost.</b> As many forward and backward rows for each example as steps were taken, and no others. Gradients
     * are kept until their example is finished: examples are divided so that these take at most about 256 MiB.
     *
     * @param share 0 or more; 0, the default, always takes all steps, where the quadrature says
     */
    public IntegratedGradients tolerance(double share) {
        return with(PathSettings.TOLERANCE, share);
    }

    /**
     * Returns a copy that spreads the steps by what the score gains: a forward run at the borders of equal intervals
     * finds how much the score changes in each, and each gets steps in proportion to the square root of that, by the
     * quadrature within (Bhat and Raychowdhury, <i>Non-Uniform Interpolation in Integrated Gradients for Low-Latency
     * Explainable-AI</i>, 2023). Each interval gets at least the quadrature's least number of steps.
     *
     * @param intervals their number; 1, the default, looks at no scores
     */
    public IntegratedGradients nonUniform(int intervals) {
        if (intervals < 1) {
            throw new IllegalArgumentException("intervals " + intervals + ": must be at least 1");
        }
        return with(PathSettings.SPACING, intervals);
    }

    /**
     * Returns a copy whose path starts elsewhere; default zeros. One reference for each example, not a distribution.
     */
    public IntegratedGradients baseline(Baseline baseline) {
        return with(BASELINE, baseline);
    }

    /**
     * Returns a copy whose averaged gradient is multiplied by x − x′, the default, or not. If not, the result is a
     * sensitivity, which claims no completeness.
     */
    public IntegratedGradients multiplyByInputs(boolean multiply) {
        return with(MULTIPLY, multiply);
    }

    @Override
    public Explanation attribute(DifferentiableModel model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Evaluator evaluator =
                    Evaluator.start(this, model, inputs, target, run, problems -> check(inputs, problems));
            List<Tensor> references = value(BASELINE).references(evaluator.inputs(), evaluator.run());
            Path path = Path.straight(references, evaluator.inputs().attributed());
            if (value(PathSettings.TOLERANCE) > 0) {
                AdaptiveSteps adaptive =
                        new AdaptiveSteps(evaluator, path, value(PathSettings.TOLERANCE), value(PathSettings.STEPS));
                List<Tensor> averages = adaptive.averages();
                return Explanation.of(
                        evaluator, adaptive.said(outcome(evaluator, path, averages, adaptive.startScores())));
            }
            double[] scoresAtBaseline = evaluator.scoresAt(references);
            StepWeights placed = placed(evaluator, path, scoresAtBaseline);
            int steps = value(PathSettings.STEPS);
            GroupMoments integral = GroupMoments.ofFirstOrder(steps);
            evaluator.gradients(
                    placed == weights
                            ? path.rows(evaluator.examples(), weights.nodes())
                            : path.rows(exampleOfEach(placed.count(), steps), placed.nodes(), steps),
                    part -> integral.add(part, placed.times(part.gradients(), part.from())));
            return Explanation.of(evaluator, outcome(evaluator, path, integral.sums(), scoresAtBaseline));
        }
    }

    private Outcome outcome(Evaluator evaluator, Path path, List<Tensor> averages, double[] scoresAtBaseline) {
        if (!value(MULTIPLY)) {
            return Outcome.of(averages).baselineScores(scoresAtBaseline);
        }
        List<Tensor> lengths = path.derivative(0, evaluator.examples(), new double[] {0});
        List<Tensor> attributions = new ArrayList<>(averages.size());
        for (int i = 0; i < averages.size(); i++) {
            attributions.add(averages.get(i).mul(lengths.get(i)));
        }
        return Outcome.of(attributions).completeTo(scoresAtBaseline);
    }

    /** Returns the weights and nodes, after a look at scores if these decide. */
    private StepWeights placed(Evaluator evaluator, Path path, double[] scoresAtBaseline) {
        int intervals = value(PathSettings.SPACING);
        if (intervals == PathSettings.EVEN) {
            return weights;
        }
        double[] borders = new double[intervals - 1];
        Arrays.setAll(borders, border -> (border + 1.0) / intervals);
        double[] inside = evaluator.scores(path.rows(evaluator.examples(), borders));
        double[] atInputs = evaluator.scores();
        double[][] scores = new double[atInputs.length][intervals + 1];
        for (int example = 0; example < atInputs.length; example++) {
            scores[example][0] = scoresAtBaseline[example];
            System.arraycopy(inside, example * borders.length, scores[example], 1, borders.length);
            scores[example][intervals] = atInputs[example];
        }
        return StepWeights.byChange(value(PathSettings.QUADRATURE), value(PathSettings.STEPS), scores);
    }

    private static long[] exampleOfEach(int rows, int steps) {
        long[] examples = new long[rows];
        Arrays.setAll(examples, row -> row / steps);
        return examples;
    }

    private void check(Inputs inputs, Problems problems) {
        PathSettings.checkSteps(value(PathSettings.QUADRATURE), value(PathSettings.STEPS), problems);
        PathSettings.checkPlacement(
                value(PathSettings.TOLERANCE),
                value(PathSettings.SPACING),
                value(PathSettings.QUADRATURE),
                value(PathSettings.STEPS),
                problems);
        PathSettings.checkReference(value(BASELINE), name(), "GradientShap", inputs, problems);
    }
}
