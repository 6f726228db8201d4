// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.FeaturePermutation;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Provokes every message that {@code docs/troubleshooting.md} lists. */
class TroubleshootingTest {
    private static final Path SPECIAL = Demo.REPOSITORY.resolve("golden/special");
    private static final Pattern ROW = Pattern.compile("^\\| `([^`]+)` \\|.*");

    private static TorchScriptModel model;

    @TempDir
    private Path folder;

    private final Map<String, ThrowingCallable> failures = new LinkedHashMap<>();
    private TensorScope scope;
    private Tensor image;

    @BeforeAll
    static void load() {
        model = TorchScriptModel.load(Demo.FILES.resolve("digits.pt"));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @BeforeEach
    void open() throws IOException {
        scope = TensorScope.open();
        image = Demo.digit(3, model.tensors());
    }

    @AfterEach
    void end() {
        scope.close();
    }

    @Test
    void everyMessageIsTheOneThatIsThrown() throws IOException {
        loading();
        new OnnxFailures(folder).addTo(failures);
        requests();
        methods();
        runs();
        List<String> listed = new ArrayList<>();
        for (String line :
                Page.read(Demo.REPOSITORY.resolve("docs/troubleshooting.md")).lines()) {
            Matcher row = ROW.matcher(line);
            if (row.matches() && !row.group(1).contains("Exception")) {
                listed.add(row.group(1));
            }
        }
        failures.forEach((message, failure) -> {
            Throwable thrown = catchThrowable(failure);
            assertThat(thrown).as(message).isNotNull();
            assertThat(thrown.getMessage()).contains(message.split(" … ", -1));
        });
        assertThat(listed).containsExactlyInAnyOrderElementsOf(failures.keySet());
    }

    private void explain(Attribution<? super TorchScriptModel> method, Tensor input, Target target) {
        explain(method, input, target, Run.defaults());
    }

    private void explain(Attribution<? super TorchScriptModel> method, Tensor input, Target target, Run run) {
        try (Explanation why = method.attribute(model, Inputs.of(input), target, run)) {
            throw new AssertionError("not refused: " + why.provenance().method());
        }
    }

    private static void load(String name) {
        TorchScriptModel.load(SPECIAL.resolve(name)).close();
    }

    private static void explainSpecial(String name, LoadOptions options) throws IOException {
        String array = name.replace(".pt", "");
        try (TorchScriptModel special = TorchScriptModel.load(SPECIAL.resolve(name), options)) {
            Tensor input = NumpyFiles.readNpz(SPECIAL.resolve("arrays.npz"), special.tensors()).entrySet().stream()
                    .filter(entry -> entry.getKey().startsWith(array))
                    .findFirst()
                    .orElseThrow()
                    .getValue();
            new Saliency().attribute(special, Inputs.of(input), Target.argmax()).close();
        }
    }

    private void explainQuantized() throws IOException {
        Path archive = SPECIAL.resolveSibling("zoo").resolve("mlp_quantized.trace.pt");
        try (TorchScriptModel quantized = TorchScriptModel.load(archive)) {
            Tensor input = quantized.tensors().zeros(Shape.of(1, 6), DataType.FLOAT32);
            new Saliency()
                    .attribute(quantized, Inputs.of(input), Target.argmax())
                    .close();
        }
    }

    private void loading() {
        failures.put("no such file", () -> load("nowhere.pt"));
        failures.put("is not a TorchScript archive (not a zip file)", () -> load("not-a-zip.pt"));
        failures.put("which holds weights and no program", () -> load("state-dict.pt"));
        failures.put("was written by torch.export", () -> load("exported.pt2"));
        failures.put("copy it again", () -> load("truncated.pt"));
        failures.put("has format version", () -> load("version-99.pt"));
        failures.put("device … is unknown", () -> LoadOptions.defaults().device("gpu"));
        failures.put(
                "the model returns … choose one when loading",
                () -> explainSpecial("tuple-output.pt", LoadOptions.defaults()));
        failures.put(
                "output … does not exist",
                () -> explainSpecial("tuple-output.pt", LoadOptions.defaults().output("logits")));
    }

    private void requests() {
        failures.put("layer … does not exist", () -> explain(new Saliency().at("relu33"), image, Target.index(3)));
        failures.put("target … lies outside", () -> explain(new Saliency(), image, Target.index(12)));
        failures.put("target: none given", () -> explain(new Saliency(), image, Target.output()));
        failures.put(
                "axis 0 counts rows (examples) and must be equal", () -> Inputs.of(image, image.reshape(Shape.of(64))));
        failures.put(
                "shapes cannot be multiplied",
                () -> explain(
                        new Saliency(),
                        model.tensors().zeros(Shape.of(1, 1, 8, 12), DataType.FLOAT32),
                        Target.index(3)));
        failures.put(
                "the model's weights are … convert it with",
                () -> explain(new Saliency(), image.to(DataType.FLOAT64), Target.index(3)));
        failures.put("which has no gradient", () -> explain(new Saliency(), image.to(DataType.INT64), Target.index(3)));
        failures.put("values are NaN or infinite", () -> explain(new Saliency(), image.log(), Target.index(3)));
        failures.put(
                "the model's score of target … is NaN", () -> explainSpecial("nan-output.pt", LoadOptions.defaults()));
        failures.put(
                "the model's weights are of a 16-bit type", () -> explainSpecial("float16.pt", LoadOptions.defaults()));
        failures.put("operator … has no derivative", this::explainQuantized);
        failures.put("no gradient is defined for input", () -> explainSpecial("detached.pt", LoadOptions.defaults()));
        failures.put(
                "arguments and was given",
                () -> new Saliency()
                        .attribute(model, Inputs.of(image, image), Target.index(3))
                        .close());
    }

    private void methods() {
        failures.put(
                "all axes but the first must be equal",
                () -> explain(ablation(Baseline.of(image.reshape(Shape.of(1, 64)))), image, Target.index(3)));
        failures.put("is a distribution", () -> explain(ablation(Baseline.uniform(0, 1)), image, Target.index(3)));
        failures.put(
                "is lifted through the head of a cut, but the method is not applied at a layer",
                () -> explain(ablation(Baseline.zeros().throughHead()), image, Target.index(3)));
        failures.put(
                "a group without elements has no attribution",
                () -> explain(ablation(FeatureMask.of(ids(0, 0, 1, 1, 3, 3, 4, 4))), image, Target.index(3)));
        failures.put(
                "and every other axis 1 or the input's",
                () -> explain(ablation(FeatureMask.of(ids(0, 1, 2))), image, Target.index(3)));
        failures.put("group numbers are integers", () -> FeatureMask.of(image));
        failures.put("and exact values need", () -> explain(new ShapleyValues(), image, Target.index(3)));
        failures.put(
                "do not determine the attributions of",
                () -> explain(new KernelShap().samples(100), image, Target.index(3)));
        failures.put(
                "antithetic walks come in pairs",
                () -> explain(new ShapleySampling().samples(25), image, Target.index(3)));
        failures.put(
                "stride must not exceed window",
                () -> explain(new Occlusion(1, 2, 2).stride(1, 3, 3), image, Target.index(3)));
        failures.put(
                "example given; it takes groups from other examples",
                () -> explain(new FeaturePermutation(), image, Target.index(3)));
        failures.put(
                "must be at least 1 with quadrature",
                () -> explain(new IntegratedGradients().steps(0), image, Target.index(3)));
    }

    private static FeatureAblation ablation(Baseline baseline) {
        return new FeatureAblation().baseline(baseline);
    }

    private static FeatureAblation ablation(FeatureMask mask) {
        return new FeatureAblation().mask(mask);
    }

    private static Tensor ids(long... ids) {
        return model.tensors().of(ids, 1, 1, 1, ids.length);
    }

    private void runs() {
        failures.put(
                "one row takes about",
                () -> explain(
                        new Saliency(), image, Target.index(3), Run.defaults().memoryBudget(100)));
        failures.put(
                "the deadline of … passed after",
                () -> explain(
                        new Saliency(), image, Target.index(3), Run.defaults().deadline(Duration.ofNanos(1))));
        Cancellation cancelled = new Cancellation();
        cancelled.cancel();
        failures.put(
                "was cancelled after",
                () -> explain(
                        new Saliency(), image, Target.index(3), Run.defaults().cancellation(cancelled)));
        failures.put("was closed", () -> {
            Tensor gone = image.alias();
            gone.close();
            explain(new Saliency(), gone, Target.index(3));
        });
    }
}
