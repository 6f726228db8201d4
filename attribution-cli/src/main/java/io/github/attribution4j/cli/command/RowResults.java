// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Features;
import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.answer.JsonLines;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/** The file of explained rows: a line for each part of a table, written when it is done. */
final class RowResults implements AutoCloseable {
    private static final Gson GSON =
            new GsonBuilder().serializeSpecialFloatingPointValues().create();

    private final Path file;
    private final RowKeys done;
    private final BufferedWriter writer;

    private RowResults(Path file, RowKeys done, BufferedWriter writer) {
        this.file = file;
        this.done = done;
        this.writer = writer;
    }

    /** A row of the table, explained. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Row(
            long number,
            long key,
            List<String> features,
            double[] attributions,
            String[] values,
            double score,
            double baselineScore,
            String target) {}

    /** Opens a new file, or one to go on with. */
    static RowResults open(Path file) throws IOException {
        RowKeys done = new RowKeys();
        JsonLines.read(file, line -> {
            if (line.has("keys")) {
                line.getAsJsonArray("keys").forEach(key -> done.add(key(key)));
            }
        });
        return new RowResults(file, done, JsonLines.append(file));
    }

    private static long key(JsonElement key) {
        return HexFormat.fromHexDigitsToLong(key.getAsString());
    }

    /** Returns whether a row was explained before. */
    boolean has(long key) {
        return done.contains(key);
    }

    /**
     * Records rows.
     *
     * @param rows their numbers, one for each example
     * @param keys what tells that a row and the options are the same
     */
    void done(long[] rows, long[] keys, Explanation explanation) throws IOException {
        JsonObject line = new JsonObject();
        line.addProperty("status", "done");
        line.add("rows", GSON.toJsonTree(rows));
        JsonArray written = new JsonArray();
        Arrays.stream(keys).forEach(key -> written.add(HexFormat.of().toHexDigits(key)));
        line.add("keys", written);
        line.addProperty("model", explanation.provenance().model().name());
        line.addProperty("method", explanation.provenance().method());
        line.add("settings", GSON.toJsonTree(explanation.provenance().settings()));
        JsonLines.notices(explanation, line);
        JsonArray attributions = new JsonArray();
        JsonArray values = new JsonArray();
        JsonArray targets = new JsonArray();
        for (int e = 0; e < keys.length; e++) {
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
        Arrays.stream(keys).forEach(done::add);
    }

    private static List<String> names(Features features) {
        return IntStream.range(0, features.size()).mapToObj(features::name).toList();
    }

    private static List<String> values(Features features) {
        return IntStream.range(0, features.size())
                .mapToObj(features::exactValue)
                .toList();
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

    /** Passes on each line of explained rows, with the rows in it. */
    void read(BiConsumer<JsonObject, List<Row>> use) throws IOException {
        // Thousands of lines have the same names: one list for them.
        Map<List<String>, List<String>> names = new HashMap<>();
        JsonLines.read(file, line -> {
            if (line.has("keys")) {
                List<String> own = line.getAsJsonArray("features").asList().stream()
                        .map(JsonElement::getAsString)
                        .toList();
                use.accept(line, rows(line, names.computeIfAbsent(own, same -> same)));
            }
        });
    }

    private static List<Row> rows(JsonObject line, List<String> features) {
        JsonArray keys = line.getAsJsonArray("keys");
        List<Row> rows = new ArrayList<>();
        for (int e = 0; e < keys.size(); e++) {
            rows.add(new Row(
                    line.getAsJsonArray("rows").get(e).getAsLong(),
                    key(keys.get(e)),
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
