// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every kind of target on the command line. Gradients are linear in the target, so each is compared with a sum. */
class TargetOptionsTest {
    @TempDir
    Path folder;

    private List<String> arguments(String model, String... options) {
        List<String> all = new ArrayList<>(List.of(
                "--model",
                Cli.golden("data/models/" + model + ".scripted.pt").toString(),
                "--input",
                Cli.golden("data/" + model + "/inputs.npz").toString(),
                "--method",
                "input-x-gradient"));
        all.addAll(List.of(options));
        return all;
    }

    private Explanation explained(String model, String... options) throws IOException {
        Path file = folder.resolve("why.json");
        List<String> all = arguments(model, options);
        all.addAll(List.of("--json", file.toString(), "--quiet"));
        Cli.Said said = Cli.explain(all);
        assertThat(said.err()).isEmpty();
        return Explanation.fromJson(Files.readString(file));
    }

    private double[] attributions(String model, String... options) throws IOException {
        try (Explanation why = explained(model, options)) {
            return why.attribution().toDoubleArray();
        }
    }

    private static double[] combined(double[] weights, double[]... parts) {
        double[] sum = new double[parts[0].length];
        for (int k = 0; k < parts.length; k++) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += weights[k] * parts[k][i];
            }
        }
        return sum;
    }

    @Test
    void slicesAndSumsAreSumsOfElements() throws IOException {
        double[] first = attributions("segmentation", "--target-at", "1,4,4");
        double[] second = attributions("segmentation", "--target-at", "1,4,5");
        double[] sum = combined(new double[] {1, 1}, first, second);
        assertThat(attributions("segmentation", "--target-at", "1,4,4:6")).containsExactly(sum, within(1e-5));
        assertThat(attributions("segmentation", "--target-at", "1,4,4+1,4,5")).containsExactly(sum, within(1e-5));
        assertThat(attributions("segmentation", "--difference", "1,4,4:6;1,4,5"))
                .containsExactly(first, within(1e-5));
    }

    @Test
    void aRegionIsASliceUnderAMask() throws IOException {
        double[] mask = new double[144];
        mask[4 * 12 + 4] = 1;
        mask[4 * 12 + 5] = 1;
        for (long[] dims : new long[][] {{12, 12}, {1, 12, 12}}) {
            Path file = folder.resolve("mask.npy");
            try (TensorScope scope = TensorScope.open()) {
                NumpyFiles.writeNpy(file, Tensors.ofJava().of(mask, dims));
            }
            assertThat(attributions("segmentation", "--region", "1:" + file))
                    .containsExactly(attributions("segmentation", "--target-at", "1,4,4:6"), within(1e-5));
        }
    }

    @Test
    void setsOfClassesAgainstSets() throws IOException {
        double[][] classes = new double[4][];
        for (int c = 0; c < classes.length; c++) {
            classes[c] = attributions("mlp_softmax", "--target-at", Integer.toString(c));
        }
        assertThat(attributions("mlp_softmax", "--difference", "0+2,1+3"))
                .containsExactly(combined(new double[] {1, -1, 1, -1}, classes), within(1e-5));
        assertThat(attributions("mlp_softmax", "--difference", "0:2;3"))
                .containsExactly(combined(new double[] {1, 1, 0, -1}, classes), within(1e-5));
    }

    @Test
    void oneElementForEachExample() throws IOException {
        double[] each = attributions("segmentation", "--target-at", "0,1,1;1,2,2;0,3,3");
        double[] second = attributions("segmentation", "--target-at", "1,2,2");
        int row = each.length / 3;
        assertThat(Arrays.copyOfRange(each, row, 2 * row))
                .containsExactly(Arrays.copyOfRange(second, row, 2 * row), within(1e-5));
    }

    @Test
    void theSigmoidOfASingleLogit() throws IOException {
        for (String model : List.of("regression", "regression_column")) {
            try (Explanation logit = explained(model);
                    Explanation probability = explained(model, "--sigmoid")) {
                double[] scores = logit.scores();
                double[] gradients = logit.attribution().toDoubleArray();
                double[] found = probability.attribution().toDoubleArray();
                for (int example = 0; example < scores.length; example++) {
                    double p = 1 / (1 + Math.exp(-scores[example]));
                    assertThat(probability.scores()[example]).isCloseTo(p, within(1e-6));
                    int width = gradients.length / scores.length;
                    for (int i = example * width; i < (example + 1) * width; i++) {
                        assertThat(found[i]).isCloseTo(p * (1 - p) * gradients[i], within(1e-6));
                    }
                }
            }
            assertThat(Cli.explain(arguments(model, "--probability", "0")).refusal())
                    .contains("whose softmax is always 1")
                    .contains("use --sigmoid");
        }
        try (Explanation label = explained("mlp_softmax", "--sigmoid", "2")) {
            assertThat(label.provenance().target()).isEqualTo("sigmoid of index 2");
        }
    }

    @Test
    void theSoftmaxOfProbabilitiesIsNoted() {
        Cli.Said said = Cli.explain(arguments("mlp_softmax", "--probability", "1"));
        assertThat(said.code()).isZero();
        assertThat(said.out())
                .contains("note: the model's outputs are probabilities already")
                .contains("--target 1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--difference 1|give two classes, such as 3,8",
                "--difference 1,1|is 0 whatever the model answers",
                "--target 1:3|slices and elements are for --target-at",
                "--target 1,argmax|argmax and output stand alone",
                "--target-at 1:2;3|a slice is the same for all",
                "--target-at 9:12|selects positions outside",
                "--region 1|write a channel and a file of weights",
                "--region 1:why.png|give the weights as .npy",
                "--region 1:nothing.npy|no such file",
                "--detection 5|write a column of scores and a box",
                "--detection middle:5:0,0,1,1|boxes 'middle' are unknown",
                "--detection 3:0,0,1,1|scores follow from 4",
                "--detection 5:0,0,1,1|a detection needs an output of shape (rows, boxes, columns)",
                "--sigmoid 1 --target 2|each is a target; give one of them"
            })
    void whatMakesNoSenseIsRefused(String options, String message) {
        Cli.Said said = Cli.explain(arguments("mlp_softmax", options.split(" ")));
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.refusal()).contains(message);
    }

    @Test
    void aLayersValuesAreShownWithoutATarget() {
        List<String> given = new ArrayList<>(arguments("mlp_softmax", "--layer", "fc2"));
        given.set(given.indexOf("input-x-gradient"), "layer-activation");
        Cli.Said said = Cli.explain(given);
        assertThat(said.code()).isZero();
        assertThat(said.out()).doesNotContain("[]").contains("sum of all values");
        given.addAll(List.of("--target", "1"));
        assertThat(Cli.explain(given).refusal()).contains("a target has no meaning");
    }

    @Test
    void arraysAreChosenByName() throws IOException {
        Path file = folder.resolve("labeled.npz");
        Map<String, Tensor> arrays = new LinkedHashMap<>();
        try (TensorScope scope = TensorScope.open()) {
            arrays.put("y", Tensors.ofJava().of(new long[] {1, 0, 2}, 3));
            arrays.put(
                    "data",
                    NumpyFiles.readNpz(Cli.golden("data/mlp_softmax/inputs.npz"), Tensors.ofJava())
                            .get("x"));
            NumpyFiles.writeNpz(file, arrays);
        }
        String model = Cli.golden("data/models/mlp_softmax.scripted.pt").toString();
        List<String> given = List.of("--model", model, "--input", file.toString(), "--method", "saliency");
        assertThat(Cli.explain(given).refusal())
                .contains("holds y of shape (3,), data of shape (3, 12)")
                .contains("choose with --inputs");
        for (String inputs : List.of("data", "x=data")) {
            List<String> chosen = new ArrayList<>(given);
            chosen.addAll(List.of("--inputs", inputs, "--target", "1"));
            Cli.Said said = Cli.explain(chosen);
            assertThat(said.err()).isEmpty();
            assertThat(said.out()).contains("saliency, target index 1");
        }
        List<String> unknown = new ArrayList<>(given);
        unknown.addAll(List.of("--inputs", "dta"));
        assertThat(Cli.explain(unknown).refusal()).contains("--inputs dta").contains("did you mean 'data'?");
    }

    @Test
    void furtherTablesAreReadByTheirColumns() throws IOException {
        Path patient = Cli.demo(folder, "patient.csv");
        List<String> lines = Files.readAllLines(Cli.demo(folder, "patients.csv"));
        Path turned = folder.resolve("turned.csv");
        Files.write(turned, lines.stream().map(TargetOptionsTest::turned).toList());
        String model = Cli.demo(folder, "breast-cancer.pt").toString();
        double[][] found = new double[2][];
        for (int i = 0; i < 2; i++) {
            Path json = folder.resolve("why" + i + ".json");
            String table = i == 0 ? folder.resolve("patients.csv").toString() : turned.toString();
            List<String> given = new ArrayList<>(
                    List.of("--model", model, "--input", patient.toString(), "--target", "0", "--set", "steps=5"));
            given.addAll(List.of("--baseline", "mean:" + table, "--json", json.toString(), "--quiet"));
            assertThat(Cli.explain(given).err()).isEmpty();
            try (Explanation why = Explanation.fromJson(Files.readString(json))) {
                found[i] = why.attribution().toDoubleArray();
            }
        }
        assertThat(found[1]).containsExactly(found[0], within(1e-6));
    }

    private static String turned(String line) {
        List<String> cells = new ArrayList<>(List.of(line.split(",")));
        Collections.reverse(cells);
        return String.join(",", cells);
    }

    @Test
    void integersOfATableAreReadAsSuchWhereTheModelWantsThem() throws IOException {
        Path table = Files.writeString(folder.resolve("ids.csv"), "a,b,c,d,e,f,g\n1,2,3,4,5,6,7\n3,2,1,0,1,2,3\n");
        String model = Cli.golden("data/models/text_lstm.scripted.pt").toString();
        List<String> given =
                List.of("--model", model, "--input", table.toString(), "--method", "feature-ablation", "--target", "0");
        Cli.Said said = Cli.explain(given);
        assertThat(said.err()).isEmpty();
        assertThat(said.out()).contains("holds integers, and the model wants such: read as int64");
        List<String> typed = new ArrayList<>(given);
        typed.addAll(List.of("--dtype", "int64"));
        assertThat(Cli.explain(typed).out()).doesNotContain("read as int64").contains("target index 0");
    }
}
