// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.Provenance;
import io.github.attribution4j.Provenance.InputRecord;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.influence.Examples.Part;
import io.github.attribution4j.influence.Influence.Vectors;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.tensor.TensorScope;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One question: passes all training rows by, some hundreds at a time, in all checkpoints. One row is looked at before
 * all others: it says how many numbers a row has, and so how many rows are held at once.
 */
final class Comparison {
    /** The most rows that are held at once, and the most numbers of theirs. */
    private static final int MOST_ROWS = 1024;

    private static final long MOST_NUMBERS = 1L << 23;
    private static final double GIBIBYTE = 1L << 30;

    /** Takes the influences of training rows. */
    @FunctionalInterface
    interface Sink {
        /**
         * Takes those of consecutive rows.
         *
         * @param from first row
         * @param rows their number
         * @param sums {@code [row * explained + example]}, or {@code [row]} of rows on themselves
         */
        void accept(long from, int rows, double[] sums);
    }

    private final Influence<?> influence;
    private final List<Checkpoint> checkpoints;
    private final Examples training;
    private final @Nullable Examples explained;
    private final Run run;
    private final Set<String> notices = new LinkedHashSet<>();
    private final List<Provenance> provenances = new ArrayList<>();
    private final List<List<Integer>> widths = new ArrayList<>();
    private final List<Vectors> vectors = new ArrayList<>();
    private Counts counts = Counts.NONE;
    private final long total;
    private long done;

    /** Starts a question about rows themselves. */
    Comparison(Influence<?> influence, List<Checkpoint> checkpoints, Examples training, Run run) {
        this(influence, checkpoints, training, run, null);
    }

    /** Starts a question about explained examples. */
    Comparison(Influence<?> influence, List<Checkpoint> checkpoints, Examples training, Examples explained, Run run) {
        this(influence, checkpoints, training, run, explained);
    }

    private Comparison(
            Influence<?> influence,
            List<Checkpoint> checkpoints,
            Examples training,
            Run run,
            @Nullable Examples explained) {
        this.influence = influence;
        this.checkpoints = List.copyOf(checkpoints);
        this.training = training;
        this.explained = explained;
        this.run = run.started();
        this.total = (training.count() + explained()) * checkpoints.size();
        check();
        this.run.plan(total + influence.rowsBefore(training) * checkpoints.size());
        this.run.check(influence.name(), 0, total);
        checkpoints.forEach(this::probe);
    }

    private void check() {
        Problems problems = new Problems();
        problems.require(!checkpoints.isEmpty(), "checkpoints: none given; give at least the trained model");
        influence.checkSettings(problems);
        problems.require(
                !influence.needsLoss() || (training.hasLoss() && (explained == null || explained.hasLoss())),
                "examples: " + influence.name() + " takes the gradient of a loss, and there is none; give"
                        + " Examples.of(inputs, Target.loss(...))");
        for (Checkpoint checkpoint : checkpoints) {
            problems.require(
                    !checkpoint.model().identity().isVague() || directories().isEmpty(),
                    "model '" + checkpoint.model().identity().name() + "' has neither a digest nor a version, so that"
                            + " what is kept of it cannot be distinguished from that of others; give it a version, or"
                            + " leave Examples.keptIn out");
        }
        problems.throwIfAny();
    }

    private List<Path> directories() {
        List<Path> all = new ArrayList<>();
        training.directory().ifPresent(all::add);
        if (explained != null) {
            explained.directory().ifPresent(all::add);
        }
        return all;
    }

    /** Returns the number of explained examples. */
    int explained() {
        return explained == null ? 0 : Math.toIntExact(explained.count());
    }

    /** Looks at the first training row. */
    private void probe(Checkpoint checkpoint) {
        try (TensorScope scope = TensorScope.open()) {
            Evaluator evaluator = evaluator(checkpoint, training, 0, 1, run.quiet());
            influence.checkOnce(evaluator);
            Vectors made = influence.vectors(checkpoint, training, run);
            vectors.add(made);
            counts = counts.plus(made.counts());
            notices.addAll(made.notices());
            widths.add(computed(made, evaluator).widths());
            provenances.add(provenance(checkpoint, evaluator));
            requireMemory(widths.get(widths.size() - 1));
        }
    }

    private void requireMemory(List<Integer> width) {
        long numbers = width.stream().mapToLong(Integer::longValue).sum();
        double bytes = (double) numbers * Math.max(1, explained()) * checkpoints.size() * Double.BYTES;
        Problems problems = new Problems();
        problems.require(
                bytes < 0.5 * Runtime.getRuntime().maxMemory(),
                "explained examples: " + Math.max(1, explained()) + " of " + numbers + " numbers each, in "
                        + checkpoints.size() + " checkpoints, take "
                        + String.format(Locale.ROOT, "%.1f", bytes / GIBIBYTE)
                        + " GiB; ask about fewer at once, or make the"
                        + " vectors shorter with projected(...)");
        problems.throwIfAny();
    }

    private Evaluator evaluator(Checkpoint checkpoint, Examples examples, long from, long to, Run part) {
        Part rows = examples.part(from, to);
        return Evaluator.start(influence, checkpoint.model(), rows.inputs(), rows.target(), part.nested());
    }

