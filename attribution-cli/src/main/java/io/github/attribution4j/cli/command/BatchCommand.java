// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.answer.Explained;
import io.github.attribution4j.cli.answer.Explainer;
import io.github.attribution4j.cli.answer.JsonLines;
import io.github.attribution4j.cli.question.ExplainOptions;
import io.github.attribution4j.cli.question.Models;
import io.github.attribution4j.cli.question.Texts;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code attribution batch}. */
@Command(
        name = "batch",
        versionProvider = AttributionCli.Version.class,
        header = "Runs a file of jobs, one a line, in one process.",
        synopsisHeading = "%nUsage: ",
        descriptionHeading = "%n",
        description = {
            "A job is a JSON object whose keys are the long options of 'explain'; set is a list of name=value or an"
                    + " object; id "
                    + "is a name of your own. Models are loaded once. A failed job is recorded, and the next one"
                    + " begins.",
            "Each result is a line of the results file. Run again, jobs that are done there are skipped, failed and"
                    + " new ones run. "
                    + "The result holds the whole explanation, unless the job has a file for it (out or json)."
        },
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%nExample:%n",
        footer = {
            "  attribution batch --jobs jobs.jsonl",
            "with jobs.jsonl:",
            "  {\"id\": \"a\", \"model\": \"m.pt\", \"input\": \"a.npz\", \"set\": {\"steps\": 100}, \"out\":"
                    + " \"a-why.npz\"}",
            "  {\"id\": \"b\", \"model\": \"m.pt\", \"input\": \"b.npz\", \"method\": \"occlusion\", \"set\":"
                    + " [\"window=3,8,8\"]}",
            "The exit code is 0 if all jobs are done, that of the failures if they have one in common, else 2."
        })
final class BatchCommand implements Callable<Integer> {
    @Option(names = "--jobs", paramLabel = "FILE", required = true, description = "The jobs, JSON lines.")
    private Path jobs = Path.of("");

    @Option(
            names = "--results",
            paramLabel = "FILE",
            description =
                    "Where results go, and where done ones are found. Default: results.jsonl beside the jobs, with"
                            + " their "
                            + "file's name in front.")
    private @Nullable Path results;

    @Mixin
    private ProgressDisplay.Wish progress = new ProgressDisplay.Wish();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        if (!Files.isRegularFile(jobs)) {
            throw new NoSuchFileException(jobs.toString());
        }
        PrintWriter out = common.out();
        PrintWriter err = common.err();
        Path file = results != null ? results : JsonLines.beside(jobs, "-results.jsonl");
        List<Job> all = jobs();
        Summary summary = new Summary(all.size());
        try (BatchResults recorded = BatchResults.open(file);
                Models models = new Models();
                ProgressDisplay display = progress.display(common)) {
            Set<String> done = recorded.done();
            long start = System.nanoTime();
            Consumer<Run.Progress> listener = progress -> {
                if (System.nanoTime() - start > 1_000_000_000L) {
                    double jobsDone = summary.finished() + progress.fraction();
                    display.show("jobs", jobsDone / all.size(), summary.finished() + " of " + all.size());
                }
            };
            for (Job job : all) {
                if (done.contains(job.key())) {
                    summary.skipped++;
                } else {
                    run(job, models, recorded, summary, err, listener);
                }
                listener.accept(new Run.Progress("jobs", 0, 0, 0));
            }
        }
        if (!common.quiet) {
            out.println(summary.line() + "; results in " + file);
            out.flush();
        }
        return summary.code();
    }

    private List<Job> jobs() throws IOException {
        List<Job> all = new ArrayList<>();
        Map<String, Integer> seen = new HashMap<>();
        List<String> lines = Files.readAllLines(jobs, StandardCharsets.UTF_8);
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty()) {
                all.add(new Job(i + 1, line, seen.merge(line, 1, Integer::sum)));
            }
        }
        return all;
    }

    private void run(
            Job job,
            Models models,
            BatchResults recorded,
            Summary summary,
            PrintWriter err,
            Consumer<Run.Progress> listener)
            throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            ExplainOptions options = job.options();
            try (Explained explained = Explainer.explain(options, models, listener)) {
                List<Path> written = new ArrayList<>();
                ExplainCommand.write(explained, options, written);
                recorded.done(job, explained.explanation(), written, options.out == null && options.json == null);
            }
            summary.done++;
        } catch (RuntimeException | IOException e) {
            Failure failure = Failure.of(e);
            recorded.failed(job, failure);
            summary.failed(failure.code());
            err.println("attribution batch: line " + job.line() + job.named() + ": " + failure.line());
            if (common.debug) {
                e.printStackTrace(err);
            }
            err.flush();
        }
    }

    /** The outcome of the jobs. */
    private static final class Summary {
        private final int all;
        private int done;
        private int skipped;
        private int failed;
        private int code;

        Summary(int all) {
            this.all = all;
        }

        void failed(int failureCode) {
            code = failed == 0 || code == failureCode ? failureCode : Failure.BAD_REQUEST;
            failed++;
        }

        int finished() {
            return done + skipped + failed;
        }

        int code() {
            return code;
        }

        String line() {
            return Texts.count(all, "job") + ": " + done + " done, " + skipped + " done before, " + failed + " failed";
        }
    }
}
