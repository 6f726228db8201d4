// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.answer.Explained;
import io.github.attribution4j.cli.answer.Explainer;
import io.github.attribution4j.cli.answer.Pictures;
import io.github.attribution4j.cli.answer.Report;
import io.github.attribution4j.cli.answer.Terminal;
import io.github.attribution4j.cli.answer.TokenLine;
import io.github.attribution4j.cli.question.ExplainOptions;
import io.github.attribution4j.cli.question.Models;
import io.github.attribution4j.cli.question.Texts;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.visual.Picture;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code attribution explain}. */
@Command(
        name = "explain",
        versionProvider = AttributionCli.Version.class,
        header = "Explains what a model answered to an input.",
        synopsisHeading = "%nUsage: ",
        descriptionHeading = "%n",
        description =
                "Prints the attributions of the input's elements with the score they add up to, and writes them where"
                        + " asked.",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  An image, by its most likely class:",
            "    attribution explain --model resnet18.pt --input cat.png --size 224 \\",
            "        --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --png why.png",
            "  A row of a table, compared with the average row:",
            "    attribution explain --model risk.pt --input applicant.csv --drop label --target 1 \\",
            "        --method kernel-shap --set samples=1000 --baseline mean:applicants.csv",
            "  Where a layer looked:",
            "    attribution explain --model resnet18.pt --input cat.png --method grad-cam --layer layer4 \\",
            "        --set upsample=bilinear --png where.png",
            "  Less noise:",
            "    attribution explain --model m.pt --input x.npz --method smooth-grad \\",
            "        --set method=saliency --set method.absolute=false --set samples=20 --set stdev=0.1",
            "  What excites a neuron, within two seconds:",
            "    attribution explain --model m.pt --input x.npz --layer conv3 --unit 7,2,2 --deadline 2s",
            "  What it would cost:",
            "    attribution explain --model m.pt --input x.png --method kernel-shap --set samples=5000 --dry-run",
            "  An ONNX model, at the logits in front of its softmax:",
            "    attribution explain --model m.onnx --input x.png --output logits --target 3",
            "  What each word of a text adds:",
            "    attribution explain --model topics.pt --tokenizer tokenizer.json --text \"Draw a line.\" --reference"
                    + " mask",
            "  Regions of an image, found by their color:",
            "    attribution explain --model m.pt --input x.png --method shapley-sampling --mask superpixels:50"
        })
final class ExplainCommand implements Callable<Integer> {
    private static final int MOST_TABLES = 3;

    @Mixin
    private ExplainOptions options = new ExplainOptions();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Mixin
    private ProgressDisplay.Wish progress = new ProgressDisplay.Wish();

    @Option(
            names = "--color",
            paramLabel = "WHEN",
            description = "Colors in the terminal: auto, always or never. Default: auto, which heeds NO_COLOR.")
    private Terminal.Colors colors = Terminal.Colors.auto;

