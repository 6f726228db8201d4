// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A LightGBM classifier of three classes as a Java lambda over its trees: exact values are those of SHAP's
 * interventional TreeExplainer; golden/trees.py.
 */
class TreesGoldenTest {
    private static final Path FOLDER = Path.of("..", "golden", "trees");
    /** SHAP holds leaves in single precision. */
    private static final double CLOSE = 1e-7;

    /** Returns the leaf that a row reaches: a node is [feature, threshold, left, right] or a number. */
    private static double leaf(JsonElement node, double[] row) {
        JsonElement at = node;
        while (at.isJsonArray()) {
            JsonArray split = at.getAsJsonArray();
            at = split.get(row[split.get(0).getAsInt()] <= split.get(1).getAsDouble() ? 2 : 3);
        }
        return at.getAsDouble();
    }

    private static Model model() throws IOException {
        JsonArray classes = JsonParser.parseString(Files.readString(FOLDER.resolve("lightgbm.json")))
                .getAsJsonArray();
        return Model.of("lightgbm", "1", rows -> {
            double[][] scores = new double[rows.length][classes.size()];
            for (int row = 0; row < rows.length; row++) {
                for (int one = 0; one < classes.size(); one++) {
                    for (JsonElement tree : classes.get(one).getAsJsonArray()) {
                        scores[row][one] += leaf(tree, rows[row]);
                    }
                }
            }
            return scores;
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void values_are_those_of_the_interventional_tree_explainer(int one) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> golden = NumpyFiles.readNpz(FOLDER.resolve("trees.npz"), Tensors.ofJava());
            Inputs rows = Inputs.of(golden.get("lightgbm/rows"));
            try (Explanation why = new ShapleyValues()
                    .baseline(Baseline.samples(golden.get("lightgbm/background")))
                    .attribute(model(), rows, Target.index(one))) {
                double[] values = golden.get("lightgbm/values").toDoubleArray();
                double[] scores = golden.get("lightgbm/scores").toDoubleArray();
                double[] wanted = new double[values.length / 3];
                Arrays.setAll(wanted, i -> values[3 * i + one]);
                assertThat(why.attribution().toDoubleArray()).containsExactly(wanted, within(CLOSE));
                for (int row = 0; row < why.scores().length; row++) {
                    assertThat(why.scores()[row]).isCloseTo(scores[3 * row + one], within(CLOSE));
                }
            }
        }
    }
}
