// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Baseline;
import io.github.attribution4j.Evaluator;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.GradientAttribution;
import io.github.attribution4j.GroupMoments;
import io.github.attribution4j.Problems;
import io.github.attribution4j.Run;
import io.github.attribution4j.Target;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.path.PathRows;
import io.github.attribution4j.path.Quadrature;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Integrated gradients: the gradient averaged along the straight path from a baseline x′ to the input x, times x − x′.
 *
 * <p>Attribution of element i: (x − x′)ᵢ ∫₀¹ ∂F(x′ + t (x − x′))/∂xᵢ dt ≈ (x − x′)ᵢ Σₖ wₖ ∂F(x′ + tₖ (x − x′))/∂xᵢ; shape
 * and type of the input. The integral is complete: attributions sum to F(x) − F(x′) over all elements of all attributed
 * inputs. How far the sum misses that is the explanation's {@linkplain Explanation#completenessGap() completeness gap},
 * which falls as steps rise. Positions and weights are of the input's own type, so a float64 model gets float64 accuracy.
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
 * <p><b>Compared with Captum.</b> Equal with its defaults (50 steps, Gauss-Legendre). Its {@code riemann_trapezoid}, whose
 * weights do not sum to 1, is {@link Quadrature#CAPTUM_TRAPEZOID}; {@link Quadrature#TRAPEZOID} is the trapezoidal rule.
 * Its {@code internal_batch_size} splits steps only; {@link Run#batching} splits examples too.
 *
 * <p>Settings: {@code steps}, {@code quadrature}, {@code baseline}, {@code multiply-by-inputs}.
 */
public final class IntegratedGradients implements GradientAttribution {
    private static final int DEFAULT_STEPS = 50;

    private final int steps;
    private final Quadrature quadrature;
    private final Baseline baseline;
    private final boolean multiplyByInputs;
    private final StepWeights weights;

    private IntegratedGradients(Builder builder) {
        this.steps = builder.steps;
        this.quadrature = builder.quadrature;
        this.baseline = builder.baseline;
        this.multiplyByInputs = builder.multiplyByInputs;
        this.weights = StepWeights.of(quadrature, steps);
    }

    /** Creates the method with its defaults: 50 steps, Gauss-Legendre, baseline zero, multiplied by inputs. */
    public IntegratedGradients() {
        this(new Builder());
    }

    /** Returns a builder that starts from the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public Explanation attribute(DifferentiableModel model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Evaluator evaluator =
                    Evaluator.start(this, model, inputs, target, run, problems -> check(inputs, problems));
            List<Tensor> references = evaluator.references(baseline);
            double[] scoresAtBaseline = evaluator.scoresAt(references);
            Path path = Path.straight(references, evaluator.inputs().attributed());
            GroupMoments integral = GroupMoments.ofFirstOrder(steps);
            evaluator.gradients(
                    new PathRows(path, evaluator.examples(), weights.nodes()),
                    (batch, from, to, scores, gradients) ->
                            integral.add(batch, from, to, weights.times(gradients, from)));
            List<Tensor> averages = integral.sums();
            if (!multiplyByInputs) {
                return evaluator
                        .explain(averages)
                        .baselineScores(scoresAtBaseline)
                        .build();
            }
            List<Tensor> lengths = path.derivative(0, evaluator.examples(), new double[] {0});
            List<Tensor> attributions = new ArrayList<>(averages.size());
            for (int i = 0; i < averages.size(); i++) {
                attributions.add(averages.get(i).mul(lengths.get(i)));
            }
            return evaluator.explain(attributions).completeTo(scoresAtBaseline).build();
        }
    }

    private void check(Inputs inputs, Problems problems) {
        problems.require(quadrature.takes(steps), quadrature.refusal(steps));
        problems.require(
                !baseline.isDistribution(),
                "baseline " + baseline.describe() + " is a distribution, and integrated-gradients starts from one"
                        + " reference for each example; give Baseline.mean(...) of the"
                        + " samples, or use GradientShap, which averages over the"
                        + " distribution");
        baseline.check(inputs, problems);
    }

    @Override
    public String name() {
        return "integrated-gradients";
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("steps", steps);
        settings.put("quadrature", quadrature);
        settings.put("baseline", baseline.describe());
        settings.put("multiply-by-inputs", multiplyByInputs);
        return settings;
    }

    /** Collects settings. */
    public static final class Builder {
        private int steps = DEFAULT_STEPS;
        private Quadrature quadrature = Quadrature.GAUSS_LEGENDRE;
        private Baseline baseline = Baseline.zeros();
        private boolean multiplyByInputs = true;

        private Builder() {}

        /** Sets how many gradients are taken along the path; default 50, at least 1 (trapezoids 2). */
        public Builder steps(int newSteps) {
            steps = newSteps;
            return this;
        }

        /** Sets where on the path they are taken and with which weights; default Gauss-Legendre. */
        public Builder quadrature(Quadrature newQuadrature) {
            quadrature = newQuadrature;
            return this;
        }

        /** Sets where the path starts; default zeros. One reference for each example, not a distribution. */
        public Builder baseline(Baseline newBaseline) {
            baseline = newBaseline;
            return this;
        }

        /**
         * Sets whether the averaged gradient is multiplied by x − x′; default yes. If not, the result is a sensitivity, which
         * claims no completeness.
         */
        public Builder multiplyByInputs(boolean multiply) {
            multiplyByInputs = multiply;
            return this;
        }

        /** Returns the method. */
        public IntegratedGradients build() {
            return new IntegratedGradients(this);
        }
    }

    @Override
    public String toString() {
        return Attribution.inWords(this);
    }
}
