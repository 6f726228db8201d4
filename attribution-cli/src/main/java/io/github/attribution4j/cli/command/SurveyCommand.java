// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.doctor.Survey;
import io.github.attribution4j.cli.doctor.SurveyTable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code attribution survey}. */
@Command(
        name = "survey",
        versionProvider = AttributionCli.Version.class,
        header = "Does what doctor does for every model of a folder, and writes a table.",
        synopsisHeading = "%nUsage: ",
        descriptionHeading = "%n",
        description = {
            "NAME.pt, .ptl, .pth, .ts or .onnx has its input in NAME.npz, more inputs in NAME.fixed.npz and"
                    + " NAME.constant.npz, and the "
                    + "options of doctor that it needs in NAME.options; options that a refusal advises are taken.",
            "NAME.expected.npz holds what PyTorch computes, to be compared with: scores (the sum of each example's "
                    + "output), gradient_0, ... (their derivatives by the attributed inputs) and ablation_0, ... (the"
                    + " score less "
                    + "that with the input at zero)."
        },
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%nExample:%n",
        footer = "  attribution survey --models archives --table survey.md")
final class SurveyCommand implements Callable<Integer> {
    private static final String MARK = "<!-- survey -->";

    @Option(names = "--models", paramLabel = "FOLDER", required = true, description = "The folder of models.")
    private Path models = Path.of("");

    @Option(
            names = "--table",
            paramLabel = "FILE",
            description = "Where the table goes, as Markdown; in a page that has the line " + MARK
                    + ", it takes the place of what follows that line. Default: standard output.")
    private @Nullable Path table;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "cpu",
            description = "cpu, cuda or cuda:N. Default: ${DEFAULT-VALUE}.")
    private String device = "cpu";

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        if (!Files.isDirectory(models)) {
            throw new IllegalArgumentException("--models " + models + ": no such folder");
        }
        List<Path> archives = Survey.archives(models);
        if (archives.isEmpty()) {
            throw new IllegalArgumentException(
                    "--models " + models + ": holds no model; their names end in .pt, .ptl, .pth, .ts or .onnx");
        }
        PrintWriter out = common.out();
        Survey survey = new Survey(device);
        SurveyTable lines = new SurveyTable();
        for (Path archive : archives) {
            if (table != null && !common.quiet) {
                out.println(archive.getFileName());
                out.flush();
            }
            lines.add(survey.look(archive));
        }
        if (table != null) {
            Files.writeString(table, above(table) + lines.markdown());
        } else {
            out.print(lines.markdown());
            out.flush();
        }
        return Failure.DONE;
    }

    /** Returns the text above the table of a page. */
    private static String above(Path page) throws IOException {
        String text = Files.exists(page) ? Files.readString(page) : "";
        int mark = text.indexOf(MARK);
        return mark < 0 ? "" : text.substring(0, mark) + MARK + "\n\n";
    }
}
