// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.answer.JsonLines;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The file of results: a line for each job that has run, written when the job ends. */
final class BatchResults implements AutoCloseable {
    private static final Gson GSON = new GsonBuilder()
            .disableHtmlEscaping()
            .serializeSpecialFloatingPointValues()
            .create();

    private final Set<String> done;
    private final BufferedWriter writer;

    private BatchResults(Set<String> done, BufferedWriter writer) {
        this.done = done;
        this.writer = writer;
    }

    /** Opens a new file, or one to continue. */
    static BatchResults open(Path file) throws IOException {
        Set<String> done = new HashSet<>();
        JsonLines.read(file, line -> {
            if (line.has("job") && line.get("status").getAsString().equals("done")) {
                done.add(line.get("job").getAsString());
            }
        });
        return new BatchResults(done, JsonLines.append(file));
    }

    /** Returns the keys of the jobs done before. */
    Set<String> done() {
        return Set.copyOf(done);
    }

    void done(Job job, Explanation explanation, List<Path> written, boolean whole) throws IOException {
        JsonObject line = begin(job, "done");
        line.addProperty("method", explanation.provenance().method());
        line.addProperty("target", explanation.provenance().target());
        line.add("scores", GSON.toJsonTree(explanation.scores()));
        if (explanation.hasCompletenessGap()) {
            line.add("completenessGap", GSON.toJsonTree(explanation.completenessGap()));
        }
        line.addProperty("forwardRows", explanation.counts().forwardRows());
        line.addProperty("backwardRows", explanation.counts().backwardRows());
        line.addProperty("milliseconds", explanation.elapsed().toMillis());
        JsonLines.notices(explanation, line);
        JsonArray files = new JsonArray();
        written.forEach(file -> files.add(file.toString()));
        line.add("files", files);
        if (whole) {
            line.add(
                    "explanation",
                    JsonParser.parseString(explanation.withoutInputData().toJson()));
        }
        write(line);
    }

    void failed(Job job, Failure failure) throws IOException {
        JsonObject line = begin(job, "failed");
        line.addProperty("code", failure.code());
        line.addProperty("error", failure.line());
        write(line);
    }

    private static JsonObject begin(Job job, String status) {
        JsonObject line = new JsonObject();
        line.addProperty("line", job.line());
        String id = job.named();
        if (!id.isEmpty()) {
            line.addProperty("id", id.substring(2, id.length() - 1));
        }
        line.addProperty("job", job.key());
        line.addProperty("status", status);
        return line;
    }

    private void write(JsonObject line) throws IOException {
        writer.write(GSON.toJson(line));
        writer.newLine();
        writer.flush();
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }
}
