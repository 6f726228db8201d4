// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.benchmark.BenchmarkTable.Interval;
import io.github.attribution4j.benchmark.RandomAttribution;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.metric.PerturbationCurve;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.perturbation.Rise;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Known results, on 200 digits that the demo was not trained on; docs/metrics.md has the figures. */
class DigitsJudgedTest {
    private static final int DIGITS = 200;

    private static final PerturbationCurve INSERTION = PerturbationCurve.insertion();

    @Test
    void insertion_ranks_integrated_gradients_and_rise_above_random_attributions() throws IOException {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(Demo.FILES.resolve("digits.pt"))) {
            Tensor images = NumpyFiles.readNpz(Demo.REPOSITORY.resolve("golden/digits/digits.npz"), model.tensors())
                    .get("pixels")
                    .mul(1.0 / 16);
            double[] random = scores(model, images, new RandomAttribution());
            assertThat(random).hasSize(DIGITS);
            check("random", random, random);
            check("integrated gradients", scores(model, images, new IntegratedGradients()), random);
            Rise rise = new Rise().samples(500).cells(1, 4, 4);
            check("RISE", scores(model, images, rise), random);
        }
    }

    /** Judges by the probability of the class that the model gives each digit. */
    private static double[] scores(
            TorchScriptModel model, Tensor images, Attribution<? super DifferentiableModel> method) {
        long[] classes = model.forward(Inputs.of(images)).argmax(1).toLongArray();
        double[] scores = new double[classes.length];
        for (int digit = 0; digit < 10; digit++) {
            long wanted = digit;
            long[] rows = LongStream.range(0, classes.length)
                    .filter(row -> classes[(int) row] == wanted)
                    .toArray();
            double[] judged = INSERTION
                    .judge(
                            model,
                            Inputs.of(images.select(0, rows)),
                            Target.probability(digit),
                            method,
                            Run.defaults().exampleKeys(rows))
                    .scores();
            for (int i = 0; i < rows.length; i++) {
                scores[(int) rows[i]] = judged[i];
            }
        }
        return scores;
    }

    /**
     * Asserts that scores are surely above those of random attributions, unless they are these, and are on the page.
     */
    private static void check(String name, double[] scores, double[] random) throws IOException {
        double[] differences = new double[DIGITS];
        Arrays.setAll(differences, i -> scores[i] - random[i]);
        Interval difference = Interval.of(differences);
        String page = Files.readString(Demo.REPOSITORY.resolve("docs/metrics.md"));
        Matcher line = Pattern.compile("\\| " + name + " \\| ([\\d.]+) \\|(?: ([\\d.]+) to ([\\d.]+) \\|)?")
                .matcher(page);
        String mean = String.valueOf(Interval.of(scores).mean());
        assertThat(line.find()).as(name + " " + mean + " " + difference).isTrue();
        assertThat(Interval.of(scores).mean()).isCloseTo(Double.parseDouble(line.group(1)), within(0.01));
        if (!name.equals("random")) {
            assertThat(difference.low()).isPositive().isCloseTo(Double.parseDouble(line.group(2)), within(0.01));
            assertThat(difference.high()).isCloseTo(Double.parseDouble(line.group(3)), within(0.01));
        }
    }
}