    private Block computed(Vectors made, Evaluator evaluator) {
        Block block = made.block().apply(evaluator);
        counts = counts.plus(evaluator.counts());
        notices.addAll(evaluator.notices());
        for (double[] factor : block.factors()) {
            for (double number : factor) {
                if (!Double.isFinite(number)) {
                    throw new ModelException(influence.name() + ": a vector of the examples has the element " + number
                            + "; look for an overflow or a division by zero in the model");
                }
            }
        }
        return block;
    }

    private Provenance provenance(Checkpoint checkpoint, Evaluator evaluator) {
        Map<String, String> settings = new LinkedHashMap<>();
        influence.settings().forEach((name, value) -> settings.put(name, String.valueOf(value)));
        settings.put("learning-rate", Double.toString(checkpoint.rate()));
        List<InputRecord> records = new ArrayList<>(training.records("training"));
        if (explained != null) {
            records.addAll(explained.records("explained"));
        }
        Provenance own = Provenance.of(evaluator);
        return new Provenance(
                own.method(),
                settings,
                explained == null ? training.description() : explained.description(),
                own.seed(),
                own.batching(),
                own.model(),
                records,
                own.library(),
                own.java(),
                own.created());
    }

    /** Passes the influences of all training rows to a sink, in order. */
    void run(Sink sink) {
        List<Products> products = new ArrayList<>();
        for (int i = 0; i < checkpoints.size() && explained != null; i++) {
            products.add(new Products(influence.similarity(), held(i, explained)));
        }
        int step = step();
        for (long from = 0; from < training.count(); from += step) {
            long to = Math.min(from + step, training.count());
            int rows = (int) (to - from);
            double[] sums = new double[rows * Math.max(1, explained())];
            for (int i = 0; i < checkpoints.size(); i++) {
                Block block = block(i, training, from, to);
                if (explained == null) {
                    for (int row = 0; row < rows; row++) {
                        sums[row] += checkpoints.get(i).rate() * block.squares(row);
                    }
                } else {
                    products.get(i).add(block, checkpoints.get(i).rate(), sums);
                }
            }
            sink.accept(from, rows, sums);
        }
        run.finished(influence.name());
    }

    private int step() {
        long numbers = widths.stream()
                .mapToLong(width -> width.stream().mapToLong(Integer::longValue).sum())
                .max()
                .orElse(1);
        return (int) Math.max(1, Math.min(MOST_ROWS, MOST_NUMBERS / Math.max(1, numbers)));
    }

    /** Returns all rows of some examples. */
    private Block held(int number, Examples examples) {
        int rows = Math.toIntExact(examples.count());
        List<double[]> factors = new ArrayList<>();
        for (int width : widths.get(number)) {
            factors.add(new double[Math.multiplyExact(rows, width)]);
        }
        int step = step();
        for (int from = 0; from < rows; from += step) {
            Block block = block(number, examples, from, Math.min(from + step, rows));
            for (int factor = 0; factor < factors.size(); factor++) {
                double[] part = block.factors().get(factor);
                System.arraycopy(part, 0, factors.get(factor), from * block.width(factor), part.length);
            }
        }
        return new Block(rows, factors);
    }

    /** Returns consecutive rows in a checkpoint, from the directory if they are there. */
    private Block block(int number, Examples examples, long from, long to) {
        Block block = readOrComputed(number, examples, from, to);
        influence.remark(block).ifPresent(notices::add);
        return block;
    }

    private Block readOrComputed(int number, Examples examples, long from, long to) {
        run.check(influence.name(), done, total);
        Run part = run.part(to - from);
        done += to - from;
        Checkpoint checkpoint = checkpoints.get(number);
        Optional<FeatureFiles> files = examples.directory()
                .map(directory ->
                        new FeatureFiles(directory, recipe(), checkpoint.model().identity(), examples));
        Optional<Block> kept = files.flatMap(stored -> stored.read(from, to, widths.get(number)));
        if (kept.isPresent()) {
            run.report(influence.name(), 0);
            return kept.get();
        }
        try (TensorScope scope = TensorScope.open()) {
            Block block = computed(vectors.get(number), evaluator(checkpoint, examples, from, to, part));
            if (!block.widths().equals(widths.get(number))) {
                throw new ModelException(influence.name() + ": rows " + from + " to " + to + " have vectors of "
                        + block.widths() + " numbers, and the first training row of " + widths.get(number)
                        + "; give inputs of one shape");
            }
            files.ifPresent(stored -> stored.write(from, to, block));
            return block;
        }
    }

    private String recipe() {
        return influence
                + (influence.isRandom() ? ", seed " + run.seed() : "")
                + (influence.needsTraining() ? ", of " + training.records("training") + training.description() : "");
    }

    Report report() {
        return new Report(provenances, counts, Duration.ofNanos(run.elapsedNanos()), List.copyOf(notices));
    }

    @Override
    public String toString() {
        return "Comparison[" + influence.name() + ", " + training + "]";
    }
}
