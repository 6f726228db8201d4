// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Provenance;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.question.InputOptions;
import io.github.attribution4j.cli.question.Models;
import io.github.attribution4j.cli.question.Request;
import io.github.attribution4j.cli.question.TargetOptions;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code attribution replay}. */
@Command(
        name = "replay",
        versionProvider = AttributionCli.Version.class,
        header = "Runs an explanation again, and says whether the bits agree; if not, what differs.",
        synopsisHeading = "%nUsage: ",
        descriptionHeading = "%n",
        description =
                "Method, settings, target, seed and batching are those of the JSON that 'explain' wrote. Model and"
                        + " input"
                        + " are given as to 'explain'. Ends with 0 if the bits agree, with 5 if not.",
        parameterListHeading = "%nParameters:%n",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  attribution explain --model m.pt --input x.npz --json why.json",
            "  attribution replay why.json --model m.pt --input x.npz",
            "  Where the baseline was a file, which the JSON knows by digest alone:",
            "    attribution replay why.json --model m.pt --input x.npz --set baseline=mean:rows.csv"
        })
final class ReplayCommand implements Callable<Integer> {
    @Parameters(paramLabel = "JSON", description = "What 'explain --json' wrote.")
    @SuppressWarnings("NullAway.Init")
    private Path json;

    @Mixin
    private InputOptions data = new InputOptions();

    @Option(
            names = {"-s", "--set"},
            paramLabel = "NAME=VALUE",
            description = "A setting in place of the recorded one, such as the file of a baseline; repeatable.")
    private Map<String, String> set = new LinkedHashMap<>();

    @Mixin
    private TargetOptions target = new TargetOptions();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        try (Models models = new Models();
                TensorScope scope = TensorScope.open();
                Explanation recorded = Explanation.fromJson(Files.readString(json));
                Explanation again = again(recorded, models)) {
            List<String> differences = recorded.differences(again);
            if (!common.quiet) {
                print(recorded.provenance(), again.provenance(), differences);
            }
            return differences.isEmpty() ? Failure.DONE : Failure.OTHER_NUMBERS;
        }
    }

    private Explanation again(Explanation recorded, Models models) throws IOException {
        Provenance provenance = recorded.provenance();
        RuledModel model = models.get(data);
        Request request = Request.read(data, model);
        Map<String, String> settings = new LinkedHashMap<>(provenance.settings());
        settings.putAll(set);
        Attribution<? super RuledModel> method =
                Methods.read(provenance.method(), settings, new ByFile(request.sources()));
        Optional<Target> chosen = target.chosen(request.outputShape(), request.sources());
        return method.attribute(
                model,
                request.inputs(),
                chosen.isPresent() ? target.called(chosen.get()) : Methods.target(recorded, method),
                provenance.run());
    }

    private void print(Provenance recorded, Provenance again, List<String> differences) {
        PrintWriter out = common.out();
        out.println(recorded.method() + ", target " + recorded.target() + ", seed " + recorded.seed());
        out.println(differences.isEmpty() ? "the bits agree" : "the bits differ, then and now:");
        differences.forEach(line -> out.println("  " + line));
        List<String> reasons = recorded.differences(again);
        if (!reasons.isEmpty()) {
            out.println("of what they depend on, then and now:");
            reasons.forEach(line -> out.println("  " + line));
        }
        out.flush();
    }

    /** Sources that read files, and refuse what a provenance has only as a digest. */
    private record ByFile(Sources files) implements Sources {
        @Override
        public List<Tensor> arrays(String name) throws IOException {
            requireFile(name);
            return files.arrays(name);
        }

        @Override
        public List<Tensor> groupNumbers(String name) throws IOException {
            requireFile(name);
            return files.groupNumbers(name);
        }

        private static void requireFile(String name) throws IOException {
            if (name.contains(" sha256:")) {
                throw new IOException("the explanation knows these arrays by digest alone; name the file with --set");
            }
        }
    }
}
