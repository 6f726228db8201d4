// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.evaluation.Evaluator.Recipe;
import io.github.attribution4j.evaluation.Rows.Collected;
import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Forward and backward runs of rows, batch by batch. */
final class BackwardRuns {
    private final Batches batches;
    private final Recipe recipe;
    private final Target target;
    /** Inputs and layers that no gradient reached and that have a notice. */
    private final Set<String> unreached;

    private final Collected outputs = new Collected();
    private final Collected references = new Collected();
    private @Nullable Consumer<Tensor> listener;

    BackwardRuns(Batches batches, Recipe recipe, Target target, Set<String> unreached) {
        this.batches = batches;
        this.recipe = recipe;
        this.target = target;
        this.unreached = unreached;
    }

    /** Keeps the outputs, and those at references if runs have them. Each output is checked first. */
    void hear(Consumer<Tensor> check) {
        listener = check;
    }

    /** Returns the outputs of all runs. */
    Tensor outputs() {
        return outputs.joined().get(0);
    }

    /** Returns the outputs at references, if the runs had them. */
    Optional<Tensor> referenceOutputs() {
        return references.isEmpty()
                ? Optional.empty()
                : Optional.of(references.joined().get(0));
    }

    void run(Rows rows, Evaluator.Source source, Consumer<Evaluator.Part> sink) {
        batches.run(rows, true, batch -> {
            try (BackwardRun held = source.open(batch.inputs(), batch.from(), batch.to())) {
                Tensor output = checkedRows(held.output(), batch);
                Consumer<Tensor> check = listener;
                if (check != null) {
                    check.accept(output);
                }
                double[] values = batch.own(target.scores(output, batch.examples()));
                Tensor cotangent = source.cotangent(output, batch.cotangent(target, output));
                List<Tensor> gradients = rowsFirst(held, batch.inputs(), held.backLast(cotangent)).stream()
                        .map(batch::own)
                        .toList();
                tellUnreached(held);
                held.approximation().ifPresent(what -> batches.notice("gradients are approximate: " + what));
                Tensor kept = output.alias();
                Optional<Tensor> atReference = held.referenceOutput().map(Tensor::alias);
                List<Tensor> activations = activations(held, batch);
                List<Tensor> compared = new ArrayList<>(activations);
                compared.add(kept);
                return new Batch.Computed(compared, scope -> {
                    requireFinite(values, batch.from(), rows, target, recipe);
                    if (check != null) {
                        outputs.add(scope, List.of(batch.own(kept)));
                        atReference.ifPresent(there -> references.add(scope, List.of(batch.own(there))));
                    }
                    List<Tensor> own = activations.stream().map(batch::own).toList();
                    sink.accept(new Evaluator.Part(scope, batch.from(), batch.to(), values, own, gradients));
                });
            }
        });
    }

    private void tellUnreached(BackwardRun held) {
        for (String unused : held.unused()) {
            // The losses are read from the program once, not for every batch.
            if (unreached.add(unused)) {
                String what = held.activations().isEmpty() ? "input" : "layer";
                batches.notice("no gradient reaches " + what + " '" + unused + "'"
                        + CompletenessNotice.unreached(batches.gradientLosses()));
            }
        }
    }

    /** Gradients with rows on axis 0; those of layers already have them there. */
    private static List<Tensor> rowsFirst(BackwardRun held, Inputs inputs, List<Tensor> gradients) {
        return held.activations().isEmpty() ? inputs.rowsFirst(gradients) : gradients;
    }

    private static List<Tensor> activations(BackwardRun held, Batch batch) {
        return held.activations().stream()
                .map(value -> batch.checked(value, "a layer has a", "value").alias())
                .toList();
    }

    static Tensor checkedRows(Tensor output, Batch batch) {
        return batch.checked(output, "the model returned an", "output");
    }

    /** Checks the scores of consecutive rows. */
    static void requireFinite(double[] values, long from, Rows rows, Target target, Recipe recipe) {
        for (int r = 0; r < values.length; r++) {
            if (!Double.isFinite(values[r])) {
                throw new ModelException("the model's score of target '" + target.describe() + "' is " + values[r]
                        + " for example " + rows.example(from + r) + " (row " + (from + r) + " of " + rows.count()
                        + " that " + recipe.name() + " evaluates); look for an overflow or a division by zero in the "
                        + "model, or choose another baseline");
            }
        }
    }
}
