// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.Remedies;
import io.github.attribution4j.cli.answer.Explainer;
import io.github.attribution4j.cli.question.InputOptions;
import io.github.attribution4j.cli.question.Models;
import io.github.attribution4j.cli.question.NameConverter;
import io.github.attribution4j.cli.question.Request;
import io.github.attribution4j.cli.question.RunOptions;
import io.github.attribution4j.cli.question.TargetOptions;
import io.github.attribution4j.cli.question.Texts;
import io.github.attribution4j.concept.ConceptScore;
import io.github.attribution4j.concept.ConceptScores;
import io.github.attribution4j.concept.Concepts;
import io.github.attribution4j.concept.Tcav;
import io.github.attribution4j.internal.NameList;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.visual.ConceptChart;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code attribution concepts}. */
@Command(
        name = "concepts",
        versionProvider = AttributionCli.Version.class,
        header = "Says whether concepts matter to a score: testing with concept activation vectors (TCAV).",
        synopsisHeading = "%nUsage: ",
        descriptionHeading = "%n",
        description = {
            "At each layer, a linear classifier tells the examples of a concept from random ones. The sign count is"
                    + " the share of the explained inputs whose score grows towards the concept: 0.5 where it does not"
                    + " matter. The magnitude is by how much. The accuracy on examples held out says whether the"
                    + " concept is there at all, and the probability whether random examples would score as much.",
            "--input is what is explained: inputs of a class, as a file or as a folder."
        },
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  attribution concepts --model resnet18.pt --layer layer3,layer4 --input zebras --target 340 \\",
            "      --concept striped=stripes --concept dotted=dots --random anything --size 224 \\",
            "      --compare striped,dotted --activations kept --png concepts.png --json concepts.json",
            "  attribution concepts --model risk.pt --layer fc2 --input rejected.csv --target 1 \\",
            "      --concept moved=moved.csv --random applicants.csv"
        })
final class ConceptsCommand implements Callable<Integer> {
    @Mixin
    private InputOptions data = new InputOptions();

    @Option(
            names = "--layer",
            paramLabel = "ADDRESS",
            required = true,
            split = NameConverter.SPLIT,
            converter = NameConverter.class,
            description = "Where concepts are looked for: one layer, or several, each by itself.")
    private List<String> layers = new ArrayList<>();

    @Mixin
    private ConceptOptions concepts = new ConceptOptions();

    @Mixin
    private TargetOptions target = new TargetOptions();

    @Option(
            names = {"-s", "--set"},
            paramLabel = "NAME=VALUE",
            description = "A setting: classifier=sgd or classifier=logistic:0.1, held-out=0.33,"
                    + " significance=magnitude, sign-count or paper, level=0.05; repeatable.")
    private Map<String, String> set = new LinkedHashMap<>();

    @Mixin
    private RunOptions run = new RunOptions();

    @Mixin
    private ResultFiles files = new ResultFiles();

