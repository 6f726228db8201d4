// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
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
import java.util.ArrayList;
import java.util.List;

/**
 * Guided integrated gradients: a path from a baseline x′ to the input x that goes first where the score reacts least.
 *
 * <p>All attributed inputs of an example are one vector. After step k of n, the L1 distance from the path to x is (1 −
 * k/n) ‖x − x′‖₁. A step takes one gradient g. It moves the share {@code fraction} of elements with the smallest |gᵢ|
 * towards x, and if they arrive where they may go before the step is long enough, the next ones. An element at position
 * α between x′ᵢ and xᵢ stays within k/n ± {@code distance}: those behind are brought up first, and none goes further.
 * Attribution of element i: the sum over steps of gᵢ times how far the element moved; shape and type of the input.
 *
 * <p>The path avoids places where the gradient is large and unrelated to the input's own features, which show as noise
 * in integrated gradients. With {@code distance} 0 it is the straight path, and this is a left Riemann sum. As any path
 * from x′ to x, it is complete but for the error of the sum; the explanation's {@linkplain
 * Explanation#completenessGap() gap} says by how much. It depends on the model, so implementation invariance holds, and
 * linearity in the model does not.
 *
 * <p><b>Cost.</b> For each example {@code steps} forward and backward rows, and one or two forward rows for the gap.
 * Each step needs the gradient of the one before: batches hold one row of each example. The path is computed in
 * double precision, by Java.
 *
 * <p><b>Paper.</b> Kapishnikov, Venugopalan, Avci, Wedin, Terry and Bolukbasi, <i>Guided Integrated Gradients: An
 * Adaptive Path Method for Removing Noise</i>, 2021, with the authors' defaults of fraction and distance.
 *
 * <p><b>Compared with others.</b> Captum has none. PAIR saliency's {@code GuidedIG} is this algorithm for one image; it
 * counts elements that have arrived when it takes the share of smallest gradients, and so does this. Its default is
 * 200 steps, here 50.
 */
