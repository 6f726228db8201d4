// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.answer.Explained;
import io.github.attribution4j.cli.answer.Explainer;
import io.github.attribution4j.cli.answer.JsonLines;
import io.github.attribution4j.cli.question.ExplainOptions;
import io.github.attribution4j.cli.question.Models;
import io.github.attribution4j.cli.question.RowParts;
import io.github.attribution4j.cli.question.Texts;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/** {@code attribution summary}. */
@Command(
        name = "summary",
        versionProvider = AttributionCli.Version.class,
        header = "Explains every row of a table, and writes a report.",
        synopsisHeading = "%nUsage: ",
        descriptionHeading = "%n",
        description = {
            "The report is one HTML file, without script: importance of features, beeswarm, heat map, forces, the"
                    + " largest dependences, and single rows to click.",
            "The input is a .csv, which is read in parts, so that it may have any number of rows, or a .npy or .npz."
                    + " Each part is a line of the file of rows. Run again, rows that are done there are skipped;"
                    + " failed, new and changed ones run. A row's numbers do not depend on the rows beside it.",
            "Options are those of 'explain'; --html says where the report goes."
        },
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%nExample:%n",
        footer = {
            "  attribution summary --model m.pt --input rows.csv --method shapley-sampling --target 1 \\",
            "      --baseline baseline.csv --html report.html",
            "The exit code is 0 if all rows are done, that of the failures if they have one in common, else 2."
        })
final class SummaryCommand implements Callable<Integer> {
    /** Wider rows are images or sounds, which have no features to compare. */
    private static final int MOST_FEATURES = 4096;
    /** If so many rows fail and none is done, it is not for the rows. */
    private static final int HOPELESS = 8;
    /** Options that change where results go, and not what they are; and the table, whose rows have keys. */
    private static final Set<String> NO_PART_OF_KEY = Set.of(
            "--html",
            "--results",
            "--progress",
            "--part",
            "--sample",
            "--singles",
            "--title",
            "--top",
            "--input",
            "--quiet",
            "--debug",
            "--threads",
            "--memory",
            "--deadline");

    private static final Set<String> REFUSED = Set.of(
            "--out",
            "--json",
            "--png",
            "--svg",
            "--picture",
            "--keep-inputs",
            "--show",
            "--example",
            "--rows",
            "--text",
            "--tokens",
            "--layer",
            "--fixed",
            "--row-axis",
            "--unbatched");

    @Mixin
    private ExplainOptions options = new ExplainOptions();

    @Option(
            names = "--title",
            paramLabel = "TEXT",
            description = "The title of the report. Default: method and input file.")
    private @Nullable String title;

    @Option(
            names = "--results",
            paramLabel = "FILE",
            description = "Where explained rows go, and where done ones are found. Default: rows.jsonl beside the"
                    + " report, with its name in front.")
    private @Nullable Path results;

    @Option(
            names = "--part",
            paramLabel = "ROWS",
            defaultValue = "256",
            description = "Rows explained and recorded together. Default: ${DEFAULT-VALUE}.")
    private int part = 256;

    @Option(
            names = "--sample",
            paramLabel = "ROWS",
            defaultValue = "10000",
            description = "Rows that pictures of single points show, chosen evenly by chance; importances are of all"
                    + " rows. Default: ${DEFAULT-VALUE}.")
    private int sample = 10_000;

    @Option(
            names = "--singles",
            paramLabel = "ROWS",
            defaultValue = "100",
            description = "Rows to click, spread evenly over the scores. Default: ${DEFAULT-VALUE}.")
    private int singles = 100;

    @Mixin
    private ProgressDisplay.Wish progress = new ProgressDisplay.Wish();

    @Mixin
    private CommonOptions common = new CommonOptions();

    /** By row its key, until it is in the report; zero for rows that are not asked for, or are there. */
    private long[] wanted = new long[1024];

    private long done;
    private long skipped;
    private long failed;
    private int code;

    @Override
    public Integer call() throws IOException {
        Path page = check();
        Path file = results == null ? JsonLines.beside(page, "-rows.jsonl") : results;
        PrintWriter out = common.out();
        PrintWriter err = common.err();
        byte[] request = request();
        try (RowParts parts = RowParts.open(options.data, part);
                RowResults recorded = RowResults.open(file)) {
            try (Models models = new Models();
                    ProgressDisplay display = progress.display(common)) {
                for (RowParts.Part next = parts.next(); next != null; next = parts.next()) {
                    explain(next, request, models, recorded, err);
                    display.show("rows", parts.fraction(), done + skipped + failed + " rows");
                }
            }
            write(page, recorded);
        }
        if (!common.quiet) {
            out.println(Texts.count(done + skipped + failed, "row") + ": " + done + " done, " + skipped
                    + " done before, " + failed + " failed; report in " + page + ", rows in " + file);
            out.flush();
        }
        return code;
    }

    /** Checks what can be checked before anything is read, and returns where the report goes. */
    private Path check() throws IOException {
        Path page = options.html;
        if (page == null) {
            throw new IllegalArgumentException("--html is needed: the file of the report, such as --html report.html");
        }
        for (OptionSpec option : common.given()) {
            if (REFUSED.contains(option.longestName())) {
                throw new IllegalArgumentException(option.longestName()
                        + ": summary explains all rows of a table by its columns, and writes a report; leave it out,"
                        + " or use 'explain'");
            }
        }
        Path input = options.data.requiredInput();
        for (Path file : Arrays.asList(page, results)) {
            if (file != null && sameFile(file, input)) {
                throw new IllegalArgumentException(
                        file + ": is the input, which would be lost; choose another place for the report and its rows");
            }
        }
        Texts.foldersOf(page, results);
        Texts.atLeast("--part", part, 1);
        Texts.atLeast("--sample", sample, 1);
        Texts.atLeast("--singles", singles, 0);
        Texts.atLeast("--top", options.top, 1);
        return page;
    }

