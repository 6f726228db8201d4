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
 * batched together; the memory besides the model's does not grow with the steps.
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
            double[] scoresAtBaseline = evaluator.scoresAt(references);
            Path path = Path.straight(references, evaluator.inputs().attributed());
            GroupMoments integral = GroupMoments.ofFirstOrder(weights.count());
            evaluator.gradients(
                    path.rows(evaluator.examples(), weights.nodes()),
                    part -> integral.add(part, weights.times(part.gradients(), part.from())));
            List<Tensor> averages = integral.sums();
            if (!value(MULTIPLY)) {
                return Explanation.of(evaluator, Outcome.of(averages).baselineScores(scoresAtBaseline));
            }
            List<Tensor> lengths = path.derivative(0, evaluator.examples(), new double[] {0});
            List<Tensor> attributions = new ArrayList<>(averages.size());
            for (int i = 0; i < averages.size(); i++) {
                attributions.add(averages.get(i).mul(lengths.get(i)));
            }
            return Explanation.of(evaluator, Outcome.of(attributions).completeTo(scoresAtBaseline));
        }
    }

    private void check(Inputs inputs, Problems problems) {
        PathSettings.checkSteps(value(PathSettings.QUADRATURE), value(PathSettings.STEPS), problems);
        PathSettings.checkReference(value(BASELINE), name(), "GradientShap", inputs, problems);
    }
}
