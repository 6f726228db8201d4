// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.SummaryStatistics;
import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.SvgWriter;
import io.github.attribution4j.visual.internal.summary.Examples;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * One page about many explanations: importances, also as a table of numbers, the beeswarm, cohorts if there are
 * several, the heat map, the largest dependences, decisions, and single examples, each of which opens at a click or
 * a key.
 *
 * <pre>{@code
 * SummaryReport.of(table).title("Who is granted a loan?").write(Path.of("report.html"));
 * }</pre>
 *
 * <p>The page is one file that fetches nothing and contains no script: it opens from a mail or a disk, and under the
 * strictest content policy. Points, bars, cells and names say their numbers when the pointer is over them. Every text
 * is escaped.
 *
 * <p>Immutable and thread-safe.
 */
public final class SummaryReport {
    private static final int LISTED = 3;
    private static final String STYLE = "body{font:15px/1.5 sans-serif;color:#1c1c1c;max-width:820px;margin:24px auto;"
            + "padding:0 16px}h1{font-size:22px}h2{font-size:17px;margin-top:36px}p,dl{max-width:720px}dl{display:grid;"
            + "grid-template-columns:max-content 1fr;gap:2px 16px}dt{color:#5f6368}dd{margin:0;overflow-wrap:anywhere}"
            + "figure{margin:12px 0!important}svg{max-width:100%;height:auto}nav a{margin-right:14px}"
            + "details{border-top:1px solid #e4e6e9}summary{padding:5px 0;cursor:pointer;overflow-wrap:anywhere}"
            + "summary b{font-variant-numeric:tabular-nums}details table{font-size:13px;border-collapse:collapse;"
            + "display:block;overflow-x:auto}th{text-align:left;font-weight:normal;color:#5f6368}th[scope=row]{"
            + "color:#1c1c1c;overflow-wrap:anywhere}td,th{padding:2px 12px 2px 0}td{text-align:right;"
            + "font-variant-numeric:tabular-nums}";

    private final AttributionTable table;
    private final Settings settings;

    private static final class Settings extends Look {
        String title = "Explanations of many examples";
        Map<String, String> facts = Map.of();
        List<String> notes = List.of();
        Optional<SummaryStatistics> statistics = Optional.empty();
        int top = 20;
        int dependences = 10;
        int singles = 100;
    }

    private SummaryReport(AttributionTable table, Settings settings) {
        this.table = table;
        this.settings = settings;
    }

    /** Returns a report of all examples of a table. */
    public static SummaryReport of(AttributionTable table) {
        return new SummaryReport(table, new Settings());
    }

    /** Returns a copy with another title. */
    public SummaryReport title(String title) {
        return with(changed -> changed.title = title);
    }

    /**
     * Returns a copy with facts at the top of the page, such as the model, the method and its settings.
     *
     * @param facts name and value, in order
     */
    public SummaryReport facts(Map<String, String> facts) {
        Map<String, String> copy = new LinkedHashMap<>(facts);
        return with(changed -> changed.facts = copy);
    }

    /** Returns a copy with sentences that a reader must know, such as notices of the explanations. */
    public SummaryReport notes(List<String> notes) {
        List<String> copy = List.copyOf(notes);
        return with(changed -> changed.notes = copy);
    }

    /**
     * Returns a copy whose importances are those of more examples than the table has: of all, where the table is a
     * sample of them.
     *
     * @param statistics read when the page is made
     * @throws IllegalArgumentException if its features are not those of the table
     */
    public SummaryReport statistics(SummaryStatistics statistics) {
        if (!statistics.names().equals(table.features())) {
            throw Checks.refuse(
                    "statistics",
                    "features " + statistics.names(),
                    "the table has " + table.features() + "; give statistics of the same");
        }
        return with(changed -> changed.statistics = Optional.of(statistics));
    }

    /**
     * Returns a copy whose pictures have another number of features.
     *
     * @param features at least 1; 20 by default
     * @throws IllegalArgumentException if it is less
     */
    public SummaryReport top(int features) {
        return with(changed -> changed.top = Checks.atLeast("features", features, 1));
    }

