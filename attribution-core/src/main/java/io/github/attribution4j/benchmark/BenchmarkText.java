// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmark;

import io.github.attribution4j.benchmark.BenchmarkTable.Cell;
import io.github.attribution4j.benchmark.BenchmarkTable.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Tables as text and as CSV. */
final class BenchmarkText {
    private BenchmarkText() {}

    static String table(BenchmarkTable table) {
        List<List<String>> lines = new ArrayList<>();
        List<String> failures = new ArrayList<>();
        lines.add(Stream.concat(
                        Stream.of(""),
                        table.metrics().stream()
                                .map(metric -> metric
                                        + (table.cell(table.methods().get(0), metric)
                                                        .higherIsBetter()
                                                ? " (higher is better)"
                                                : " (lower is better)")))
                .toList());
        for (String method : table.methods()) {
            List<String> line = new ArrayList<>();
            line.add(method);
            for (String metric : table.metrics()) {
                line.add(words(table, table.cell(method, metric), failures));
            }
            lines.add(line);
        }
        StringBuilder text = new StringBuilder();
        lines.forEach(line -> text.append(padded(line, lines)).append('\n'));
        failures.forEach(failure -> text.append(failure).append('\n'));
        return text.toString();
    }

    private static String words(BenchmarkTable table, Cell cell, List<String> failures) {
        if (cell.failure().isPresent()) {
            failures.add(
                    cell.method() + ", " + cell.metric() + ": " + cell.failure().get());
            return "failed";
        }
        Interval mean = cell.mean();
        String half = Double.isInfinite(mean.high()) ? "" : " ± " + number(mean.high() - mean.mean());
        String rank = table.rank(cell.method(), cell.metric()).isPresent()
                ? " #" + table.rank(cell.method(), cell.metric()).getAsInt()
                : "";
        return number(mean.mean()) + half + rank + (table.isAmongBest(cell.method(), cell.metric()) ? "*" : "");
    }

    private static String number(double number) {
        return String.format(Locale.ROOT, "%.4g", number);
    }

    private static String padded(List<String> line, List<List<String>> all) {
        StringBuilder text = new StringBuilder();
        for (int column = 0; column < line.size(); column++) {
            int at = column;
            int width = all.stream().mapToInt(one -> one.get(at).length()).max().orElse(0);
            String cell = line.get(column);
            text.append(column == 0 ? "" : "  ").append(cell).append(" ".repeat(width - cell.length()));
        }
        return text.toString().stripTrailing();
    }

    static String csv(BenchmarkTable table) {
        StringBuilder text = new StringBuilder("method,metric,better,examples,mean,low,high,rank,best,"
                + "difference,difference_low,difference_high,failure\n");
        for (Cell cell : table.cells()) {
            String best = table.best(cell.metric()).orElse("");
            boolean compared = !best.isEmpty() && cell.failure().isEmpty();
            Interval mean = cell.mean();
            Interval difference =
                    compared ? table.difference(cell.metric(), cell.method(), best) : Interval.of(new double[0]);
            text.append(Stream.of(
                                    cell.method(),
                                    cell.metric(),
                                    cell.higherIsBetter() ? "higher" : "lower",
                                    Integer.toString(cell.scores().length),
                                    plain(mean.mean()),
                                    plain(mean.low()),
                                    plain(mean.high()),
                                    table.rank(cell.method(), cell.metric()).isPresent()
                                            ? Integer.toString(table.rank(cell.method(), cell.metric())
                                                    .getAsInt())
                                            : "",
                                    compared ? best : "",
                                    plain(difference.mean()),
                                    plain(difference.low()),
                                    plain(difference.high()),
                                    cell.failure().orElse(""))
                            .map(BenchmarkText::quoted)
                            .collect(Collectors.joining(",")))
                    .append('\n');
        }
        return text.toString();
    }

    /** Returns a number with all of its digits, and nothing for one that is not known. */
    private static String plain(double number) {
        return Double.isFinite(number) ? Double.toString(number) : "";
    }

    private static String quoted(String text) {
        boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
