// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.SampledMoments;
import io.github.attribution4j.evaluation.SampledMoments.Drawn;
import io.github.attribution4j.internal.numeric.Noise;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.InvalidRequestException.Problems;
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
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Another method, applied to noisy copies of the inputs. The result is the mean, mean square or variance of its
 * attributions.
 *
 * <pre>{@code
 * NoiseTunnel.smoothGrad(new IntegratedGradients()).samples(20).stdev(0.15).attribute(model, inputs, target);
 * }</pre>
 *
 * <p>Of each example x, n copies x + N(0, stdev²) are made (noise on attributed inputs only) and explained by the
 * method, whatever it is: a gradient method, one that perturbs, one at a layer. With A₁ ... Aₙ its attributions, the
 * result is, in their shape:
 *
 * <ul>
 *   <li>{@link #smoothGrad}: Σ Aₖ / n, with the standard error of that mean for each element (n ≥ 2);
 *   <li>{@link #smoothGradSquared}: Σ Aₖ² / n, with its standard error;
 *   <li>{@link #varGrad}: Σ (Aₖ − mean)² / n, the population variance, summed from squared deviations and so
 *       never negative.
 * </ul>
 *
 * <p>The target is decided once, at the inputs without noise. Where the method has a completeness gap, that of
 * smoothGrad is the mean of the gaps at the noisy inputs. Its baseline scores are means likewise.
 *
 * <p><b>{@link #budget Budget}.</b> In place of a number of samples: the error that is good enough for all attributions
 * of an example. The samples then grow in rounds, from 100 on, until the intervals are that small.
 *
 * <p><b>Cost.</b> n times that of the method, and a forward row for each example.
 *
 * <p><b>Repeatability.</b> Noise follows from (seed, example, sample, input). The method draws anew for each copy, from
 * a key made of the same numbers. Copies are explained in chunks whose size depends on shapes and batching alone, the
 * samples of one example in the same chunk or evenly split.
 *
 * <p><b>Noise at a layer.</b> {@code smoothGrad(method.at(layer))} adds noise to the model's inputs, as Captum does;
 * {@code Attribution.at(layer, smoothGrad(method))} adds it to the activation. The two differ.
 *
 * <p><b>Papers.</b> Smilkov, Thorat, Kim, Viégas and Wattenberg, <i>SmoothGrad</i>, 2017; Hooker, Erhan, Kindermans and
 * Kim, <i>A Benchmark for Interpretability Methods in Deep Neural Networks</i>, 2019 (squared, variance).
 *
 * <p><b>Compared with Captum.</b> The same formulas and defaults (5 samples, standard deviation 1). Captum computes the
 * variance as mean(A²) − mean(A)², which cancels and can be negative.
 */
public final class NoiseTunnel<M extends Model> extends Described<M, NoiseTunnel<M>> {
    private static final Setting<Integer> SAMPLES =
            Setting.count("samples", 5, 1, "noisy copies of each example").trial(4);
    private static final Setting<Noise> NOISE =
            Setting.of("stdev", Noise.KIND, Noise.of(1), "standard deviation of the noise, in the unit of the inputs");

    private static final long PURPOSE = 0x7044;
    /** The method that explains the copies; it cannot be made from text alone. */
    public static final Setting<Attribution<?>> METHOD = Setting.required(
            "method",
            Kind.<Attribution<?>>of("name of a method", name -> {
                        throw new IllegalArgumentException("a name is not a method; give the method");
                    })
                    .said(Attribution::name)
                    .withParts(Attribution::settings),
            "what explains the copies; its settings are method.NAME, and method.layer puts it at a layer");

    @SuppressWarnings("ImmutableEnumChecker") // A description is immutable.
    private enum Statistic {
        SMOOTH_GRAD("smooth-grad", "the mean of a method's attributions over noisy copies of the input"),
        SMOOTH_GRAD_SQUARED("smooth-grad-squared", "the mean of a method's squared attributions over noisy copies"),
        VAR_GRAD("var-grad", "the variance of a method's attributions over noisy copies");

        private final Description<NoiseTunnel<Model>> description;

        Statistic(String name, String claim) {
            description = Description.of(
                    name,
                    Need.METHOD,
                    claim,
                    settings -> new NoiseTunnel<>(this, settings),
                    SAMPLES,
                    Budget.SETTING,
                    NOISE,
                    METHOD);
        }
    }

    private final Statistic statistic;
    private final Attribution<M> method;
    private final int samples;
    private final Noise noise;

    @SuppressWarnings("unchecked") // What is put in as METHOD is an Attribution<M>.
    private NoiseTunnel(Statistic statistic, Settings<NoiseTunnel<M>> settings) {
        super(settings);
        this.statistic = statistic;
        this.method = (Attribution<M>) settings.get(METHOD);
        this.samples = settings.get(SAMPLES);
        this.noise = settings.get(NOISE);
    }

    @SuppressWarnings("unchecked") // A description makes tunnels around methods of any need.
    private static <M extends Model> NoiseTunnel<M> of(Statistic statistic, Attribution<M> method) {
        return (NoiseTunnel<M>)
                statistic.description.defaults().with(METHOD, method).method();
    }

    /** Returns the descriptions of the three: smoothGrad, smoothGradSquared and varGrad. */
    public static List<Description<NoiseTunnel<Model>>> descriptions() {
        return Arrays.stream(Statistic.values())
                .map(statistic -> statistic.description)
                .toList();
    }

    /**
     * Returns the mean of a method's attributions over noisy copies: 5 samples of standard deviation 1 unless set.
     */
    public static <M extends Model> NoiseTunnel<M> smoothGrad(Attribution<M> method) {
        return of(Statistic.SMOOTH_GRAD, method);
    }

    /** Returns the mean of a method's squared attributions: 5 samples of standard deviation 1 unless set. */
    public static <M extends Model> NoiseTunnel<M> smoothGradSquared(Attribution<M> method) {
        return of(Statistic.SMOOTH_GRAD_SQUARED, method);
    }

    /** Returns the variance of a method's attributions: 5 samples of standard deviation 1 unless set. */
    public static <M extends Model> NoiseTunnel<M> varGrad(Attribution<M> method) {
        return of(Statistic.VAR_GRAD, method);
    }

    /** Returns a copy that makes this many noisy copies of each example; at least 1. */
    public NoiseTunnel<M> samples(int newSamples) {
        return with(SAMPLES, newSamples);
    }

    /**
     * Returns a copy that ends by another rule than its number of samples: after a number of noisy copies of each
     * example, when the error of all attributions of an example is small enough, or both. An evaluation of the budget
     * is a copy. An error is refused for varGrad: that of a variance is not estimated.
     */
    public NoiseTunnel<M> budget(Budget budget) {
        return with(Budget.SETTING, budget);
    }

    /**
     * Returns a copy with noise of this standard deviation.
     *
     * @param perInput in the unit of the inputs, each 0 or more: one for all attributed inputs, or one for each
     */
    public NoiseTunnel<M> stdev(double... perInput) {
        return with(NOISE, Noise.of(perInput));
    }

    /** Returns the method inside. */
    Attribution<M> inside() {
        return method;
    }

    @Override
    public Optional<Attribution.OwnScore> ownScore() {
        return method.ownScore();
    }

    @Override
    public Explanation attribute(M model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            // A method whose score is one of a layer takes a model with layers.
            Optional<Attribution.OwnScore> own = method.ownScore();
            Model scored = own.isEmpty()
                    ? model
                    : ((LayeredModel) model).cut(own.get().layer()).head();
            Target explained = own.map(Attribution.OwnScore::score).orElse(target);
            Evaluator evaluator = Evaluator.start(this, scored, inputs, explained, run, problems -> {
                own.ifPresent(score -> score.requireNoTarget(target, problems));
                noise.check(inputs, problems);
                check(problems);
            });
            // Scores of a layer's unit are evaluated in the end.
            int after = own.isEmpty() ? 0 : evaluator.examples();
            Target ofCopies = own.isEmpty() ? evaluator.target() : Target.output();
            Copies<M> copies = new Copies<>(method, PURPOSE);
            Collected collected = new Collected();
            SampledMoments moments = SampledMoments.of(
                    evaluator,
                    value(Budget.SETTING),
                    samples,
                    count -> evaluator.run().plan(count + after),
                    (range, drawn) -> copies.explain(
                            model,
                            evaluator,
                            ofCopies,
                            range,
                            noise::addTo,
                            (copied, from, to, noisy, explanation) ->
                                    collected.add(drawn, copied, from, to, explanation)));
            Explanation explanation = collected.explanation(evaluator, moments);
            return own.isEmpty()
                    ? explanation
                    : explanation.madeBy(this, model.identity(), evaluator.inputs(), Counts.NONE);
        }
    }

    private void check(Problems problems) {
        Budget budget = value(Budget.SETTING);
        SampledMoments.check(name(), budget, problems);
        problems.require(
                statistic != Statistic.VAR_GRAD || !budget.hasError(),
                name() + ": budget " + budget + ": the error of a variance is not estimated; give a number of"
                        + " evaluations");
    }

    /** Takes what the method says of copies. */
    private final class Collected {
        private static final String GAP = "gap";
        private static final String BASELINE_SCORE = "baseline score";
        private static final String MEASURE = "measure ";

        private @Nullable Explanation last;

        void add(Drawn drawn, TensorScope scope, long from, long to, Explanation explanation) {
            // Only the labels of the closed explanation are used.
            last = explanation;
            List<Tensor> values = explanation.attributions();
            if (statistic == Statistic.SMOOTH_GRAD_SQUARED) {
                values = values.stream().map(value -> value.mul(value)).toList();
            }
            drawn.add(scope, from, to, values);
            if (explanation.hasCompletenessGap()) {
                drawn.number(GAP, from, explanation.completenessGap());
            }
            explanation.baselineScores().ifPresent(scores -> drawn.number(BASELINE_SCORE, from, scores));
            explanation.measures().forEach((name, numbers) -> drawn.number(MEASURE + name, from, numbers));
        }

        Explanation explanation(Evaluator evaluator, SampledMoments moments) {
            boolean variance = statistic == Statistic.VAR_GRAD;
            Outcome outcome = Outcome.of(variance ? moments.variances() : moments.means())
                    .like(Objects.requireNonNull(last, "there is at least one copy"));
            if (!variance) {
                outcome = outcome.standardErrors(moments.standardErrors());
            }
            Optional<double[]> baselineScores = moments.mean(BASELINE_SCORE);
            if (baselineScores.isPresent()) {
                outcome = outcome.baselineScores(baselineScores.get());
            }
            Optional<double[]> gap = moments.mean(GAP);
            if (gap.isPresent() && statistic == Statistic.SMOOTH_GRAD) {
                outcome = outcome.completenessGap(gap.get());
            }
            for (String name : moments.numbers()) {
                Optional<double[]> mean = name.startsWith(MEASURE) ? moments.mean(name) : Optional.empty();
                if (mean.isPresent()) {
                    outcome = outcome.measure(name.substring(MEASURE.length()), mean.get());
                }
            }
            return Explanation.of(evaluator, outcome.reached(moments.reached(), evaluator));
        }
    }
}
