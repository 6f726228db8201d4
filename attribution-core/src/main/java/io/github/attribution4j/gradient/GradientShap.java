// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.SampleRange;
import io.github.attribution4j.evaluation.SampledMoments;
import io.github.attribution4j.evaluation.SampledMoments.Drawn;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Expected gradients: integrated gradients averaged over a distribution of baselines, by sampling.
 *
 * <p>Each of n samples draws a baseline b from the distribution, normal noise for the input, x̃ = x + N(0, stdev²), and
 * a position u uniform in [0, 1), the same u for all attributed inputs. Attribution: the mean over samples of (x̃ − b)
 * · ∂F(b + u (x̃ − b))/∂x; shape and type of the input. The explanation holds the standard error of that mean for each
 * element (n ≥ 2). Its expectation sums to the mean of F(x̃) − F(b); the explanation's completeness gap is, for each
 * example, Σ attributions − mean over samples of (F(x̃) − F(b)), measured on the very samples drawn, and shrinks as
 * 1/√n.
 *
 * <p><b>{@link #budget Budget}.</b> In place of a number of samples: the error that is good enough for all attributions
 * of an example. The samples then grow in rounds, from 100 on, until the intervals are that small.
 *
 * <p><b>Cost.</b> For each example n forward and backward rows, and for the gap n forward rows for the baselines drawn
 * and, if there is noise, n for the noisy inputs.
 *
 * <p><b>Repeatability.</b> All draws follow from (seed, example, sample), not from batching or threads. The remarks of
 * {@link IntegratedGradients} on steps hold here for samples.
 *
 * <p><b>Papers.</b> Erion, Janizek, Sturmfels, Lundberg and Lee, <i>Improving performance of deep learning models with
 * axiomatic attribution priors and expected gradients</i>, 2021; Lundberg and Lee, <i>A Unified Approach to
 * Interpreting Model Predictions</i>, 2017.
 *
 * <p><b>Compared with Captum.</b> The same estimator. Captum draws the baseline of each input of a tuple independently;
 * here one draw takes the same row of all of them ({@link Baseline#samples}), so that inputs that belong together stay
 * together. Captum returns one delta for each sample; the gap here is their mean. Captum's draws follow from two global
 * generators.
 */
public final class GradientShap extends ExpectedGradients<DifferentiableModel, GradientShap>
        implements Attribution.Gradient {
    /** How the positions u on the segments of an example are drawn. */
    public enum Positions {
        /** Each by itself, uniform, as Captum draws them. */
        RANDOM,
        /**
         * u = v + r, less 1 if it is not below 1, where v is the sample's number in the van der Corput sequence of base
         * 2, and r one uniform draw of the example. Each u alone is uniform, so the expectation is the same. Together
         * they fill the segment more evenly: where the gradient changes smoothly along it, a part of the error
         * vanishes. Samples are not independent, and there are no standard errors.
         */
        LOW_DISCREPANCY;

        /** Returns the name as a setting has it. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private static final Description<GradientShap> DESCRIPTION = Description.of(
            "gradient-shap",
            Need.GRADIENTS,
            "integrated gradients averaged over a distribution of baselines, by sampling",
            GradientShap::new,
            SAMPLES,
            Budget.SETTING,
            NOISE,
            BASELINE,
            POSITIONS,
            MULTIPLY);

    private GradientShap(Settings<GradientShap> settings) {
        super(settings);
    }

    /** Creates the method with its defaults: 5 samples, no noise, and zeros, which are no distribution. */
    public GradientShap() {
        this(DESCRIPTION.defaults());
    }

    /** Creates the method with its defaults for baselines drawn from a distribution: 5 samples, no noise. */
    public GradientShap(Baseline baseline) {
        this(DESCRIPTION.defaults().with(BASELINE, baseline));
    }

    /**
     * Returns GradientSHAP of a layer, sampled in the space of the inputs, with the samples, noise and baseline of
     * this method.
     *
     * <p>Each of n samples draws a baseline b of the inputs, normal noise for the input, x̃ = x + N(0, stdev²), and a
     * position u uniform in [0, 1). With h the layer's activation, attribution: the mean over samples of (h(x̃) − h(b))
     * · ∂F/∂h at b + u (x̃ − b), in the layer's shape; with its standard error for each unit (n ≥ 2).
     * {@code new GradientShap(baseline).at(layer)} is another method: it draws baselines, noise and positions in the
     * space of activations, and its path is straight there.
     *
     * <p><b>Completeness.</b> The explanation's gap is Σ attributions − mean over samples of (F(x̃) − F(b)). It goes to
     * 0 for many samples only where h is affine in the inputs and nothing bypasses the layer: the gradient is taken on
     * the curve that h follows, and multiplied by the straight line between its ends. {@link Conductance} has no
     * such bias.
     *
     * <p><b>Cost.</b> For each example n forward rows and n backward rows that end at the layer; n forward rows each
     * for h(b) and for the gap (one in all for a baseline that is a single reference), and as many for x̃ if there
     * is noise.
     *
     * <p><b>Repeatability.</b> As {@link GradientShap}, with the same draws for the same seed.
     *
     * <p><b>Compared with Captum.</b> The estimator of {@code LayerGradientShap}, with the remarks above.
     *
     * @param layers address of a layer, or of several of which none depends on another
     */
    public Attribution<LayeredModel> ofLayer(String... layers) {
        return LayerGradientShap.of(this, layers);
    }

    /** Returns the descriptions: of the inputs, and of a layer. */
    public static List<Description<? extends Attribution<?>>> descriptions() {
        return List.of(DESCRIPTION, LayerGradientShap.DESCRIPTION);
    }

    @Override
    public Explanation attribute(DifferentiableModel model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Evaluator evaluator =
                    Evaluator.start(this, model, inputs, target, run, problems -> check(inputs, problems));
            Ends ends = new Ends(evaluator);
            SampledMoments moments = sampled(evaluator, true, (range, drawn) -> {
                ends.score(range, drawn);
                Segments segments = segments(evaluator, range, Segments.Position.DRAWN);
                evaluator.gradients(
                        segments, part -> drawn.add(part, contributions(part.gradients(), segments::differences)));
            });
            double[] scoresAtBaseline = ends.atBaseline(moments);
            Outcome outcome = withErrors(Outcome.of(moments.means()), moments).reached(moments.reached(), evaluator);
            return Explanation.of(
                    evaluator,
                    multipliesByInputs()
                            ? outcome.completeBetween(scoresAtBaseline, ends.atInput(moments))
                            : outcome.baselineScores(scoresAtBaseline));
        }
    }

    /** The scores at the ends of the segments: evaluated once where an end is the same for all samples. */
    private final class Ends {
        private static final String BASELINE_SCORE = "baseline";
        private static final String INPUT_SCORE = "input";

        private final Evaluator evaluator;
        private final double @Nullable [] atReference;
        private final double @Nullable [] atExplained;

        Ends(Evaluator evaluator) {
            this.evaluator = evaluator;
            atReference = baseline().isDistribution()
                    ? null
                    : evaluator.scoresAt(baseline().references(evaluator.inputs(), evaluator.run()));
            atExplained = noise().isNone() ? evaluator.scores() : null;
        }

        void score(SampleRange range, Drawn drawn) {
            if (atReference == null) {
                drawn.number(BASELINE_SCORE, 0, evaluator.scores(segments(evaluator, range, Segments.Position.START)));
            }
            if (atExplained == null) {
                drawn.number(INPUT_SCORE, 0, evaluator.scores(segments(evaluator, range, Segments.Position.END)));
            }
        }

        double[] atBaseline(SampledMoments moments) {
            return atReference == null ? moments.mean(BASELINE_SCORE).orElseThrow() : atReference;
        }

        double[] atInput(SampledMoments moments) {
            return atExplained == null ? moments.mean(INPUT_SCORE).orElseThrow() : atExplained;
        }
    }
}
