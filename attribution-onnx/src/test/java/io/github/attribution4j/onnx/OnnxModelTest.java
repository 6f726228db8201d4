// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Methods on ONNX models, and what is refused. */
class OnnxModelTest {
    private static final Golden GOLDEN = Golden.read("models.npz");

    @TempDir
    private Path folder;

    @Test
    void integrated_gradients_are_complete() throws IOException {
        Path path = Files.write(folder.resolve("mlp.onnx"), GOLDEN.bytes("mlp.dynamo/model"));
        try (OnnxModel model = OnnxModel.load(path);
                Tensor rows =
                        Tensors.ofJava().of(GOLDEN.tensor("mlp.dynamo/in/x0").toFloatArray(), 3, 6);
                Explanation why =
                        new IntegratedGradients().steps(200).attribute(model, Inputs.of(rows), Target.index(1))) {
            for (double gap : why.completenessGap()) {
                assertThat(Math.abs(gap)).isLessThan(1e-2);
            }
            assertThat(why.toJson()).contains("mlp.onnx", "ONNX Runtime");
            assertThat(model.identity().digest()).hasSize(64);
        }
    }

    @Test
    void layers_and_perturbation_work_by_the_same_calls() {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes("resnet.script/model"));
                Tensor images =
                        Tensors.ofJava().of(GOLDEN.tensor("resnet.script/in/x0").toFloatArray(), 2, 3, 16, 16)) {
            String layer = model.cutPoints().stream()
                    .filter(point -> point.kind().equals("MaxPool"))
                    .findFirst()
                    .orElseThrow()
                    .toString();
            try (Explanation map = new GradCam(layer).attribute(model, Inputs.of(images), Target.index(2));
                    Explanation ablated =
                            new FeatureAblation().at(layer).attribute(model, Inputs.of(images), Target.index(2))) {
                assertThat(map.attribution().abs().sum().toFloatArray()[0]).isPositive();
                assertThat(ablated.attribution().shape()).isEqualTo(Shape.of(2, 6, 4, 4));
            }
        }
    }

    @Test
    void threads_get_the_same_bits() throws Exception {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes("cnn.dynamo/model"))) {
            float[] alone = saliency(model);
            ExecutorService threads = Executors.newFixedThreadPool(8);
            try {
                List<Future<float[]>> answers = new ArrayList<>();
                for (int i = 0; i < 64; i++) {
                    answers.add(threads.submit(() -> saliency(model)));
                }
                for (Future<float[]> answer : answers) {
                    assertThat(answer.get()).isEqualTo(alone);
                }
            } finally {
                threads.shutdown();
            }
        }
    }

    private static float[] saliency(OnnxModel model) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor images =
                    Tensors.ofJava().of(GOLDEN.tensor("cnn.dynamo/in/x0").toFloatArray(), 3, 1, 10, 10);
            try (Explanation why = new Saliency().attribute(model, Inputs.of(images), Target.index(0))) {
                return why.attribution().toFloatArray();
            }
        }
    }

    @Test
    void inputs_are_bound_by_name_and_checked() {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes("encoder.script/model"));
                TensorScope scope = TensorScope.open()) {
            Tensor x = Tensors.ofJava().of(new float[2 * 5 * 16], 2, 5, 16);
            Tensor mask = Tensors.ofJava().of(new long[10], 2, 5);
            Inputs named = Inputs.none().fixed("x1", mask).attribute("x0", x);
            Inputs ordered = Inputs.none().attribute("x0", x).fixed("x1", mask);
            assertThat(model.forward(named).toFloatArray())
                    .isEqualTo(model.forward(ordered).toFloatArray());
            assertThatThrownBy(() -> model.forward(Inputs.of(x)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("takes 2 inputs [x0, x1], but 1");
            assertThatThrownBy(
                            () -> model.forward(Inputs.none().attribute("x0", x).fixed("masks", mask)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("no input 'masks'");
            assertThatThrownBy(() ->
                            model.forward(Inputs.none().attribute("x0", mask).fixed("x1", mask)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("'x0' is int64, but the model takes float32");
            Tensor narrow = Tensors.ofJava().of(new float[2 * 5 * 3], 2, 5, 3);
            assertThatThrownBy(() ->
                            model.forward(Inputs.none().attribute("x0", narrow).fixed("x1", mask)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageMatching("[^\n]*");
        }
    }

    @Test
    void what_cannot_be_loaded_is_refused_in_one_line() throws IOException {
        assertThatThrownBy(() -> OnnxModel.load(folder.resolve("none.onnx")))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("none.onnx");
        assertThatThrownBy(() -> OnnxModel.load("<html>".getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("page");
        Path path = Files.write(folder.resolve("mlp.onnx"), GOLDEN.bytes("mlp.dynamo/model"));
        assertThatThrownBy(() -> OnnxModel.load(path, OnnxOptions.defaults().output("logits")))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("no output 'logits'");
        try (OnnxModel model = OnnxModel.load(path, OnnxOptions.defaults().output("y"))) {
            assertThatThrownBy(() -> model.cut("nowhere")).isInstanceOf(UnknownLayerException.class);
        }
    }

    @Test
    void a_closed_model_says_so() {
        OnnxModel model = OnnxModel.load(GOLDEN.bytes("mlp.dynamo/model"));
        model.close();
        model.close();
        assertThatThrownBy(model::cutPoints).isInstanceOf(IllegalStateException.class);
        try (Tensor row = Tensors.ofJava().of(new float[6], 1, 6)) {
            assertThatThrownBy(() -> model.forward(Inputs.of(row))).isInstanceOf(IllegalStateException.class);
        }
    }
}
