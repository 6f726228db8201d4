// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.benchmark.Benchmark;
import io.github.attribution4j.benchmark.BenchmarkTable;
import io.github.attribution4j.benchmark.BenchmarkTable.Cell;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.catalog.Metrics;
import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.Remedies;
import io.github.attribution4j.cli.answer.Explainer;
import io.github.attribution4j.cli.answer.Places;
import io.github.attribution4j.cli.question.InputOptions;
import io.github.attribution4j.cli.question.Models;
import io.github.attribution4j.cli.question.Request;
import io.github.attribution4j.cli.question.RunOptions;
import io.github.attribution4j.cli.question.TargetOptions;
import io.github.attribution4j.cli.question.Texts;
import io.github.attribution4j.metric.Metric;
import io.github.attribution4j.metric.agreement.Agreement;
import io.github.attribution4j.metric.localization.Region;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.visual.BenchmarkReport;
import io.github.attribution4j.visual.CurveChart;
import io.github.attribution4j.visual.Picture;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code attribution judge}. */
@Command(
        name = "judge",
        versionProvider = AttributionCli.Version.class,
        header = "Judges methods by metrics over the examples of an input: which one to trust on this model.",
        synopsisHeading = "%nUsage: ",
        descriptionHeading = "%n",
        description = {
            "Prints a table: mean over the examples, half of the 95 % interval, rank. A star marks methods that are not"
                    + " surely worse than the best. A method or metric that fails is said below, and the others go on.",
            "Judge 'random' too: what a metric gives it is what chance reaches."
        },
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  attribution judge --model digits.pt --input digits.npz --target 3 \\",
            "      --methods integrated-gradients,saliency,grad-cam,random --metrics deletion,insertion \\",
            "      --set integrated-gradients.steps=20 --set grad-cam.layer=relu2 --set deletion.points=20 \\",
            "      --html judged.html",
            "  Over many examples, to go on with after a stop:",
            "    attribution judge --model risk.pt --input applicants.csv --target 1 --baseline mean:applicants.csv \\",
            "        --methods kernel-shap,shapley-sampling,random --metrics comprehensiveness,sufficiency \\",
            "        --results judged.jsonl --deadline 10m --csv judged.csv",
            "  Against the place where a person looks, and against another method:",
            "    attribution judge --model digits.pt --input digit-3.png --target 3 --methods saliency,random \\",
            "        --metrics relevance-mass-accuracy,spearman-agreement --place boxes:2,0,6,8 \\",
            "        --set spearman-agreement.reference=integrated-gradients",
            "'attribution methods' lists the methods, 'attribution methods --metrics' the metrics."
        })
final class JudgeCommand implements Callable<Integer> {
    private static final Pattern ADVICE = Pattern.compile("--set ([a-z-]+)=");

    @Mixin
    private InputOptions data = new InputOptions();

    @Option(
            names = "--methods",
            paramLabel = "NAME",
            split = ",",
            required = true,
            description = "Methods, with commas between them; 'random' to compare with.")
    private List<String> methods = new ArrayList<>();

    @Option(
            names = "--metrics",
            paramLabel = "NAME",
            split = ",",
            defaultValue = "deletion,insertion",
            description = "Metrics, with commas between them. Default: ${DEFAULT-VALUE}.")
    private List<String> metrics = new ArrayList<>();

    @Option(
            names = {"-s", "--set"},
            paramLabel = "NAME.SETTING=VALUE",
            description = "A setting of a method or a metric: integrated-gradients.steps=20, deletion.points=20;"
                    + " repeatable.")
    private List<String> set = new ArrayList<>();

    @Option(
            names = {"-b", "--baseline"},
            paramLabel = "BASELINE",
            description = "What absent means to all methods and metrics that have a baseline.")
    private @Nullable String baseline;

    @Option(
            names = "--mask",
            paramLabel = "MASK",
            description = "Which elements go absent together, for all methods and metrics that have a mask.")
    private @Nullable String mask;

    @Option(
            names = "--place",
            paramLabel = "REGION",
            description = "Where explanations should point, for all metrics that have a region: " + Region.TEXTS + ".")
    private @Nullable String place;

    @Mixin
    private TargetOptions target = new TargetOptions();

    @Mixin
    private RunOptions run = new RunOptions();

    @Option(
            names = "--part",
            paramLabel = "EXAMPLES",
            defaultValue = "32",
            description = "Examples explained and recorded together. Default: ${DEFAULT-VALUE}.")
    private int part = 32;

    @Option(
            names = "--results",
            paramLabel = "FILE",
            description = "Keep what is finished in this file, and go on from what was finished there.")
    private @Nullable Path results;

