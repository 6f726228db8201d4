// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.evaluation.Rows.Collected;
import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.model.rule.RuledModel.RuledCut;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One computation of a method: the explained model, and its copy that goes back by rules. */
final class RuledRun {
    private final RuledModel model;
    private final Evaluator evaluator;
    private final RuledModel.Copy copy;
    private final @Nullable RuledCut cut;

    private RuledRun(RuledModel model, Evaluator evaluator, RuledModel.Copy copy, @Nullable RuledCut cut) {
        this.model = model;
        this.evaluator = evaluator;
        this.copy = copy;
        this.cut = cut;
    }

    /** {@code cut}: the values that are attributed to; null for the inputs. */
    static RuledRun start(
            Propagation<?> method, RuledModel model, @Nullable RuledCut cut, Inputs inputs, Target target, Run run) {
        RuledModel.Copy copy = model.with(method.rules());
        Evaluator evaluator = Evaluator.start(method, model, inputs, target, run, problems -> {
            if (cut == null) {
                checkTypes(inputs, problems);
            }
            method.check(inputs, problems);
        });
        return new RuledRun(model, evaluator, cut == null ? copy : copy.cut(cut.points()), cut);
    }

    private static void checkTypes(Inputs inputs, Problems problems) {
        if (inputs.attributed().isEmpty()) {
            return;
        }
        try {
            inputs.requireDifferentiable();
        } catch (ModelException e) {
            problems.add(String.valueOf(e.getMessage()));
        }
    }

    Evaluator evaluator() {
        return evaluator;
    }

    /** Returns whether values inside the model are attributed to. */
    boolean atLayers() {
        return cut != null;
    }

    /** Returns whether the model shows its weights, and none of them is a bias or a mean that acts as one. */
    boolean withoutBiases() {
        List<String> names;
        try {
            names = model.weightNames();
        } catch (UnsupportedModelException e) {
            // A model that came from a stream shows none, which is no reason to fail.
            return false;
        }
        return !names.isEmpty()
                && names.stream().noneMatch(name -> name.endsWith("bias") || name.endsWith("running_mean"));
    }

    List<String> gradientLosses() {
        return model.gradientLosses();
    }

    List<Operation> operations() {
        return model.operations();
    }

    /** Returns the values that are attributed to, for rows of the inputs, row = example. */
    List<Tensor> valuesAt(List<Tensor> inputRows) {
        return cut == null ? inputRows : valuesAtRows(evaluator.rowsOf(inputRows));
    }

    /** Returns the values that are attributed to, for any rows of the inputs. */
    List<Tensor> valuesAtRows(Rows rows) {
        return cut == null ? rows.attributed(0, rows.count()) : evaluator.activations(cut, rows);
    }

    /** Returns what the copy passes back for the explained inputs; axis 0 counts examples. */
    List<Tensor> propagate() {
        return propagate(false);
    }

    /** Returns what the copy passes back if the output itself is sent back, where the score depends on it. */
    List<Tensor> propagateOutput() {
        return propagate(true);
    }

    /** What a copy passed back. */
    record Propagated(List<Tensor> values, List<Tensor> multipliers) {}

    /** Returns what the copy passes back for the explained inputs with a reference each; one row serves all. */
    Propagated propagateAgainst(List<Tensor> references) {
        Collected values = new Collected();
        Collected multipliers = new Collected();
        Evaluator.Source source = (rows, from, to) -> copy.run(rows.against(range(references, from, to)));
        evaluator.propagateAtInputs(source, part -> {
            countReferences(part);
            values.add(part, part.activations());
            multipliers.add(part, part.gradients());
        });
        return new Propagated(cut == null ? evaluator.inputs().attributed() : values.joined(), multipliers.joined());
    }

    /** Passes to a sink what the copy passes back for rows of inputs, each with its reference. */
    void propagateAgainst(Rows rows, Rows references, Consumer<Evaluator.Part> sink) {
        evaluator.propagate(
                (batch, from, to) -> copy.run(batch.against(references.attributed(from, to))), rows, part -> {
                    countReferences(part);
                    sink.accept(part);
                });
    }

    /** A copy that compares runs the references too. */
    private void countReferences(Evaluator.Part part) {
        evaluator.count(new Counts(part.to() - part.from(), 0, 0, 0));
    }

    private static List<Tensor> range(List<Tensor> references, long from, long to) {
        return references.stream()
                .map(tensor -> tensor.shape().dim(0) == 1 ? tensor : tensor.rows(from, to))
                .toList();
    }

    private List<Tensor> propagate(boolean output) {
        Collected gradients = new Collected();
        evaluator.propagateAtInputs(
                new Evaluator.Source() {
                    @Override
                    public BackwardRun open(Inputs rows, long from, long to) {
                        return copy.run(rows);
                    }

                    @Override
                    public Tensor cotangent(Tensor value, Tensor gradient) {
                        return output ? gradient.mul(value) : gradient;
                    }
                },
                part -> gradients.add(part, part.gradients()));
        return gradients.joined();
    }
}
