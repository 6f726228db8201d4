// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every archive of {@code golden/special}: it gives the outputs and gradients of the eager model, or says in a line why
 * not.
 */
class SpecialArchivesTest {
    private static final double RELATIVE = 1e-4;

    /** What is said of a file that cannot be loaded, behind its name. */
    private static final Map<String, String> REFUSALS = Map.of(
            "state-dict.pt",
            "is a checkpoint (a state_dict or a pickled module), which holds weights and no program; export the"
                    + " model with "
                    + "torch.jit.script or torch.jit.trace and save that",
            "state-dict-legacy.pt",
            "is a pickled checkpoint, which holds weights and no program; export the model with torch.jit.script or "
                    + "torch.jit.trace and save that",
            "pickled-module.pt",
            "is a checkpoint (a state_dict or a pickled module), which holds weights and no program; export the"
                    + " model with "
                    + "torch.jit.script or torch.jit.trace and save that",
            "exported.pt2",
            "was written by torch.export, which libtorch through DJL cannot run; export the model with"
                    + " torch.jit.script or "
                    + "torch.jit.trace and save that",
            "truncated.pt",
            "the zip ends early (2066 bytes); the file was cut off, copy it again",
            "not-a-zip.pt",
            "is not a TorchScript archive (not a zip file); export the model with torch.jit.script or"
                    + " torch.jit.trace and save "
                    + "that",
            "version-99.pt",
            "has format version '99'; this library reads 1 to 10, export the model with PyTorch 2.x",
            "missing-storage.pt",
            "its data.pkl needs 'data/0', which the archive lacks (byte 236); export the model again");

    private static final Map<String, String> LOSSES = Map.of(
            "detached.pt",
            "a detached value at \"/detach\"",
            "inside-no-grad.pt",
            "a block without gradients in the model's own code",
            "integer-output.pt",
            "an index at \"/argmax\"");

    @TestFactory
    Stream<DynamicTest> everySpecialArchive() throws IOException {
        JsonElement list = GoldenData.read(GoldenData.special().resolve("special.json"));
        return GoldenCase.objects(list).stream()
                .map(special -> DynamicTest.dynamicTest(
                        special.get("kind").getAsString() + " "
                                + special.get("file").getAsString(),
                        () -> {
                            long live = Lifetime.count();
                            try (TensorScope scope = TensorScope.open()) {
                                check(new Special(special));
                            }
                            assertThat(Lifetime.count()).as("open tensors").isEqualTo(live);
                        }));
    }

    private static void check(Special special) throws IOException {
        switch (special.kind()) {
            case "works" -> special.works();
            case "needs-repair" -> special.worksRepaired();
            case "refuse-load" -> special.isRefused();
            case "no-gradient" -> special.hasNoGradient();
            case "not-finite" -> special.isNotFinite();
            case "changes-between-calls", "keeps-state", "mixes-examples" -> special.isFoundOut();
            case "other-dtype" -> special.isOfAnotherType();
            default -> throw new AssertionError(special.kind());
        }
    }

    /** One entry of the list. */
    private record Special(JsonObject json) {
        String kind() {
            return json.get("kind").getAsString();
        }

        Path file() {
            return GoldenData.special().resolve(json.get("file").getAsString());
        }

        TorchScriptModel load() {
            return TorchScriptModel.load(file(), TorchGolden.options());
        }

        Map<String, Tensor> arrays() throws IOException {
            return NumpyFiles.readNpz(GoldenData.special().resolve("arrays.npz"), Tensors.ofJava());
        }

        List<Tensor> arrays(String key) throws IOException {
            Map<String, Tensor> all = arrays();
            List<Tensor> chosen = new ArrayList<>();
            for (JsonElement name : GoldenCase.elements(json.get(key))) {
                chosen.add(name.isJsonNull() ? null : all.get(name.getAsString()));
            }
            return chosen;
        }

        Inputs inputs(TorchScriptModel model) throws IOException {
            Inputs inputs = Inputs.none();
            int position = 0;
            for (Tensor array : arrays("inputs")) {
                inputs = inputs.attribute(name(position++), model.tensors().bring(array));
            }
            return inputs;
        }

