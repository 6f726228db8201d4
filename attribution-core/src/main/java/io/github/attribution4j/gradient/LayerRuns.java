// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs a model at rows of its inputs, and takes values and gradients at layers. Methods share it that follow a path of
 * the inputs through the activations of a layer.
 */
final class LayerRuns {
    private final Evaluator whole;
    private final Cut cut;
    private final @Nullable Evaluator tail;

    private LayerRuns(Evaluator whole, Cut cut, @Nullable Evaluator tail) {
        this.whole = whole;
        this.cut = cut;
        this.tail = tail;
    }

    static LayerRuns start(
            Attribution<LayeredModel> method,
            List<String> layers,
            Path.Bypass bypass,
            LayeredModel model,
            Inputs inputs,
            Target target,
            Run run,
            Consumer<Problems> check) {
        Cut cut = model.cut(layers.toArray(String[]::new));
        Evaluator whole = Evaluator.start(
                method, model, inputs, target, run, check, problems -> checkTypes(method.name(), inputs, problems));
        if (bypass == Path.Bypass.FOLLOW) {
            return new LayerRuns(whole, cut, null);
        }
        Inputs behind = cut.tailInputs(whole.inputs(), whole.activationsAtInputs(cut));
        return new LayerRuns(whole, cut, Evaluator.start(method, cut.tail(), behind, whole.target(), whole.run()));
    }

    private static void checkTypes(String method, Inputs inputs, Problems problems) {
        for (Inputs.Input input : inputs.attributedInputs()) {
            problems.require(
                    input.tensor().dataType().isFloating(),
                    "input '" + input.name() + "' is of type " + input.tensor().dataType() + ", and " + method
                            + " moves inputs between a baseline and their values; pass it with fixed(...), or apply "
                            + "integrated-gradients at the layer that embeds it");
        }
    }

    /** Returns the evaluation of the whole model. */
    Evaluator whole() {
        return whole;
    }

    Cut cut() {
        return cut;
    }

    /** Takes values and gradients at the cut for rows of the model's inputs. */
    void gradients(Rows rows, Consumer<Evaluator.Part> sink) {
        if (tail == null) {
            whole.layerGradients(cut, rows, sink);
            return;
        }
        Kept pushed = new Kept(whole.through(cut, rows));
        tail.gradients(
                pushed,
                part -> sink.accept(new Evaluator.Part(
                        part.batch(), part.from(), part.to(), part.scores(), pushed.last, part.gradients())));
    }

    /**
     * Returns the scores at which the attributions of the layer start: together they account for the change to the
     * explained scores.
     */
    double[] scoresAt(List<Tensor> references) {
        return tail == null
                ? whole.scoresAt(references)
                : tail.scoresAt(whole.activations(cut, whole.rowsOf(references)));
    }

    /** Returns attributions of the layers. */
    Outcome outcome(List<Tensor> attributions) {
        return Outcome.of(attributions)
                .ofLayers(cut.points().stream().map(Cut.Point::toString).toList());
    }

    /** Returns the explanation that the runs end in. */
    Explanation explanation(Outcome outcome) {
        if (tail != null) {
            whole.countAll(tail);
        }
        return Explanation.of(whole, outcome);
    }

    /** Rows that keep the tensors they made last. */
    private static final class Kept implements Rows {
        private final Rows rows;
        private List<Tensor> last = List.of();

        Kept(Rows rows) {
            this.rows = rows;
        }

        @Override
        public long count() {
            return rows.count();
        }

        @Override
        public long group() {
            return rows.group();
        }

        @Override
        public long example(long row) {
            return rows.example(row);
        }

        @Override
        public List<Tensor> attributed(long from, long to) {
            last = rows.attributed(from, to);
            return last;
        }
    }
}
