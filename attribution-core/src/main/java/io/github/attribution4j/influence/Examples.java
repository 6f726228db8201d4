// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.Provenance;
import io.github.attribution4j.Provenance.InputRecord;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.target.Target;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Rows on which a model was trained, or rows that are explained, with the loss of each. Immutable; owns no tensors.
 *
 * <pre>{@code
 * Examples training = Examples.of(Inputs.of(rows), Target.loss(Loss.crossEntropy(), labels)).keptIn(directory);
 * Examples streamed = Examples.streamed("digits", "2024-05-01", 50_000, (from, to) -> read(from, to));
 * }</pre>
 */
@Experimental
public final class Examples {
    /** Reads consecutive examples. */
    @FunctionalInterface
    public interface Source {
        /**
         * Reads a range of examples. Called with ranges of any size, any number of times.
         *
         * @param from first row, inclusive
         * @param to last row, exclusive
         * @return {@code to - from} examples, whose tensors belong to the current scope
         */
        Part read(long from, long to);
    }

    /**
     * Consecutive examples.
     *
     * @param inputs of the model
     * @param target the loss of each: {@link Target#loss} of as many labels as there are rows
     */
    public record Part(Inputs inputs, Target target) {}

    private static final String NO_LOSS = "none";

    private final long count;
    private final Source source;
    private final @Nullable Path directory;
    private final String description;
    private final List<InputRecord> records;

    private Examples(
            long count, Source source, @Nullable Path directory, String description, List<InputRecord> records) {
        this.count = count;
        this.source = source;
        this.directory = directory;
        this.description = description;
        this.records = records;
    }

    /**
     * Returns examples whose tensors are open.
     *
     * @param inputs of the model
     * @param target the loss of each, such as {@link Target#loss}, or any other score
     */
    public static Examples of(Inputs inputs, Target target) {
        List<InputRecord> records = new ArrayList<>();
        for (Inputs.Input input : inputs.all()) {
            records.add(new InputRecord(
                    input.name(),
                    "examples",
                    input.tensor().dataType().label(),
                    input.tensor().shape().toString(),
                    Provenance.digest(input.tensor())));
        }
        Source source = (from, to) -> {
            long[] rows = LongStream.range(from, to).toArray();
            return from == 0 && to == inputs.rows()
                    ? new Part(inputs, target)
                    : new Part(inputs.select(rows), target.forExamples(rows));
        };
        return new Examples(inputs.rows(), source, null, target.describe(), List.copyOf(records));
    }

    /** Returns examples without a loss, for {@link SimilarityInfluence}. */
    public static Examples of(Inputs inputs) {
        Examples examples = of(inputs, Target.slice());
        return new Examples(examples.count, examples.source, null, NO_LOSS, examples.records);
    }

    /**
     * Returns examples that are read when they are needed, some hundreds at a time.
     *
     * @param name of the data, for provenance
     * @param version distinguishes it from other data of its name: a date, a digest. Stored features are used again for
     *     data of the same name and version, without a look at the rows
     * @param count of all examples, at least 1
     * @param source reads them
     */
    public static Examples streamed(String name, String version, long count, Source source) {
        if (name.isBlank() || version.isBlank() || count < 1) {
            throw new IllegalArgumentException("examples '" + name + "', version '" + version + "', " + count
                    + " rows: give a name, a version and at least 1 row");
        }
        return new Examples(
                count,
                source,
                null,
                "given with the rows",
                List.of(new InputRecord(name, "examples", "", "(" + count + ", ...)", version)));
    }

    /**
     * Returns these examples with a directory in which what was computed of them is kept, as {@code .npz} files of some
     * hundreds of rows. Another question about the same examples, checkpoint and settings reads it, and a computation
     * that was stopped goes on where it ended. Files are named by a digest of all that they depend on, so that one
     * directory serves any number of models, and old files may be deleted at any time.
     *
     * @param newDirectory made if it does not exist
     */
    public Examples keptIn(Path newDirectory) {
        return new Examples(count, source, newDirectory, description, records);
    }

    /** Returns the number of examples. */
    public long count() {
        return count;
    }

    Part part(long from, long to) {
        Part part = source.read(from, to);
        if (part.inputs().rows() != to - from) {
            throw new IllegalArgumentException("examples: " + part.inputs().rows() + " rows were read for rows " + from
                    + " to " + to + "; return " + (to - from));
        }
        return part;
    }

    Optional<Path> directory() {
        return Optional.ofNullable(directory);
    }

    /** Returns whether there is a loss of each. */
    boolean hasLoss() {
        return !description.equals(NO_LOSS);
    }

    /** Returns the target in words. */
    String description() {
        return description;
    }

    /** Returns the inputs by digest, or the name and version of data that is streamed. */
    List<InputRecord> records(String role) {
        return records.stream()
                .map(record -> new InputRecord(record.name(), role, record.dataType(), record.shape(), record.digest()))
                .toList();
    }

    @Override
    public String toString() {
        return "Examples[" + count + ", " + description + (directory == null ? "" : ", kept in " + directory) + "]";
    }
}
