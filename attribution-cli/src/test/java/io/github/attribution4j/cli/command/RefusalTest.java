// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.Cli.Said;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every refusal is one line with the argument, its value, the rule and the remedy; and has its exit code. */
class RefusalTest {
    @TempDir
    static Path folder;

    @BeforeAll
    static void files() throws IOException {
        Cli.demo(folder, "digits.pt");
        Cli.demo(folder, "digit-3.npz");
        Cli.demo(folder, "patient.csv");
        try (TensorScope scope = TensorScope.open()) {
            long[] gaps = new long[64];
            gaps[3] = 2;
            npy("gaps.npy", Tensors.ofJava().of(gaps, 1, 1, 8, 8));
            npy("small-mask.npy", Tensors.ofJava().of(new long[16], 1, 1, 4, 4));
            npy("small.npy", Tensors.ofJava().of(new float[16], 1, 1, 4, 4));
            float[] broken = new float[64];
            broken[5] = Float.NaN;
            npy("nan.npy", Tensors.ofJava().of(broken, 1, 1, 8, 8));
            npy("double.npy", Tensors.ofJava().of(new double[64], 1, 1, 8, 8));
            NumpyFiles.writeNpz(
                    folder.resolve("two.npz"),
                    Map.of(
                            "image", Tensors.ofJava().of(new float[64], 1, 1, 8, 8),
                            "more", Tensors.ofJava().of(new float[64], 1, 1, 8, 8)));
        }
        Files.writeString(folder.resolve("text.pt"), "no archive");
        Files.writeString(folder.resolve("no.npz"), "no zip");
        Files.writeString(folder.resolve("no.npy"), "no array");
    }

    private static void npy(String name, Tensor tensor) throws IOException {
        NumpyFiles.writeNpy(folder.resolve(name), tensor);
    }

