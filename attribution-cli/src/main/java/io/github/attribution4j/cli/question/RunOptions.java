// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.run.Run;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

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
            description = "Give up after this time, for all rows together, with exit code 4: 500ms, 2s, 1m.")
    private @Nullable Duration deadline;

    /** With a deadline: the first run. Its clock is that of all that one command asks. */
    private @Nullable Run timed;

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

    /**
     * Returns the run that these options describe. A deadline counts from the first call.
     *
     * @param progress the same at each call
     */
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
        if (deadline == null) {
            return run;
        }
        if (timed == null) {
            timed = run.deadline(deadline).started();
        }
        return timed;
    }

    /**
     * An amount of memory.
     *
     * @param bytes at least 1
     */
    record MemorySize(long bytes) {
        private static final Pattern TEXT = Pattern.compile("(\\d+)\\s*(b|kib|kb|k|mib|mb|m|gib|gb|g)?");
        private static final Map<Character, Integer> POWERS = Map.of('k', 1, 'm', 2, 'g', 3);

        static MemorySize parse(String text) {
            Matcher matcher = TEXT.matcher(text.strip().toLowerCase(Locale.ROOT));
            if (!matcher.matches()) {
                throw new TypeConversionException("'" + text + "' is not a size; write 512MiB, 2GiB, 1000000");
            }
            String unit = matcher.group(2) == null ? "b" : matcher.group(2);
            long step = unit.endsWith("b") && !unit.endsWith("ib") ? 1000 : 1024;
            long factor = 1;
            for (int i = 0; i < POWERS.getOrDefault(unit.charAt(0), 0); i++) {
                factor *= step;
            }
            try {
                return new MemorySize(Math.multiplyExact(Long.parseLong(matcher.group(1)), factor));
            } catch (ArithmeticException | NumberFormatException e) {
                throw new TypeConversionException("'" + text + "' is too large");
            }
        }

        /** For the parser. */
        static final class Converter implements ITypeConverter<MemorySize> {
            @Override
            public MemorySize convert(String text) {
                return parse(text);
            }
        }
    }
}
