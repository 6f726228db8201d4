// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDList;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.NoopTranslator;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Models of engines that have no gradients, explained by perturbation: ONNX Runtime and XGBoost. */
@ExtendWith(LeakExtension.class)
class DjlEnginesTest {
    private static ZooModel<NDList, NDList> load(String engine, String file) {
        try {
            return Criteria.builder()
                    .setTypes(NDList.class, NDList.class)
                    .optModelPath(folder())
                    .optModelName(file.substring(0, file.indexOf('.')))
                    .optEngine(engine)
                    .optTranslator(new NoopTranslator())
                    .build()
                    .loadModel();
        } catch (IOException | ModelNotFoundException | MalformedModelException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Path folder() {
        return GoldenData.data().resolveSibling("tabular");
    }

    private static Map<String, Tensor> arrays(String file) {
        try {
            return NumpyFiles.readNpz(folder().resolve(file), Tensors.ofJava());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @DisplayName("ONNX Runtime: exact Shapley values of a model of two inputs, by position")
    void onnxByPosition() {
        try (TensorScope scope = TensorScope.open();
                ZooModel<NDList, NDList> zoo = load("OnnxRuntime", "credit.onnx")) {
            Map<String, Tensor> golden = arrays("credit.npz");
            shapleyOfCredit(zoo, Inputs.of(golden.get("profile"), golden.get("account")), golden);
        }
    }

    @Test
    @DisplayName("ONNX Runtime binds given names, in any order")
    void onnxByName() {
        try (TensorScope scope = TensorScope.open();
                ZooModel<NDList, NDList> zoo = load("OnnxRuntime", "credit.onnx")) {
            Map<String, Tensor> golden = arrays("credit.npz");
            Inputs swapped = Inputs.none()
                    .attribute("account", golden.get("account"))
                    .attribute("profile", golden.get("profile"));
            Tensor logits = DjlModel.of(zoo).output("logits").forward(swapped);
            assertThat(logits).isCloseTo(golden.get("logits"), 1e-5);
        }
    }

    @Test
    @DisplayName("ONNX Runtime: a name that the model does not have is refused, and the model still works")
    void onnxUnknownName() {
        try (TensorScope scope = TensorScope.open();
                ZooModel<NDList, NDList> zoo = load("OnnxRuntime", "credit.onnx")) {
            Map<String, Tensor> golden = arrays("credit.npz");
            DjlModel model = DjlModel.of(zoo).output("probabilities");
            Inputs wrong = Inputs.none()
                    .attribute("profil", golden.get("profile"))
                    .attribute("account", golden.get("account"));
            assertThatThrownBy(() -> model.forward(wrong))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("profil");
            Inputs right = Inputs.of(golden.get("profile"), golden.get("account"));
            assertThat(model.forward(right)).isCloseTo(golden.get("probabilities"), 1e-5);
        }
    }

    private static void shapleyOfCredit(ZooModel<NDList, NDList> zoo, Inputs inputs, Map<String, Tensor> golden) {
        DjlModel model = DjlModel.of(zoo).output("probabilities");
        try (Explanation why = new ShapleyValues().attribute(model, inputs, Target.index(1))) {
            Tensor both = why.attributions().get(0).tensors().concat(why.attributions(), 1);
            assertThat(both).isCloseTo(golden.get("shapley"), 1e-5);
            assertThat(why.provenance().model().digest()).hasSize(64);
            assertThat(why.notices()).isEmpty();
        }
    }

    @Test
    @DisplayName("XGBoost: exact Shapley values, also of rows with missing values, from zeros and from nothing")
    void xgboost() {
        try (TensorScope scope = TensorScope.open();
                ZooModel<NDList, NDList> zoo = load("XGBoost", "trees.json")) {
            Map<String, Tensor> golden = arrays("trees.npz");
            DjlModel model = DjlModel.of(zoo).named("trees", "7");
            Inputs rows = Inputs.of(golden.get("rows")).allowMissing();
            try (Explanation fromZeros = new ShapleyValues().attribute(model, rows, Target.output());
                    Explanation fromNothing = new ShapleyValues()
                            .baseline(Baseline.constant(Double.NaN))
                            .attribute(model, rows, Target.output())) {
                assertThat(fromZeros.scores())
                        .containsExactly(golden.get("scores").toDoubleArray(), within());
                assertThat(fromZeros.attribution()).isCloseTo(golden.get("shapley"), 1e-6);
                assertThat(fromNothing.attribution()).isCloseTo(golden.get("shapley_from_missing"), 1e-6);
                assertThat(fromZeros.provenance().model().version()).isEqualTo("7");
            }
        }
    }

    private static Offset<Double> within() {
        return Offset.offset(1e-6);
    }

    @Test
    @DisplayName("Sampled Shapley values, KernelSHAP and occlusion take missing values as they are")
    void otherMethodsTakeMissingValues() {
        try (TensorScope scope = TensorScope.open();
                ZooModel<NDList, NDList> zoo = load("XGBoost", "trees.json")) {
            Map<String, Tensor> golden = arrays("trees.npz");
            DjlModel model = DjlModel.of(zoo);
            Inputs rows = Inputs.of(golden.get("rows")).allowMissing();
            try (Explanation kernel = new KernelShap().samples(16).attribute(model, rows, Target.output());
                    Explanation sampled = new ShapleySampling().samples(24).attribute(model, rows, Target.output());
                    Explanation occluded = new Occlusion(1).attribute(model, rows, Target.output())) {
                // 16 coalitions of four features are all there are.
                assertThat(kernel.attribution()).isCloseTo(golden.get("shapley"), 1e-5);
                double[] gap = sampled.completenessGap();
                assertThat(gap).containsExactly(new double[gap.length], within());
                assertThat(occluded.attribution().isFinite()).isTrue();
            }
        }
    }

    @Test
    @DisplayName("Missing values that nobody allowed are refused, and so is infinity in any case")
    void notAllowed() {
        try (TensorScope scope = TensorScope.open();
                ZooModel<NDList, NDList> zoo = load("XGBoost", "trees.json")) {
            DjlModel model = DjlModel.of(zoo);
            Tensor rows = arrays("trees.npz").get("rows");
            assertThatThrownBy(() -> new ShapleyValues().attribute(model, Inputs.of(rows), Target.output()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("Inputs.allowMissing()");
            Tensor infinite = Tensors.ofJava().of(new float[] {1, Float.POSITIVE_INFINITY, Float.NaN, 0}, 1, 4);
            assertThatThrownBy(() -> new ShapleyValues()
                            .attribute(model, Inputs.of(infinite).allowMissing(), Target.output()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("infinite");
        }
    }

    @Test
    @DisplayName("A wrapped block has no digest: a notice says so until it has a version")
    void vagueModels() {
        try (TensorScope scope = TensorScope.open();
                ZooModel<NDList, NDList> zoo = load("XGBoost", "trees.json")) {
            DjlModel block = DjlModel.of(zoo.getBlock(), zoo.getNDManager());
            Inputs zeros = Inputs.of(Tensors.ofJava().of(new float[4], 1, 4).add(1));
            try (Explanation vague = new ShapleyValues().attribute(block, zeros, Target.output());
                    Explanation told =
                            new ShapleyValues().attribute(block.named("trees", "7"), zeros, Target.output())) {
                assertThat(vague.notices()).hasSize(1).first().asString().contains("give it a name and a version");
                assertThat(told.notices()).isEmpty();
                try (Explanation read = Explanation.fromJson(told.toJson())) {
                    assertThat(read.provenance().model())
                            .isEqualTo(told.provenance().model());
                }
            }
        }
    }
}
