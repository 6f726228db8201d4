// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * An XGBoost classifier of three classes: its scores and their exact values against a background are those of its
 * trees, which are read from its JSON and walked here.
 */
class XgboostTest {
    private static final Path FILE = GoldenData.data().resolveSibling("trees").resolve("multiclass.json");
    private static final int FEATURES = 6;
    private static final int CLASSES = 3;

    /** XGBoost computes in single precision. */
    private static final double SINGLE = 1e-5;

    private record Trees(List<JsonObject> trees) {
        static Trees read() throws IOException {
            List<JsonObject> trees = new ArrayList<>();
            JsonParser.parseString(Files.readString(FILE))
                    .getAsJsonObject()
                    .getAsJsonObject("learner")
                    .getAsJsonObject("gradient_booster")
                    .getAsJsonObject("model")
                    .getAsJsonArray("trees")
                    .forEach(tree -> trees.add(tree.getAsJsonObject()));
            return new Trees(trees);
        }

        private static double leaf(JsonObject tree, float[] row) {
            JsonArray left = tree.getAsJsonArray("left_children");
            int node = 0;
            while (left.get(node).getAsInt() >= 0) {
                float value = row[tree.getAsJsonArray("split_indices").get(node).getAsInt()];
                boolean goesLeft = Float.isNaN(value)
                        ? tree.getAsJsonArray("default_left").get(node).getAsInt() == 1
                        : value
                                < tree.getAsJsonArray("split_conditions")
                                        .get(node)
                                        .getAsFloat();
                node = (goesLeft ? left : tree.getAsJsonArray("right_children"))
                        .get(node)
                        .getAsInt();
            }
            return tree.getAsJsonArray("split_conditions").get(node).getAsFloat();
        }

        /** Returns the probability of a class. */
        double of(float[] row, int one) {
            double[] margins = new double[CLASSES];
            for (int tree = 0; tree < trees.size(); tree++) {
                margins[tree % CLASSES] += leaf(trees.get(tree), row);
            }
            double sum = 0;
            for (double margin : margins) {
                sum += Math.exp(margin);
            }
            return Math.exp(margins[one]) / sum;
        }

        double[] shapley(float[] x, float[][] background, int one) {
            double[] v = new double[1 << FEATURES];
            for (int kept = 0; kept < v.length; kept++) {
                for (float[] from : background) {
                    float[] mixed = from.clone();
                    for (int i = 0; i < FEATURES; i++) {
                        mixed[i] = (kept >> i & 1) == 1 ? x[i] : mixed[i];
                    }
                    v[kept] += of(mixed, one) / background.length;
                }
            }
            double[] factorial = {1, 1, 2, 6, 24, 120, 720};
            double[] values = new double[FEATURES];
            for (int i = 0; i < FEATURES; i++) {
                for (int kept = 0; kept < v.length; kept++) {
                    if ((kept >> i & 1) == 0) {
                        int size = Integer.bitCount(kept);
                        values[i] += factorial[size]
                                * factorial[FEATURES - size - 1]
                                / factorial[FEATURES]
                                * (v[kept | 1 << i] - v[kept]);
                    }
                }
            }
            return values;
        }
    }

    private static float[][] drawn(int rows, long seed) {
        Random random = new Random(seed);
        float[][] drawn = new float[rows][FEATURES];
        for (float[] row : drawn) {
            for (int i = 0; i < FEATURES; i++) {
                boolean missing = random.nextInt(10) == 0;
                row[i] = missing ? Float.NaN : i < 4 ? (float) random.nextGaussian() : random.nextInt(3);
            }
        }
        return drawn;
    }

    private static Tensor tensor(float[][] rows) {
        float[] flat = new float[rows.length * FEATURES];
        for (int row = 0; row < rows.length; row++) {
            System.arraycopy(rows[row], 0, flat, row * FEATURES, FEATURES);
        }
        return Tensors.ofJava().of(flat, rows.length, FEATURES);
    }

    @ParameterizedTest
    @CsvSource({"multiclass.json, 1", "multiclass.json, 4", "multiclass.ubj, 4"})
    void values_of_each_class_are_those_of_the_trees(String file, int examples) throws IOException {
        Trees trees = Trees.read();
        float[][] rows = drawn(examples, 3);
        float[][] background = drawn(9, 4);
        try (TensorScope scope = TensorScope.open();
                DjlModel model = DjlModel.load(FILE.resolveSibling(file), "XGBoost")) {
            assertThat(model.identity().name()).isEqualTo(file);
            assertThat(model.identity().digest()).hasSize(64);
            for (int one = 0; one < CLASSES; one++) {
                try (Explanation why = new ShapleyValues()
                        .baseline(Baseline.samples(tensor(background)))
                        .attribute(model, Inputs.of(tensor(rows)).allowMissing(), Target.index(one))) {
                    double[] values = why.attribution().toDoubleArray();
                    for (int row = 0; row < examples; row++) {
                        double[] wanted = trees.shapley(rows[row], background, one);
                        assertThat(why.scores()[row]).isCloseTo(trees.of(rows[row], one), within(SINGLE));
                        for (int i = 0; i < FEATURES; i++) {
                            assertThat(values[row * FEATURES + i]).isCloseTo(wanted[i], within(SINGLE));
                        }
                    }
                    assertThat(why.notices()).isEmpty();
                }
            }
        }
    }

    @Test
    void what_cannot_be_loaded_is_refused(@TempDir Path folder) throws IOException {
        Path other = Files.writeString(folder.resolve("other.json"), "{\"a\": 1}");
        assertThatThrownBy(() -> DjlModel.load(other, "XGBoost"))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageMatching(".*other\\.json: XGBoost does not load it: [^\\[/]*");
        assertThatThrownBy(() -> DjlModel.load(folder.resolve("none.json"), "XGBoost"))
                .hasMessageContaining("none.json: no such file");
        assertThatThrownBy(() -> DjlModel.load(other, "Xgb"))
                .hasMessageContaining("engine 'Xgb' is not on the class path, which has [")
                .hasMessageContaining("XGBoost");
    }

    @Test
    void a_closed_model_is_not_run() {
        DjlModel model = DjlModel.load(FILE, "XGBoost");
        model.close();
        Inputs inputs = Inputs.of(tensor(drawn(1, 2))).allowMissing();
        assertThatThrownBy(() -> model.forward(inputs))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("was closed");
    }
}
