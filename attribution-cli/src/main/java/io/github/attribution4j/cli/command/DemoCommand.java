// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import io.github.attribution4j.cli.DemoFiles;
import io.github.attribution4j.cli.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code attribution demo}. */
@Command(
        name = "demo",
        versionProvider = AttributionCli.Version.class,
        header = "Explains a handwritten digit, a patient's row and a sentence, prints the tables and draws the"
                + " pictures.",
        synopsisHeading = "%nUsage: ",
        descriptionHeading = "%n",
        description = "Everything is in the jar; models and inputs are copied out, so that the commands shown can be"
                + " repeated and "
                + "changed. Teaching examples: no medical device.",
        optionListHeading = "%nOptions:%n")
final class DemoCommand implements Callable<Integer> {
    private static final List<String> ASSETS = List.of(
            "digits.pt",
            "digit-3.png",
            "breast-cancer.pt",
            "patient.csv",
            "patients.csv",
            "patient-baseline.csv",
            "README.md",
            "topics.pt",
            "tokenizer.json",
            "sentences.txt",
            "topics.md");

    @Option(
            names = "--dir",
            paramLabel = "FOLDER",
            description = "Where files go. Default: ${DEFAULT-VALUE}.",
            defaultValue = "attribution-demo")
    private Path folder = Path.of("attribution-demo");

    @Mixin
    private CommonOptions common = new CommonOptions();

    /** One explanation of the demo. */
    private record Step(String intro, List<String> arguments, String picture) {}

    @Override
    public Integer call() throws IOException {
        PrintWriter out = common.out();
        PrintWriter err = common.err();
        Files.createDirectories(folder);
        for (String asset : ASSETS) {
            copy(asset);
        }
        List<Step> steps = steps();
        for (Step step : steps) {
            List<String> arguments = new ArrayList<>(step.arguments());
            if (common.quiet) {
                arguments.add("--quiet");
            } else {
                out.println(step.intro());
                out.println("$ attribution " + shell(arguments));
                out.println();
            }
            int code = AttributionCli.run(out, err, arguments.toArray(String[]::new));
            if (code != Failure.DONE) {
                return code;
            }
            if (!common.quiet) {
                out.println();
            }
        }
        Path page = folder.resolve("index.html");
        Files.writeString(page, page(steps), StandardCharsets.UTF_8);
        if (!common.quiet) {
            out.println("Pictures: "
                    + String.join(", ", steps.stream().map(Step::picture).toList()) + " in " + folder
                    + "; all on one page: " + page);
            out.flush();
        }
        return Failure.DONE;
    }

    private void copy(String asset) throws IOException {
        try (InputStream in = DemoFiles.open(asset)) {
            Files.copy(in, folder.resolve(asset), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Returns the arguments as a user types them. */
    private static String shell(List<String> arguments) {
        return arguments.stream()
                .map(argument -> argument.contains(" ") ? "\"" + argument + "\"" : argument)
                .collect(Collectors.joining(" "));
    }

    private List<Step> steps() {
        return List.of(
                step(
                        "Which pixels make the network see a 3? Red ones speak for it, blue ones against it.",
                        "digit-integrated-gradients.png",
                        "--model",
                        path("digits.pt"),
                        "--input",
                        path("digit-3.png"),
                        "--method",
                        "integrated-gradients",
                        "--set",
                        "steps=200",
                        "--top",
                        "8"),
                step(
                        "Where did its second convolution look?",
                        "digit-grad-cam.png",
                        "--model",
                        path("digits.pt"),
                        "--input",
                        path("digit-3.png"),
                        "--method",
                        "grad-cam",
                        "--layer",
                        "relu2",
                        "--set",
                        "relu=true",
                        "--top",
                        "4"),
                step(
                        "How does the score reach the pixels, layer by layer?",
                        "digit-lrp.png",
                        "--model",
                        path("digits.pt"),
                        "--input",
                        path("digit-3.png"),
                        "--method",
                        "lrp",
                        "--set",
                        "composite=epsilon-gamma-box:0,1",
                        "--top",
                        "4"),
                step(
                        "Which measurements make a tumour look malignant (class 0), compared with the average patient?",
                        "patient-kernel-shap.png",
                        "--model",
                        path("breast-cancer.pt"),
                        "--input",
                        path("patient.csv"),
                        "--method",
                        "kernel-shap",
                        "--set",
                        "samples=2000",
                        "--baseline",
                        path("patient-baseline.csv"),
                        "--probability",
                        "0",
                        "--picture",
                        "waterfall"),
                step(
                        "Which words make it a sentence about charts (class 0), rather than graphs, neural networks or"
                                + " statistics?",
                        "sentence-integrated-gradients.png",
                        "--model",
                        path("topics.pt"),
                        "--tokenizer",
                        path("tokenizer.json"),
                        "--text",
                        "Draw the edges of the graph as lines on the axes.",
                        "--method",
                        "integrated-gradients",
                        "--reference",
                        "mask",
                        "--top",
                        "6"));
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    private Step step(String intro, String picture, String... arguments) {
        List<String> all = new ArrayList<>(List.of("explain"));
        all.addAll(List.of(arguments));
        all.addAll(List.of("--png", path(picture)));
        return new Step(intro, all, picture);
    }

    private static String page(List<Step> steps) {
        StringBuilder page = new StringBuilder("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
                + "<title>attribution4j demo</title>\n"
                + "<body style=\"font-family:sans-serif;max-width:960px;margin:2em auto;color:#202124\">\n"
                + "<h1>attribution4j demo</h1>\n");
        for (Step step : steps) {
            page.append("<h2 style=\"font-size:1.1em\">")
                    .append(step.intro())
                    .append("</h2>\n<p><code>attribution ")
                    .append(shell(step.arguments()))
                    .append("</code></p>\n<img style=\"max-width:100%\" src=\"")
                    .append(step.picture())
                    .append("\" alt=\"\">\n");
        }
        return page.append("<p>Teaching examples; data: UCI Machine Learning Repository, CC BY 4.0, see"
                        + " README.md.</p>\n</html>\n")
                .toString();
    }
}