public final class GuidedIntegratedGradients extends Described<DifferentiableModel, GuidedIntegratedGradients>
        implements Attribution.Gradient {
    private static final Setting<Integer> STEPS =
            Setting.count("steps", 50, 1, "steps on the path from the baseline").trial(1);
    private static final Setting<Double> FRACTION = Setting.of(
                    "fraction", Kind.NUMBER, 0.25, "share of the elements that a step moves at first")
            .where("more than 0 and at most 1", value -> value > 0 && value <= 1);
    private static final Setting<Double> DISTANCE = Setting.of(
                    "distance",
                    Kind.NUMBER,
                    0.02,
                    "how far an element may be from the straight path, as a share of its way: 0 is the straight path,"
                            + " 1 no limit")
            .where("0 to 1", value -> value >= 0 && value <= 1);
    private static final Setting<Baseline> BASELINE = Setting.of(
            "baseline",
            Baseline.KIND,
            Baseline.zeros(),
            "where the path starts: one reference for each example, not a distribution");

    /** The description of the method. */
    public static final Description<GuidedIntegratedGradients> DESCRIPTION = Description.of(
            "guided-integrated-gradients",
            Need.GRADIENTS,
            "gradients along a path that first moves the elements to which the score reacts least",
            GuidedIntegratedGradients::new,
            STEPS,
            FRACTION,
            DISTANCE,
            BASELINE);

    private GuidedIntegratedGradients(Settings<GuidedIntegratedGradients> settings) {
        super(settings);
    }

    /** Creates the method with its defaults: 50 steps, fraction 0.25, distance 0.02, baseline zero. */
    public GuidedIntegratedGradients() {
        this(DESCRIPTION.defaults());
    }

    /** Returns a copy that walks the path in this many steps; default 50, at least 1. */
    public GuidedIntegratedGradients steps(int steps) {
        return with(STEPS, steps);
    }

    /** Returns a copy whose steps first move this share of the elements; default 0.25, more than 0 and at most 1. */
    public GuidedIntegratedGradients fraction(double fraction) {
        return with(FRACTION, fraction);
    }

    /** Returns a copy whose elements stay this near to the straight path; default 0.02, from 0 to 1, no limit. */
    public GuidedIntegratedGradients distance(double distance) {
        return with(DISTANCE, distance);
    }

    /**
     * Returns a copy whose path starts elsewhere; default zeros. One reference for each example, not a distribution.
     */
    public GuidedIntegratedGradients baseline(Baseline baseline) {
        return with(BASELINE, baseline);
    }

    @Override
    public Explanation attribute(DifferentiableModel model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Evaluator evaluator = Evaluator.start(
                    this,
                    model,
                    inputs,
                    target,
                    run,
                    problems -> PathSettings.checkReference(value(BASELINE), name(), "GradientShap", inputs, problems));
            List<Tensor> references = value(BASELINE).references(evaluator.inputs(), evaluator.run());
            double[] scoresAtBaseline = evaluator.scoresAt(references);
            GuidedPath[] paths = paths(evaluator, references);
            evaluator.run().plan((long) paths.length * value(STEPS));
            for (int step = 1; step <= value(STEPS); step++) {
                walk(evaluator, paths, step);
            }
            double[][] found = new double[paths.length][];
            for (int example = 0; example < paths.length; example++) {
                found[example] = paths[example].attributions();
            }
            return Explanation.of(
                    evaluator, Outcome.of(tensors(evaluator, found)).completeTo(scoresAtBaseline));
        }
    }

    private static void walk(Evaluator evaluator, GuidedPath[] paths, int step) {
        try (TensorScope scope = TensorScope.open()) {
            double[][] here = new double[paths.length][];
            for (int example = 0; example < paths.length; example++) {
                here[example] = paths[example].here();
            }
            Rows rows = evaluator.rowsOf(tensors(evaluator, here));
            evaluator.gradients(rows, part -> {
                double[][] gradients = vectors(part.gradients(), Math.toIntExact(part.to() - part.from()));
                for (int r = 0; r < gradients.length; r++) {
                    paths[(int) part.from() + r].step(step, gradients[r]);
                }
            });
        }
    }

    private GuidedPath[] paths(Evaluator evaluator, List<Tensor> references) {
        int examples = evaluator.examples();
        List<Tensor> starts = new ArrayList<>();
        for (int i = 0; i < references.size(); i++) {
            Tensor input = evaluator.inputs().attributed().get(i);
            starts.add(references.get(i).broadcast(input.shape()));
        }
        double[][] start = vectors(starts, examples);
        double[][] end = vectors(evaluator.inputs().attributed(), examples);
        GuidedPath[] paths = new GuidedPath[examples];
        for (int example = 0; example < examples; example++) {
            paths[example] =
                    new GuidedPath(start[example], end[example], value(STEPS), value(FRACTION), value(DISTANCE));
        }
        return paths;
    }

    /** Returns for each row the elements of all tensors, one after the other. */
    private static double[][] vectors(List<Tensor> tensors, int rows) {
        List<double[]> flat = tensors.stream().map(Tensor::toDoubleArray).toList();
        int size = flat.stream().mapToInt(values -> values.length / rows).sum();
        double[][] vectors = new double[rows][size];
        for (int row = 0; row < rows; row++) {
            int at = 0;
            for (double[] values : flat) {
                int each = values.length / rows;
                System.arraycopy(values, row * each, vectors[row], at, each);
                at += each;
            }
        }
        return vectors;
    }

    /** Returns tensors of the shapes of the attributed inputs. */
    private static List<Tensor> tensors(Evaluator evaluator, double[][] vectors) {
        List<Tensor> tensors = new ArrayList<>();
        int from = 0;
        for (Tensor input : evaluator.inputs().attributed()) {
            int each = Math.toIntExact(input.shape().row().size());
            double[] values = new double[each * vectors.length];
            for (int row = 0; row < vectors.length; row++) {
                System.arraycopy(vectors[row], from, values, row * each, each);
            }
            tensors.add(input.tensors().of(values, input.dataType(), input.shape()));
            from += each;
        }
        return tensors;
    }
}