    /**
     * Returns a copy with another number of dependences.
     *
     * @param features how many, those of the largest mean magnitude whose values are known; 10 by default
     * @throws IllegalArgumentException if it is negative
     */
    public SummaryReport dependences(int features) {
        return with(changed -> changed.dependences = Checks.atLeast("features", features, 0));
    }

    /**
     * Returns a copy with another number of single examples. If the table has more, they are spread evenly over the
     * scores, with the lowest and the highest.
     *
     * @param examples how many; 100 by default, of which each takes some 6 kB of the page
     * @throws IllegalArgumentException if it is negative
     */
    public SummaryReport singles(int examples) {
        return with(changed -> changed.singles = Checks.atLeast("examples", examples, 0));
    }

    private SummaryReport with(Consumer<Settings> change) {
        return new SummaryReport(table, Look.with(settings, change));
    }

    /** Returns the page as a complete HTML document. */
    public String toHtml() {
        SummaryStatistics statistics = settings.statistics.orElseGet(table::statistics);
        StringBuilder out = new StringBuilder(1 << 16)
                .append("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"/>"
                        + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/><title>")
                .append(SvgWriter.escape(settings.title))
                .append("</title><style>")
                .append(STYLE)
                .append("</style></head>\n<body>\n<h1>")
                .append(SvgWriter.escape(settings.title))
                .append("</h1>\n");
        facts(out, statistics);
        int[] dependences = dependences();
        out.append("<nav><a href=\"#importance\">Importance</a><a href=\"#values\">Values</a>"
                        + "<a href=\"#examples\">Examples</a>")
                .append(dependences.length == 0 ? "" : "<a href=\"#dependences\">Dependences</a>")
                .append(settings.singles == 0 ? "" : "<a href=\"#single\">Single examples</a>")
                .append("</nav>\n");
        section(out, "importance", "Importance of features", "The mean magnitude of a feature's attributions.");
        figure(out, SummaryChart.bars(statistics));
        int cohorts = statistics.groups().size();
        if (cohorts > 1 && cohorts <= SummaryChart.MOST_COHORTS) {
            figure(out, SummaryChart.cohorts(statistics));
        }
        numbers(out, statistics);
        section(
                out,
                "values",
                "Attributions by value",
                "Each point is one example: to the right where the feature raised the score, in color its value.");
        figure(out, SummaryChart.beeswarm(table));
        section(
                out,
                "examples",
                "Examples",
                "Examples with similar explanations are beside each other; then the way of each from the baseline to"
                        + " its score.");
        figure(out, SummaryChart.heatMap(table));
        figure(out, SummaryChart.forces(table));
        figure(out, SummaryChart.decisions(table));
        dependences(out, dependences);
        singles(out);
        return out.append("</body>\n</html>\n").toString();
    }

    private void facts(StringBuilder out, SummaryStatistics statistics) {
        Map<String, String> all = new LinkedHashMap<>(settings.facts);
        all.put(
                "examples",
                statistics.examples() == table.size()
                        ? Long.toString(table.size())
                        : statistics.examples() + "; pictures of single points show " + table.size() + " of them");
        all.put("features", Integer.toString(table.features().size()));
        if (statistics.groups().size() > 1) {
            all.put(
                    "cohorts",
                    statistics.groups().stream()
                            .map(group -> group + ": " + statistics.group(group).examples())
                            .collect(Collectors.joining(", ")));
        }
        out.append("<dl>\n");
        all.forEach((name, value) -> out.append("<dt>")
                .append(SvgWriter.escape(name))
                .append("</dt><dd>")
                .append(SvgWriter.escape(value))
                .append("</dd>\n"));
        out.append("</dl>\n");
        settings.notes.forEach(
                note -> out.append("<p>").append(SvgWriter.escape(note)).append("</p>\n"));
    }

    private static void section(StringBuilder out, String id, String title, String what) {
        out.append("<h2 id=\"")
                .append(id)
                .append("\">")
                .append(title)
                .append("</h2>\n<p>")
                .append(what)
                .append("</p>\n");
    }

    private void figure(StringBuilder out, SummaryChart chart) {
        out.append(chart.top(settings.top).picture().toHtmlFragment());
    }

    /** Writes the statistics as a table, for those who copy numbers or have a page read to them. */
    private static void numbers(StringBuilder out, SummaryStatistics statistics) {
        out.append("<details class=\"numbers\"><summary>The numbers of all features</summary>\n<table><tr>");
        for (String head :
                List.of("feature", "mean magnitude", "mean", "standard deviation", "smallest", "largest", "examples")) {
            out.append("<th scope=\"col\">").append(head).append("</th>");
        }
        out.append("</tr>\n");
        for (SummaryStatistics.Feature feature : statistics.ranked()) {
            out.append("<tr><th scope=\"row\">")
                    .append(SvgWriter.escape(feature.name()))
                    .append("</th>");
            for (double number : new double[] {
                feature.meanMagnitude(), feature.mean(), feature.standardDeviation(), feature.min(), feature.max()
            }) {
                out.append("<td>")
                        .append(Double.isNaN(number) ? "" : Numbers.typographic(Numbers.plain(number)))
                        .append("</td>");
            }
            out.append("<td>").append(feature.count()).append("</td></tr>\n");
        }
        out.append("</table></details>\n");
    }

    /** Returns the features whose dependences are shown. */
    private int[] dependences() {
        Examples examples = table.examples();
        return IntStream.of(examples.ranked())
                .filter(feature -> examples.columns()[feature].isKnown())
                .limit(settings.dependences)
                .toArray();
    }

    private void dependences(StringBuilder out, int[] shown) {
        if (shown.length > 0) {
            section(
                    out,
                    "dependences",
                    "Dependences",
                    "The attribution of a feature by its value. The color is the value of the feature on which it"
                            + " depends most besides, if there is one: a hint where to look, and no test.");
            for (int feature : shown) {
                figure(
                        out,
                        SummaryChart.dependence(table, feature)
                                .caption(Caption.of(table.features().get(feature))));
            }
        }
    }

    private void singles(StringBuilder out) {
        int[] chosen = table.examples().spread(settings.singles);
        if (chosen.length == 0) {
            return;
        }
        section(
                out,
                "single",
                "Single examples",
                chosen.length == table.size()
                        ? "Each opens at a click."
                        : chosen.length + " of " + table.size() + ", evenly by score, lowest first. Each opens at a"
                                + " click.");
        for (int example : chosen) {
            out.append("<details><summary>")
                    .append(line(example))
                    .append("</summary>\n")
                    .append(table.example(example).top(settings.top).picture().toHtmlFragment())
                    .append("</details>\n");
        }
    }

    /** Returns an example in one line: its score, its cohort, and what mattered most. */
    private String line(int example) {
        Examples examples = table.examples();
        StringBuilder line = new StringBuilder(SvgWriter.escape(examples.labels()[example]));
        if (examples.scores().length > 0) {
            line.append(" <b>")
                    .append(Numbers.typographic(Numbers.score(examples.scores()[example])))
                    .append("</b>");
        }
        String cohort = table.cohort(example);
        line.append(cohort.isEmpty() ? "" : " " + SvgWriter.escape(cohort));
        IntStream.range(0, examples.features())
                .boxed()
                .sorted(Comparator.comparingDouble(f -> -Math.abs(examples.attributions()[f][example])))
                .limit(LISTED)
                .forEach(f -> line.append("; ").append(SvgWriter.escape(examples.describe(f, example))));
        return line.toString();
    }

    /**
     * Writes the page, replacing one that exists.
     *
     * @param file where to; its folder must exist
     * @throws UncheckedIOException if the file cannot be written
     */
    public void write(Path file) {
        Picture.write(file, toHtml().getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the title, and the numbers of examples and features. */
    @Override
    public String toString() {
        return "SummaryReport[" + settings.title + ", " + table + "]";
    }
}
