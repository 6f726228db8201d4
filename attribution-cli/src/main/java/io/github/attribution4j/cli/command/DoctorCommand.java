// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.doctor.Diagnosis;
import io.github.attribution4j.cli.question.InputOptions;
import io.github.attribution4j.cli.question.Models;
import io.github.attribution4j.cli.question.Request;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code attribution doctor}. */
@Command(
        name = "doctor",
        versionProvider = AttributionCli.Version.class,
        header = "Says how a model can be explained: what works, what does not, why, and the remedy.",
        synopsisHeading = "%nUsage: ",
        descriptionHeading = "%n",
        description =
                "Loads the model and, given an input, runs it, takes gradients, and tries every method on the first"
                        + " example "
                        + "with few evaluations. The exit code is 3 if no method works.",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  attribution doctor --model m.pt",
            "  attribution doctor --model m.pt --input x.npz",
            "  attribution doctor --model m.onnx --input x.npz"
        })
final class DoctorCommand implements Callable<Integer> {
    @Mixin
    private InputOptions options = new InputOptions();

    @Mixin
    CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        PrintWriter out = common.out();
        try (Models models = new Models();
                TensorScope scope = TensorScope.open()) {
            RuledModel model = models.get(options);
            Diagnosis diagnosis = new Diagnosis(Diagnosis.Findings.printed(out), model);
            diagnosis.model(options.model);
            if (!options.hasInput()) {
                out.println("Give --input, or --text, to see whether the model runs on it, and which methods work.");
                return Failure.DONE;
            }
            Request request = Request.read(options, model);
            diagnosis.input(request);
            if (!request.hasRows()) {
                diagnosis.withoutRows(request.outputShape(), Request.hint(options));
            }
            return diagnosis.methods(request) ? Failure.DONE : Failure.NOT_THIS_WAY;
        } finally {
            out.flush();
        }
    }
}
