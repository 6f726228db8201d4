// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.visual.HeatMap;
import io.github.attribution4j.visual.OriginalImage;
import io.github.attribution4j.visual.TextTable;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GettingStartedTest {
    private final Path demo = Demo.FILES;

    @TempDir
    private Path folder = Path.of("");

    @Test
    void tableRow() throws IOException {
        String[] names = Demo.columns();
        float[] row;
        float[] average;
        try (Tensor patient = Demo.table("patient.csv", Tensors.ofJava());
                Tensor mean = Demo.table("patient-baseline.csv", Tensors.ofJava())) {
            row = patient.toFloatArray();
            average = mean.toFloatArray();
        }
        // tag::table-row
        try (TorchScriptModel model = TorchScriptModel.load(demo.resolve("breast-cancer.pt"));
                Tensor patient = model.tensors().of(row, 1, 30);
                Tensor reference = model.tensors().of(average, 1, 30)) {
            IntegratedGradients method = new IntegratedGradients().baseline(Baseline.of(reference));
            try (Explanation why = method.attribute(model, Inputs.of(patient), Target.probability(0))) {
                String table = TextTable.of(why, 0, names).top(5).render();
                double gap = why.completenessGap()[0];
                assertThat(table).contains("25 others"); // hidden
                assertThat(gap).isCloseTo(0, org.assertj.core.data.Offset.offset(0.05)); // hidden
            }
        }
        // end::table-row
    }

    @Test
    void onnx() throws IOException {
        float[] pixels;
        try (Tensor three = Demo.digit(3, Tensors.ofJava())) {
            pixels = three.toFloatArray();
        }
        // tag::onnx
        try (OnnxModel model = OnnxModel.load(demo.resolve("digits.onnx"));
                Tensor image = model.tensors().of(pixels, 1, 1, 8, 8);
                Explanation why = new IntegratedGradients().attribute(model, Inputs.of(image), Target.argmax());
                Explanation where = new GradCam("relu2").attribute(model, Inputs.of(image), Target.argmax())) {
            double gap = why.completenessGap()[0];
            float[] map = where.attribution().toFloatArray();
            assertThat(gap).isCloseTo(0, org.assertj.core.data.Offset.offset(0.1)); // hidden
            assertThat(map).hasSize(64); // hidden
        }
        // end::onnx
    }

    @Test
    void image() throws IOException {
        // tag::image
        BufferedImage photo = ImageIO.read(demo.resolve("digit-3.png").toFile());
        float[] pixels = new float[64];
        for (int i = 0; i < 64; i++) {
            pixels[i] = photo.getRaster().getSample(i % 8, i / 8, 0) / 255f;
        }
        try (TorchScriptModel model = TorchScriptModel.load(demo.resolve("digits.pt"));
                Tensor image = model.tensors().of(pixels, 1, 1, 8, 8);
                Explanation why = new IntegratedGradients().attribute(model, Inputs.of(image), Target.argmax())) {
            HeatMap.of(why, 0).over(OriginalImage.of(photo)).picture().write(folder.resolve("why.png"));
            why.writeNpz(folder.resolve("why.npz"));
        }
        // end::image
        assertThat(folder.resolve("why.png")).isNotEmptyFile();
        assertThat(folder.resolve("why.npz")).isNotEmptyFile();
    }

    @Test
    void readme() throws IOException {
        float[] pixels;
        try (Tensor three = Demo.digit(3, Tensors.ofJava())) {
            pixels = three.toFloatArray();
        }
        // tag::readme
        try (TorchScriptModel model = TorchScriptModel.load(demo.resolve("digits.pt"));
                Tensor image = model.tensors().of(pixels, 1, 1, 8, 8)) {
            IntegratedGradients method = new IntegratedGradients().steps(50);
            try (Explanation why = method.attribute(model, Inputs.of(image), Target.index(3))) {
                float[] attributions = why.attribution().toFloatArray(); // one for each pixel
                double gap = why.completenessGap()[0]; // how far their sum misses F(image) - F(zeros)
                String proof = why.toJson(); // method, settings, seed, digests, versions: enough to run it again
                assertThat(attributions).hasSize(64); // hidden
                assertThat(Math.abs(gap)).isLessThan(0.1); // hidden
                assertThat(proof).contains("integrated-gradients"); // hidden
            }
        }
        // end::readme
    }

    @Test
    void anyFunction() {
        // tag::any-function
        Model risk = Model.of("credit-risk", "3.2", rows -> {
            double[][] scores = new double[rows.length][1];
            for (int r = 0; r < rows.length; r++) {
                scores[r][0] = 2 * rows[r][0] + rows[r][1] * rows[r][2];
            }
            return scores;
        });
        try (Tensor applicant = Tensors.ofJava().of(new double[] {1, 2, 3}, 1, 3);
                Explanation why = new ShapleyValues().attribute(risk, Inputs.of(applicant))) {
            double[] contributions = why.attribution().toDoubleArray(); // 2, 3, 3
            assertThat(contributions).containsExactly(2, 3, 3); // hidden
        }
        // end::any-function
    }
}
