// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Answers a method's calls of a model without running them: of each kind of call, one or a few copies of one row are
 * run, and their output is repeated. What comes back is zero, and all scores are equal, so that nothing contradicts
 * itself. Times of the calls that are made give the time of all others. Used by one thread.
 */
final class Rehearsal implements AutoCloseable {
    /** The rows of a call that is made to see what more rows cost. */
    private static final int FEW = 4;

    /** The same where a row takes so little time that it could not be told from what a call costs by itself. */
    private static final int FEW_CHEAP = 64;

    private static final double CHEAP_NANOS = 2e6;
    /** Each call is run so often. The first may prepare something; of the others the fastest counts. */
    private static final int RUNS = 3;

    private final Map<Kind, Answer> answers = new HashMap<>();
    /** The output of each part of the model, the same for all calls, so that a score never differs from another. */
    private final Map<String, Tensor> outputs = new HashMap<>();

    private double nanos;
    private long bytes;
    private boolean bytesKnown = true;

    /** Runs a model and returns the outputs to repeat, and what else belongs to the run. */
    interface Call {
        /** Runs rows; the tensors belong to the current scope. */
        Seen run(Inputs rows);
    }

    /**
     * What a call showed.
     *
     * @param values axis 0 counts rows
     * @param hasOutput whether the first of them is the output of the model that ran
     * @param compares whether the run had an output at references
     */
    record Seen(List<Tensor> values, boolean hasOutput, Set<String> unused, boolean compares) {}

    private record Kind(String call, List<Shape> rows, List<DataType> types) {
        static Kind of(String call, Inputs inputs) {
            List<Shape> rows = new ArrayList<>();
            List<DataType> types = new ArrayList<>();
            for (Inputs.Input input : inputs.all()) {
                Shape shape = input.tensor().shape();
                rows.add(input.role() == Inputs.Role.CONSTANT ? shape : shape.with(input.rowAxis(), 1));
                types.add(input.tensor().dataType());
            }
            return new Kind(call, rows, types);
        }
    }

    /** What is known of a kind of calls. */
    private static final class Answer {
        private List<Tensor> rows = List.of();
        private @Nullable Tensor first;
        private Seen seen = new Seen(List.of(), false, Set.of(), false);
        private double one = -1;
        private double few = -1;
        private int fewRows;
        private OptionalLong bytes = OptionalLong.empty();
        private boolean asked;

        double nanos(long rows) {
            if (few < 0 || rows == 1) {
                return (one < 0 ? few / fewRows : one) * rows;
            }
            if (one < 0 || fewRows == 1) {
                return few / fewRows * rows;
            }
            double more = Math.max(0, (few - one) / (fewRows - 1));
            return one + more * (rows - 1);
        }
    }

    /** Returns the nanoseconds that all calls so far would have taken. */
    double nanos() {
        return nanos;
    }

    /** Returns the memory of the largest call, if the model estimates it. */
    OptionalLong bytes() {
        return bytesKnown ? OptionalLong.of(bytes) : OptionalLong.empty();
    }

    /** Returns what a call showed, and its values with as many rows as the inputs have, owned by the current scope. */
    Seen answer(String name, Model model, boolean gradients, Inputs inputs, Call call) {
        Answer answer = answers.computeIfAbsent(Kind.of(name, inputs), kind -> new Answer());
        long rows = inputs.rows();
        if (rows == 1 ? answer.one < 0 : answer.few < 0) {
            ask(answer, inputs, call);
        }
        if (answer.seen.hasOutput()) {
            Tensor own = answer.rows.get(0);
            Tensor known = outputs.computeIfAbsent(
                    model.part().part() + own.shape() + own.dataType(), part -> TensorScope.release(own.alias()));
            answer.first = known;
        }
        if (!answer.asked) {
            answer.asked = true;
            try (TensorScope scope = TensorScope.open()) {
                answer.bytes = model.bytesPerRow(inputs.rows() == 1 ? inputs : inputs.select(0), gradients);
            } catch (ModelException e) {
                answer.bytes = OptionalLong.empty();
            }
        }
        nanos += answer.nanos(rows);
        bytesKnown &= answer.bytes.isPresent();
        bytes = Math.max(bytes, answer.bytes.orElse(0) * rows);
        List<Tensor> repeated = new ArrayList<>();
        for (Tensor own : answer.rows) {
            Tensor row = repeated.isEmpty() && answer.first != null ? answer.first : own;
            repeated.add(
                    row.shape().rank() == 0
                            ? row.alias()
                            : row.broadcast(row.shape().withRows(rows)));
        }
        return new Seen(repeated, answer.seen.hasOutput(), answer.seen.unused(), answer.seen.compares());
    }

    private static void ask(Answer answer, Inputs inputs, Call call) {
        boolean alone = inputs.rows() == 1;
        if (!alone && answer.one < 0) {
            try {
                time(answer, inputs, 1, call);
            } catch (ModelException.OutOfMemory e) {
                throw e;
            } catch (ModelException e) {
                // A model that refuses one row alone says so when a method asks for one.
                answer.one = -1;
            }
        }
        boolean cheap = answer.one >= 0 && answer.one < CHEAP_NANOS;
        int few = (int) Math.min(inputs.rows(), cheap ? FEW_CHEAP : FEW);
        try {
            time(answer, inputs, few, call);
        } catch (ModelException.OutOfMemory e) {
            throw e;
        } catch (ModelException e) {
            if (alone || few == inputs.rows()) {
                throw e;
            }
            // It may take no other number of rows than this.
            time(answer, inputs, Math.toIntExact(inputs.rows()), call);
        }
    }

    /** Runs copies of the first row. */
    private static void time(Answer answer, Inputs inputs, int copies, Call call) {
        double fastest = Double.POSITIVE_INFINITY;
        for (int run = 0; run < RUNS; run++) {
            try (TensorScope scope = TensorScope.open()) {
                Inputs rows = inputs.rows() == 1 ? inputs : inputs.select(new long[copies]);
                long start = System.nanoTime();
                Seen seen = call.run(rows);
                double took = System.nanoTime() - start;
                if (answer.rows.isEmpty()) {
                    answer.seen = seen;
                    answer.rows = seen.values().stream()
                            .map(value -> value.shape().rank() == 0 ? value.alias() : value.rows(0, 1))
                            .map(TensorScope::release)
                            .toList();
                }
                fastest = run == 0 ? fastest : Math.min(fastest, took);
            }
        }
        if (copies == 1) {
            answer.one = fastest;
        } else {
            answer.few = fastest;
            answer.fewRows = copies;
        }
    }

    /** Returns what a run that can go back showed. */
    static Seen seen(BackwardRun run) {
        Tensor output = run.output();
        run.back(output.mul(0).add(1));
        List<Tensor> values = new ArrayList<>();
        values.add(output.alias());
        run.activations().forEach(value -> values.add(value.alias()));
        return new Seen(values, true, run.unused(), run.referenceOutput().isPresent());
    }

    @Override
    public void close() {
        answers.values().forEach(answer -> answer.rows.forEach(Tensor::close));
        outputs.values().forEach(Tensor::close);
    }
}
