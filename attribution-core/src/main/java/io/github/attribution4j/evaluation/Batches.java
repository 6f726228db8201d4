// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.evaluation.Rows.Collected;
import io.github.attribution4j.internal.RowGroups;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Divides rows into micro-batches, makes smaller ones when memory runs out, checks the deadline, reports
 * progress, counts.
 */
final class Batches {
    private final String method;
    private final Model model;
    private final Inputs inputs;
    private final Run run;
    private final RowMemory memory;
    private final RowMemory.Question question;
    /** Whether rows share calls, for each place in the model whose values are evaluated. */
    private final Map<String, RowSharing> sharings = new HashMap<>();

    private final Set<String> notices = new LinkedHashSet<>();
    private Counts counts = Counts.NONE;
    /** The number of nested runs in progress; the outermost one reports. */
    private int depth;

    Batches(String method, Model model, Inputs inputs, Run run) {
        this.method = method;
        this.model = model;
        this.inputs = inputs;
        this.run = run;
        this.memory = RowMemory.of(model.part());
        this.question = RowMemory.Question.of(model, inputs);
    }

    Counts counts() {
        return counts;
    }

    void count(Counts elsewhere) {
        counts = counts.plus(elsewhere);
    }

    List<String> gradientLosses() {
        return model.gradientLosses();
    }

    void notice(String notice) {
        notices.add(notice);
    }

    List<String> notices() {
        return List.copyOf(notices);
    }

    void run(Rows rows, boolean gradients, Batch.Computation computation) {
        run(rows, gradients, "", computation);
    }

    private void run(Rows rows, boolean gradients, String at, Batch.Computation computation) {
        depth++;
        try {
            runInside(rows, gradients, sharings.computeIfAbsent(at, this::sharing), computation);
        } finally {
            depth--;
        }
    }

    private RowSharing sharing(String at) {
        return new RowSharing(
                model, memory, question.at(at), Math.toIntExact(inputs.rows()), this::notice, this::count);
    }

    /** Runs a step of an evaluation that reports its own progress. */
    <T> T silently(Supplier<T> step) {
        depth++;
        try {
            return step.get();
        } finally {
            depth--;
        }
    }

    private void runInside(Rows rows, boolean gradients, RowSharing sharing, Batch.Computation computation) {
        Batcher batcher = Batcher.of(
                run.batching(),
                inputs,
                gradients,
                !model.identity().engine().equals(Model.Identity.JAVA),
                () -> memory.bytesPerRow(question, model, inputs, gradients));
        long total = rows.count();
        long done = 0;
        sharing.tell(total);
        while (done < total) {
            run.check(method, done, total);
            int size = sharing.single() ? 1 : RowGroups.next(batcher.next(), rows.group(), done, total);
            long start = System.nanoTime();
            try (TensorScope scope = TensorScope.open()) {
                long[] examples = rows.examples(done, done + size);
                Batch.Computed computed;
                try {
                    Inputs expanded = inputs.expand(rows.attributed(done, done + size), examples);
                    Batch batch = new Batch(done, done + size, examples, expanded);
                    computed = run.within(method, done, total, () -> sharing.compute(batch, computation));
                } catch (ModelException.OutOfMemory e) {
                    batcher.outOfMemory(size, e);
                    notice("memory ran out with " + size + " rows in a batch; continued with " + batcher.next());
                    continue;
                }
                if (computed == null) {
                    continue;
                }
                Batch.Computed complete = computed;
                run.within(method, done, total, () -> {
                    complete.sink().accept(scope);
                    return complete;
                });
            }
            batcher.took(size, System.nanoTime() - start);
            int called = size == 1 ? sharing.copies() : size;
            count(new Counts(called, gradients ? called : 0, 1, called));
            done += size;
            if (depth == 1) {
                run.report(method, size);
            }
        }
    }

    /** Returns the model's output for each row. */
    Tensor outputs(Rows rows) {
        Collected parts = new Collected();
        run(rows, false, batch -> {
            Tensor output = batch.checked(model.forward(batch.inputs()), "the model returned an", "output");
            return new Batch.Computed(List.of(output), scope -> parts.add(scope, List.of(batch.own(output))));
        });
        return parts.joined().get(0);
    }

    /**
     * Returns the values at a cut for each row, axis 0 counts rows. A value that the model computes once for all rows
     * is repeated.
     */
    List<Tensor> activations(Cut cut, Rows rows) {
        Collected parts = new Collected();
        run(rows, false, "at " + cut.points(), batch -> {
            List<Tensor> values = perRow(cut, cut.activations(batch.inputs()), batch);
            return new Batch.Computed(
                    values,
                    scope -> parts.add(scope, values.stream().map(batch::own).toList()));
        });
        return parts.joined();
    }

    /** Returns values of layers with a row for each row of a batch; a value of one row for all is repeated. */
    private static List<Tensor> perRow(Cut cut, List<Tensor> values, Batch batch) {
        List<Tensor> perRow = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            Tensor value = values.get(i);
            boolean shared = value.shape().rank() > 0 && value.shape().dim(0) == 1;
            Tensor spread = shared ? value.broadcast(value.shape().withRows(batch.rows())) : value;
            perRow.add(batch.checked(spread, "layer '" + cut.points().get(i) + "' has a", "value"));
        }
        return perRow;
    }
}
