// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.benchmark.Benchmark;
import io.github.attribution4j.benchmark.BenchmarkTable;
import io.github.attribution4j.benchmark.BenchmarkTable.Interval;
import io.github.attribution4j.benchmark.RandomAttribution;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.metric.PerturbationCurve;
import io.github.attribution4j.metric.Sensitivity;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.visual.BenchmarkReport;
import io.github.attribution4j.visual.Caption;
import io.github.attribution4j.visual.CurveChart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What docs/which-method.md shows: methods judged on 100 digits of the demo. Run with
 * {@code -Dattribution.docs.update=true}, this writes table and picture.
 */
class WhichMethodPageTest {
    private static final Path PAGE = Demo.REPOSITORY.resolve("docs/which-method.md");
    private static final String START = "<!-- table -->\n```\n";
    private static final String END = "```\n<!-- end of table -->\n";

    @Test
    void digits(@TempDir Path folder) throws IOException {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(Demo.FILES.resolve("digits.pt"))) {
            Tensor digits = NumpyFiles.readNpz(Demo.FILES.resolve("digits.npz"), model.tensors())
                    .get("image");
            Path page = folder.resolve("judged.html");
            // tag::benchmark
            Benchmark<RuledModel> benchmark = Benchmark.of(
                    List.of(
                            PerturbationCurve.deletion(),
                            PerturbationCurve.insertion(),
                            Sensitivity.max().samples(3)),
                    new IntegratedGradients(),
                    new InputXGradient(),
                    new Saliency(),
                    new GuidedBackprop(),
                    new Occlusion(1, 2, 2),
                    new RandomAttribution());
            Target target = Target.argmax(); // the logit of the model's answer
            BenchmarkTable table = benchmark.judge(model, Inputs.of(digits), target, Run.defaults());
            System.out.println(table);
            Interval difference = table.difference("deletion", "integrated-gradients", "saliency");
            boolean sure = difference.excludesZero();
            CurveChart curves = CurveChart.of(table, "deletion");
            BenchmarkReport.of(table).title("Which method for digits?").write(page);
            // end::benchmark
            assertThat(sure).isTrue();
            assertThat(page).content().contains("Which method for digits?");
            for (String metric : List.of("deletion", "insertion")) {
                for (String method : table.methods().subList(0, 5)) {
                    assertThat(table.isBetter(metric, method, "random"))
                            .as(method + " by " + metric)
                            .isTrue();
                }
            }
            assertTable(table);
            Demo.assertShown(
                    curves.axes("share of the pixels that are deleted", "logit of the answer")
                            .caption(Caption.of("Deletion on 100 digits").scale(1))
                            .picture(),
                    "deletion-curves.png");
        }
    }

    /** Asserts that the page shows the table; numbers may differ in their last digit on another machine. */
    private static void assertTable(BenchmarkTable table) throws IOException {
        String page = Files.readString(PAGE);
        int from = page.indexOf(START) + START.length();
        int to = page.indexOf(END);
        if (Boolean.getBoolean("attribution.docs.update")) {
            Files.writeString(PAGE, page.substring(0, from) + table + page.substring(to));
            return;
        }
        assertThat(shape(page.substring(from, to))).isEqualTo(shape(table.toString()));
    }

    /** Returns a table with its numbers cut to two digits. */
    private static String shape(String table) {
        return table.replaceAll("(\\d\\.\\d)\\d*(e-\\d+)?", "$1").replaceAll(" +", " ");
    }
}
