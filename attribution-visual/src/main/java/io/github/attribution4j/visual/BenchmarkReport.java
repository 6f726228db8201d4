// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.benchmark.BenchmarkTable;
import io.github.attribution4j.benchmark.BenchmarkTable.Cell;
import io.github.attribution4j.benchmark.BenchmarkTable.Interval;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.SvgWriter;
import io.github.attribution4j.visual.internal.summary.Palette;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A page about a {@link BenchmarkTable}: a table of methods and metrics with intervals and ranks, for each metric the
 * differences from the best method, curves where there are any, and where it all comes from.
 *
 * <pre>{@code
 * BenchmarkReport.of(table).title("Which method for this model?").write(Path.of("benchmark.html"));
 * }</pre>
 *
 * <p>The page is one file that fetches nothing and contains no script. Every text is escaped.
 *
 * <p>Immutable and thread-safe.
 */
public final class BenchmarkReport {
    private static final String STYLE = "body{font:15px/1.5 sans-serif;color:#1c1c1c;max-width:960px;margin:24px auto;"
            + "padding:0 16px}h1{font-size:22px}h2{font-size:17px;margin-top:36px}table{border-collapse:collapse;"
            + "display:block;overflow-x:auto}th{text-align:left;font-weight:normal;color:#5f6368}td,th{padding:4px 14px"
            + " 4px 0;border-bottom:1px solid #e4e6e9;vertical-align:top}td{font-variant-numeric:tabular-nums}"
            + ".best{font-weight:bold}small{color:#5f6368}dl{display:grid;grid-template-columns:max-content 1fr;gap:2px"
            + " 16px}dt{color:#5f6368}dd{margin:0;overflow-wrap:anywhere}figure{margin:12px 0!important}"
            + "svg{max-width:100%;height:auto}";

    private final BenchmarkTable table;
    private final String title;

    private BenchmarkReport(BenchmarkTable table, String title) {
        this.table = table;
        this.title = title;
    }

    /** Returns the page of a table. */
    public static BenchmarkReport of(BenchmarkTable table) {
        return new BenchmarkReport(table, "Methods compared by metrics");
    }

    /** Returns a copy with another title. */
    public BenchmarkReport title(String newTitle) {
        return new BenchmarkReport(table, newTitle);
    }

    /** Returns the page as a complete HTML document. */
    public String toHtml() {
        StringBuilder out = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"/>"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/><title>");
        out.append(SvgWriter.escape(title))
                .append("</title><style>")
                .append(STYLE)
                .append("</style></head>\n<body>\n<h1>")
                .append(SvgWriter.escape(title))
                .append("</h1>\n");
        means(out);
        table.metrics().forEach(metric -> metric(out, metric));
        failures(out);
        origin(out);
        return out.append("</body>\n</html>\n").toString();
    }

    private void means(StringBuilder out) {
        out.append("<table>\n<thead><tr><th>method</th>");
        for (String metric : table.metrics()) {
            boolean higher = table.cell(table.methods().get(0), metric).higherIsBetter();
            out.append("<th>")
                    .append(SvgWriter.escape(metric))
                    .append("<br/><small>")
                    .append(higher ? "higher is better" : "lower is better")
                    .append("</small></th>");
        }
        out.append("</tr></thead>\n<tbody>\n");
        for (String method : table.methods()) {
            out.append("<tr><th scope=\"row\">")
                    .append(SvgWriter.escape(method))
                    .append("</th>");
            for (String metric : table.metrics()) {
                mean(out, table.cell(method, metric));
            }
            out.append("</tr>\n");
        }
        out.append("</tbody></table>\n<p>Means over examples, with half of the interval that holds the mean with a"
                + " confidence of 95 %, and the rank. Bold: not surely worse than the best.</p>\n");
    }

    private void mean(StringBuilder out, Cell cell) {
        if (cell.failure().isPresent()) {
            out.append("<td>failed</td>");
            return;
        }
        Interval mean = cell.mean();
        out.append(table.isAmongBest(cell.method(), cell.metric()) ? "<td class=\"best\">" : "<td>")
                .append(Numbers.brief(mean.mean()));
        if (Double.isFinite(mean.high())) {
            out.append(" ± ").append(Numbers.brief(mean.high() - mean.mean()));
        }
        table.rank(cell.method(), cell.metric())
                .ifPresent(rank -> out.append(" <small>#").append(rank).append("</small>"));
        out.append("</td>");
    }