    private static boolean sameFile(Path one, Path other) throws IOException {
        return Files.exists(one) && Files.exists(other) && Files.isSameFile(one, other);
    }

    /** Returns a digest of what is asked of each row: the options, and size and time of the files that they name. */
    private byte[] request() throws IOException {
        MessageDigest digest = sha256();
        List<OptionSpec> given = new ArrayList<>(common.given());
        given.sort(Comparator.comparing(OptionSpec::longestName));
        for (OptionSpec option : given) {
            if (!NO_PART_OF_KEY.contains(option.longestName())) {
                add(digest, option.longestName());
                for (String value : option.originalStringValues()) {
                    add(digest, value);
                    add(digest, stamp(value));
                }
            }
        }
        return digest.digest();
    }

    private static String stamp(String value) throws IOException {
        try {
            Path file = Path.of(value.substring(value.indexOf('=') + 1));
            return Files.isRegularFile(file) ? Files.size(file) + "@" + Files.getLastModifiedTime(file) : "";
        } catch (InvalidPathException e) {
            return "";
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static void add(MessageDigest digest, String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
    }

    private static long key(byte[] request, RowParts.Part rows, int row) {
        MessageDigest digest = sha256();
        digest.update(request);
        add(digest, Long.toString(rows.first() + row));
        rows.identify(row, digest);
        return ByteBuffer.wrap(digest.digest()).getLong();
    }

    private void explain(RowParts.Part rows, byte[] request, Models models, RowResults recorded, PrintWriter err)
            throws IOException {
        long[] keys = IntStream.range(0, rows.size())
                .mapToLong(row -> key(request, rows, row))
                .toArray();
        int first = Math.toIntExact(rows.first());
        while (wanted.length < first + keys.length) {
            wanted = Arrays.copyOf(wanted, 2 * wanted.length);
        }
        System.arraycopy(keys, 0, wanted, first, keys.length);
        List<Integer> open = IntStream.range(0, rows.size())
                .filter(row -> !recorded.has(keys[row]))
                .boxed()
                .toList();
        skipped += rows.size() - open.size();
        if (!open.isEmpty()) {
            explain(rows, open, keys, models, recorded, err);
        }
    }

    /** Explains rows together; if that fails, each half alone, so that one bad row does not take others with it. */
    private void explain(
            RowParts.Part rows, List<Integer> open, long[] keys, Models models, RowResults recorded, PrintWriter err)
            throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Explained explained;
            try {
                rows.use(open, options.data);
                explained = Explainer.explain(options, models, unused -> {});
            } catch (DeadlineExceededException | CancelledException e) {
                throw e;
            } catch (RuntimeException | IOException e) {
                if (open.size() > 1) {
                    int half = open.size() / 2;
                    explain(rows, open.subList(0, half), keys, models, recorded, err);
                    explain(rows, open.subList(half, open.size()), keys, models, recorded, err);
                } else {
                    failed(rows.first() + open.get(0), e, recorded, err);
                }
                return;
            }
            try (explained) {
                record(rows, open, keys, recorded, explained.explanation());
            }
            done += open.size();
        }
    }

    private void record(
            RowParts.Part rows, List<Integer> open, long[] keys, RowResults recorded, Explanation explanation)
            throws IOException {
        int features = explanation.features(0).size();
        if (features > MOST_FEATURES) {
            throw new IllegalArgumentException(options.data.requiredInput() + ": each row has " + features
                    + " features, and a report compares up to " + MOST_FEATURES
                    + "; join them with --mask, or look at single rows with 'explain'");
        }
        recorded.done(
                open.stream().mapToLong(row -> rows.first() + row).toArray(),
                open.stream().mapToLong(row -> keys[row]).toArray(),
                explanation);
    }

    private void failed(long row, Exception e, RowResults recorded, PrintWriter err) throws IOException {
        Failure failure = Failure.of(e);
        failed++;
        code = failed == 1 || code == failure.code() ? failure.code() : Failure.BAD_REQUEST;
        if (done == 0 && skipped == 0 && failed >= HOPELESS) {
            if (e instanceof IOException io) {
                throw io;
            }
            throw (RuntimeException) e;
        }
        recorded.failed(row, failure);
        err.println("attribution summary: row " + row + ": " + failure.line());
        if (common.debug) {
            e.printStackTrace(err);
        }
        err.flush();
    }

    /** Returns whether a row is asked for; a row that is there twice, after two runs side by side, only once. */
    private boolean take(RowResults.Row row) {
        boolean asked = row.number() < wanted.length && row.key() != 0 && wanted[(int) row.number()] == row.key();
        if (asked) {
            wanted[(int) row.number()] = 0;
        }
        return asked;
    }

    private void write(Path page, RowResults recorded) throws IOException {
        SummaryRows rows = new SummaryRows(sample);
        recorded.read((line, all) -> {
            List<RowResults.Row> own = all.stream().filter(this::take).toList();
            // What is said about rows of another question has no place here.
            if (!own.isEmpty()) {
                rows.about(line);
                own.forEach(rows::add);
            }
        });
        if (rows.isEmpty()) {
            throw new IllegalArgumentException(
                    options.data.requiredInput() + ": no row could be explained; the lines above say why");
        }
        rows.report(Objects.requireNonNullElse(title, ""), String.valueOf(options.data.requiredInput()), failed)
                .top(options.top)
                .singles(singles)
                .write(page);
    }
}
