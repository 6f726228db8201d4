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
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether examples that have the same explanation have the same class: of the other examples whose explanation is that
 * of an example, the share of those whose most likely class is its class, too. Higher is better, and 1 is best.
 *
 * <p>Two explanations are the same if the same features have the largest magnitudes, 5 of them unless set, each with
 * the same sign. Features of equal magnitude are taken by their number.
 *
 * <p>This metric compares the examples of a request: a score depends on the others. An example whose explanation no
 * other has is not judged: its score is NaN, and a notice says how many these are.
 *
 * <p><b>When it misleads.</b> Over few examples almost none are judged: give hundreds, and name few features. An
 * explanation that says nothing but the class is consistent.
 *
 * <p><b>Cost.</b> A forward row for each example.
 *
 * <p><b>Paper.</b> Dasgupta, Frost and Moshkovitz, <i>Framework for Evaluating Faithfulness of Local Explanations</i>,
 * 2022.
 */
public final class Consistency extends DescribedRecipe<Consistency> implements Metric {
    private static final Setting<Integer> TOP =
            Setting.count("top", 5, 1, "features of the largest magnitudes, by which explanations are compared");

    /** What the metric says of itself. */
    public static final Description<Consistency> DESCRIPTION = Description.<Consistency>of(
                    "consistency",
                    Need.FORWARD,
                    "share of the examples with the same explanation that have the same class; higher is better",
                    Consistency::new,
                    TOP)
            .ofExamples(2);

    private Consistency(Settings<Consistency> settings) {
        super(settings);
    }

    /** Creates the metric: explanations are compared by their 5 most important features. */
    public Consistency() {
        this(DESCRIPTION.defaults());
    }

    /** Returns a copy that compares explanations by this many features. */
    public Consistency top(int features) {
        return with(TOP, features);
    }

    @Override
    public boolean higherIsBetter() {
        return true;
    }

    @Override
    public Judgement judge(Model model, Inputs inputs, Target target, Explanation explanation, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Problems problems = new Problems();
            ElementScores.check(explanation, inputs, problems);
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run, problems);
            Shape output = evaluator.outputs().shape();
            problems.require(
                    Decision.isOfClasses(output),
                    "metric " + name() + ": compares classes and needs an output of shape (rows, classes) with at least"
                            + " 2 classes, and the model's has shape " + output + "; use a metric of the score");
            problems.throwIfAny();
            long[] classes = Decision.of(evaluator.outputs());
            Map<List<Integer>, List<Integer>> same = new HashMap<>();
            List<List<Integer>> keys = new ArrayList<>();
            for (int example = 0; example < classes.length; example++) {
                keys.add(key(explanation.features(example).contributions()));
                same.computeIfAbsent(keys.get(example), key -> new ArrayList<>())
                        .add(example);
            }
            double[] judged = new double[classes.length];
            for (int example = 0; example < judged.length; example++) {
                long own = classes[example];
                List<Integer> group = same.getOrDefault(keys.get(example), List.of());
                long agreeing =
                        group.stream().filter(other -> classes[other] == own).count();
                judged[example] = group.size() == 1 ? Double.NaN : (agreeing - 1.0) / (group.size() - 1);
            }
            long alone = Arrays.stream(judged).filter(Double::isNaN).count();
            if (alone > 0) {
                evaluator.notice(alone + " of " + judged.length + " examples are not judged: no other has the same "
                        + value(TOP) + " most important features with the same signs");
            }
            return Judgement.of(evaluator, this, judged, List.of(), explanation.provenance());
        }
    }

    /** Returns the numbers of the most important features, ascending, each made negative with its sign. */
    private List<Integer> key(double[] contributions) {
        double[] magnitudes = Arrays.stream(contributions).map(Math::abs).toArray();
        int[] ranks = CurvePlan.ranks(magnitudes, true);
        List<Integer> key = new ArrayList<>();
        for (int feature = 0; feature < ranks.length; feature++) {
            if (ranks[feature] < value(TOP)) {
                key.add(contributions[feature] < 0 ? -1 - feature : feature);
            }
        }
        return key;
    }
}
