// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.Cli.Said;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ExplainCommandTest {
    /** Sums of some dozen float32 products of about 1, each step wrong by 6e-8 at most, in another order. */
    private static final double ROUNDING = 1e-5;

    @TempDir
    Path folder;

    private List<String> digit(String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "--model",
                Cli.demo(folder, "digits.pt").toString(),
                "--input",
                Cli.demo(folder, "digit-3.npz").toString()));
        arguments.addAll(List.of(more));
        return arguments;
    }

    private List<String> patients(String file, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "--model",
                Cli.demo(folder, "breast-cancer.pt").toString(),
                "--input",
                Cli.demo(folder, file).toString()));
        arguments.addAll(List.of(more));
        return arguments;
    }

    private Explanation json(List<String> arguments) throws IOException {
        Path file = folder.resolve("why.json");
        List<String> all = new ArrayList<>(arguments);
        all.addAll(List.of("--json", file.toString(), "--quiet"));
        Said said = Cli.explain(all);
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        assertThat(said.out()).isEmpty();
        return Explanation.fromJson(Files.readString(file));
    }

    @Test
    void a_dry_run_says_the_rows_that_the_explanation_then_counts_and_writes_nothing() throws IOException {
        Path file = folder.resolve("none.json");
        for (String method : List.of("integrated-gradients", "deep-lift", "occlusion")) {
            List<String> asked = digit("--method", method);
            if (method.equals("occlusion")) {
                asked.addAll(List.of("--set", "window=1,2,2"));
            }
            List<String> dry = new ArrayList<>(asked);
            dry.addAll(List.of("--dry-run", "--json", file.toString()));
            Said said = Cli.explain(dry);
            assertThat(said.err()).isEmpty();
            assertThat(said.code()).isZero();
            assertThat(file).doesNotExist();
            try (Explanation why = json(asked)) {
                String backward = why.counts().backwardRows() == 0
                        ? ""
                        : " and " + why.counts().backwardRows() + " backward";
                assertThat(said.out())
                        .startsWith(why.counts().forwardRows() + " rows forward" + backward + " in "
                                + why.counts().batches() + " calls of up to "
                                + why.counts().largestBatch() + " rows; about ");
            }
        }
        Said most = Cli.explain(digit("--set", "tolerance=0.01", "--dry-run"));
        assertThat(most.out()).startsWith("at most 50 rows forward and 50 backward in ");
        Said endless = Cli.explain(digit("--method", "shapley-sampling", "--set", "budget=error:0.1", "--dry-run"));
        assertThat(endless.code()).isEqualTo(2);
        assertThat(endless.err()).contains("add a number of evaluations, such as 20000,error:0.1");
    }

    static Stream<String> methods() {
        return Methods.all().stream().map(Description::name);
    }

    @ParameterizedTest
    @MethodSource("methods")
    void everyMethodRuns(String method) throws IOException {
        boolean several = method.equals("feature-permutation");
        List<String> arguments = several ? patients("patients.csv") : digit();
        arguments.addAll(List.of("--method", method));
        arguments.addAll(Cli.forDigit(method));
        try (Explanation why = json(arguments)) {
            assertThat(why.provenance().method()).isEqualTo(method);
            assertThat(why.attribution().shape()).isEqualTo(several ? Shape.of(5, 30) : Cli.shapeForDigit(method));
            assertThat(Arrays.stream(why.attribution().toDoubleArray())).anyMatch(value -> value != 0);
        }
    }

    @Test
    void printsATableWithTheNumbers() {
        Said said = Cli.explain(patients("patient.csv", "--method", "input-x-gradient", "--top", "3", "--target", "0"));
        assertThat(said.code()).isZero();
        List<String> lines = said.out().lines().toList();
        assertThat(lines.get(0)).isEqualTo("input-x-gradient, target index 0");
        assertThat(lines.get(1)).matches("feature +value +attribution");
        assertThat(lines).hasSize(9);
        assertThat(lines.get(5)).startsWith("27 others");
        assertThat(lines.get(8)).matches("\\d forward rows?, 1 backward row in \\d calls?, .*");
    }

    @Test
    void writesEveryForm() throws IOException {
        Path npz = folder.resolve("why.npz");
        Path png = folder.resolve("why.png");
        Path svg = folder.resolve("why.svg");
        Path html = folder.resolve("why.html");
        Path json = folder.resolve("why.json");
        Said said = Cli.explain(digit(
                "--set",
                "steps=5",
                "--out",
                npz.toString(),
                "--png",
                png.toString(),
                "--svg",
                svg.toString(),
                "--html",
                html.toString(),
                "--json",
                json.toString(),
                "--keep-inputs"));
        assertThat(said.code()).isZero();
        assertThat(said.out()).contains("wrote " + npz + ", " + png + ", " + svg + ", " + html + ", " + json);
        try (TensorScope scope = TensorScope.open();
                Explanation why = Explanation.fromJson(Files.readString(json))) {
            Map<String, Tensor> arrays = NumpyFiles.readNpz(npz, Tensors.ofJava());
            assertThat(arrays).containsOnlyKeys("attribution_0", "scores", "baseline_scores", "completeness_gap");
            assertThat(arrays.get("attribution_0").toFloatArray())
                    .isEqualTo(why.attribution().toFloatArray());
            assertThat(why.inputData()).hasSize(1);
        }
        BufferedImage image = ImageIO.read(png.toFile());
        assertThat(image.getWidth()).isGreaterThan(400);
        assertThat(Files.readString(svg).contains("<title>integrated-gradients, target index 3</title>"))
                .isTrue();
        assertThat(Files.readString(html).startsWith("<!DOCTYPE html>")).isTrue();
    }

    @Test
    void anImageIsTheSameAsItsNumbers() throws IOException {
        BufferedImage black = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
        float[] pixels = new float[64];
        for (int i = 9; i < 56; i += 3) {
            black.getRaster().setSample(i % 8, i / 8, 0, 255);
            pixels[i] = 1;
        }
        Path png = folder.resolve("dots.png");
        ImageIO.write(black, "png", png.toFile());
        Path npy = folder.resolve("dots.npy");
        try (TensorScope scope = TensorScope.open()) {
            NumpyFiles.writeNpy(npy, Tensors.ofJava().of(pixels, 1, 1, 8, 8));
        }
        List<String> image = digit("--method", "saliency");
        image.set(3, png.toString());
        List<String> numbers = digit("--method", "saliency");
        numbers.set(3, npy.toString());
        try (Explanation fromNumbers = json(numbers);
                Explanation fromImage = json(image)) {
            assertThat(fromImage.attribution().toFloatArray())
                    .isEqualTo(fromNumbers.attribution().toFloatArray());
        }
    }

    @Test
    void anImageIsResizedAndTakesTheChannelsThatTheModelAccepts() throws IOException {
        BufferedImage color = new BufferedImage(24, 16, BufferedImage.TYPE_INT_RGB);
        for (int x = 0; x < 24; x++) {
            color.setRGB(x, x % 16, 0xff8000);
        }
        Path file = folder.resolve("color.png");
        ImageIO.write(color, "png", file.toFile());
        List<String> arguments = digit("--method", "saliency", "--size", "8");
        arguments.set(3, file.toString());
        try (Explanation why = json(arguments)) {
            assertThat(why.attribution().shape()).isEqualTo(Shape.of(1, 1, 8, 8));
        }
        arguments.addAll(List.of("--channels", "3"));
        assertThat(Cli.explain(arguments).refusal()).contains("3 channels");
    }

    @Test
    void targets() throws IOException {
        try (Explanation argmax = json(digit("--method", "saliency"));
                Explanation three = json(digit("--method", "saliency", "--target", "3"));
                Explanation at = json(digit("--method", "saliency", "--target-at", "3"));
                Explanation five = json(digit("--method", "saliency", "--target", "5"));
                Explanation difference = json(digit("--method", "saliency", "--difference", "3,5"));
                Explanation probability = json(digit("--method", "saliency", "--probability", "3"))) {
            assertThat(argmax.attribution().toFloatArray())
                    .isEqualTo(three.attribution().toFloatArray());
            assertThat(at.attribution().toFloatArray())
                    .isEqualTo(three.attribution().toFloatArray());
            assertThat(difference.scores()[0]).isCloseTo(three.scores()[0] - five.scores()[0], within(1e-5));
            assertThat(probability.scores()[0]).isBetween(0.98, 1.0);
        }
        try (Explanation each = json(patients("patients.csv", "--method", "saliency", "--target", "0,1,0,1,0"));
                Explanation zero =
                        json(patients("patients.csv", "--method", "saliency", "--target", "0", "--rows", "0,2"))) {
            // Calls of two rows and of five add up in different orders in libtorch.
            assertThat(zero.scores())
                    .containsExactly(new double[] {each.scores()[0], each.scores()[2]}, within(ROUNDING));
        }
    }

    @Test
    void rulesOfPropagation_atLayersAndTowardsNeurons() throws IOException {
        try (Explanation complete = json(digit("--method", "deep-lift", "--baseline", "0.5", "--target", "3"));
                Explanation layer = json(digit("--method", "deep-lift", "--layer", "conv2"));
                Explanation neuron = json(digit("--method", "guided-backprop", "--layer", "conv2", "--unit", "4,2,1"));
                Explanation box =
                        json(digit("--method", "lrp", "--set", "composite=epsilon-gamma-box:0,1", "--target", "3"));
                Explanation flat =
                        json(digit("--method", "lrp", "--set", "composite=epsilon-plus-flat", "--target", "3"))) {
            double change = complete.scores()[0] - complete.baselineScores().orElseThrow()[0];
            assertThat(Arrays.stream(complete.attribution().toDoubleArray()).sum())
                    .isCloseTo(change, within(1e-4 * Math.abs(change)));
            assertThat(layer.attribution().shape()).isEqualTo(Shape.of(1, 32, 8, 8));
            assertThat(neuron.attribution().shape()).isEqualTo(Shape.of(1, 1, 8, 8));
            assertThat(neuron.provenance().settings()).containsEntry("layer", "conv2");
            assertThat(String.valueOf(box.provenance().settings().get("rules"))).contains("z-box(0.0, 1.0)");
            assertThat(flat.attribution().toFloatArray())
                    .isNotEqualTo(box.attribution().toFloatArray());
        }
    }

    @Test
    void layersAndNeurons() throws IOException {
        try (Explanation layer =
                        json(digit("--method", "integrated-gradients", "--set", "steps=5", "--layer", "conv2"));
                Explanation lifted = json(digit("--set", "steps=5", "--layer", "conv2", "--baseline", "head:0"));
                Explanation neuron = json(digit("--set", "steps=5", "--layer", "conv2", "--unit", "4,2,1"))) {
            assertThat(layer.attribution().shape()).isEqualTo(Shape.of(1, 32, 8, 8));
            assertThat(lifted.baselineScores().orElseThrow()[0])
                    .isNotEqualTo(layer.baselineScores().orElseThrow()[0]);
            assertThat(neuron.attribution().shape()).isEqualTo(Shape.of(1, 1, 8, 8));
            assertThat(neuron.provenance().settings()).containsEntry("layer", "conv2");
        }
        // Slices, several layers, the input of a layer, a method with settings for layer and unit.
        try (Explanation slices = json(digit("--set", "steps=5", "--layer", "conv2", "--unit", "4, 2:4, :"));
                Explanation sum = json(digit("--method", "saliency", "--layer", "conv2", "--unit", "sum"));
                Explanation two = json(digit("--method", "layer-activation", "--layer", "conv1,conv2"));
                Explanation into = json(digit("--method", "saliency", "--layer", "conv2:in"));
                Explanation flow = json(digit(
                        "--method",
                        "neuron-conductance",
                        "--set",
                        "steps=5",
                        "--layer",
                        "conv2",
                        "--unit",
                        "4,2,1",
                        "--target",
                        "3"))) {
            assertThat(slices.provenance().settings()).containsEntry("unit", "sum of [4, 2:4, :]");
            assertThat(sum.attribution().shape()).isEqualTo(Shape.of(1, 1, 8, 8));
            assertThat(two.names()).containsExactly("conv1", "conv2");
            assertThat(into.names()).containsExactly("conv2:in");
            assertThat(flow.provenance().target()).isEqualTo("index 3");
            assertThat(flow.attribution().shape()).isEqualTo(Shape.of(1, 1, 8, 8));
        }
        // Noise on the inputs, then the layer; or noise on the activation.
        try (Explanation inputs = json(
                        digit("--method", "smooth-grad", "--set", "method=saliency", "--set", "method.layer=conv2"));
                Explanation activation =
                        json(digit("--method", "smooth-grad", "--set", "method=saliency", "--layer", "conv2"))) {
            assertThat(inputs.attribution().shape()).isEqualTo(Shape.of(1, 32, 8, 8));
            assertThat(activation.attribution().toFloatArray())
                    .isNotEqualTo(inputs.attribution().toFloatArray());
        }
    }

    @Test
    void baselinesFromFiles() throws IOException {
        String baseline = Cli.demo(folder, "patient-baseline.csv").toString();
        try (Explanation mean = json(patients("patient.csv", "--set", "steps=20", "--baseline", baseline));
                Explanation set = json(patients("patient.csv", "--set", "steps=20", "--set", "baseline=" + baseline))) {
            assertThat(mean.attribution().toFloatArray())
                    .isEqualTo(set.attribution().toFloatArray());
            assertThat(mean.provenance().settings().get("baseline")).startsWith("tensor ");
        }
        String all = Cli.demo(folder, "patients.csv").toString();
        try (Explanation why =
                json(patients("patient.csv", "--method", "gradient-shap", "--baseline", "samples:" + all))) {
            assertThat(why.provenance().settings().get("baseline")).startsWith("samples ");
        }
        // The wrapped method's baseline.
        try (Explanation why = json(patients(
                "patient.csv",
                "--method",
                "smooth-grad",
                "--set",
                "method=integrated-gradients",
                "--baseline",
                "mean:" + all))) {
            assertThat(why.provenance().settings().get("method.baseline")).startsWith("mean of samples ");
        }
    }

    @Test
    void groupsAreOneLineEach() throws IOException {
        Path mask = folder.resolve("halves.npy");
        long[] numbers = new long[64];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = i / 32;
        }
        try (TensorScope scope = TensorScope.open()) {
            NumpyFiles.writeNpy(mask, Tensors.ofJava().of(numbers, 1, 1, 8, 8));
        }
        Said said = Cli.explain(digit("--method", "shapley-values", "--mask", mask.toString()));
        assertThat(said.code()).isZero();
        List<String> lines = said.out().lines().toList();
        assertThat(lines.get(2)).startsWith("group ").contains(" (32)");
        assertThat(lines.get(3)).startsWith("group ");
        // Each group counts once, so that the sum is right.
        assertThat(lines.get(4)).contains("completeness gap 0");
    }

    @Test
    void seedsAndBatches() throws IOException {
        List<String> arguments = digit("--method", "smooth-grad", "--set", "method=saliency");
        List<String> seven = new ArrayList<>(arguments);
        seven.addAll(List.of("--seed", "7"));
        List<String> small = new ArrayList<>(seven);
        small.addAll(List.of("--memory", "1MiB", "--deadline", "5m"));
        try (Explanation first = json(arguments);
                Explanation other = json(seven);
                Explanation again = json(seven);
                Explanation bounded = json(small)) {
            assertThat(other.attribution().toFloatArray())
                    .isEqualTo(again.attribution().toFloatArray())
                    .isNotEqualTo(first.attribution().toFloatArray());
            assertThat(bounded.provenance().batching()).contains("memory 1048576 bytes");
        }
        List<String> two = digit("--set", "steps=6", "--batch", "2");
        try (Explanation why = json(two)) {
            assertThat(why.counts().largestBatch()).isEqualTo(2);
        }
    }

    @Test
    void severalInputsOfWhichSomeAreFixed() throws IOException {
        String model = Cli.golden("data/models/multi_input.scripted.pt").toString();
        Path inputs = Cli.golden("data/multi_input/inputs.npz");
        try (Explanation why = json(List.of(
                "--model",
                model,
                "--input",
                inputs.toString(),
                "--attribute",
                "numbers,signal",
                "--target",
                "1",
                "--set",
                "steps=8"))) {
            assertThat(why.names()).containsExactly("numbers", "signal");
        }
        Path given = folder.resolve("given.npz");
        Path fixed = folder.resolve("fixed.npz");
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = NumpyFiles.readNpz(inputs, Tensors.ofJava());
            Map<String, Tensor> ids = new LinkedHashMap<>(Map.of("ids", arrays.remove("ids")));
            NumpyFiles.writeNpz(given, arrays);
            NumpyFiles.writeNpz(fixed, ids);
        }
        Path png = folder.resolve("bars.png");
        List<String> arguments = List.of(
                "--model",
                model,
                "--input",
                given.toString(),
                "--fixed",
                fixed.toString(),
                "--target",
                "1",
                "--set",
                "steps=8",
                "--example",
                "0,2",
                "--png",
                png.toString(),
                "--show",
                "numbers");
        Said said = Cli.explain(arguments);
        assertThat(said.err()).isEmpty();
        assertThat(said.out()).contains("numbers[0]").contains("(example 2)").doesNotContain("signal[");
        assertThat(folder.resolve("bars-0.png")).exists();
        assertThat(folder.resolve("bars-2.png")).exists();
    }

    @Test
    void statesWhoseAxis1CountsExamples() throws IOException {
        Path arrays = folder.resolve("states.npz");
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> given = new LinkedHashMap<>();
            given.put("x", Tensors.ofJava().full(Shape.of(3, 2, 5), DataType.FLOAT32, 1));
            given.put("h", Tensors.ofJava().full(Shape.of(2, 3, 4), DataType.FLOAT32, 0.5));
            given.put("c", Tensors.ofJava().full(Shape.of(2, 3, 4), DataType.FLOAT32, 0.25));
            NumpyFiles.writeNpz(arrays, given);
        }
        String model = Path.of("..", "golden", "together", "GivenState.pt").toString();
        List<String> arguments = new ArrayList<>(List.of(
                "--model", model, "--input", arrays.toString(), "--attribute", "x", "--target", "1", "--row-axis"));
        Said said = Cli.explain(with(arguments, "h=1,c=1"));
        assertThat(said.err()).isEmpty();
        assertThat(said.out()).contains("x[1, 4]").contains("1 of 3 examples shown");
        List<String> chosen = with(with(with(arguments, "h=1,c=1"), "--rows"), "2,0");
        Said two = Cli.explain(chosen);
        assertThat(two.err()).isEmpty();
        assertThat(two.out()).contains("1 of 2 examples shown");
        List<String> all = new ArrayList<>(chosen);
        all.set(5, "x,h");
        Path json = folder.resolve("states.json");
        Said states = Cli.explain(with(with(all, "--json"), json.toString()));
        assertThat(states.err()).isEmpty();
        try (Explanation read = Explanation.fromJson(Files.readString(json))) {
            assertThat(read.names()).containsExactly("x", "h");
            assertThat(read.attributions().get(1).shape()).isEqualTo(Shape.of(2, 2, 4));
        }

        assertThat(Cli.explain(with(arguments, "h=3,c=1")).err())
                .contains("input 'h' has shape (2, 3, 4) and rowAxis 3; give an axis that it has, counted from 0");
    }

    /** A counter of calls scales the output. Starting at 8 it is 9 in the first call; from the file it is 3. */
    @Test
    void aStateOfAnotherMoment() throws IOException {
        Path x = folder.resolve("x.npz");
        Path state = folder.resolve("state.npz");
        Path json = folder.resolve("counted.json");
        try (TensorScope scope = TensorScope.open()) {
            NumpyFiles.writeNpz(x, Map.of("x", Tensors.ofJava().of(new float[] {1, 2, 3, 4}, 1, 4)));
            NumpyFiles.writeNpz(state, Map.of("n", Tensors.ofJava().of(new float[] {8}, 1)));
        }
        String model = Cli.golden("state/counts-buffer.pt").toString();
        List<String> arguments = List.of(
                "--model",
                model,
                "--input",
                x.toString(),
                "--target",
                "1",
                "-M",
                "saliency",
                "--json",
                json.toString());
        double[] scores = new double[2];
        for (int i = 0; i < 2; i++) {
            List<String> all = i == 0 ? arguments : with(with(arguments, "--state"), state.toString());
            Said said = Cli.explain(all);
            assertThat(said.err()).isEmpty();
            try (Explanation read = Explanation.fromJson(Files.readString(json))) {
                scores[i] = read.scores()[0];
                assertThat(read.provenance().model().loaded().keySet())
                        .isEqualTo(i == 0 ? Set.of() : Set.of("state n"));
            }
        }
        assertThat(scores[1]).isCloseTo(scores[0] * 3, within(1e-5));
        Said wrong = Cli.explain(with(with(arguments, "--state"), x.toString()));
        assertThat(wrong.refusal()).contains("state 'x' does not exist; the program changes n");
    }

    private static List<String> with(List<String> arguments, String last) {
        List<String> all = new ArrayList<>(arguments);
        all.add(last);
        return all;
    }

    @Test
    void textsSeriesAndSegmentations() throws IOException {
        Path png = folder.resolve("text.png");
        Said text = Cli.explain(
                "--model",
                Cli.golden("data/models/text_lstm.scripted.pt").toString(),
                "--input",
                Cli.golden("data/text_lstm/inputs.npz").toString(),
                "--method",
                "feature-ablation",
                "--tokens",
                "it was a very good film and not long",
                "--png",
                png.toString());
        assertThat(text.err()).isEmpty();
        assertThat(text.out()).contains("film");
        assertThat(png).exists();

        Path svg = folder.resolve("series.svg");
        Said series = Cli.explain(
                "--model",
                Cli.golden("data/models/timeseries_gru.scripted.pt").toString(),
                "--input",
                Cli.golden("data/timeseries_gru/inputs.npz").toString(),
                "--method",
                "saliency",
                "--picture",
                "series",
                "--svg",
                svg.toString());
        assertThat(series.err()).isEmpty();
        assertThat(svg).exists();

        try (Explanation why = json(List.of(
                "--model",
                Cli.golden("data/models/segmentation.scripted.pt").toString(),
                "--input",
                Cli.golden("data/segmentation/inputs.npz").toString(),
                "--method",
                "saliency",
                "--target-at",
                "1,4,4"))) {
            assertThat(why.provenance().target()).contains("1, 4, 4");
        }
    }

    @Test
    void oneOutputNeedsNoTarget() throws IOException {
        for (String model : List.of("regression", "regression_column")) {
            try (Explanation why = json(List.of(
                    "--model",
                    Cli.golden("data/models/" + model + ".traced.pt").toString(),
                    "--input",
                    Cli.golden("data/" + model + "/inputs.npz").toString(),
                    "--method",
                    "saliency"))) {
                assertThat(why.provenance().target()).isEqualTo("output");
            }
        }
    }

    @Test
    void progressIsShownWhereAskedForAndSlow() {
        StringWriter shown = new StringWriter();
        try (ProgressDisplay display = new ProgressDisplay(new PrintWriter(shown), true)) {
            display.accept(new Run.Progress("occlusion", 0.01, 1, 900_000_000L));
            assertThat(shown.toString()).isEmpty();
            display.accept(new Run.Progress("occlusion", 0.5, 50, 1_100_000_000L));
            display.accept(new Run.Progress("occlusion", 1, 100, 2_000_000_000L));
        }
        assertThat(shown.toString()).contains("occlusion").contains("100%").endsWith(System.lineSeparator());
        StringWriter silent = new StringWriter();
        try (ProgressDisplay display = new ProgressDisplay(new PrintWriter(silent), false)) {
            display.accept(new Run.Progress("occlusion", 0.5, 50, 2_000_000_000L));
        }
        assertThat(silent.toString()).isEmpty();
        assertThat(Cli.explain(digit("--method", "saliency", "--progress", "--quiet"))
                        .err())
                .isEmpty();
    }

    @Test
    void helpTeaches() {
        Said said = Cli.run("explain", "--help");
        assertThat(said.code()).isZero();
        assertThat(said.out())
                .contains("Examples:")
                .contains("--method kernel-shap")
                .contains("--deadline");
        assertThat(said.out().lines()).allMatch(line -> line.length() <= 100);
        Said top = Cli.run();
        assertThat(top.code()).isZero();
        assertThat(top.out())
                .contains("attribution demo")
                .contains("Exit codes:")
                .contains("3   the model cannot be explained this way");
        assertThat(Cli.run("--version").out()).startsWith("attribution4j ");
    }
}
