// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.internal.NameList;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
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
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How much an explanation changes compared with what the model sees, does or computes inside: an explanation may change
 * as much as these do, and should not change more.
 *
 * <p>Of each example x, n changed copies x₁ ... xₙ are explained. With ‖·‖ the Euclidean norm, quotients taken element
 * by element, and A the attributions of all attributed inputs as one vector, the score of an example is
 *
 * <pre>
 * max over k of ‖(A(x) − A(xₖ)) / A(x)‖ / max(D(xₖ), ε)
 * </pre>
 *
 * <ul>
 *   <li>{@link #input} (RIS): D = ‖(x − xₖ) / x‖;
 *   <li>{@link #output} (ROS): D = ‖h(x) − h(xₖ)‖, with h the output of the model, logits where it returns logits;
 *   <li>{@link #representation} (RRS): D = ‖(L(x) − L(xₖ)) / L(x)‖, with L the activations of a layer: of the last but
 *       one of the model's {@link LayeredModel#cutPoints cut points} unless named.
 * </ul>
 *
 * <p>In quotients, ε takes the place of a denominator that is 0. Copies whose most likely class is another are left
 * out; where the output has no classes, all count. An example without any copy left is not judged: its score is NaN,
 * and a notice says so. Lower is better; 0 for explanations that never change. The authors look at the logarithm.
 *
 * <p>The target is decided once, at the examples themselves. These metrics judge methods, and refuse a single
 * explanation.
 *
 * <p><b>When it misleads.</b> Quotients of tiny attributions are huge: methods that leave many elements almost 0 look
 * unstable. A method that ignores the model has the best score: judge faithfulness too.
 *
 * <p><b>Cost.</b> n + 1 times that of the method, and n + 1 forward rows for each example; for representations twice as
 * many.
 *
 * <p><b>Paper.</b> Agarwal, Johnson, Pawelczyk, Krishna, Saxena, Zitnik and Lakkaraju, <i>Rethinking Stability for
 * Attribution-based Explanations</i>, 2022.
 */
public final class RelativeStability extends DescribedRecipe<RelativeStability> implements Metric {
    private static final Setting<Integer> SAMPLES =
            Setting.count("samples", 10, 1, "changed copies of each example").trial(2);
    private static final Setting<Perturbation> PERTURBATION =
            Setting.of("perturbation", Perturbation.KIND, Perturbation.uniform(0.02), "how the copies are changed");
    private static final Setting<Double> EPSILON = Setting.of(
                    "epsilon", Kind.NUMBER, 1e-6, "what takes the place of a denominator that is 0")
            .where("above 0", epsilon -> epsilon > 0);
    private static final Kind<String> LAYER_OR_NONE = Kind.of(
                    "address, or empty", text -> text.isBlank() ? "" : NameList.readOne(text))
            .said(address -> address.isEmpty() ? "" : NameList.write(address));
    private static final Setting<String> LAYER = Setting.of(
            "layer", LAYER_OR_NONE, "", "the layer whose activations are compared; empty for the last but one");

    @SuppressWarnings("ImmutableEnumChecker") // A description is immutable.
    private enum Variation {
        INPUT("relative-input-stability", "the input"),
        OUTPUT("relative-output-stability", "the output"),
        REPRESENTATION("relative-representation-stability", "activations", LAYER);

        private final Description<RelativeStability> description;

        Variation(String name, String compared, Setting<?>... layer) {
            Setting<?>[] settings = Arrays.copyOf(new Setting<?>[] {SAMPLES, PERTURBATION, EPSILON}, 3 + layer.length);
            System.arraycopy(layer, 0, settings, 3, layer.length);
            description = Description.of(
                    name,
                    Need.METHOD,
                    "largest relative change of the attributions per change of " + compared + "; lower is better",
                    given -> new RelativeStability(this, given),
                    settings);
        }
    }

    private final Variation variation;

    private RelativeStability(Variation variation, Settings<RelativeStability> settings) {
        super(settings);
        this.variation = variation;
    }

    /** Returns the descriptions of the three. */
    public static List<Description<RelativeStability>> descriptions() {
        return Arrays.stream(Variation.values())
                .map(variation -> variation.description)
                .toList();
    }

    /** Returns the stability compared with the input (RIS). */
    public static RelativeStability input() {
        return Variation.INPUT.description.defaults().method();
    }

    /** Returns the stability compared with the output (ROS). */
    public static RelativeStability output() {
        return Variation.OUTPUT.description.defaults().method();
    }

    /** Returns the stability compared with the activations of the last layer but one (RRS). */
    public static RelativeStability representation() {
        return Variation.REPRESENTATION.description.defaults().method();
    }

    /**
     * Returns the stability compared with the activations of a layer (RRS).
     *
     * @param layer address of a value inside the model; see {@link Cut.Point}
     */
    public static RelativeStability representation(String layer) {
        return representation().with(LAYER, layer);
    }

    /** Returns a copy that makes this many changed copies of each example; at least 1. */
    public RelativeStability samples(int count) {
        return with(SAMPLES, count);
    }

    /** Returns a copy that changes inputs in another way. */
    public RelativeStability perturbation(Perturbation perturbation) {
        return with(PERTURBATION, perturbation);
    }

    /** Returns a copy with another number in the place of denominators that are 0; 10⁻⁶ unless set. */
    public RelativeStability epsilon(double epsilon) {
        return with(EPSILON, epsilon);
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
        Problems problems = new Problems();
        boolean inside = variation == Variation.REPRESENTATION;
        problems.require(
                !inside
                        || (model instanceof LayeredModel layered
                                && !layered.cutPoints().isEmpty()),
                "metric " + name() + ": compares activations of a layer, and this model shows none; use"
                        + " relative-input-stability or relative-output-stability, or load the model as one with"
                        + " layers");
        problems.throwIfAny();
        Cut cut = inside ? cut((LayeredModel) model) : null;
        boolean hasOwnScore = method.ownScore().isPresent();
        return new ComparedCopies(value(PERTURBATION), value(SAMPLES))
                .judge(
                        this,
                        model,
                        inputs,
                        target,
                        method,
                        run,
                        problems,
                        (evaluator, explanation) -> new Changes(evaluator, explanation, cut, hasOwnScore));
    }

    private Cut cut(LayeredModel model) {
        List<Cut.Point> points = model.cutPoints();
        return value(LAYER).isEmpty() ? model.cut(points.get(Math.max(0, points.size() - 2))) : model.cut(value(LAYER));
    }

    /** Copies as rows of their examples. */
    record CopyRows(List<Tensor> tensors, long from, int samples) implements Rows {
        @Override
        public long count() {
            return tensors.get(0).shape().dim(0);
        }

        @Override
        public long example(long row) {
            return (from + row) / samples;
        }

        @Override
        public List<Tensor> attributed(long first, long last) {
            return tensors.stream().map(tensor -> tensor.rows(first, last)).toList();
        }
    }

    private final class Changes implements ComparedCopies.Comparison {
        private final Evaluator evaluator;
        private final @Nullable Cut cut;
        private final double[][] attributions;
        /** What the explanations are compared with, of the examples. */
        private final double[][] clean;
        /** The most likely class of each example; none where the output has no classes. */
        private final long[] classes;

        private final double[] scores;

        Changes(Evaluator evaluator, Explanation explanation, @Nullable Cut cut, boolean hasOwnScore) {
            this.evaluator = evaluator;
            this.cut = cut;
            attributions = ComparedCopies.rows(explanation.attributions());
            Tensor outputs = evaluator.outputs();
            boolean classified = !hasOwnScore && Decision.isOfClasses(outputs.shape());
            classes = classified ? Decision.of(outputs) : new long[0];
            Rows rows = evaluator.rowsOf(evaluator.inputs().attributed());
            clean = compared(evaluator.inputs().attributed(), rows, outputs);
            scores = new double[attributions.length];
            Arrays.fill(scores, Double.NaN);
        }

        private double[][] compared(List<Tensor> inputs, Rows rows, Tensor outputs) {
            return ComparedCopies.rows(
                    cut != null
                            ? evaluator.activations(cut, rows)
                            : variation == Variation.OUTPUT ? List.of(outputs) : inputs);
        }

        @Override
        public void add(long from, long to, List<Tensor> changed, Explanation ofCopies) {
            double[][] others = ComparedCopies.rows(ofCopies.attributions());
            Rows rows = new CopyRows(changed, from, value(SAMPLES));
            Tensor outputs = evaluator.outputs(rows);
            long[] decided = classes.length == 0 ? classes : Decision.of(outputs);
            double[][] moved = compared(changed, rows, outputs);
            for (int copy = 0; copy < to - from; copy++) {
                int example = (int) ((from + copy) / value(SAMPLES));
                if (classes.length > 0 && decided[copy] != classes[example]) {
                    continue;
                }
                double[] way = ComparedCopies.difference(clean[example], moved[copy]);
                double size = ComparedCopies.norm(variation == Variation.OUTPUT ? way : relative(way, clean[example]));
                double[] change =
                        relative(ComparedCopies.difference(attributions[example], others[copy]), attributions[example]);
                double score = ComparedCopies.norm(change) / Math.max(size, value(EPSILON));
                scores[example] = Double.isNaN(scores[example]) ? score : Math.max(scores[example], score);
            }
        }

        private double[] relative(double[] change, double[] to) {
            double[] relative = new double[change.length];
            Arrays.setAll(relative, i -> change[i] / (to[i] == 0 ? value(EPSILON) : to[i]));
            return relative;
        }

        @Override
        public double[] scores() {
            if (Arrays.stream(scores).anyMatch(Double::isNaN)) {
                evaluator.notice("examples all of whose copies have another class are not judged; change them less");
            }
            return scores;
        }
    }
}