    @Mixin
    private ProgressDisplay.Wish progress = new ProgressDisplay.Wish();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        run.check();
        files.check();
        if (set.containsKey("layer")) {
            throw new IllegalArgumentException("--set layer: layers are named with --layer");
        }
        Map<String, String> given = new LinkedHashMap<>(set);
        given.put("layer", NameList.write(layers));
        Tcav tcav = Tcav.DESCRIPTION.read(given, Sources.none()).method();
        boolean ofTexts = data.text.given();
        data.text.further = concepts.read(ofTexts);
        PrintWriter out = common.out();
        try (Models models = new Models();
                TensorScope scope = TensorScope.open()) {
            RuledModel model = models.get(data);
            Request request = data.readAll(model);
            Inputs rows = request.inputs();
            int explained = ofTexts ? data.text.explained().size() : Math.toIntExact(rows.rows());
            if (!ofTexts && rows.all().stream().anyMatch(input -> input.role() == Inputs.Role.FIXED)) {
                throw new IllegalArgumentException("--attribute, --fixed: the examples of concepts have all inputs in"
                        + " one file; give such files, and leave these options out");
            }
            Target score = target.called(target.chosen(request.outputShape(), request.sources())
                    .orElseGet(() -> Explainer.target(request.outputShape())));
            Concepts asked = concepts.concepts(request, rows, explained, run.seed());
            Inputs inputs = ofTexts
                    ? Request.rowsOf(rows, LongStream.range(0, explained).toArray())
                    : rows;
            ConceptScores scores;
            try (ProgressDisplay display = progress.display(common)) {
                Run started = run.run(display);
                scores = tcav.explain(model, inputs, List.of(score), asked, started);
            }
            List<Path> written = files.write(
                    () -> json(scores, explained),
                    () -> ConceptChart.of(scores, 0).picture());
            if (!common.quiet) {
                print(out, scores, explained);
                request.file().notes().forEach(note -> out.println("note: " + note));
            }
            common.wrote(written);
            out.flush();
        }
        return Failure.DONE;
    }

    private static void print(PrintWriter out, ConceptScores scores, int examples) {
        out.println("does " + scores.all().get(0).explained() + " grow towards the concept? over "
                + Texts.count(examples, "example"));
        List<List<String>> lines = new ArrayList<>();
        lines.add(List.of("concept", "against", "layer", "sign count", "magnitude", "accuracy (95 %)", "p"));
        for (ConceptScore score : scores.all()) {
            double[] interval = score.accuracyInterval();
            lines.add(List.of(
                    score.concept(),
                    score.against(),
                    score.layer(),
                    String.format(Locale.ROOT, "%.3f", score.signCount()),
                    String.format(Locale.ROOT, "%+.4g", score.magnitude()),
                    String.format(Locale.ROOT, "%.2f (%.2f to %.2f)", score.accuracy(), interval[0], interval[1]),
                    Double.isNaN(score.adjustedProbability())
                            ? "not tested"
                            : String.format(Locale.ROOT, "%.3g", score.adjustedProbability())
                                    + (score.isSignificant() ? " *" : "")));
        }
        int[] widths = new int[lines.get(0).size()];
        for (List<String> line : lines) {
            Arrays.setAll(
                    widths, column -> Math.max(widths[column], line.get(column).length()));
        }
        for (List<String> line : lines) {
            StringBuilder text = new StringBuilder();
            for (int column = 0; column < widths.length; column++) {
                text.append("  ").append(line.get(column));
                text.append(" ".repeat(widths[column] - line.get(column).length()));
            }
            out.println(text.toString().stripTrailing());
        }
        if (scores.all().stream().anyMatch(score -> !Double.isNaN(score.adjustedProbability()))) {
            out.println("p is adjusted for " + Texts.count(scores.all().size(), "score") + "; * is significant");
        }
        scores.notices().forEach(notice -> out.println("note: " + Remedies.translate(notice)));
    }

    private static JsonObject json(ConceptScores scores, int examples) {
        JsonObject all = new JsonObject();
        all.addProperty("explained", scores.all().get(0).explained());
        all.addProperty("examples", examples);
        JsonArray each = new JsonArray();
        for (ConceptScore score : scores.all()) {
            JsonObject one = new JsonObject();
            one.addProperty("concept", score.concept());
            one.addProperty("against", score.against());
            one.addProperty("layer", score.layer());
            one.addProperty("signCount", score.signCount());
            one.addProperty("magnitude", score.magnitude());
            one.addProperty("accuracy", score.accuracy());
            one.add("accuracyInterval", numbers(score.accuracyInterval()));
            if (!Double.isNaN(score.probability())) {
                one.addProperty("probability", score.probability());
                one.addProperty("adjustedProbability", score.adjustedProbability());
                one.addProperty("significant", score.isSignificant());
            }
            one.add("signCounts", numbers(score.signCounts()));
            one.add("magnitudes", numbers(score.magnitudes()));
            each.add(one);
        }
        all.add("scores", each);
        JsonObject chance = new JsonObject();
        scores.layers().forEach(layer -> chance.add(layer, numbers(scores.chance(layer, 0))));
        all.add("chance", chance);
        JsonArray notices = new JsonArray();
        scores.notices().forEach(notice -> notices.add(Remedies.translate(notice)));
        all.add("notices", notices);
        all.addProperty("forwardRows", scores.counts().forwardRows());
        all.addProperty("backwardRows", scores.counts().backwardRows());
        all.add("provenance", JsonParser.parseString(scores.provenance(0).toJson()));
        return all;
    }

    private static JsonArray numbers(double... numbers) {
        JsonArray array = new JsonArray();
        Arrays.stream(numbers).forEach(array::add);
        return array;
    }
}
