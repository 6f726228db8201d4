// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Important-direction gradient integration: integrated gradients without the noise of directions in which the score
 * does not change.
 *
 * <p>The straight path from a baseline x′ to the input x is walked in n steps, xₖ = x′ + (k/n)(x − x′). The gain of the
 * score in a step, d = F(xₖ₊₁) − F(xₖ), is divided among the elements in proportion to the squares of their gradients g
 * = ∇F(xₖ):
 *
 * <pre>  attribution of element i = Σₖ gᵢ² / Σⱼ gⱼ² · d        (j over all elements of all attributed inputs)</pre>
 *
 * <p>Shape and type of the input. Each step distributes exactly the gain of the score, so attributions sum to F(x) −
 * F(x′) for any number of steps. Steps that start where the gradient is zero are the exception: they distribute
 * nothing, and the {@linkplain Explanation#completenessGap() completeness gap} shows it. The distance of an element
 * from its baseline does not matter: an element that equals its baseline can get an attribution.
 *
 * <p><b>Cost.</b> For each example {@code steps + 1} forward and backward rows, and one or two forward rows for the
 * gap. The memory besides the model's does not grow with the steps.
 *
 * <p><b>Repeatability.</b> As for {@link IntegratedGradients}.
 *
 * <p><b>Paper.</b> Yang, Wang and Bilgic, <i>IDGI: A Framework to Eliminate Explanation Noise from Integrated
 * Gradients</i>, 2023, algorithm 1 on the straight path.
 *
 * <p><b>Compared with Captum.</b> Captum has none.
 */
public final class Idgi extends Described<DifferentiableModel, Idgi> implements Attribution.Gradient {
    private static final Setting<Integer> STEPS =
            Setting.count("steps", 50, 1, "steps on the path from the baseline").trial(1);
    private static final Setting<Baseline> BASELINE = Setting.of(
            "baseline",
            Baseline.KIND,
            Baseline.zeros(),
            "where the path starts: one reference for each example, not a distribution");

    /** The description of the method. */
    public static final Description<Idgi> DESCRIPTION = Description.of(
            "idgi",
            Need.GRADIENTS,
            "what the score gains at each step from a baseline, shared by squared gradients",
            Idgi::new,
            STEPS,
            BASELINE);

    private Idgi(Settings<Idgi> settings) {
        super(settings);
    }

    /** Creates the method with its defaults: 50 steps, baseline zero. */
    public Idgi() {
        this(DESCRIPTION.defaults());
    }

    /** Returns a copy that walks the path in this many steps; default 50, at least 1. */
    public Idgi steps(int steps) {
        return with(STEPS, steps);
    }

    /**
     * Returns a copy whose path starts elsewhere; default zeros. One reference for each example, not a distribution.
     */
    public Idgi baseline(Baseline baseline) {
        return with(BASELINE, baseline);
    }

    @Override
    public Explanation attribute(DifferentiableModel model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Evaluator evaluator =
                    Evaluator.start(this, model, inputs, target, run, problems -> check(inputs, problems));
            List<Tensor> references = value(BASELINE).references(evaluator.inputs(), evaluator.run());
            double[] scoresAtBaseline = evaluator.scoresAt(references);
            Path path = Path.straight(references, evaluator.inputs().attributed());
            double[] nodes = nodes(value(STEPS));
            IncrementSums gains = new IncrementSums(nodes.length, false);
            evaluator.gradients(path.rows(evaluator.examples(), nodes), part -> {
                List<Tensor> shares = shares(part.gradients());
                gains.add(part.batch(), part.from(), part.to(), scores(part, shares), shares);
            });
            return Explanation.of(evaluator, Outcome.of(gains.sums()).completeTo(scoresAtBaseline));
        }
    }

    private static double[] nodes(int steps) {
        double[] nodes = new double[steps + 1];
        for (int k = 0; k <= steps; k++) {
            nodes[k] = (double) k / steps;
        }
        return nodes;
    }

    /** Returns the score of each row, at every element. */
    private static List<Tensor> scores(Evaluator.Part part, List<Tensor> shares) {
        List<Tensor> scores = new ArrayList<>();
        for (Tensor share : shares) {
            Shape shape = share.shape();
            scores.add(share.tensors()
                    .of(part.scores(), share.dataType(), perRow(shape))
                    .broadcast(shape));
        }
        return scores;
    }

    /**
     * Returns the squared gradients of each row, divided by their sum over all inputs; zeros if the gradient is zero.
     */
    private static List<Tensor> shares(List<Tensor> gradients) {
        Tensor first = gradients.get(0);
        long rows = first.shape().dim(0);
        List<Tensor> flat = new ArrayList<>();
        for (Tensor gradient : gradients) {
            flat.add(gradient.to(first.dataType())
                    .reshape(rows, gradient.shape().row().size()));
        }
        Tensor all = flat.size() == 1 ? flat.get(0) : first.tensors().concat(flat, 1);
        // Unscaled, the square of a small gradient would underflow, and that of a large one overflow.
        Tensor scaled = all.div(orOne(all.abs().max(1)).reshape(rows, 1));
        Tensor squares = scaled.mul(scaled);
        Tensor shares = squares.div(orOne(squares.sum(1)).reshape(rows, 1));
        List<Tensor> perInput = new ArrayList<>();
        long from = 0;
        for (Tensor gradient : gradients) {
            long to = from + gradient.shape().row().size();
            perInput.add(shares.slice(1, from, to).reshape(gradient.shape()).to(gradient.dataType()));
            from = to;
        }
        return perInput;
    }

    private static Tensor orOne(Tensor divisors) {
        Tensor ones = divisors.tensors().full(divisors.shape(), divisors.dataType(), 1);
        return divisors.eq(0).where(ones, divisors);
    }

    private static Shape perRow(Shape shape) {
        long[] dims = new long[shape.rank()];
        Arrays.fill(dims, 1);
        dims[0] = shape.dim(0);
        return Shape.of(dims);
    }

    private void check(Inputs inputs, Problems problems) {
        PathSettings.checkReference(value(BASELINE), name(), "GradientShap", inputs, problems);
    }
}
