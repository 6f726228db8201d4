// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.evaluation.Evaluator.Part;
import io.github.attribution4j.evaluation.Evaluator.Recipe;
import io.github.attribution4j.evaluation.Evaluator.Source;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The target of an evaluation, decided once: its scores at the explained inputs, at references and at other rows. */
final class Scoring {
    private final Recipe recipe;
    private final Model model;
    private final Inputs inputs;
    private final Run run;
    private final Batches batches;
    /** The target as given: with names of classes, and before argmax is decided. */
    private final Target asked;

    private final Set<String> unreached = new HashSet<>();
    private Target target;
    private @Nullable Tensor outputs;
    private @Nullable Tensor referenceOutputs;
    private double @Nullable [] scores;

    Scoring(Recipe recipe, Model model, Inputs inputs, Target asked, Run run, Batches batches) {
        this.recipe = recipe;
        this.model = model;
        this.inputs = inputs;
        this.run = run;
        this.batches = batches;
        this.asked = asked;
        // Scores are those of the inner target; it has no names of classes.
        this.target = asked.unnamed();
    }

    Target asked() {
        return asked;
    }

    /** See {@link Evaluator#outputs()}. */
    Tensor outputs() {
        if (outputs == null) {
            outputs = batches.outputs(identity());
        }
        return outputs;
    }

    /** See {@link Evaluator#scores()}. */
    double[] scores() {
        if (scores == null) {
            try (TensorScope scope = TensorScope.open()) {
                Tensor output = scope.keep(outputs());
                decide(output);
                scores = target.scores(output, identityExamples());
                requireFinite(scores, 0, identity());
            }
        }
        return scores.clone();
    }

    private void decide(Tensor output) {
        checkTarget(output);
        target = target.resolve(output);
        target.notices(output).forEach(batches::notice);
    }

    private void checkTarget(Tensor output) {
        Problems problems = new Problems();
        asked.check(output.shape(), inputs.rows(), problems);
        problems.throwIfAny();
    }

    /** See {@link Evaluator#target}. */
    Target target() {
        scores();
        return target;
    }

    /** See {@link Evaluator#scores(Rows)}. */
    double[] scores(Rows rows) {
        Target decided = target();
        double[] result = new double[Math.toIntExact(rows.count())];
        run.stage(rows.count());
        batches.run(rows, false, batch -> {
            Tensor output = BackwardRuns.checkedRows(model.forward(batch.inputs()), batch);
            double[] values = batch.own(decided.score(output, batch.examples()).toDoubleArray());
            return new Batch.Computed(List.of(output), scope -> {
                requireFinite(values, batch.from(), rows);
                System.arraycopy(values, 0, result, (int) batch.from(), values.length);
            });
        });
        return result;
    }

    /** See {@link Evaluator#scoresAt}. */
    double[] at(List<Tensor> references) {
        boolean shared = references.stream().allMatch(tensor -> tensor.shape().dim(0) == 1)
                && inputs.all().stream().noneMatch(input -> input.role() == Inputs.Role.FIXED);
        Rows there = shared ? new TensorRows(references, 1) : new TensorRows(references, inputs.rows());
        try (TensorScope scope = TensorScope.open()) {
            Tensor output;
            if (outputs == null) {
                // The explained rows come last, because the last row is compared with itself alone, and a baseline of
                // zeros shows less.
                Tensor both = batches.outputs(new RowSequence(there, identity()));
                outputs = scope.keep(both.rows(there.count(), both.shape().dim(0)));
                output = both.rows(0, there.count());
            } else {
                output = batches.outputs(there);
            }
            Target decided = target();
            Tensor spread = output.broadcast(output.shape().withRows(inputs.rows()));
            double[] values = decided.score(spread, identityExamples()).toDoubleArray();
            requireFinite(values, 0, identity());
            return values;
        }
    }

    /** See {@link Evaluator#scoresAtCompared}. */
    double[] atCompared(List<Tensor> references) {
        if (referenceOutputs == null) {
            return at(references);
        }
        Target decided = target();
        try (TensorScope scope = TensorScope.open()) {
            double[] values = decided.score(scope.keep(referenceOutputs), identityExamples())
                    .toDoubleArray();
            requireFinite(values, 0, identity());
            return values;
        }
    }

    /** Goes back from the decided target's score of each row. */
    void differentiate(Rows rows, Source source, Consumer<Part> sink) {
        target();
        goBack(rows, source, sink);
    }

    /** Goes back from the score of each explained example, whose scores are known afterwards at no further cost. */
    void differentiateAtInputs(Source source, Consumer<Part> sink) {
        if (scores != null) {
            goBack(identity(), source, sink);
            return;
        }
        BackwardRuns runs = new BackwardRuns(batches, recipe, target, unreached);
        runs.hear(this::checkTarget);
        double[] heard = new double[Math.toIntExact(inputs.rows())];
        run.stage(heard.length);
        runs.run(identity(), source, part -> {
            System.arraycopy(part.scores(), 0, heard, (int) part.from(), part.scores().length);
            sink.accept(part);
        });
        if (outputs == null) {
            outputs = runs.outputs();
        }
        runs.referenceOutputs().ifPresent(there -> referenceOutputs = there);
        // A target without argmax has its final scores already.
        if (target.resolve(outputs) == target) {
            scores = heard;
            target.notices(outputs).forEach(batches::notice);
        }
    }

    private void goBack(Rows rows, Source source, Consumer<Part> sink) {
        run.stage(rows.count());
        new BackwardRuns(batches, recipe, target, unreached).run(rows, source, sink);
    }

    private Rows identity() {
        return new TensorRows(inputs.attributed(), inputs.rows());
    }

    private long[] identityExamples() {
        return identity().examples(0, inputs.rows());
    }

    private void requireFinite(double[] values, long from, Rows rows) {
        BackwardRuns.requireFinite(values, from, rows, target, recipe);
    }
}
