// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.Cli.Said;
import io.github.attribution4j.cli.answer.JsonLines;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SummaryCommandTest {
    @TempDir
    Path folder;

    private Path table;
    private Path report;
    private Path results;

    @BeforeEach
    void files() throws IOException {
        table = folder.resolve("rows.csv");
        report = folder.resolve("report.html");
        results = folder.resolve("report-rows.jsonl");
        Files.write(table, lines(7));
    }

    /** Returns the demo's header and rows, the same ones again with other numbers. */
    private List<String> lines(int rows) throws IOException {
        List<String> demo = Files.readAllLines(Cli.demo(folder, "patients.csv"));
        List<String> lines = new ArrayList<>(List.of(demo.get(0)));
        for (int i = 0; i < rows; i++) {
            String row = demo.get(1 + i % (demo.size() - 1));
            lines.add((10 + i) + row.substring(row.indexOf(',')));
        }
        return lines;
    }

    private Said summary(String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "summary",
                "--model",
                Cli.demo(folder, "breast-cancer.pt").toString(),
                "--input",
                table.toString(),
                "--baseline",
                Cli.demo(folder, "patient-baseline.csv").toString(),
                "--html",
                report.toString(),
                "--device",
                Cli.DEVICE));
        arguments.addAll(List.of(more));
        return Cli.run(arguments.toArray(String[]::new));
    }

    private List<JsonObject> results() throws IOException {
        return Files.readAllLines(results).stream()
                .filter(line -> line.endsWith("}"))
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .toList();
    }

    private static long count(String text, String part) {
        return text.split(part, -1).length - 1L;
    }

    @Test
    void everyRowIsExplainedInPartsAndReported() throws IOException {
        Said said = summary("--probability", "0", "--part", "3", "--top", "30", "--title", "Who is <ill>?");
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        assertThat(said.out())
                .isEqualTo("7 rows: 7 done, 0 done before, 0 failed; report in " + report + ", rows in " + results
                        + System.lineSeparator());
        assertThat(results())
                .extracting(line -> line.getAsJsonArray("rows").toString())
                .containsExactly("[0,1,2]", "[3,4,5]", "[6]");
        String html = Files.readString(report);
        assertThat(html)
                .contains("<h1>Who is &lt;ill&gt;?</h1>", "<dt>method</dt><dd>integrated-gradients</dd>")
                .contains("<dt>target</dt><dd>probability", "mean radius", "mean radius = 10")
                .doesNotContain("<script", "x_0");
        assertThat(count(html, "<details>")).isEqualTo(7);
        assertThat(count(html, ">attribution of ")).isEqualTo(10);
    }

    @Test
    void aRowIsWhatExplainSaysOfIt() throws IOException {
        summary("--probability", "0", "--part", "3");
        Path json = folder.resolve("why.json");
        Said said = Cli.explain(
                "--model", folder.resolve("breast-cancer.pt").toString(),
                "--input", table.toString(),
                "--baseline", folder.resolve("patient-baseline.csv").toString(),
                "--probability", "0",
                "--json", json.toString());
        assertThat(said.code()).isZero();
        JsonArray part = results().get(1).getAsJsonArray("attributions");
        try (Explanation whole = Explanation.fromJson(Files.readString(json))) {
            for (int i = 0; i < part.size(); i++) {
                double[] expected = whole.features(3 + i).contributions();
                for (int f = 0; f < expected.length; f++) {
                    assertThat(part.get(i).getAsJsonArray().get(f).getAsDouble())
                            .isCloseTo(expected[f], within(1e-6));
                }
            }
            assertThat(results().get(1).getAsJsonArray("features").get(0).getAsString())
                    .isEqualTo(whole.features(0).name(0));
        }
    }

    @Test
    void noticesAreInTheWordsOfTheCommandLine() throws IOException {
        Path json = folder.resolve("why.json");
        Cli.explain(
                "--model", Cli.demo(folder, "breast-cancer.pt").toString(),
                "--input", table.toString(),
                "--json", json.toString());
        JsonObject parsed = JsonParser.parseString(Files.readString(json)).getAsJsonObject();
        JsonArray notices = new JsonArray();
        notices.add("relu cut them off; with relu(false) they are seen");
        parsed.add("notices", notices);
        JsonObject line = new JsonObject();
        try (Explanation noticed = Explanation.fromJson(parsed.toString())) {
            JsonLines.notices(noticed, line);
        }
        assertThat(line.getAsJsonArray("notices").get(0).getAsString())
                .isEqualTo("relu cut them off; with --set relu=false they are seen");
    }

    @Test
    void aDeadlineIsOneForAllParts() throws IOException {
        Files.write(table, lines(3000));
        Said late = summary("--probability", "0", "--part", "1", "--deadline", "1s", "--set", "steps=500");
        assertThat(late.code()).isEqualTo(4);
        assertThat(late.err()).contains("the deadline of 1000 ms passed");
        int done = Files.exists(results) ? results().size() : 0;
        assertThat(done).isLessThan(3000);
        assertThat(report).doesNotExist();
        assertThat(summary("--probability", "0", "--set", "steps=500").out())
                .startsWith("3000 rows: " + (3000 - done) + " done, " + done + " done before, 0 failed;");
    }

    @Test
    void runAgainOnlyNewAndChangedRowsRun() throws IOException {
        summary("--probability", "0");
        String first = Files.readString(report);
        assertThat(summary("--probability", "0").out()).startsWith("7 rows: 0 done, 7 done before, 0 failed;");
        assertThat(Files.readString(report)).isEqualTo(first);
        List<String> lines = lines(9);
        lines.set(3, lines.get(3).replaceFirst("^12", "99"));
        Files.write(table, lines);
        assertThat(summary("--probability", "0").out()).startsWith("9 rows: 3 done, 6 done before, 0 failed;");
        assertThat(Files.readString(report)).contains("mean radius = 99").doesNotContain("mean radius = 12:");
        // Another question is asked of all rows.
        assertThat(summary("--probability", "1").out()).startsWith("9 rows: 9 done, 0 done before");
        assertThat(summary("--probability", "1", "--set", "steps=7").out()).startsWith("9 rows: 9 done");
        Files.setLastModifiedTime(
                folder.resolve("patient-baseline.csv"), java.nio.file.attribute.FileTime.fromMillis(1_000_000));
        assertThat(summary("--probability", "0").out()).startsWith("9 rows: 9 done");
    }

    @Test
    void aLineCutOffByAKilledProcessIsDoneAgain() throws IOException {
        summary("--probability", "0", "--part", "3");
        String whole = Files.readString(results);
        String first = Files.readString(report);
        Files.writeString(results, whole.substring(0, whole.length() - 100));
        Said said = summary("--probability", "0", "--part", "3");
        assertThat(said.out()).startsWith("7 rows: 1 done, 6 done before, 0 failed;");
        assertThat(Files.readString(report)).isEqualTo(first);
    }

    /** Renames the first column, in the table and in the baseline, to a name whose characters take several bytes. */
    private void rename() throws IOException {
        for (Path file : List.of(table, Cli.demo(folder, "patient-baseline.csv"))) {
            Files.writeString(file, Files.readString(file).replaceFirst("mean radius", "Gr\u00f6\u00dfe \u5927"));
        }
    }

    @Test
    void aFileCutOffAtAnyByteIsGoneOnWith() throws IOException {
        rename();
        summary("--probability", "0", "--part", "3");
        byte[] whole = Files.readAllBytes(results);
        String first = Files.readString(report);
        assertThat(first).contains(">Gr\u00f6\u00dfe \u5927<");
        String text = Files.readString(results);
        int line = text.substring(0, text.indexOf('\n') + 1).getBytes(StandardCharsets.UTF_8).length;
        int wide = text.substring(0, text.indexOf('\u5927')).getBytes(StandardCharsets.UTF_8).length;
        for (int cut :
                new int[] {0, 1, wide + 1, wide + 2, line - 1, line, line + 1, line + wide + 2, whole.length - 1}) {
            Files.write(results, Arrays.copyOf(whole, cut));
            Said said = summary("--probability", "0", "--part", "3");
            assertThat(said.err()).as("cut at %d", cut).isEmpty();
            assertThat(Files.readString(report)).as("cut at %d", cut).isEqualTo(first);
            // A line is whole without its end.
            assertThat(said.out())
                    .as("cut at %d", cut)
                    .startsWith("7 rows: " + (cut < line - 1 ? 7 : cut == whole.length - 1 ? 0 : 4) + " done");
            assertThat(summary("--probability", "0", "--part", "3").out()).startsWith("7 rows: 0 done, 7 done before");
        }
    }

    @Test
    void aReportSaysNothingOfOtherQuestionsInTheSameFile() throws IOException {
        summary("--probability", "0", "--set", "steps=7");
        String first = Files.readString(report);
        assertThat(first).contains("<dt>steps</dt><dd>7</dd>", "<dt>model</dt><dd>breast-cancer.pt</dd>");
        summary("--probability", "0", "--method", "feature-ablation");
        assertThat(Files.readString(report))
                .contains("<dd>feature-ablation</dd>")
                .doesNotContain("<dt>steps</dt>");
        Said again = summary("--probability", "0", "--set", "steps=7");
        assertThat(again.out()).startsWith("7 rows: 0 done, 7 done before");
        assertThat(Files.readString(report)).isEqualTo(first);
    }

    @Test
    void aRowHasTheSameNumbersWhateverIsBesideIt() throws IOException {
        String[] sampled = {"--probability", "0", "--method", "shapley-sampling", "--set", "samples=4"};
        summary(with(sampled, "--part", "7"));
        Map<Integer, JsonArray> together = byRow();
        assertThat(together).hasSize(7);
        Files.delete(results);
        List<String> lines = lines(7);
        lines.set(3, "broken" + lines.get(3).substring(lines.get(3).indexOf(',')));
        Files.write(table, lines);
        assertThat(summary(with(sampled, "--part", "4")).out()).startsWith("7 rows: 6 done, 0 done before, 1 failed");
        Map<Integer, JsonArray> apart = byRow();
        assertThat(apart.keySet()).containsExactlyInAnyOrder(0, 1, 3, 4, 5, 6);
        apart.forEach((row, values) -> {
            for (int f = 0; f < values.size(); f++) {
                assertThat(values.get(f).getAsDouble())
                        .as("row %d", row)
                        .isCloseTo(together.get(row).get(f).getAsDouble(), within(1e-5));
            }
        });
        // Two equal rows draw other coalitions.
        assertThat(together.get(0)).isNotEqualTo(together.get(5));
        // Parts are no part of the question.
        Files.write(table, lines(7));
        assertThat(summary(with(sampled, "--part", "2")).out()).startsWith("7 rows: 1 done, 6 done before");
    }

    private static String[] with(String[] some, String... more) {
        return Stream.concat(Arrays.stream(some), Arrays.stream(more)).toArray(String[]::new);
    }

    private Map<Integer, JsonArray> byRow() throws IOException {
        Map<Integer, JsonArray> rows = new TreeMap<>();
        for (JsonObject line : results()) {
            JsonArray numbers = line.getAsJsonArray("rows");
            for (int i = 0; numbers != null && i < numbers.size(); i++) {
                rows.put(
                        numbers.get(i).getAsInt(),
                        line.getAsJsonArray("attributions").get(i).getAsJsonArray());
            }
        }
        return rows;
    }

    @Test
    void rowsOfAnArrayAreReported() throws IOException {
        Path arrays = folder.resolve("rows.npz");
        try (TensorScope scope = TensorScope.open()) {
            double[] values = lines(7).stream()
                    .skip(1)
                    .flatMap(line -> Arrays.stream(line.split(",", -1)))
                    .mapToDouble(Double::parseDouble)
                    .toArray();
            NumpyFiles.writeNpz(arrays, Map.of("row", Tensors.ofJava().of(values, DataType.FLOAT32, Shape.of(7, 30))));
        }
        summary("--probability", "0");
        Map<Integer, JsonArray> expected = byRow();
        Path other = folder.resolve("other.jsonl");
        Said alone = Cli.run(
                "summary",
                "--model",
                folder.resolve("breast-cancer.pt").toString(),
                "--input",
                arrays.toString(),
                "--baseline",
                folder.resolve("patient-baseline.csv").toString(),
                "--probability",
                "0",
                "--part",
                "3",
                "--html",
                report.toString(),
                "--results",
                other.toString());
        assertThat(alone.out()).startsWith("7 rows: 7 done");
        results = other;
        Map<Integer, JsonArray> found = byRow();
        assertThat(found.keySet()).isEqualTo(expected.keySet());
        found.forEach((row, values) -> {
            for (int f = 0; f < 30; f++) {
                assertThat(values.get(f).getAsDouble())
                        .isCloseTo(expected.get(row).get(f).getAsDouble(), within(1e-6));
            }
        });
        JsonObject first = results().get(0);
        assertThat(first.getAsJsonArray("features").get(0).getAsString()).isEqualTo("row[0]");
        assertThat(first.getAsJsonArray("values").get(0).getAsJsonArray().get(0).getAsString())
                .isEqualTo("10.0");
        assertThat(Files.readString(report)).contains("row[24] = 0.1434: ", "high value of the feature");
    }

    @Test
    void noFileIsLost() throws IOException {
        Said over = summary("--results", table.toString());
        assertThat(over.refusal()).contains("rows.csv: is the input, which would be lost");
        report = table;
        assertThat(summary().refusal()).contains("rows.csv: is the input, which would be lost");
        report = folder.resolve("report.html");
        Path notes = Files.writeString(folder.resolve("notes.txt"), "do not lose me\n");
        assertThat(summary("--results", notes.toString()).refusal())
                .contains("notes.txt: is no file of results, which are lines of JSON");
        assertThat(notes).hasContent("do not lose me\n");
        assertThat(Files.readAllLines(table)).hasSize(8);
    }

    @Test
    void oneBadRowFailsAloneAndIsTriedAgain() throws IOException {
        List<String> lines = lines(7);
        String good = lines.get(5);
        lines.set(5, "missing" + good.substring(good.indexOf(',')));
        Files.write(table, lines);
        Said said = summary("--probability", "0");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.refusal())
                .startsWith("attribution summary: row 4: ")
                .contains("line 6, column 'mean radius': 'missing' is not a number");
        assertThat(said.out()).startsWith("7 rows: 6 done, 0 done before, 1 failed;");
        assertThat(Files.readString(report)).contains("1 row could not be explained", "(6 examples)");
        lines.set(5, good);
        Files.write(table, lines);
        assertThat(summary("--probability", "0").out()).startsWith("7 rows: 1 done, 6 done before, 0 failed;");
        assertThat(Files.readString(report)).contains("(7 examples)").doesNotContain("could not be explained");
    }

    @Test
    void whatFailsForEveryRowIsSaidOnce() throws IOException {
        Files.write(table, lines(40));
        Said said = summary("--target", "17", "--part", "20");
        assertThat(said.code()).isEqualTo(2);
        List<String> said17 = said.err().lines().toList();
        assertThat(said17).hasSizeLessThanOrEqualTo(8);
        assertThat(said17.get(said17.size() - 1)).contains("17");
        assertThat(report).doesNotExist();
    }

    @Test
    void pointsAreASampleAndImportancesOfAllRows() throws IOException {
        Files.write(table, lines(40));
        Said said = summary("--probability", "0", "--sample", "15", "--singles", "4", "--part", "16");
        assertThat(said.code()).isZero();
        String html = Files.readString(report);
        assertThat(html).contains("40; pictures of single points show 15 of them", "(40 examples)");
        assertThat(count(html, "<details>")).isEqualTo(4);
        // The same rows, whatever the parts, and spread over the table.
        TreeSet<Integer> rows = new TreeSet<>();
        for (String piece : html.split("\\(row ", -1)) {
            if (piece.matches("(?s)\\d+, score.*")) {
                rows.add(Integer.parseInt(piece.substring(0, piece.indexOf(','))));
            }
        }
        assertThat(rows).hasSize(15);
        assertThat(Collections.max(rows) - Collections.min(rows)).isGreaterThan(20);
        summary(
                "--probability",
                "0",
                "--sample",
                "15",
                "--singles",
                "4",
                "--part",
                "7",
                "--results",
                folder.resolve("other.jsonl").toString());
        for (int row : rows) {
            assertThat(Files.readString(report)).contains("(row " + row + ", score");
        }
    }

    @Test
    void rowsOfDifferentTargetsAreCohorts() throws IOException {
        Said said = summary();
        assertThat(said.code()).isZero();
        assertThat(Files.readString(report)).contains("Rows are explained for 2 different targets", "<dt>cohorts</dt>");
    }

    @Test
    void refusals() throws IOException {
        assertThat(summary("--png", "a.png").refusal())
                .isEqualTo("attribution summary: --png: summary explains all rows of a table by its columns, and writes"
                        + " a report; leave it out, or use 'explain'");
        assertThat(summary("--part", "0").refusal()).endsWith("--part 0: must be at least 1");
        assertThat(summary("--results", folder.resolve("no").resolve("r.jsonl").toString())
                        .refusal())
                .contains("does not exist; make it first");
        Said none = Cli.run("summary", "--model", "m.pt", "--input", table.toString());
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.refusal()).contains("--html is needed");
        assertThat(Cli.run("summary", "--model", "m.pt", "--input", "a.npz", "--html", report.toString())
                        .refusal())
                .contains("a.npz");
        assertThat(summary("--fixed", "a.npz").refusal()).contains("--fixed: summary explains all rows of a table");
        Files.writeString(table, "a,b\n");
        assertThat(summary().refusal()).contains("has a header and no rows");
    }
}
