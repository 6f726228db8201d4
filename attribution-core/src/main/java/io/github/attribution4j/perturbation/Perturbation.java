// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;

/**
 * One computation of a method that replaces groups by a baseline.
 *
 * @param evaluator runs the model
 * @param groups what is replaced together
 * @param references what it is replaced by, for each attributed input one row or one for each example
 */
record Perturbation(Evaluator evaluator, Groups groups, List<Tensor> references) {
    /**
     * Starts one; all that is wrong is reported together.
     *
     * @param more checks the groups for what the method needs
     */
    static Perturbation start(
            Attribution<?> method,
            Model model,
            Inputs inputs,
            Target target,
            Run run,
            Baseline baseline,
            FeatureMask mask,
            BiConsumer<Groups, Problems> more) {
        AtomicReference<Groups> resolved = new AtomicReference<>();
        Evaluator evaluator = Evaluator.start(
                method,
                model,
                inputs,
                target,
                run,
                problems -> checkBaseline(baseline, inputs, method.name(), problems),
                problems -> {
                    Groups groups = mask.resolve(inputs, problems);
                    if (groups != null) {
                        resolved.set(groups);
                        more.accept(groups, problems);
                    }
                });
        Groups groups = Objects.requireNonNull(resolved.get(), "a mask without problems has groups");
        return new Perturbation(evaluator, groups, baseline.references(evaluator.inputs(), evaluator.run()));
    }

    /** Checks that a baseline fits and is one reference for each example. */
    static void checkBaseline(Baseline baseline, Inputs inputs, String method, Problems problems) {
        problems.require(
                !baseline.isDistribution(),
                "baseline " + baseline.describe() + " is a distribution, and " + method
                        + " compares with one reference for each example; give Baseline.mean(...), or one draw with "
                        + "Baseline.of(...)");
        baseline.check(inputs, problems);
    }

    /** Returns advice for methods that take the groups one by one. */
    static String betterWithMask(long elements) {
        return elements > 1000 ? "better with a --mask: there are " + elements + " elements" : "";
    }

    int examples() {
        return evaluator.examples();
    }

    /** Returns the scores of coalitions. */
    double[] scores(RowIndex index, CoalitionRows.Coalitions coalitions) {
        CoalitionRows.Absent absent =
                (input, rowExamples, local) -> CoalitionRows.rowsOf(references.get(input), rowExamples);
        return evaluator.scores(new CoalitionRows(evaluator.inputs(), absent, groups, index, coalitions));
    }

    /** Returns the scores at the baseline. */
    double[] baselineScores() {
        return evaluator.scoresAt(references);
    }

    /** Returns the type of attributions of inputs that are of an integer type. */
    static DataType fallbackType(Evaluator evaluator) {
        return evaluator.outputs().dataType() == DataType.FLOAT64 ? DataType.FLOAT64 : DataType.FLOAT32;
    }

    /** Returns values of groups as tensors in the shape of the inputs. */
    private List<Tensor> spread(double[][] values) {
        return spread(evaluator, groups, values);
    }

    static List<Tensor> spread(Evaluator evaluator, Groups groups, double[][] values) {
        return groups.spread(
                values, fallbackType(evaluator), evaluator.inputs().tensor(0).tensors());
    }

    /** Returns attributions whose features are the groups. */
    Outcome outcome(double[][] values) {
        return outcome(evaluator, groups, values);
    }

    static Outcome outcome(Evaluator evaluator, Groups groups, double[][] values) {
        return groups.describe(Outcome.of(spread(evaluator, groups, values)));
    }

    /** Returns the outcome of a method that claims completeness: Σ over groups = score − baseline score. */
    Outcome complete(double[][] values, double[] baselineScores) {
        double[] scores = evaluator.scores();
        double[] gap = new double[scores.length];
        for (int example = 0; example < gap.length; example++) {
            for (int group = 0; group < groups.count(example); group++) {
                gap[example] += values[example][group];
            }
            gap[example] -= scores[example] - baselineScores[example];
        }
        return outcome(values).baselineScores(baselineScores).completenessGap(gap);
    }

    /**
     * Returns the outcome of a method that estimates Shapley values.
     *
     * @param withoutErrors what the user should know if some example has no standard errors, so that none are given
     */
    Outcome estimated(Estimate[] estimates, double[] baselineScores, String withoutErrors) {
        double[][] values = Arrays.stream(estimates).map(Estimate::values).toArray(double[][]::new);
        Outcome outcome = complete(values, baselineScores);
        if (Arrays.stream(estimates).allMatch(Estimate::hasErrors)) {
            double[][] errors = Arrays.stream(estimates).map(Estimate::errors).toArray(double[][]::new);
            return outcome.standardErrors(spread(errors));
        }
        evaluator.notice(withoutErrors);
        return outcome;
    }
}
