// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * How few features an explanation names. With a₁ ≤ ... ≤ aₙ the magnitudes of the contributions of an example's
 * features (groups count once), in ascending order:
 *
 * <ul>
 *   <li>{@link #sparseness}: Gini's index Σ (2i − n − 1) aᵢ / (n Σ aᵢ), from 0 (all equal) to 1 − 1/n (one feature has
 *       all); higher is better;
 *   <li>{@link #complexity}: the entropy −Σ pᵢ ln pᵢ of the parts pᵢ = aᵢ / Σ a, from 0 to ln n; lower is better;
 *   <li>{@link #effectiveComplexity}: the number of features with aᵢ above a threshold, 10⁻⁵ unless set; lower
 *       is better.
 * </ul>
 *
 * <p>Where all are 0, sparseness is 0 and complexity ln n, as where all are equal. The first two do not see the scale
 * of attributions; the third does.
 *
 * <p><b>When it misleads.</b> A wrong explanation can be brief. Judge faithfulness too.
 *
 * <p><b>Cost.</b> No rows, but those that decide an {@code argmax}.
 *
 * <p><b>Papers.</b> Chalasani, Chen, Chowdhury, Wu and Jha, <i>Concise Explanations of Neural Networks using
 * Adversarial Training</i>, 2020 (sparseness); Bhatt, Weller and Moura, <i>Evaluating and Aggregating Feature-based
 * Model Explanations</i>, 2020 (complexity); Nguyen and Martínez, <i>On Quantitative Aspects of Model
 * Interpretability</i>, 2020 (effective complexity).
 */
public final class Concentration extends DescribedRecipe<Concentration> implements Metric {
    private static final Setting<Double> THRESHOLD = Setting.of(
                    "threshold", Kind.NUMBER, 1e-5, "magnitude above which a feature counts")
            .where("0 or more", threshold -> threshold >= 0);

    @SuppressWarnings("ImmutableEnumChecker") // A description is immutable.
    private enum Variation {
        SPARSENESS("sparseness", "Gini's index of the magnitudes; higher is better", true),
        COMPLEXITY("complexity", "entropy of the parts of the magnitudes; lower is better", false),
        EFFECTIVE("effective-complexity", "number of features that count; lower is better", false, THRESHOLD);

        private final boolean higherIsBetter;
        private final Description<Concentration> description;

        Variation(String name, String claim, boolean higherIsBetter, Setting<?>... settings) {
            this.higherIsBetter = higherIsBetter;
            description = Description.of(name, Need.FORWARD, claim, given -> new Concentration(this, given), settings);
        }
    }

    private final Variation variation;

    private Concentration(Variation variation, Settings<Concentration> settings) {
        super(settings);
        this.variation = variation;
    }

    private static Concentration of(Variation variation) {
        return variation.description.defaults().method();
    }

    /** Returns the descriptions of the three. */
    public static List<Description<Concentration>> descriptions() {
        return Arrays.stream(Variation.values())
                .map(variation -> variation.description)
                .toList();
    }

    /** Returns Gini's index. */
    public static Concentration sparseness() {
        return of(Variation.SPARSENESS);
    }

    /** Returns the entropy. */
    public static Concentration complexity() {
        return of(Variation.COMPLEXITY);
    }

    /** Returns the number of features above a threshold. */
    public static Concentration effectiveComplexity(double threshold) {
        return of(Variation.EFFECTIVE).with(THRESHOLD, threshold);
    }

    @Override
    public boolean higherIsBetter() {
        return variation.higherIsBetter;
    }

    @Override
    public Judgement judge(Model model, Inputs inputs, Target target, Explanation explanation, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Problems problems = new Problems();
            ElementScores.check(explanation, inputs, problems);
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run, problems);
            ToDoubleFunction<double[]> score = switch (variation) {
                case SPARSENESS -> Concentration::gini;
                case COMPLEXITY -> Concentration::entropy;
                case EFFECTIVE -> this::count;
            };
            double[] judged = new double[evaluator.examples()];
            for (int example = 0; example < judged.length; example++) {
                double[] magnitudes = Arrays.stream(
                                explanation.features(example).contributions())
                        .map(Math::abs)
                        .sorted()
                        .toArray();
                judged[example] = score.applyAsDouble(magnitudes);
            }
            return Judgement.of(evaluator, this, judged, List.of(), explanation.provenance());
        }
    }

    private static double gini(double[] ascending) {
        double sum = Arrays.stream(ascending).sum();
        double weighted = 0;
        for (int i = 0; i < ascending.length; i++) {
            weighted += (2 * (i + 1) - ascending.length - 1) * ascending[i];
        }
        return sum == 0 ? 0 : weighted / (ascending.length * sum);
    }

    private static double entropy(double[] magnitudes) {
        double sum = Arrays.stream(magnitudes).sum();
        return sum == 0
                ? Math.log(magnitudes.length)
                : Arrays.stream(magnitudes)
                        .map(magnitude -> magnitude / sum)
                        .filter(part -> part > 0)
                        .map(part -> -part * Math.log(part))
                        .sum();
    }

    private double count(double[] magnitudes) {
        return Arrays.stream(magnitudes)
                .filter(magnitude -> magnitude > value(THRESHOLD))
                .count();
    }
}