    private void metric(StringBuilder out, String metric) {
        out.append("<h2>").append(SvgWriter.escape(metric)).append("</h2>\n");
        table.best(metric).ifPresent(best -> differences(out, metric, best));
        List<String> curved = new ArrayList<>();
        for (String method : table.methods()) {
            if (!table.cell(method, metric).curves().isEmpty()) {
                curved.add(method);
            }
        }
        if (!curved.isEmpty() && curved.size() <= Palette.MOST_KINDS) {
            out.append(CurveChart.of(table, metric).picture().toHtmlFragment());
        }
    }

    private void differences(StringBuilder out, String metric, String best) {
        out.append("<p>Best: ")
                .append(SvgWriter.escape(best))
                .append(". Differences from it, example by example:</p>\n<table>\n<tbody>\n");
        for (String method : table.methods()) {
            if (method.equals(best) || table.cell(method, metric).failure().isPresent()) {
                continue;
            }
            Interval difference = table.difference(metric, method, best);
            out.append("<tr><th scope=\"row\">")
                    .append(SvgWriter.escape(method))
                    .append("</th><td>")
                    .append(Numbers.brief(difference.mean()))
                    .append("</td><td>");
            if (Double.isFinite(difference.low())) {
                out.append(Numbers.brief(difference.low())).append(" to ").append(Numbers.brief(difference.high()));
            }
            out.append("</td><td>")
                    .append(table.isBetter(metric, best, method) ? "worse" : "not surely worse")
                    .append("</td></tr>\n");
        }
        out.append("</tbody></table>\n");
    }

    private void failures(StringBuilder out) {
        List<Cell> failed = table.cells().stream()
                .filter(cell -> cell.failure().isPresent())
                .toList();
        if (!failed.isEmpty()) {
            out.append("<h2>Failures</h2>\n<dl>\n");
            failed.forEach(cell -> fact(
                    out, cell.method() + ", " + cell.metric(), cell.failure().orElse("")));
            out.append("</dl>\n");
        }
    }

    private void origin(StringBuilder out) {
        BenchmarkTable.Origin origin = table.origin();
        out.append("<h2>Where it comes from</h2>\n<dl>\n");
        fact(out, "model", (origin.model().name() + " " + origin.model().version()).strip());
        fact(out, "model digest", origin.model().digest());
        fact(out, "engine", origin.model().engine());
        fact(out, "targets", String.join("; ", origin.targets()));
        fact(out, "digest of the inputs", origin.inputs());
        fact(out, "seed", Long.toString(origin.seed()));
        fact(out, "library", origin.library());
        table.cells().stream()
                .flatMap(cell -> cell.methodInWords().stream())
                .distinct()
                .forEach(words -> fact(out, "method", words));
        table.cells().stream()
                .flatMap(cell -> cell.metricInWords().stream())
                .distinct()
                .forEach(words -> fact(out, "metric", words));
        table.cells().stream()
                .flatMap(cell -> cell.notices().stream())
                .distinct()
                .forEach(notice -> fact(out, "notice", notice));
        out.append("</dl>\n");
    }

    private static void fact(StringBuilder out, String name, String value) {
        if (!value.isEmpty()) {
            out.append("<dt>")
                    .append(SvgWriter.escape(name))
                    .append("</dt><dd>")
                    .append(SvgWriter.escape(value))
                    .append("</dd>\n");
        }
    }

    /**
     * Writes the page.
     *
     * @param file its folder must exist
     * @throws UncheckedIOException if it cannot be written
     */
    public void write(Path file) {
        try {
            Files.writeString(file, toHtml(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns title and size. */
    @Override
    public String toString() {
        return "BenchmarkReport[" + title + ", " + table.methods().size() + " methods, "
                + table.metrics().size() + " metrics]";
    }
}