        /**
         * Returns the name of an input; parts of one argument are named as DJL does in the list, and with a dot here.
         */
        private String name(int position) {
            if (!json.has("input_names")) {
                return "input" + position;
            }
            String name =
                    GoldenCase.elements(json.get("input_names")).get(position).getAsString();
            return name.replaceAll("(\\[\\]|\\(\\))$", "." + position);
        }

        void works() throws IOException {
            List<Tensor> outputs = arrays("outputs");
            List<double[]> gradients = new ArrayList<>();
            for (int output = 0; output < outputs.size(); output++) {
                try (TorchScriptModel model =
                        TorchScriptModel.load(file(), TorchGolden.options().output(output))) {
                    Inputs inputs = inputs(model);
                    List<double[]> before =
                            inputs.tensors().stream().map(Tensor::toDoubleArray).toList();
                    close(model.forward(inputs), outputs.get(output), "output " + output);
                    addGradients(model, inputs, gradients);
                    for (int i = 0; i < before.size(); i++) {
                        assertThat(inputs.tensor(i).toDoubleArray())
                                .as("the caller's input")
                                .isEqualTo(before.get(i));
                    }
                }
            }
            List<Tensor> expected = arrays("gradients");
            for (int i = 0; i < expected.size(); i++) {
                if (expected.get(i) == null) {
                    assertThat(gradients.get(i)).containsOnly(0);
                } else {
                    close(gradients.get(i), expected.get(i), "gradient " + i);
                }
            }
        }

        private void addGradients(TorchScriptModel model, Inputs inputs, List<double[]> sums) throws IOException {
            try (Pullback pullback = model.pullback(inputs)) {
                Tensor output = pullback.output();
                List<Tensor> gradients = pullback.vjp(output.tensors().full(output.shape(), output.dataType(), 1));
                for (int i = 0; i < gradients.size(); i++) {
                    double[] gradient = gradients.get(i).toDoubleArray();
                    if (sums.size() == i) {
                        sums.add(new double[gradient.length]);
                    }
                    for (int k = 0; k < gradient.length; k++) {
                        sums.get(i)[k] += gradient[k];
                    }
                    if (arrays("gradients").get(i) == null) {
                        assertThat(pullback.unused())
                                .containsExactly(inputs.all().get(i).name());
                    }
                }
            }
        }

        void worksRepaired() throws IOException {
            works();
            try (TorchScriptModel model = load()) {
                assertThat(model.repairs()).isNotEmpty();
            }
        }

        void isRefused() throws IOException {
            byte[] before = Files.readAllBytes(file());
            Throwable failure = catchThrowable(this::load);
            assertThat(failure).isInstanceOf(UnsupportedModelException.class);
            String message = failure.getMessage();
            String name = String.valueOf(file().getFileName());
            assertThat(message).doesNotContain("\n").contains(name + ": ");
            assertThat(message.substring(message.indexOf(name + ": ") + name.length() + 2))
                    .isEqualTo(REFUSALS.get(name));
            assertThat(Files.readAllBytes(file())).isEqualTo(before);
        }

        void hasNoGradient() throws IOException {
            try (TorchScriptModel model = load()) {
                Inputs inputs = inputs(model);
                close(model.forward(inputs), arrays("outputs").get(0), "output");
                Throwable failure = catchThrowable(() -> explain(new Saliency(), model, inputs));
                assertThat(failure)
                        .isInstanceOf(ModelException.class)
                        .hasMessage("no gradient is defined for input 'input0': the output does not depend on it"
                                + " through differentiable operations; "
                                + "the program loses gradients at: "
                                + LOSSES.get(file().getFileName().toString())
                                + "; use a perturbation method, or attribute another input");
                explain(new FeatureAblation(), model, inputs);
                if (file().endsWith("integer-output.pt")) {
                    Throwable sum = catchThrowable(() -> new Saliency().attribute(model, inputs, Target.slice()));
                    assertThat(sum)
                            .isInstanceOf(UnsupportedModelException.class)
                            .hasMessageStartingWith("the model's output is of type int64, which has no gradient");
                }
            }
        }

