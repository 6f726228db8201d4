// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.evaluation.Rows.GroupMoments;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/**
 * DeepSHAP: {@link DeepLift} against every reference of a distribution, averaged. It approximates SHAP values under the
 * assumption that input elements are independent and the model locally linear in them.
 *
 * <p>Attribution: the mean over references b of m(x, b) · (x − b); shape and type of the input. The explanation holds
 * the standard error of that mean over references for each element (two references or more). It sums to F(x) − mean
 * F(b): the completeness gap is the difference, and is checked as {@link DeepLift} checks its own.
 *
 * <p>Every reference of {@link Baseline#samples} is used. For another distribution, and in another method at a layer,
 * {@link #draws} references are drawn for each example, by (seed, example, draw).
 *
 * <p><b>Cost.</b> With B references for each example B backward rows and 3 B forward rows: for the pairs' inputs, their
 * references, and the references' scores. At a layer B more.
 *
 * <p><b>Paper.</b> Lundberg and Lee, <i>A Unified Approach to Interpreting Model Predictions</i>, 2017; Shrikumar et
 * al. 2017.
 *
 * <p><b>Compared with Captum.</b> {@code DeepLiftShap}, and at layers and neurons {@code LayerDeepLiftShap} and {@code
 * NeuronDeepLiftShap}, where {@link DeepLift} agrees. Captum returns a delta for each pair and needs memory for all
 * pairs at once; here pairs are computed in micro-batches.
 */
public final class DeepLiftShap extends DifferencePropagation<DeepLiftShap> {
    private static final Setting<Integer> DRAWS = Setting.count(
                    "draws", 25, 1, "references drawn for each example, unless the baseline lists all")
            .trial(2);

    /** The description of the method. */
    public static final Description<DeepLiftShap> DESCRIPTION = Description.of(
            "deep-lift-shap",
            Need.RULES,
            "deep-lift averaged over a distribution of baselines",
            DeepLiftShap::new,
            BASELINE,
            DRAWS,
            RULE,
            MULTIPLY,
            NEAR,
            TOLERANCE,
            INCOMPLETE,
            UNKNOWN);

    private DeepLiftShap(Settings<DeepLiftShap> settings) {
        super(settings);
    }

    /**
     * Creates the method with its defaults: rescale.
     *
     * @param baseline the distribution of references, such as {@link Baseline#samples}
     */
    public DeepLiftShap(Baseline baseline) {
        this(DESCRIPTION.defaults().with(BASELINE, baseline));
    }

    /**
     * Returns a copy that draws this many references for each example, where the baseline does not list all; default
     * 25.
     */
    public DeepLiftShap draws(int draws) {
        return with(DRAWS, draws);
    }

    @Override
    void checkReferences(Problems problems) {
        // Any reference serves here.
    }

    @Override
    Outcome explain(RuledRun run) {
        Evaluator evaluator = run.evaluator();
        PairedRows pairs = PairedRows.of(evaluator, baselineOf(evaluator.inputs()), value(DRAWS));
        Rows references = pairs.references();
        evaluator.target();
        evaluator.run().plan(2 * pairs.count());
        double[] scoresAtReference = means(evaluator.scores(references), pairs.group());
        GroupMoments moments = GroupMoments.ofSecondOrder(pairs.group());
        run.propagateAgainst(pairs, references, part -> {
            List<Tensor> contributions = contributions(
                    part.gradients(),
                    () -> run.atLayers() ? part.activations() : pairs.attributed(part.from(), part.to()),
                    () -> run.valuesAtRows(references.range(part.from(), part.to())));
            moments.add(part, contributions);
        });
        return judged(run, moments.means(), scoresAtReference).standardErrors(moments.standardErrors());
    }

    private static double[] means(double[] ofRows, long group) {
        double[] means = new double[Math.toIntExact(ofRows.length / group)];
        for (int r = 0; r < ofRows.length; r++) {
            means[(int) (r / group)] += ofRows[r] / group;
        }
        return means;
    }
}
