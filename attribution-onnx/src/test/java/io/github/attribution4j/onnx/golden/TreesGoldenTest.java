// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tree ensembles of scikit-learn as ONNX files: exact values are those of SHAP's interventional TreeExplainer;
 * golden/trees.py.
 */
class TreesGoldenTest {
    private static final Path FOLDER = GoldenData.data().resolveSibling("trees");

    /** The files and their scores are in single precision. */
    private static final double SINGLE = 1e-5;

    @ParameterizedTest
    @ValueSource(strings = {"forest", "boosted"})
    void values_are_those_of_the_interventional_tree_explainer(String name) throws IOException {
        try (TensorScope scope = TensorScope.open();
                OnnxModel model = OnnxModel.load(FOLDER.resolve(name + ".onnx"))) {
            Map<String, Tensor> golden = NumpyFiles.readNpz(FOLDER.resolve("trees.npz"), Tensors.ofJava());
            try (Explanation why = new ShapleyValues()
                    .baseline(Baseline.samples(golden.get(name + "/background")))
                    .attribute(model, Inputs.of(golden.get(name + "/rows")), Target.output())) {
                assertThat(why.attribution().toDoubleArray())
                        .containsExactly(golden.get(name + "/values").toDoubleArray(), within(SINGLE));
                assertThat(why.scores())
                        .containsExactly(golden.get(name + "/scores").toDoubleArray(), within(SINGLE));
            }
        }
    }
}