        void isNotFinite() throws IOException {
            try (TorchScriptModel model = load()) {
                Inputs inputs = inputs(model);
                for (Attribution<? super LayeredModel> method :
                        List.<Attribution<? super LayeredModel>>of(new Saliency(), new FeatureAblation())) {
                    Throwable failure = catchThrowable(() -> explain(method, model, inputs));
                    String value = file().endsWith("nan-output.pt") ? "NaN" : "-Infinity";
                    assertThat(failure)
                            .isInstanceOf(ModelException.class)
                            .hasMessage("the model's score of target 'index 0' is " + value
                                    + " for example 0 (row 0 of 3 that "
                                    + method.name()
                                    + " evaluates); look for an overflow or a division by zero in the model, "
                                    + "or choose another baseline");
                }
            }
        }

        /**
         * No single request shows that a model is random, counts its calls or mixes its examples. It runs as it is, so
         * that the two questions of {@code attribution doctor} find out: the same rows twice, and a row alone.
         */
        void isFoundOut() throws IOException {
            try (TorchScriptModel model = load()) {
                Inputs inputs = inputs(model);
                double[] first = model.forward(inputs).toDoubleArray();
                double[] second = model.forward(inputs).toDoubleArray();
                double[] alone = model.forward(inputs.select(0)).toDoubleArray();
                if (kind().equals("mixes-examples")) {
                    assertThat(second).isEqualTo(first);
                    assertThat(alone).isNotEqualTo(Arrays.copyOf(first, alone.length));
                } else if (kind().equals("keeps-state")) {
                    assertThat(second).isEqualTo(first);
                } else {
                    assertThat(second).isNotEqualTo(first);
                    saysThatItIsRandom(model, inputs.select(0));
                    return;
                }
                assertThat(model.randomDraws()).isEmpty();
            }
        }

        /** Also of one example, of which there is nothing to compare. */
        private static void saysThatItIsRandom(TorchScriptModel model, Inputs one) {
            assertThat(model.randomDraws()).containsExactly("dropout in training mode at \"/dropout\"");
            String layer = model.cutPoints().get(0).toString();
            for (Attribution<? super TorchScriptModel> method : List.<Attribution<? super TorchScriptModel>>of(
                    new Saliency(),
                    new FeatureAblation(),
                    NoiseTunnel.smoothGrad(new Saliency()).samples(2),
                    new Saliency().at(layer),
                    Attribution.at(layer, new Saliency()),
                    new Lrp())) {
                try (Explanation why = method.attribute(model, one, Target.index(0))) {
                    assertThat(why.notices())
                            .as(method.name())
                            .filteredOn(line -> line.startsWith("the model draws random numbers"))
                            .containsExactly(
                                    "the model draws random numbers (dropout in training mode at \"/dropout\"): two"
                                            + " calls with equal inputs may differ, and so may explanations,"
                                            + " whatever the seed of the"
                                            + " run; export the model in evaluation mode, or take the mean of"
                                            + " several explanations");
                }
            }
        }

        void isOfAnotherType() throws IOException {
            try (TorchScriptModel model = load()) {
                Inputs inputs = inputs(model);
                assertThat(catchThrowable(() -> explain(new Saliency(), model, inputs)))
                        .isInstanceOf(ModelException.class)
                        .hasMessage("mat1 and mat2 must have the same dtype, but got Float and Half; the model's"
                                + " weights are of a "
                                + "16-bit type, of which there are no tensors here: load it with "
                                + "LoadOptions.dataType(DataType.FLOAT32), or export model.float()");
            }
        }

        /** Explains the first output, or the only one. */
        private static Explanation explain(
                Attribution<? super LayeredModel> method, TorchScriptModel model, Inputs inputs) {
            Target target = model.forward(inputs).shape().rank() == 1 ? Target.output() : Target.index(0);
            try (Explanation explanation = method.attribute(model, inputs, target)) {
                return explanation;
            }
        }

        private static void close(Tensor actual, Tensor expected, String what) {
            assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
            close(actual.toDoubleArray(), expected, what);
        }

        private static void close(double[] actual, Tensor expected, String what) {
            double[] wanted = expected.toDoubleArray();
            double scale = Arrays.stream(wanted).map(Math::abs).max().orElseThrow();
            for (int i = 0; i < wanted.length; i++) {
                assertThat(Math.abs(actual[i] - wanted[i]))
                        .as("%s, element %d", what, i)
                        .isLessThanOrEqualTo(RELATIVE * scale);
            }
        }
    }
}