    @Option(
            names = "--dry-run",
            description = "Explain nothing and write nothing: say how many rows would run, in how many calls, and about"
                    + " how long and how much memory that takes. A few rows are run to find out.")
    private boolean dryRun;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = common.out();
        if (dryRun) {
            try (Models models = new Models();
                    TensorScope scope = TensorScope.open()) {
                out.println(Explainer.plan(options, models));
                out.flush();
            }
            return Failure.DONE;
        }
        try (Models models = new Models();
                TensorScope scope = TensorScope.open()) {
            Explained explained;
            try (ProgressDisplay display = progress.display(common)) {
                explained = Explainer.explain(options, models, display);
            }
            try (explained) {
                List<Path> written = new ArrayList<>();
                if (!common.quiet) {
                    print(out, explained, options, Terminal.style(colors));
                }
                write(explained, options, written);
                common.wrote(written);
                out.flush();
            }
        }
        return Failure.DONE;
    }

    private static void print(PrintWriter out, Explained explained, ExplainOptions options, Report.Style style)
            throws IOException {
        List<Integer> examples = examples(options, explained.explanation());
        List<String> tokens = tokens(options.tokens);
        for (int i = 0; i < Math.min(MOST_TABLES, examples.size()); i++) {
            List<String> show = options.show == null ? List.of() : List.of(options.show);
            List<String> labels = explained.labels(examples.get(i), tokens);
            if (!labels.isEmpty()) {
                texts(out, explained.explanation(), examples.get(i), labels, style.colors());
            }
            Report.table(out, explained, examples.get(i), show, labels, options.top, style);
            out.println();
        }
        int all = explained.explanation().scores().length;
        int shown = Math.min(MOST_TABLES, examples.size());
        if (shown < all) {
            out.println(shown + " of " + all + " examples shown; choose others with --example");
        }
        Report.summary(out, explained.explanation());
        explained.file().notes().forEach(note -> out.println("note: " + note));
        explained.text().ifPresent(text -> text.notes().forEach(note -> out.println("note: " + note)));
    }

    private static void texts(
            PrintWriter out, Explanation explanation, int example, List<String> labels, boolean colors) {
        Tensor attribution = explanation.attributions().get(0);
        int rank = attribution.shape().rank();
        boolean fits = explanation.attributions().size() == 1 && (rank == 2 || rank == 3);
        if (fits && labels.size() <= attribution.shape().dim(1)) {
            TokenLine.print(out, attribution, example, labels, colors);
        }
    }

    /** Writes the files that the options name. */
    static void write(Explained explained, ExplainOptions options, List<Path> written) throws IOException {
        Explanation explanation = explained.explanation();
        if (options.out != null) {
            explanation.writeNpz(options.out);
            written.add(options.out);
        }
        pictures(explained, options, written);
        if (options.json != null) {
            // This is last: with inputs added, the tensors move to another explanation.
            String json;
            if (options.keepInputs) {
                try (Explanation whole = explanation.withInputData(explained.inputs())) {
                    json = whole.toJson();
                }
            } else {
                json = explanation.withoutInputData().toJson();
            }
            Files.writeString(options.json, json, StandardCharsets.UTF_8);
            written.add(options.json);
        }
    }

    private static void pictures(Explained explained, ExplainOptions options, List<Path> written) throws IOException {
        if (options.png == null && options.svg == null && options.html == null) {
            return;
        }
        List<Integer> examples = examples(options, explained.explanation());
        List<String> tokens = tokens(options.tokens);
        for (int example : examples) {
            Picture picture = Pictures.of(
                    explained, example, options.picture, options.show, explained.labels(example, tokens), options.top);
            for (@Nullable Path file : new Path[] {options.png, options.svg, options.html}) {
                if (file != null) {
                    Path numbered = examples.size() == 1 ? file : withSuffix(file, "-" + example);
                    if (file.equals(options.png)) {
                        picture.writePng(numbered);
                    } else {
                        String text = file.equals(options.svg) ? picture.toSvg() : picture.toHtml();
                        Files.writeString(numbered, text, StandardCharsets.UTF_8);
                    }
                    written.add(numbered);
                }
            }
        }
    }

    /** Returns why-2.png for why.png and -2. */
    static Path withSuffix(Path file, String suffix) {
        String name = String.valueOf(file.getFileName());
        int dot = name.lastIndexOf('.') < 0 ? name.length() : name.lastIndexOf('.');
        return file.resolveSibling(name.substring(0, dot) + suffix + name.substring(dot));
    }

    static List<Integer> examples(ExplainOptions options, Explanation explanation) {
        int count = explanation.scores().length;
        if (options.example.equals("all")) {
            return IntStream.range(0, count).boxed().toList();
        }
        List<Integer> examples = new ArrayList<>();
        for (long example : Texts.integers("--example", options.example)) {
            if (example < 0 || example >= count) {
                throw new IllegalArgumentException("--example " + example + ": there "
                        + (count == 1 ? "is one, 0" : "are " + count + ", 0 to " + (count - 1)));
            }
            examples.add((int) example);
        }
        return examples;
    }

    static List<String> tokens(@Nullable String text) throws IOException {
        if (text == null || text.isBlank()) {
            return List.of();
        }
        String plain = text.startsWith("@") ? Files.readString(Path.of(text.substring(1))) : text;
        return List.of(plain.strip().split("\\s+"));
    }
}