    /** Runs explain with words of which @name is a file of the folder. */
    private static Said explain(String words) {
        List<String> arguments = new ArrayList<>();
        if (!words.contains("--model")) {
            arguments.addAll(List.of("--model", folder.resolve("digits.pt").toString()));
        }
        if (!words.contains("--input")) {
            arguments.addAll(List.of("--input", folder.resolve("digit-3.npz").toString()));
        }
        for (String word : words.split(" ", -1)) {
            if (!word.isEmpty()) {
                arguments.add(word.replace("@", folder + "/"));
            }
        }
        return Cli.explain(arguments);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--model @absent.pt|2|absent.pt: no such file",
                "--input @absent.npz|2|absent.npz: no such file",
                "--baseline @absent.npz|2|absent.npz: no such file",
                "--model @text.pt|3|text.pt: is not a TorchScript archive",
                "--input @no.npz|2|no.npz: holds no arrays, or is not a zip",
                "--input @no.npy|2|no.npy: is not a NumPy array file",
                "--input @text.pt|2|text.pt: unknown kind of file",
                "--out @no/folder/why.npz|2|does not exist; make it first",
                "--input @patient.csv|2|[1, 30]",
                "--input @small.npy|2|shape",
                "--input @double.npy|2|float64",
                "--input @two.npz|2|takes 1 argument",
                "--input @nan.npy|2|NaN",
                "--method integrated-gradient|2|did you mean 'integrated-gradients'",
                "--set stepz=3|2|has no setting 'stepz'; did you mean 'steps'?",
                "--set steps=3 --set steps=4|2|--set steps: given twice",
                "--set steps|2|write it as name=value",
                "--set steps=0|2|steps 0: must be at least 1",
                "--set steps=1 --set quadrature=trapezoid|2|must be at least 2",
                "--method occlusion|2|setting 'window' is needed",
                "--method occlusion --set window=9,9,9|2|window",
                "--target 10|2|10 lies outside 0 to 9",
                "--target 1,2|2|2",
                "--target three|2|--target three: must be integers",
                "--target 1 --probability 1|2|each is a target; give one",
                "--target-at 1,1|2|target",
                "--difference 3|2|give two classes",
                "--probability 12|2|12",
                "--layer conv9|2|layer 'conv9' does not exist; did you mean 'conv1', 'conv2', 'conv3'?",
                "--method grad-cam --layer conv9|2|layer 'conv9' does not exist; did you mean",
                "--method grad-cam|2|setting 'layer' is needed",
                "--method grad-cam --layer fc --set upsample=bilinear|2|upsample",
                "--method grad-cam --layer conv2 --unit 1,1,1|2|neuron",
                "--unit 1,1,1|2|--unit 1,1,1: say of which layer",
                "--layer conv2 --unit 99,0,0|2|99",
                "--layer conv2 --unit 1,1,1 --target 3|2|a target has no meaning",
                "--baseline @small.npy|2|baseline",
                "--baseline uniform:0,1|2|is a distribution",
                "--baseline 0.5 --set baseline=1|2|say the same",
                "--method saliency --baseline 0|2|method saliency has no baseline",
                "--method feature-ablation --mask @gaps.npy|2|mask has groups up to 2 but no element in 1",
                "--method feature-ablation --mask @small-mask.npy|2|mask",
                "--method feature-ablation --mask grid:9x9|2|grid(9, 9)",
                "--method saliency --mask grid:2x2|2|method saliency has no mask",
                "--method shapley-values|2|24",
                "--method kernel-shap --set samples=20|2|samples 20",
                "--method feature-permutation|2|example",
                "--memory 10|2|memory budget 10 bytes",
                "--memory lots|2|is not a size",
                "--memory 1GiB --batch 3|2|give one",
                "--batch 0|2|batch rows 0",
                "--deadline 1ms --set steps=4000|4|the deadline of 1 ms passed",
                "--deadline 0s|4|the deadline of 0 ms passed",
                "--set steps=30000000|2|steps 30000000: must be at most 1000000",
                "--deadline soon|2|is not a time",
                "--device gpu|2|device 'gpu' is unknown",
                "--rows 1|2|has 1 example, 0 to 0",
                "--example 3 --method saliency|2|there is one, 0",
                "--attribute imago|2|has no such array; did you mean 'image'",
                "--dtype float16|2|choose float32 or float64",
                "--picture pie|2|--picture 'pie' is unknown",
                "--show nothing --method saliency --png @x.png|2|nothing",
                "--top many|2|top",
                "--taget 3|2|option '--taget' does not exist; did you mean '--target'"
            })
    void refuses(String words, int code, String message) {
        Said said = explain(words);
        assertThat(said.refusal()).startsWith("attribution explain: ").contains(message);
        assertThat(said.code()).isEqualTo(code);
        assertThat(said.err()).doesNotContain("Exception");
    }

    @Test
    void refusesIntegerInputsOfGradientMethodsAsNotThisWay() {
        Said said = Cli.explain(
                "--model",
                Cli.golden("data/models/multi_input.scripted.pt").toString(),
                "--input",
                Cli.golden("data/multi_input/inputs.npz").toString(),
                "--target",
                "1");
        assertThat(said.code()).isEqualTo(3);
        assertThat(said.refusal())
                .contains("takes gradients, and input ids holds integers")
                .contains("--attribute numbers,signal");
    }

    @Test
    void refusesAMissingTargetOfADenseOutput() {
        Said said = Cli.explain(
                "--model",
                Cli.golden("data/models/segmentation.scripted.pt").toString(),
                "--input",
                Cli.golden("data/segmentation/inputs.npz").toString());
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.refusal()).contains("--target-at");
    }

    @Test
    void needsModelAndInput() {
        Said said = Cli.run("explain");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.refusal()).contains("--model");
        Said input = Cli.run("explain", "--model", "m.pt");
        assertThat(input.code()).isEqualTo(2);
        assertThat(input.refusal()).contains("--input is needed");
    }

    @Test
    void namesNearCommands() {
        Said said = Cli.run("explian");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.refusal()).isEqualTo("attribution: command 'explian' does not exist; did you mean 'explain'?");
    }

    @Test
    void showsWhereOnlyWhenAsked() {
        Said said = explain("--set steps=0 --debug");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err()).contains("InvalidRequestException").contains("\tat io.github.attribution4j");
    }
}
