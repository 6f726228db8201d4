// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The findings of a survey as Markdown: a table with one row for each archive, then a section for each. */
public final class SurveyTable {
    private static final List<String> COLUMNS =
            List.of("archive", "loads", "options", "rows", "state", "methods", "error against PyTorch");

    private final List<Survey.Entry> entries = new ArrayList<>();

    public void add(Survey.Entry entry) {
        entries.add(entry);
    }

    public String markdown() {
        StringBuilder text = new StringBuilder();
        row(text, COLUMNS);
        text.append("|---".repeat(COLUMNS.size())).append("|\n");
        for (Survey.Entry entry : entries) {
            int tried = entry.works.size()
                    + entry.refused.values().stream().mapToInt(List::size).sum();
            row(
                    text,
                    List.of(
                            entry.name,
                            entry.loads,
                            code(entry.options),
                            entry.findings.getOrDefault("rows", ""),
                            entry.findings.getOrDefault("state", ""),
                            tried == 0 ? "" : entry.works.size() + " of " + tried,
                            entry.compared));
        }
        for (Survey.Entry entry : entries) {
            text.append("\n### ").append(entry.name).append("\n\n");
            entry.notes.forEach(note -> text.append("* ").append(escaped(note)).append('\n'));
            entry.findings.forEach((what, detail) -> {
                if (Survey.SAID.contains(what) && !detail.isEmpty()) {
                    text.append("* ")
                            .append(what)
                            .append(": ")
                            .append(escaped(detail))
                            .append('\n');
                }
            });
            if (!entry.works.isEmpty()) {
                text.append("* work: ").append(String.join(", ", entry.works)).append('\n');
            }
            for (Map.Entry<String, List<String>> refusal : entry.refused.entrySet()) {
                text.append("* refused: ")
                        .append(String.join(", ", refusal.getValue()))
                        .append(": ")
                        .append(escaped(refusal.getKey()))
                        .append('\n');
            }
        }
        return text.toString();
    }

    private static void row(StringBuilder text, List<String> cells) {
        cells.forEach(cell -> text.append("| ").append(escaped(cell)).append(' '));
        text.append("|\n");
    }

    private static String code(String options) {
        return options.isEmpty() ? "" : "`" + options + "`";
    }

    private static String escaped(String cell) {
        return cell.replace("|", "\\|").replace('\n', ' ').replace("*", "\\*").replace("_", "\\_");
    }
}
