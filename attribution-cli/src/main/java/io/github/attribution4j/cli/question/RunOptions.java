// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.run.Run;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options for seed, batches and deadline. Only the parser sets the fields. */
@SuppressWarnings("FieldMayBeFinal")
public final class RunOptions {
    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Seed of all randomness. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--batch",
            paramLabel = "ROWS",
            description = "Rows given to the model in one call, or auto. Default: by the size of the rows.")
    private @Nullable String batch;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            converter = MemorySize.Converter.class,
            description = "Keep the model's memory within a budget: 512MiB, 2GiB.")
    private @Nullable MemorySize memory;

    @Option(
            names = "--deadline",
            paramLabel = "TIME",
            converter = Texts.DurationConverter.class,
            description = "Give up after this time, with exit code 4: 500ms, 2s, 1m.")
    private @Nullable Duration deadline;

    /** Returns the seed. */
    public long seed() {
        return seed;
    }

    /** Checks options that exclude each other. */
    public void check() {
        if (memory != null && batch != null) {
            throw new IllegalArgumentException("--memory and --batch both say how much one call takes; give one");
        }
    }

    /** Returns the run that these options describe. */
    public Run run(Consumer<Run.Progress> progress) {
        Run run = Run.defaults().seed(seed).progress(progress);
        if (memory != null) {
            run = run.memoryBudget(memory.bytes());
        }
        if (batch != null) {
            run = batch.equals("auto")
                    ? run.batching(Run.Batching.auto())
                    : run.batchRows(Math.toIntExact(Texts.integers("--batch", batch)[0]));
        }
        return deadline == null ? run : run.deadline(deadline);
    }
}
