// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.SampleRange;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.internal.RowGroups;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;

/**
 * Explains changed copies of the examples of a request with a method: what noise tunnels and metrics of robustness do.
 * Each copy is a sample of its example.
 *
 * <p>Copies are explained in chunks whose size depends on shapes and batching alone, the copies of one example in the
 * same chunk or evenly split. The method draws anew for each copy, from a key made of (purpose, example, sample).
 *
 * @param method explains the copies
 * @param purpose tells the method's random numbers from those of other computations
 */
@Experimental
public record Copies<M extends Model>(Attribution<M> method, long purpose) {
    /** Inputs of the copies explained at a time. */
    private static final long CHUNK_BYTES = 32L << 20;

    /** Changes copies of one attributed input. */
    @FunctionalInterface
    public interface Change {
        /**
         * Returns changed copies.
         *
         * @param rows the input, a row for each copy
         * @param input number of the attributed input
         * @param examples the example of each row
         * @param samples for each row the number of the sample, from 0
         * @param run supplies random numbers
         */
        Tensor of(Tensor rows, int input, long[] examples, long[] samples, Run run);
    }

    /** Takes the explanation of a chunk of the copies, which are rows of a {@link SampleRange}. */
    @FunctionalInterface
    public interface Sink {
        /**
         * Takes it.
         *
         * @param scope ends after this call
         * @param from first copy, inclusive
         * @param to last copy, exclusive
         * @param changed the changed attributed inputs, a row for each copy
         * @param explanation closed after this call
         */
        void accept(TensorScope scope, long from, long to, List<Tensor> changed, Explanation explanation);
    }

    /**
     * Explains copies. Their cost and their notices are added to those of the evaluator.
     *
     * @param model that the method explains
     * @param evaluator has the inputs and the run
     * @param target decided before, or {@link Target#output()} for a method that has a score of its own
     * @param range which copies
     */
    public void explain(M model, Evaluator evaluator, Target target, SampleRange range, Change change, Sink sink) {
        long total = range.count();
        int most = chunk(evaluator.inputs(), evaluator.run().batching());
        for (long done = 0; done < total; ) {
            int size = RowGroups.next(most, range.group(), done, total);
            explain(model, evaluator, target, range, done, done + size, change, sink);
            done += size;
        }
    }

    private void explain(
            M model,
            Evaluator evaluator,
            Target target,
            SampleRange range,
            long from,
            long to,
            Change change,
            Sink sink) {
        int copies = Math.toIntExact(to - from);
        long[] examples = range.examples(from, to);
        long[] samples = range.samples(from, to);
        long[] keys = new long[copies];
        Run run = evaluator.run();
        for (int c = 0; c < copies; c++) {
            keys[c] = RandomStream.hash(purpose, run.exampleKey(examples[c]), samples[c]);
        }
        Target ofCopies = method.ownScore().isPresent() ? target : target.forExamples(examples);
        try (TensorScope scope = TensorScope.open()) {
            Inputs clean = evaluator.inputs().select(examples);
            List<Tensor> changed = new ArrayList<>();
            for (Tensor input : clean.attributed()) {
                changed.add(change.of(input, changed.size(), examples, samples, run));
            }
            try (Explanation explanation = method.attribute(
                    model,
                    clean.withAttributed(changed),
                    ofCopies,
                    run.part(copies).exampleKeys(keys).nested())) {
                sink.accept(scope, from, to, changed, explanation);
                evaluator.count(explanation.counts());
                explanation.notices().forEach(evaluator::notice);
            }
        }
    }

    /** Returns how many copies to explain at a time. */
    private static int chunk(Inputs inputs, Run.Batching batching) {
        if (batching.rule() == Run.Batching.Rule.ROWS) {
            return Math.toIntExact(batching.amount());
        }
        long bytes = 0;
        for (Inputs.Input input : inputs.all()) {
            if (input.role() != Inputs.Role.CONSTANT) {
                Tensor tensor = input.tensor();
                bytes += tensor.shape().row().size() * tensor.dataType().bytes();
            }
        }
        long budget =
                batching.rule() == Run.Batching.Rule.MEMORY ? Math.min(CHUNK_BYTES, batching.amount()) : CHUNK_BYTES;
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE / 2, budget / Math.max(1, bytes)));
    }
}
