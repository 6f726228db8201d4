// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
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
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How far an explanation misses what the model does under changes of the input.
 *
 * <p>Of each example x, n changed copies x₁ ... xₙ are made. The explanation A predicts that the score changes by
 * Iₖ · A, and the score of an example is the mean squared error of that prediction:
 *
 * <pre>
 * infidelity = Σₖ (Iₖ · A − (F(x) − F(xₖ)))² / n
 * </pre>
 *
 * <p>For {@linkplain Kinds#GLOBAL global} attributions, which say what an element contributes compared with its
 * baseline b (integrated gradients, Shapley values, DeepLIFT, input × gradient), I is (x − xₖ) / (x − b), the part of
 * the way to the baseline that an element was changed by; where x = b it is x − xₖ. For {@linkplain Kinds#LOCAL local}
 * ones, which say what it contributes for each unit of change (saliency with its sign), I is x − xₖ.
 *
 * <p>With {@link #normalized}, A is first multiplied by the number β that makes the error smallest, so that only the
 * proportions of the attributions count: β = Σₖ (Iₖ · A)(F(x) − F(xₖ)) / Σₖ (Iₖ · A)², and 1 where that is 0 / 0. Lower
 * is better.
 *
 * <p><b>Cost.</b> n + 1 forward rows for each example.
 *
 * <p><b>Paper.</b> Yeh, Hsieh, Suggala, Inouye and Ravikumar, <i>On the (In)fidelity and Sensitivity of
 * Explanations</i>, 2019.
 *
 * <p><b>Compared with Captum.</b> {@code infidelity} with {@code infidelity_perturb_func_decorator}: the same numbers
 * for the same perturbations. Captum has no default perturbation. There, an element with x = b gets I = x − xₖ too.
 */
public final class Infidelity extends DescribedRecipe<Infidelity> implements Metric {
    /** What attributions say. */
    public enum Kinds {
        /** What an element contributes compared with its baseline. */
        GLOBAL,
        /** What an element contributes for each unit of change. */
        LOCAL;

        private static final Kind<Kinds> KIND = Kind.choice(Kinds.class);

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final Setting<Integer> SAMPLES =
            Setting.count("samples", 10, 1, "changed copies of each example").trial(2);
    private static final Setting<Perturbation> PERTURBATION =
            Setting.of("perturbation", Perturbation.KIND, Perturbation.normal(0.02), "how the copies are changed");
    private static final Setting<Kinds> KINDS =
            Setting.of("attributions", Kinds.KIND, Kinds.GLOBAL, "what attributions say: global or local");
    private static final Setting<Baseline> BASELINE =
            Setting.of("baseline", Baseline.KIND, Baseline.zeros(), "what global attributions compare with");
    private static final Setting<Boolean> NORMALIZED =
            Setting.of("normalized", Kind.FLAG, false, "whether the scale of the attributions is left out");

    /** What the metric says of itself. */
    public static final Description<Infidelity> DESCRIPTION = Description.of(
            "infidelity",
            Need.FORWARD,
            "mean squared error of the change of the score that the attributions predict; lower is better",
            Infidelity::new,
            SAMPLES,
            PERTURBATION,
            KINDS,
            BASELINE,
            NORMALIZED);

    private Infidelity(Settings<Infidelity> settings) {
        super(settings);
    }

    /** Creates the metric for global attributions: 10 copies with normal noise of standard deviation 0.02. */
    public Infidelity() {
        this(DESCRIPTION.defaults());
    }

    /** Returns a copy that makes this many changed copies of each example; at least 1. */
    public Infidelity samples(int count) {
        return with(SAMPLES, count);
    }

    /** Returns a copy that changes inputs in another way. */
    public Infidelity perturbation(Perturbation perturbation) {
        return with(PERTURBATION, perturbation);
    }

    /** Returns a copy for attributions of another kind. */
    public Infidelity attributions(Kinds kinds) {
        return with(KINDS, kinds);
    }

    /** Returns a copy for global attributions that compare with this baseline; zeros unless set. */
    public Infidelity baseline(Baseline baseline) {
        return with(BASELINE, baseline);
    }

    /** Returns a copy that leaves the scale of the attributions out, or not. */
    public Infidelity normalized(boolean normalized) {
        return with(NORMALIZED, normalized);
    }

    @Override
    public boolean higherIsBetter() {
        return false;
    }

    @Override
    public Judgement judge(Model model, Inputs inputs, Target target, Explanation explanation, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Problems problems = new Problems();
            ElementScores.check(explanation, inputs, problems);
            problems.collect(() -> value(PERTURBATION).check(inputs, problems));
            problems.collect(() -> value(BASELINE).check(inputs, problems));
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run.started(), problems);
            ChangedRows rows = new ChangedRows(evaluator, explanation);
            double[] changed = evaluator.scores(rows);
            double[] scores = evaluator.scores();
            double[] errors = new double[scores.length];
            for (int example = 0; example < errors.length; example++) {
                errors[example] = error(example, rows.predicted, scores[example], changed);
            }
            return Judgement.of(evaluator, this, errors, List.of(), explanation.provenance());
        }
    }

    private double error(int example, double[] predicted, double score, double[] changed) {
        int samples = value(SAMPLES);
        int from = example * samples;
        double beta = 1;
        if (value(NORMALIZED)) {
            double products = 0;
            double squares = 0;
            for (int row = from; row < from + samples; row++) {
                products += predicted[row] * (score - changed[row]);
                squares += predicted[row] * predicted[row];
            }
            beta = squares == 0 ? 1 : products / squares;
        }
        double sum = 0;
        for (int row = from; row < from + samples; row++) {
            double error = beta * predicted[row] - (score - changed[row]);
            sum += error * error;
        }
        return sum / samples;
    }

    /**
     * Row r: copy r % samples of example r / samples. What the explanation predicts for a row is known once it is made.
     */
    final class ChangedRows implements Rows {
        private final Evaluator evaluator;
        private final List<Tensor> inputs;
        private final List<double[]> attributions = new ArrayList<>();
        private final List<double[]> ways = new ArrayList<>();
        private final double[] predicted;

        ChangedRows(Evaluator evaluator, Explanation explanation) {
            this.evaluator = evaluator;
            this.inputs = evaluator.inputs().attributed();
            predicted = new double[Math.multiplyExact(evaluator.examples(), value(SAMPLES))];
            for (int example = 0; example < evaluator.examples(); example++) {
                attributions.add(ElementScores.of(explanation, evaluator.inputs(), example));
            }
            if (value(KINDS) == Kinds.GLOBAL) {
                List<Tensor> references = value(BASELINE).references(evaluator.inputs(), evaluator.run());
                for (int i = 0; i < inputs.size(); i++) {
                    Tensor way = inputs.get(i)
                            .sub(references.get(i).broadcast(inputs.get(i).shape()));
                    ways.add(way.toDoubleArray());
                }
            }
        }

        @Override
        public long count() {
            return predicted.length;
        }

        @Override
        public long group() {
            return value(SAMPLES);
        }

        @Override
        public long example(long row) {
            return row / value(SAMPLES);
        }

        @Override
        public List<Tensor> attributed(long from, long to) {
            long[] examples = examples(from, to);
            long[] samples = new long[examples.length];
            for (int r = 0; r < samples.length; r++) {
                samples[r] = (from + r) % value(SAMPLES);
                predicted[Math.toIntExact(from) + r] = 0;
            }
            List<Tensor> changed = new ArrayList<>();
            int start = 0;
            for (int i = 0; i < inputs.size(); i++) {
                Tensor rows = inputs.get(i).select(0, examples);
                changed.add(value(PERTURBATION).change(rows, i, examples, samples, evaluator.run()));
                predict(rows.sub(changed.get(i)).toDoubleArray(), i, start, examples, Math.toIntExact(from));
                start += Math.toIntExact(rows.shape().row().size());
            }
            return changed;
        }

        private void predict(double[] change, int input, int start, long[] examples, int from) {
            int size = change.length / examples.length;
            for (int r = 0; r < examples.length; r++) {
                int example = Math.toIntExact(examples[r]);
                double[] own = attributions.get(example);
                double sum = 0;
                for (int i = 0; i < size; i++) {
                    double way = ways.isEmpty() ? 1 : ways.get(input)[example * size + i];
                    sum += own[start + i] * change[r * size + i] / (way == 0 ? 1 : way);
                }
                predicted[from + r] += sum;
            }
        }
    }
}
