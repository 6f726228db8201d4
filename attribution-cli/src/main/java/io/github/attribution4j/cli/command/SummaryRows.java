// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import com.google.gson.JsonObject;
import io.github.attribution4j.SummaryStatistics;
import io.github.attribution4j.cli.question.Texts;
import io.github.attribution4j.visual.AttributionTable;
import io.github.attribution4j.visual.SummaryReport;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/** The rows of a report: statistics of all, and a sample of bounded size for pictures. */
final class SummaryRows {
    private final int size;
    /** The rows of the smallest chances, the largest of them first. A chance depends on the number of the row only. */
    private final PriorityQueue<RowResults.Row> sample =
            new PriorityQueue<>(Comparator.comparingLong((RowResults.Row row) -> chance(row.number()))
                    .reversed());

    private final Map<String, String> facts = new LinkedHashMap<>();
    private final Set<String> notices = new LinkedHashSet<>();
    private SummaryStatistics statistics = new SummaryStatistics();

    SummaryRows(int size) {
        this.size = size;
    }

    private static long chance(long number) {
        long mixed = (number + 1) * 0x9e3779b97f4a7c15L;
        mixed = (mixed ^ (mixed >>> 30)) * 0xbf58476d1ce4e5b9L;
        return (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
    }

    /** Takes what a line says about all of its rows. */
    void about(JsonObject line) {
        facts.put("model", line.get("model").getAsString());
        facts.put("method", line.get("method").getAsString());
        line.getAsJsonObject("settings")
                .entrySet()
                .forEach(setting -> facts.put(
                        setting.getKey(),
                        setting.getValue().getAsString().replaceAll("([0-9a-f]{8})[0-9a-f]{56}", "$1")));
        if (line.has("notices")) {
            line.getAsJsonArray("notices").forEach(notice -> notices.add(notice.getAsString()));
        }
    }

    void add(RowResults.Row row) {
        if (statistics.names().isEmpty()) {
            statistics = new SummaryStatistics(row.features());
        }
        if (!row.features().equals(statistics.names())) {
            throw new IllegalArgumentException("row " + row.number() + " is explained by other features than the rows"
                    + " before: " + row.features() + " and " + statistics.names()
                    + "; name the columns with --schema FILE, or the groups with --mask");
        }
        statistics.add(row.attributions(), row.target());
        sample.add(row);
        if (sample.size() > size) {
            sample.remove();
        }
    }

    boolean isEmpty() {
        return sample.isEmpty();
    }

    /**
     * Makes the report.
     *
     * @param title or blank
     * @param input the file of the rows
     * @param failed how many rows are missing
     */
    SummaryReport report(String title, String input, long failed) {
        List<RowResults.Row> rows = new ArrayList<>(sample);
        rows.sort(Comparator.comparingLong(RowResults.Row::number));
        AttributionTable table = AttributionTable.of(
                        statistics.names().toArray(String[]::new),
                        rows.stream().map(RowResults.Row::attributions).toArray(double[][]::new))
                .values(rows.stream().map(RowResults.Row::values).toArray(String[][]::new))
                .scores(rows.stream().mapToDouble(RowResults.Row::score).toArray())
                .cohorts(rows.stream().map(RowResults.Row::target).toArray(String[]::new))
                .labels(rows.stream().map(row -> "row " + row.number()).toArray(String[]::new));
        if (rows.stream().noneMatch(row -> Double.isNaN(row.baselineScore()))) {
            table = table.baselineScores(
                    rows.stream().mapToDouble(RowResults.Row::baselineScore).toArray());
        }
        Map<String, String> all = new LinkedHashMap<>();
        all.put("input", input);
        all.putAll(facts);
        List<String> notes = new ArrayList<>();
        int targets = statistics.groups().size();
        if (targets > 1) {
            notes.add("Rows are explained for " + targets + " different targets, each for its own. To compare all rows,"
                    + " choose one with --target.");
        } else {
            all.put("target", statistics.groups().get(0));
        }
        if (failed > 0) {
            notes.add(Texts.count(failed, "row") + " could not be explained and are missing here.");
        }
        notes.addAll(notices);
        return SummaryReport.of(table)
                .statistics(statistics)
                .title(title.isBlank() ? facts.get("method") + " of " + input : title)
                .facts(all)
                .notes(notes);
    }
}
