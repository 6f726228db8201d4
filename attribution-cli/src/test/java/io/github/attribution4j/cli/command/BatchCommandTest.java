// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.Cli.Said;
import io.github.attribution4j.setting.Description;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchCommandTest {
    @TempDir
    Path folder;

    private Path jobs;
    private Path results;

    @BeforeEach
    void files() {
        jobs = folder.resolve("jobs.jsonl");
        results = folder.resolve("jobs-results.jsonl");
    }

    private JsonObject digit(String method) {
        JsonObject job = new JsonObject();
        job.addProperty("model", Cli.demo(folder, "digits.pt").toString());
        job.addProperty("input", Cli.demo(folder, "digit-3.npz").toString());
        job.addProperty("method", method);
        job.addProperty("device", Cli.DEVICE);
        return job;
    }

    private Said batch(String... more) {
        List<String> arguments = new ArrayList<>(List.of("batch", "--jobs", jobs.toString()));
        arguments.addAll(List.of(more));
        return Cli.run(arguments.toArray(String[]::new));
    }

    private void write(Object... lines) throws IOException {
        List<String> texts = new ArrayList<>();
        for (Object line : lines) {
            texts.add(line.toString());
        }
        Files.write(jobs, texts);
    }

    private List<JsonObject> results() throws IOException {
        return Files.readAllLines(results).stream()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .toList();
    }

    @Test
    void everyMethodRunsAndAnswersAsExplainDoes() throws IOException {
        List<JsonObject> all = new ArrayList<>();
        for (Description<?> entry : Methods.all()) {
            JsonObject job = digit(entry.name());
            if (entry.name().equals("feature-permutation")) {
                job.addProperty("model", Cli.demo(folder, "breast-cancer.pt").toString());
                job.addProperty("input", Cli.demo(folder, "patients.csv").toString());
            }
            JsonArray set = new JsonArray();
            List<String> arguments = Cli.forDigit(entry.name());
            for (int i = 0; i < arguments.size(); i += 2) {
                if (arguments.get(i).equals("--set")) {
                    set.add(arguments.get(i + 1));
                } else {
                    job.addProperty(arguments.get(i).substring(2), arguments.get(i + 1));
                }
            }
            job.add("set", set);
            job.addProperty("id", entry.name());
            all.add(job);
        }
        write(all.toArray());
        Said said = batch();
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        int count = Methods.all().size();
        assertThat(said.out())
                .isEqualTo(count + " jobs: " + count + " done, 0 done before, 0 failed; results in " + results
                        + System.lineSeparator());
        for (JsonObject result : results()) {
            assertThat(result.get("status").getAsString()).isEqualTo("done");
            assertThat(result.get("method").getAsString())
                    .isEqualTo(result.get("id").getAsString());
        }
        try (Explanation whole =
                Explanation.fromJson(results().get(0).get("explanation").toString())) {
            Path json = folder.resolve("alone.json");
            Cli.explain(
                    "--model",
                    folder.resolve("digits.pt").toString(),
                    "--input",
                    folder.resolve("digit-3.npz").toString(),
                    "--method",
                    "saliency",
                    "--json",
                    json.toString(),
                    "--quiet");
            try (Explanation alone = Explanation.fromJson(Files.readString(json))) {
                assertThat(whole.attribution().toFloatArray())
                        .isEqualTo(alone.attribution().toFloatArray());
            }
        }
    }

    @Test
    void keysAreTheLongOptions() throws IOException {
        JsonObject job = digit("integrated-gradients");
        JsonObject set = new JsonObject();
        set.addProperty("steps", 6);
        set.addProperty("multiply-by-inputs", false);
        job.add("set", set);
        JsonArray target = new JsonArray();
        target.add(4);
        job.add("target", target);
        job.addProperty("seed", 3);
        job.addProperty("deadline", "5m");
        job.addProperty("keep-inputs", true);
        job.addProperty("json", folder.resolve("why.json").toString());
        job.addProperty("out", folder.resolve("why.npz").toString());
        job.addProperty("png", folder.resolve("why.png").toString());
        write(job);
        Said said = batch("--quiet");
        assertThat(said.err()).isEmpty();
        assertThat(said.out()).isEmpty();
        try (Explanation why = Explanation.fromJson(Files.readString(folder.resolve("why.json")))) {
            assertThat(why.provenance().settings())
                    .containsEntry("steps", "6")
                    .containsEntry("multiply-by-inputs", "false");
            assertThat(why.provenance().target()).isEqualTo("index 4");
            assertThat(why.provenance().seed()).isEqualTo(3);
            assertThat(why.inputData()).isNotEmpty();
        }
        assertThat(folder.resolve("why.npz")).exists();
        assertThat(folder.resolve("why.png")).exists();
        JsonObject result = results().get(0);
        assertThat(result.getAsJsonArray("files")).hasSize(3);
        assertThat(result.has("explanation")).isFalse();
    }

    @Test
    void continuesPastFailuresAndResumes() throws IOException {
        JsonObject good = digit("saliency");
        JsonObject wrong = digit("saliency");
        wrong.addProperty("id", "mistyped");
        wrong.addProperty("taget", 3);
        JsonObject missing = digit("saliency");
        missing.addProperty("input", folder.resolve("late.npz").toString());
        JsonObject last = digit("input-x-gradient");
        write(good, "", "{no json", wrong, missing, last);

        Said first = batch();
        assertThat(first.code()).isEqualTo(2);
        assertThat(first.out()).startsWith("5 jobs: 2 done, 0 done before, 3 failed; results in ");
        List<String> complaints = first.err().lines().toList();
        assertThat(complaints).hasSize(3);
        assertThat(complaints.get(0)).startsWith("attribution batch: line 3: is not JSON");
        assertThat(complaints.get(1))
                .startsWith("attribution batch: line 4 (mistyped): option '--taget' does not exist; did you mean"
                        + " '--target'");
        assertThat(complaints.get(2)).startsWith("attribution batch: line 5: ").endsWith("late.npz: no such file");
        JsonObject failed = results().get(2);
        assertThat(failed.get("status").getAsString()).isEqualTo("failed");
        assertThat(failed.get("code").getAsInt()).isEqualTo(2);
        assertThat(failed.get("line").getAsInt()).isEqualTo(4);

        // The process was killed in the middle of a line, the missing input was added, and a job was inserted at
        // the top.
        Files.writeString(results, Files.readString(results) + "{\"line\":7,\"jo");
        Files.copy(Cli.demo(folder, "digit-3.npz"), folder.resolve("late.npz"));
        write(digit("occlusion"), good, wrong, missing, last);
        Said second = batch();
        assertThat(second.out()).startsWith("5 jobs: 1 done, 2 done before, 2 failed");
        assertThat(second.err()).contains("setting 'window' is needed").contains("taget");

        write(good, missing, last);
        Said third = batch();
        assertThat(third.code()).isZero();
        assertThat(third.out()).startsWith("3 jobs: 0 done, 3 done before, 0 failed");
    }

    @Test
    void theSameLineTwiceIsTwoJobs() throws IOException {
        write(digit("saliency"), digit("saliency"));
        assertThat(batch().out()).startsWith("2 jobs: 2 done");
        assertThat(batch().out()).startsWith("2 jobs: 0 done, 2 done before");
    }

    @Test
    void theExitCodeIsThatOfTheFailures() throws IOException {
        JsonObject late = digit("integrated-gradients");
        late.addProperty("deadline", "1ms");
        late.add("set", JsonParser.parseString("[\"steps=4000\"]"));
        write(digit("saliency"), late);
        assertThat(batch().code()).isEqualTo(4);
    }

    @Test
    void refusesMissingJobs() {
        Said said = batch();
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.refusal()).endsWith("jobs.jsonl: no such file");
    }
}