    @Option(names = "--csv", paramLabel = "FILE", description = "Write the table as CSV.")
    private @Nullable Path csv;

    @Option(names = "--json", paramLabel = "FILE", description = "Write all of it as JSON, each example's score too.")
    private @Nullable Path json;

    @Option(names = "--html", paramLabel = "FILE", description = "Write a page: table, differences, curves.")
    private @Nullable Path html;

    @Option(
            names = "--png",
            paramLabel = "FILE",
            description = "Draw the curves of the metrics that have some; with the metric in the name if they are"
                    + " several.")
    private @Nullable Path png;

    @Option(names = "--svg", paramLabel = "FILE", description = "The same as SVG.")
    private @Nullable Path svg;

    @Mixin
    private ProgressDisplay.Wish progress = new ProgressDisplay.Wish();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        run.check();
        Texts.atLeast("--part", part, 1);
        Texts.foldersOf(results, csv, json, html, png, svg);
        if (data.text.given()) {
            throw new IllegalArgumentException("--text: judge judges elements of inputs, not tokens; give --input, or"
                    + " look at one text with 'explain'");
        }
        Map<String, Map<String, String>> given = settings();
        PrintWriter out = common.out();
        BenchmarkTable table;
        try (Models models = new Models();
                TensorScope scope = TensorScope.open()) {
            RuledModel model = models.get(data);
            Request request = Request.read(data, model);
            Benchmark<RuledModel> benchmark = benchmark(given, request.sources());
            Target explained = target.called(target.chosen(request.outputShape(), request.sources())
                    .orElseGet(() -> Explainer.target(request.outputShape())));
            try (ProgressDisplay display = progress.display(common)) {
                Run asked = run.run(display);
                table = benchmark.judge(
                        model,
                        request.inputs(),
                        explained,
                        data.rowNumbers().map(asked::exampleKeys).orElse(asked));
            }
            if (!common.quiet) {
                out.print(text(table));
                request.file().notes().forEach(note -> out.println("note: " + note));
            }
        }
        common.wrote(write(table));
        out.flush();
        boolean judged = table.cells().stream().anyMatch(cell -> cell.failure().isEmpty());
        return judged ? Failure.DONE : Failure.NOT_THIS_WAY;
    }

    /** Returns the table as text, in which advice says of which method or metric a setting is. */
    private static String text(BenchmarkTable table) {
        String text = Remedies.translate(table.toString());
        for (Cell cell : table.cells()) {
            String line = cell.method() + ", " + cell.metric() + ": "
                    + Remedies.translate(cell.failure().orElse(""));
            text = text.replace(line, owned(line, cell));
        }
        return text;
    }

    private static String owned(String advice, Cell cell) {
        return ADVICE.matcher(advice).replaceAll(set -> {
            String metric = cell.metric();
            boolean ofReference = advice.startsWith(cell.method() + ", " + metric + ": reference ")
                    && !Metrics.find(metric).has(set.group(1));
            boolean ofMethod = !ofReference && Methods.find(cell.method()).has(set.group(1));
            String owner = ofReference ? metric + "." + Agreement.REFERENCE.name() : ofMethod ? cell.method() : metric;
            return "--set " + owner + "." + set.group(1) + "=";
        });
    }

    /** Returns the settings of each method and metric, by name; none for those that have their defaults. */
    private Map<String, Map<String, String>> settings() {
        Map<String, Map<String, String>> all = new LinkedHashMap<>();
        for (String method : methods) {
            Methods.find(method);
            all.put(method, new LinkedHashMap<>());
        }
        for (String metric : metrics) {
            Metrics.find(metric);
            all.put(metric, new LinkedHashMap<>());
        }
        for (String text : set) {
            own(text, all, "neither in --methods nor in --metrics");
        }
        shared(all, Places.BASELINE, baseline);
        shared(all, Places.MASK, mask);
        shared(all, Places.REGION, place);
        for (String metric : metrics) {
            for (Setting<?> setting : Metrics.find(metric).settings()) {
                boolean region = setting.name().equals(Places.REGION);
                if ((region || setting.name().equals(Agreement.REFERENCE.name()))
                        && !all.getOrDefault(metric, Map.of()).containsKey(setting.name())) {
                    throw new IllegalArgumentException("--metrics " + metric + ": needs a " + setting.name() + ", "
                            + setting.meaning() + "; give --set " + metric + "." + setting.name() + "=..."
                            + (region ? ", or --place for all metrics that have one" : ""));
                }
            }
        }
        return all;
    }

    /**
     * Gives a setting to the method or metric that its name says.
     *
     * @param all the settings of each, by name
     * @param where a name is not, if it is unknown
     */
    static void own(String text, Map<String, Map<String, String>> all, String where) {
        int dot = text.indexOf('.');
        int equals = text.indexOf('=', dot + 1);
        if (dot < 1 || equals < 0 || text.indexOf('=') < dot) {
            String first = all.keySet().stream().findFirst().orElse("METHOD");
            throw new IllegalArgumentException("--set " + text + ": write it as NAME.SETTING=VALUE, such as --set "
                    + first + ".steps=100, where NAME is one of " + String.join(", ", all.keySet()));
        }
        String name = text.substring(0, dot).strip();
        Map<String, String> own = all.get(name);
        if (own == null) {
            throw new IllegalArgumentException("--set " + text + ": '" + name + "' is " + where + ", which are "
                    + String.join(", ", all.keySet()));
        }
        String setting = text.substring(dot + 1, equals).strip();
        if (own.put(setting, text.substring(equals + 1).strip()) != null) {
            throw new IllegalArgumentException("--set " + name + "." + setting + ": given twice; give one");
        }
    }

    /** Gives a value to all that have the setting and were not given another. */
    private void shared(Map<String, Map<String, String>> all, String setting, @Nullable String value) {
        if (value == null) {
            return;
        }
        for (String method : methods) {
            Map<String, String> own = all.getOrDefault(method, Map.of());
            Places.path(method, own, setting).ifPresent(path -> own.putIfAbsent(path, value));
        }
        for (String metric : metrics) {
            Map<String, String> own = all.getOrDefault(metric, Map.of());
            Places.path(Metrics.find(metric), own, setting).ifPresent(path -> own.putIfAbsent(path, value));
        }
    }

    private Benchmark<RuledModel> benchmark(Map<String, Map<String, String>> given, Sources sources) {
        List<Attribution<? super RuledModel>> made = new ArrayList<>();
        for (String method : methods) {
            made.add(owned(method, own -> Methods.read(method, given.getOrDefault(own, Map.of()), sources)));
        }
        List<Metric> by = new ArrayList<>();
        for (String metric : metrics) {
            by.add(owned(metric, own -> Metrics.read(metric, given.getOrDefault(own, Map.of()), sources)));
        }
        Benchmark<RuledModel> benchmark = Benchmark.<RuledModel>of(made, by).part(part);
        return results == null ? benchmark : benchmark.resumable(results);
    }

    /** Makes a method or a metric. Advice of a failure says whose setting is meant. */
    private static <T> T owned(String name, Function<String, T> maker) {
        try {
            return maker.apply(name);
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            if (!ADVICE.matcher(message).find()) {
                throw e;
            }
            boolean metric =
                    Methods.all().stream().noneMatch(method -> method.name().equals(name));
            String owner = metric ? name + "." + Agreement.REFERENCE.name() : name;
            throw new IllegalArgumentException(
                    name + ": " + ADVICE.matcher(message).replaceAll("--set " + owner + ".$1="), e);
        }
    }

    private List<Path> write(BenchmarkTable table) throws IOException {
        List<Path> written = new ArrayList<>();
        write(csv, table.toCsv(), written);
        write(json, table.toJson(), written);
        if (html != null) {
            write(html, BenchmarkReport.of(table).toHtml(), written);
        }
        List<String> curved = table.metrics().stream()
                .filter(metric -> table.cells().stream()
                        .filter(cell -> cell.metric().equals(metric))
                        .anyMatch(JudgeCommand::hasCurves))
                .toList();
        if ((png != null || svg != null) && curved.isEmpty()) {
            throw new IllegalArgumentException(
                    "--png, --svg: none of the metrics has curves; judge by one that has, such as deletion");
        }
        for (String metric : png == null && svg == null ? List.<String>of() : curved) {
            Picture picture = CurveChart.of(table, metric).picture();
            String suffix = curved.size() == 1 ? "" : "-" + metric.replaceAll("[^a-z0-9-]+", "-");
            if (png != null) {
                Path file = ExplainCommand.withSuffix(png, suffix);
                picture.writePng(file);
                written.add(file);
            }
            if (svg != null) {
                write(ExplainCommand.withSuffix(svg, suffix), picture.toSvg(), written);
            }
        }
        return written;
    }

    private static boolean hasCurves(Cell cell) {
        return !cell.curves().isEmpty();
    }

    private static void write(@Nullable Path file, String text, List<Path> written) throws IOException {
        if (file != null) {
            Files.writeString(file, text, StandardCharsets.UTF_8);
            written.add(file);
        }
    }
}
