// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.benchmark.ConversionCheck;
import io.github.attribution4j.benchmark.ConversionReport;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.Remedies;
import io.github.attribution4j.cli.answer.Explainer;
import io.github.attribution4j.cli.question.InputOptions;
import io.github.attribution4j.cli.question.Models;
import io.github.attribution4j.cli.question.Request;
import io.github.attribution4j.cli.question.RunOptions;
import io.github.attribution4j.cli.question.TargetOptions;
import io.github.attribution4j.cli.question.Texts;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** {@code attribution convert-check}. */
@Command(
        name = "convert-check",
        versionProvider = AttributionCli.Version.class,
        header = "Says whether two files are the same model: same outputs, gradients, attributions, layers.",
        synopsisHeading = "%nUsage: ",
        descriptionHeading = "%n",
        description = {
            "For a model that was converted, such as an archive that was exported to ONNX, or optimized. Both run on"
                    + " the same examples; any engines. Layers are those that both files name; the first one on the way"
                    + " from input to output that differs is named.",
            "Two arrays are the same if no element differs by more than --atol and --rtol times the largest magnitude"
                    + " of an element. Ends with 0 if all that was compared is the same, with 5 if not."
        },
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  attribution convert-check --a digits.pt --b digits.onnx --input digits.npz",
            "  attribution convert-check --a digits.pt --b digits.onnx --input digit-3.png --target 3 \\",
            "      --methods integrated-gradients,grad-cam --set grad-cam.layer=relu2 --json checked.json",
            "  Where the other file takes the same examples in another form:",
            "    attribution convert-check --a m.pt --b m.onnx --input x.npz --input-b x-other.npz"
        })
final class ConvertCheckCommand implements Callable<Integer> {
    @Option(
            names = "--a",
            paramLabel = "FILE",
            required = true,
            description = "The model that is taken to be right: a file of any kind that 'explain' takes.")
    private Path a = Path.of("");

    @Option(names = "--b", paramLabel = "FILE", required = true, description = "The one that is compared with it.")
    private Path b = Path.of("");

    @Mixin
    private InputOptions data = new InputOptions();

    @Option(
            names = "--input-b",
            paramLabel = "FILE",
            description = "The same examples for the other model, if it takes them in another form than --input.")
    private @Nullable Path inputB;

    @Option(
            names = "--output-b",
            paramLabel = "NAME|N",
            description = "Which output of the other model is compared, if --output does not say so of both.")
    private @Nullable String outputB;

    @Option(
            names = "--methods",
            paramLabel = "NAME",
            split = ",",
            defaultValue = "integrated-gradients",
            description = "Methods whose attributions are compared, with commas between them, or none; gradients are"
                    + " compared in any case. Default: ${DEFAULT-VALUE}.")
    private List<String> methods = new ArrayList<>();

    @Option(
            names = {"-s", "--set"},
            paramLabel = "METHOD.SETTING=VALUE",
            description = "A setting of a method: integrated-gradients.steps=20; repeatable.")
    private List<String> set = new ArrayList<>();

    @Option(
            names = "--rtol",
            paramLabel = "X",
            defaultValue = "1e-4",
            description = "The tolerance, times the largest magnitude of an element of the two arrays. Default:"
                    + " ${DEFAULT-VALUE}.")
    private double relative = 1e-4;

    @Option(
            names = "--atol",
            paramLabel = "X",
            defaultValue = "1e-6",
            description = "The tolerance in addition. Default: ${DEFAULT-VALUE}.")
    private double absolute = 1e-6;

    @Option(names = "--no-layers", description = "Do not compare layers, each of which is a run for each example.")
    private boolean noLayers;

    @Option(
            names = "--strict",
            description = "End with 5 also if something could not be compared, such as gradients of trees.")
    private boolean strict;

    @Mixin
    private TargetOptions target = new TargetOptions();

    @Mixin
    private RunOptions run = new RunOptions();

    @Option(names = "--json", paramLabel = "FILE", description = "Write all of it as JSON.")
    private @Nullable Path json;

    @Mixin
    private CommonOptions common = new CommonOptions();

    /** Takes the option --model from the command, whose models are --a and --b. */
    static void leaveModelOut(CommandLine line) {
        CommandSpec spec = Objects.requireNonNull(line.getSubcommands().get("convert-check"))
                .getCommandSpec();
        spec.remove(spec.findOption("--model"));
    }

    @Override
    public Integer call() throws IOException {
        run.check();
        Texts.foldersOf(json);
        if (relative < 0 || absolute < 0) {
            throw new IllegalArgumentException(
                    "--rtol " + relative + ", --atol " + absolute + ": neither may be negative");
        }
        Map<String, Map<String, String>> settings = settings();
        ConversionReport report;
        try (Models models = new Models();
                TensorScope scope = TensorScope.open()) {
            Side one = side("--a", a, models);
            data.turnTo(b, inputB, outputB);
            Side other = side("--b", b, models);
            Request request = one.request();
            Target explained = target.called(target.chosen(request.outputShape(), request.sources())
                    .orElseGet(() -> Explainer.target(request.outputShape())));
            report = check(settings, request.sources())
                    .compare(
                            one.model(),
                            request.inputs(),
                            other.model(),
                            other.request().inputs(),
                            explained,
                            run.run(progress -> {}));
        }
        PrintWriter out = common.out();
        if (!common.quiet) {
            out.print(Remedies.translate(report.toString()));
        }
        if (json != null) {
            Files.writeString(json, report.toJson(), StandardCharsets.UTF_8);
            common.wrote(List.of(json));
        }
        out.flush();
        return report.isSame() && (report.isComplete() || !strict) ? Failure.DONE : Failure.OTHER_NUMBERS;
    }

    /** A model and its inputs. */
    private record Side(RuledModel model, Request request) {}

    /** Loads a model and reads its input. What it refuses is said with the option that named it. */
    private Side side(String option, Path file, Models models) throws IOException {
        data.turnTo(file, null, null);
        try {
            RuledModel model = models.get(data);
            return new Side(model, Request.read(data, model));
        } catch (ModelException.OutOfMemory e) {
            throw e;
        } catch (ModelException e) {
            String said = option + " " + file + ": " + e.getMessage();
            throw e instanceof UnsupportedModelException
                    ? new UnsupportedModelException(said, e)
                    : new ModelException(said + (option.equals("--b") ? "; give what it takes with --input-b" : ""), e);
        }
    }

    private Map<String, Map<String, String>> settings() {
        Map<String, Map<String, String>> all = new LinkedHashMap<>();
        for (String method : methods) {
            if (!method.equals("none")) {
                Methods.find(method);
                all.put(method, new LinkedHashMap<>());
            }
        }
        set.forEach(text -> JudgeCommand.own(text, all, "not in --methods"));
        return all;
    }

    private ConversionCheck<RuledModel> check(Map<String, Map<String, String>> settings, Sources sources) {
        List<Attribution<? super RuledModel>> made = new ArrayList<>();
        settings.forEach((name, given) -> made.add(Methods.read(name, given, sources)));
        return ConversionCheck.<RuledModel>of(made).within(relative, absolute).layers(!noLayers);
    }
}
