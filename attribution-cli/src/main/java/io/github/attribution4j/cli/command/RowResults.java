// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Features;
import io.github.attribution4j.cli.Failure;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** The file of explained rows: a line for each part of a table, written when it is done. */
final class RowResults implements AutoCloseable {
    private static final Gson GSON = new Gson();

    private final Path file;
    private final Set<String> done;
    private final BufferedWriter writer;

    private RowResults(Path file, Set<String> done, BufferedWriter writer) {
        this.file = file;
        this.done = done;
        this.writer = writer;
    }

    /** A row of the table, explained. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Row(
            long number,
            String key,
            List<String> features,
            double[] attributions,
            String[] values,
            double score,
            double baselineScore,
            String target) {}

    /** Opens a new file, or one to go on with. */
    static RowResults open(Path file) throws IOException {
        Set<String> done = new HashSet<>();
        JsonLines.read(file, line -> {
            if (line.has("keys")) {
                line.getAsJsonArray("keys").forEach(key -> done.add(key.getAsString()));
            }
        });
        return new RowResults(file, done, JsonLines.append(file));
    }

    /** Returns whether a row was explained before. */
    boolean has(String key) {
        return done.contains(key);
    }

    /**
     * Records rows.
     *
     * @param rows their numbers, one for each example
     * @param keys what tells that a row and the options are the same
     */
    void done(List<Long> rows, List<String> keys, Explanation explanation) throws IOException {
        JsonObject line = new JsonObject();
        line.addProperty("status", "done");
        line.add("rows", GSON.toJsonTree(rows));
        line.add("keys", GSON.toJsonTree(keys));
        line.addProperty("model", explanation.provenance().model().name());
        line.addProperty("method", explanation.provenance().method());
        line.add("settings", GSON.toJsonTree(explanation.provenance().settings()));
        if (!explanation.notices().isEmpty()) {
            line.add("notices", GSON.toJsonTree(explanation.notices()));
        }
        JsonArray attributions = new JsonArray();
        JsonArray values = new JsonArray();
        JsonArray targets = new JsonArray();
        for (int e = 0; e < keys.size(); e++) {
            Features features = explanation.features(e);
            if (e == 0) {
                line.add("features", GSON.toJsonTree(names(features)));
            }
            attributions.add(GSON.toJsonTree(features.contributions()));
            values.add(GSON.toJsonTree(values(features)));
            targets.add(explanation.target(e));
        }
        line.add("attributions", attributions);
        line.add("values", values);
        line.add("targets", targets);
        line.add("scores", GSON.toJsonTree(explanation.scores()));
        explanation.baselineScores().ifPresent(scores -> line.add("baselineScores", GSON.toJsonTree(scores)));
        write(line);
        done.addAll(keys);
    }

    private static List<String> names(Features features) {
        return IntStream.range(0, features.size()).mapToObj(features::name).toList();
    }

    /** Returns values with all their digits, so that they can be numbers again. */
    private static List<String> values(Features features) {
        List<String> values = new ArrayList<>();
        for (int f = 0; f < features.size(); f++) {
            List<Double> elements = features.values(f);
            values.add(elements.size() == 1 ? String.valueOf(elements.get(0)) : features.value(f));
        }
        return values;
    }

    void failed(long row, Failure failure) throws IOException {
        JsonObject line = new JsonObject();
        line.addProperty("status", "failed");
        line.addProperty("row", row);
        line.addProperty("code", failure.code());
        line.addProperty("error", failure.line());
        write(line);
    }

    private void write(JsonObject line) throws IOException {
        writer.write(GSON.toJson(line));
        writer.newLine();
        writer.flush();
    }

    /** Passes on each line of explained rows, and the rows in it. */
    void read(Consumer<JsonObject> lines, Consumer<Row> rows) throws IOException {
        JsonLines.read(file, line -> {
            if (line.has("keys")) {
                lines.accept(line);
                rows(line).forEach(rows);
            }
        });
    }

    private static List<Row> rows(JsonObject line) {
        JsonArray keys = line.getAsJsonArray("keys");
        List<String> features = line.getAsJsonArray("features").asList().stream()
                .map(JsonElement::getAsString)
                .toList();
        List<Row> rows = new ArrayList<>();
        for (int e = 0; e < keys.size(); e++) {
            rows.add(new Row(
                    line.getAsJsonArray("rows").get(e).getAsLong(),
                    keys.get(e).getAsString(),
                    features,
                    GSON.fromJson(line.getAsJsonArray("attributions").get(e), double[].class),
                    GSON.fromJson(line.getAsJsonArray("values").get(e), String[].class),
                    line.getAsJsonArray("scores").get(e).getAsDouble(),
                    line.has("baselineScores")
                            ? line.getAsJsonArray("baselineScores").get(e).getAsDouble()
                            : Double.NaN,
                    line.getAsJsonArray("targets").get(e).getAsString()));
        }
        return rows;
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }
}
