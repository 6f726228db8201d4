// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * How much an explanation changes when the input changes a little: a method that gives almost equal inputs different
 * explanations cannot be trusted with either.
 *
 * <p>Of each example x, n changed copies x₁ ... xₙ are explained. With A the attributions of all attributed inputs as
 * one vector, and ‖·‖ the Euclidean norm, the score of an example is
 *
 * <ul>
 *   <li>{@link #max}: max over k of ‖A(xₖ) − A(x)‖ / ‖A(x)‖;
 *   <li>{@link #average}: the mean of the same;
 *   <li>{@link #localLipschitz}: max over k of ‖A(xₖ) − A(x)‖ / ‖xₖ − x‖;
 *   <li>{@link #continuity}: max over k of Σᵢ |Aᵢ(xₖ) − Aᵢ(x)| / ‖xₖ − x‖.
 * </ul>
 *
 * <p>A norm of 0 in a denominator counts as 1. Lower is better. A method that ignores the model, and returns the same
 * for all inputs, has the best score: judge faithfulness too.
 *
 * <p>The target is decided once, at the inputs themselves. This metric explains changed inputs, so it judges methods,
 * and refuses a single explanation.
 *
 * <p><b>Cost.</b> n + 1 times that of the method.
 *
 * <p><b>Papers.</b> Yeh, Hsieh, Suggala, Inouye and Ravikumar, <i>On the (In)fidelity and Sensitivity of
 * Explanations</i>, 2019 (max); Bhatt, Weller and Moura, <i>Evaluating and Aggregating Feature-based Model
 * Explanations</i>, 2020 (average); Alvarez-Melis and Jaakkola, <i>On the Robustness of Interpretability Methods</i>,
 * 2018 (local Lipschitz estimate); Montavon, Samek and Müller, <i>Methods for Interpreting and Understanding Deep
 * Neural Networks</i>, 2018 (continuity).
 *
 * <p><b>Compared with Captum.</b> {@code sensitivity_max} with the same defaults: 10 copies, uniform noise within 0.02
 * of each element. A mask or a baseline of a method has rows for each copy here, and methods that draw numbers draw
 * anew for each.
 */
public final class Sensitivity extends DescribedRecipe<Sensitivity> implements Metric {
    private static final Setting<Integer> SAMPLES =
            Setting.count("samples", 10, 1, "changed copies of each example").trial(2);
    private static final Setting<Perturbation> PERTURBATION =
            Setting.of("perturbation", Perturbation.KIND, Perturbation.uniform(0.02), "how the copies are changed");

    @SuppressWarnings("ImmutableEnumChecker") // A description is immutable.
    private enum Variation {
        MAX(
                "sensitivity-max",
                "largest relative change of the attributions under small changes; lower is better",
                false),
        AVERAGE(
                "sensitivity-average",
                "mean relative change of the attributions under small changes; lower is better",
                false),
        LIPSCHITZ(
                "local-lipschitz", "largest change of the attributions per change of the input; lower is better", true),
        CONTINUITY(
                "continuity",
                "largest sum of changes of the attributions per change of the input; lower is better",
                true);

        private final boolean perChange;
        private final Description<Sensitivity> description;

        Variation(String name, String claim, boolean perChange) {
            this.perChange = perChange;
            description = Description.of(
                    name, Need.METHOD, claim, settings -> new Sensitivity(this, settings), SAMPLES, PERTURBATION);
        }
    }

    private final Variation variation;

    private Sensitivity(Variation variation, Settings<Sensitivity> settings) {
        super(settings);
        this.variation = variation;
    }

    /** Returns the descriptions of the four. */
    public static List<Description<Sensitivity>> descriptions() {
        return Arrays.stream(Variation.values())
                .map(variation -> variation.description)
                .toList();
    }

    private static Sensitivity of(Variation variation) {
        return variation.description.defaults().method();
    }

    /** Returns the largest relative change. */
    public static Sensitivity max() {
        return of(Variation.MAX);
    }

    /** Returns the mean relative change. */
    public static Sensitivity average() {
        return of(Variation.AVERAGE);
    }

    /** Returns the largest change of the attributions per change of the input. */
    public static Sensitivity localLipschitz() {
        return of(Variation.LIPSCHITZ);
    }

    /** Returns the largest sum of changes of the attributions per change of the input. */
    public static Sensitivity continuity() {
        return of(Variation.CONTINUITY);
    }

    /** Returns a copy that makes this many changed copies of each example; at least 1. */
    public Sensitivity samples(int count) {
        return with(SAMPLES, count);
    }

    /** Returns a copy that changes inputs in another way. */
    public Sensitivity perturbation(Perturbation perturbation) {
        return with(PERTURBATION, perturbation);
    }

    @Override
    public boolean higherIsBetter() {
        return false;
    }

    /** Refuses: this metric explains changed inputs, for which it needs the method. */
    @Override
    public Judgement judge(Model model, Inputs inputs, Target target, Explanation explanation, Run run) {
        throw ComparedCopies.refusal(this);
    }

    @Override
    public <M extends Model> Judgement judge(
            M model, Inputs inputs, Target target, Attribution<? super M> method, Run run) {
        return new ComparedCopies(value(PERTURBATION), value(SAMPLES))
                .judge(
                        this,
                        model,
                        inputs,
                        target,
                        method,
                        run,
                        new Problems(),
                        (evaluator, explanation) -> new Changes(explanation, evaluator.inputs()));
    }

    /** The changes of attributions, copy by copy. */
    private final class Changes implements ComparedCopies.Comparison {
        private final double[][] clean;
        private final double[][] attributions;
        private final double[] norms;
        private final double[] scores;

        Changes(Explanation explanation, Inputs inputs) {
            scores = new double[Math.toIntExact(inputs.rows())];
            clean = variation.perChange ? ComparedCopies.rows(inputs.attributed()) : new double[0][];
            attributions = ComparedCopies.rows(explanation.attributions());
            norms = Arrays.stream(attributions)
                    .mapToDouble(ComparedCopies::norm)
                    .toArray();
        }

        @Override
        public void add(long from, long to, List<Tensor> changed, Explanation ofCopies) {
            double[][] others = ComparedCopies.rows(ofCopies.attributions());
            double[][] inputs = variation.perChange ? ComparedCopies.rows(changed) : new double[0][];
            for (int copy = 0; copy < to - from; copy++) {
                int example = (int) ((from + copy) / value(SAMPLES));
                double size = variation.perChange
                        ? ComparedCopies.norm(ComparedCopies.difference(inputs[copy], clean[example]))
                        : norms[example];
                double[] difference = ComparedCopies.difference(others[copy], attributions[example]);
                double moved = variation == Variation.CONTINUITY
                        ? Arrays.stream(difference).map(Math::abs).sum()
                        : ComparedCopies.norm(difference);
                double change = moved / (size == 0 ? 1 : size);
                scores[example] = variation == Variation.AVERAGE
                        ? scores[example] + change / value(SAMPLES)
                        : Math.max(scores[example], change);
            }
        }

        @Override
        public double[] scores() {
            return scores;
        }
    }
}
