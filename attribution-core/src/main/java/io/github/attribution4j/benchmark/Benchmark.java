// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmark;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Provenance;
import io.github.attribution4j.benchmark.BenchmarkTable.Origin;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.Metric;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Methods compared by metrics over a data set: which method to trust on a model. An immutable value; the model is an
 * argument of {@link #judge(Model, Inputs, Target, Run) judge}, as it is for a method.
 *
 * <pre>{@code
 * BenchmarkTable table = Benchmark.of(
 *                 List.of(PerturbationCurve.deletion(), PerturbationCurve.insertion()),
 *                 new IntegratedGradients(), new Occlusion(), new RandomAttribution())
 *         .judge(model, inputs, target, Run.defaults());
 * System.out.println(table);
 * }</pre>
 *
 * <p>Examples are explained in parts ({@link #part}). Each method explains a part once, and all metrics judge that
 * explanation; a metric that explains changed inputs (one that {@linkplain Need#METHOD needs its method}) calls the
 * method itself. Scores of an example depend neither on the part it is in nor on the other examples.
 *
 * <p>A method or a metric that fails does not end the run: its cell of the table says why, and is not asked again. Only
 * a deadline, a cancellation, and a file that cannot be written end it.
 *
 * <p>With a {@linkplain #resumable file} what is finished is kept. A run that was stopped, and is started again with
 * the same file, does only the rest, and its table has the same bits as one of a run that was not stopped.
 *
 * @param <M> the least capable model that all methods explain
 */
@Experimental
public final class Benchmark<M extends Model> {
    private static final String NAME = "benchmark";
    private static final int PART = 32;

    private final Map<String, Attribution<? super M>> methods;
    private final Map<String, Metric> metrics;
    private final int part;
    private final @Nullable Path file;

    private Benchmark(
            Map<String, Attribution<? super M>> methods, Map<String, Metric> metrics, int part, @Nullable Path file) {
        this.methods = methods;
        this.metrics = metrics;
        this.part = part;
        this.file = file;
    }

    /**
     * Examples to judge on.
     *
     * @param inputs any number of examples
     * @param target of these examples
     */
    public record Examples(Inputs inputs, Target target) {}

    /**
     * Returns a benchmark. Rows and columns of its table have the names of methods and metrics; of those that share a
     * name, name and settings.
     *
     * @param methods at least one, none twice
     * @param metrics at least one, none twice
     * @throws IllegalArgumentException if there is none, or one is given twice
     */
    public static <M extends Model> Benchmark<M> of(
            List<? extends Attribution<? super M>> methods, List<? extends Metric> metrics) {
        return new Benchmark<>(
                Labels.of("method", methods, Attribution::name, Attribution::inWords),
                Labels.of("metric", metrics, Metric::name, Benchmark::inWords),
                PART,
                null);
    }

    /** Returns a benchmark, whose model follows from its methods; otherwise as {@link #of(List, List)}. */
    @SafeVarargs
    public static <M extends Model> Benchmark<M> of(List<? extends Metric> metrics, Attribution<? super M>... methods) {
        List<Attribution<? super M>> all = new ArrayList<>();
        for (Attribution<? super M> method : methods) {
            all.add(method);
        }
        return of(all, metrics);
    }

    private static String inWords(Metric metric) {
        return metric.settings().isEmpty() ? metric.name() : metric.name() + " " + metric.settings();
    }

    /**
     * Returns a copy that explains so many examples together; 32 unless set. Results do not depend on it. Fewer keep
     * less in memory, and less is lost when a run is stopped.
     */
    public Benchmark<M> part(int examples) {
        if (examples < 1) {
            throw new IllegalArgumentException("part " + examples + ": must be at least 1 example");
        }
        return new Benchmark<>(methods, metrics, examples, file);
    }

    /**
     * Returns a copy that keeps what is finished in a file, and takes from it what was finished before. It knows model,
     * inputs and arrays by their digests, methods and metrics by their settings; what belongs to other ones, or to
     * another version of this library, is left alone and not used. A method or metric of your own is the same if its
     * settings are.
     *
     * @param newFile a line of JSON for each part, method and metric; created if it does not exist
     */
    public Benchmark<M> resumable(Path newFile) {
        return new Benchmark<>(methods, metrics, part, newFile);
    }

    /**
     * Judges all methods by all metrics on examples.
     *
     * @param model that is explained; not changed
     * @param inputs the examples; not changed, not closed
     * @param target of the examples
     * @param run seed, batching, deadline, progress
     * @throws io.github.attribution4j.run.InvalidRequestException if a file is given and the model has neither version
     *     nor digest, so that the file of another model could be taken for its own
     * @throws DeadlineExceededException if the run's deadline passes
     * @throws CancelledException if the run is cancelled
     * @throws UncheckedIOException if the file cannot be read or written
     */
    public BenchmarkTable judge(M model, Inputs inputs, Target target, Run run) {
        return judge(model, Stream.of(new Examples(inputs, target)), run, inputs.rows());
    }

    /**
     * Judges all methods by all metrics on a stream of examples. Tensors that are made while the stream gives an
     * element are closed after it was judged. As the length is not known, progress reports rows and no fraction.
     * Otherwise as {@link #judge(Model, Inputs, Target, Run)}.
     *
     * @param examples in order; numbered from 0 for their random numbers
     */
    public BenchmarkTable judge(M model, Stream<Examples> examples, Run run) {
        return judge(model, examples, run, 0);
    }

    private BenchmarkTable judge(M model, Stream<Examples> stream, Run run, long rows) {
        Run started = run.started();
        started.check(NAME, 0, rows);
        started.plan(rows * methods.size() * (1 + metrics.size()));
        started.report(NAME, 0);
        try (FinishedParts finished = file == null ? FinishedParts.none() : FinishedParts.open(file, model)) {
            Judging judging = new Judging(model, started, finished);
            Iterator<Examples> examples = stream.iterator();
            while (judging.next(examples)) {
                started.check(NAME, judging.first, rows);
            }
            started.finished(NAME);
            return judging.table();
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": " + e.getMessage(), e);
        }
    }

    /** One run. */
    private final class Judging {
        private final M model;
        private final Run run;
        private final FinishedParts finished;
        private final List<CellDraft> cells = new ArrayList<>();
        private final List<String> digests = new ArrayList<>();
        private final List<String> targets = new ArrayList<>();
        private long first;

        Judging(M model, Run run, FinishedParts finished) {
            this.model = model;
            this.run = run;
            this.finished = finished;
            for (String method : methods.keySet()) {
                metrics.forEach((label, metric) -> cells.add(new CellDraft(method, label, metric.higherIsBetter())));
            }
        }

        /** Judges the next examples, if there are any. */
        boolean next(Iterator<Examples> examples) throws IOException {
            try (TensorScope scope = TensorScope.open()) {
                if (!examples.hasNext()) {
                    return false;
                }
                Examples some = examples.next();
                digests.addAll(FinishedParts.digests(some.inputs()));
                targets.add(some.target().describe());
                long rows = some.inputs().rows();
                for (long from = 0; from < rows; from += part) {
                    long[] numbers =
                            LongStream.range(from, Math.min(rows, from + part)).toArray();
                    try (TensorScope ofPart = TensorScope.open()) {
                        judge(some.inputs().select(numbers), some.target().forExamples(numbers), numbers);
                    }
                }
                first += rows;
                return true;
            }
        }

        private void judge(Inputs inputs, Target target, long[] numbers) throws IOException {
            long[] keys = LongStream.of(numbers)
                    .map(number -> run.exampleKey(first + number))
                    .toArray();
            Run ofPart = run.exampleKeys(keys);
            String part = finished.key(model, inputs, target, run, keys);
            int cell = 0;
            for (Attribution<? super M> method : methods.values()) {
                judge(inputs, target, ofPart, part, method, cells.subList(cell, cell + metrics.size()));
                cell += metrics.size();
            }
        }

        private void judge(
                Inputs inputs,
                Target target,
                Run ofPart,
                String part,
                Attribution<? super M> method,
                List<CellDraft> ofMethod)
                throws IOException {
            List<Metric> all = List.copyOf(metrics.values());
            List<String> keys = all.stream()
                    .map(metric -> finished.key(part, Attribution.inWords(method), inWords(metric)))
                    .toList();
            boolean wanted = false;
            for (int i = 0; i < all.size(); i++) {
                boolean open = !ofMethod.get(i).isFailed() && !finished.has(keys.get(i));
                wanted |= open && all.get(i).need() != Need.METHOD;
            }
            try (Explanation explanation = wanted ? explain(method, inputs, target, ofPart, ofMethod) : null) {
                for (int i = 0; i < all.size(); i++) {
                    CellDraft cell = ofMethod.get(i);
                    Run ofCell = ofPart.part(inputs.rows());
                    if (!cell.isFailed() && finished.has(keys.get(i))) {
                        cell.add(finished.get(keys.get(i)));
                    } else if (!cell.isFailed()) {
                        Optional<Judgement> judged =
                                judge(all.get(i), inputs, target, method, explanation, ofCell, cell);
                        if (judged.isPresent()) {
                            finished.add(keys.get(i), judged.get());
                            cell.add(judged.get());
                        }
                    }
                }
            }
        }

        /** Returns the explanation, or null after a failure, which all cells of the method then say. */
        private @Nullable Explanation explain(
                Attribution<? super M> method, Inputs inputs, Target target, Run ofPart, List<CellDraft> ofMethod) {
            try {
                return method.attribute(model, inputs, target, ofPart.part(inputs.rows()));
            } catch (CancellationException e) {
                throw e;
            } catch (RuntimeException e) {
                ofMethod.forEach(cell -> cell.fail(e));
                return null;
            }
        }

        /** Returns the judgement, or none after a failure, which the cell then says. */
        private Optional<Judgement> judge(
                Metric metric,
                Inputs inputs,
                Target target,
                Attribution<? super M> method,
                @Nullable Explanation explanation,
                Run ofCell,
                CellDraft cell) {
            try {
                return Optional.of(
                        explanation == null || metric.need() == Need.METHOD
                                ? metric.judge(model, inputs, target, method, ofCell)
                                : metric.judge(model, inputs, target, explanation, ofCell));
            } catch (CancellationException e) {
                throw e;
            } catch (RuntimeException e) {
                cell.fail(e);
                return Optional.empty();
            }
        }

        BenchmarkTable table() {
            return new BenchmarkTable(
                    List.copyOf(methods.keySet()),
                    List.copyOf(metrics.keySet()),
                    cells.stream().map(CellDraft::cell).toList(),
                    new Origin(
                            model.identity(),
                            FinishedParts.digest(digests),
                            targets.stream().distinct().toList(),
                            run.seed(),
                            run.batching().toString(),
                            Provenance.libraryVersion()));
        }
    }

    /** Returns the methods and the metrics. */
    @Override
    public String toString() {
        Map<String, List<String>> words = new LinkedHashMap<>();
        words.put("methods", List.copyOf(methods.keySet()));
        words.put("metrics", List.copyOf(metrics.keySet()));
        return "Benchmark " + words;
    }
}
