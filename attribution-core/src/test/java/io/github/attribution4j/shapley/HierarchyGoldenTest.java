// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.mask.Hierarchy;
import io.github.attribution4j.mask.Hierarchy.Linkage;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.GoldenNetwork;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Compared with SHAP's partition and tree explainers: golden/hierarchy.py. */
class HierarchyGoldenTest {
    private static final Path FILE = Path.of("..", "golden", "hierarchy", "hierarchy.npz");

    /** Returns the tree that SciPy's merges make: cluster M + r is made by row r. */
    private static String tree(double[] merges) {
        int columns = merges.length / 2 + 1;
        List<String> clusters = new ArrayList<>();
        for (int i = 0; i < columns; i++) {
            clusters.add(Integer.toString(i));
        }
        for (int row = 0; row < merges.length / 2; row++) {
            clusters.add(
                    "(" + clusters.get((int) merges[2 * row]) + ", " + clusters.get((int) merges[2 * row + 1]) + ")");
        }
        return clusters.get(clusters.size() - 1);
    }

    @ParameterizedTest
    @EnumSource(Linkage.class)
    @DisplayName("Owen values over SciPy's clusters of correlated columns are those of SHAP's partition explainer")
    void owen(Linkage linkage) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> golden = NumpyFiles.readNpz(FILE, Tensors.ofJava());
            Tensor rows = golden.get("background");
            Model model = GoldenNetwork.of(golden);
            Inputs inputs = Inputs.of(golden.get("rows"));
            OwenValues method = new OwenValues().baseline(Baseline.samples(rows));
            Hierarchy given =
                    Hierarchy.parse(tree(golden.get("merges/" + linkage).toDoubleArray()));
            Hierarchy computed = Hierarchy.correlation(linkage, rows);
            try (Explanation one = method.hierarchy(given).attribute(model, inputs);
                    Explanation other = method.hierarchy(computed).attribute(model, inputs)) {
                assertThat(other.attribution().toDoubleArray())
                        .containsExactly(one.attribution().toDoubleArray(), within(1e-12));
                if (linkage == Linkage.AVERAGE) {
                    assertThat(one.attribution().toDoubleArray())
                            .containsExactly(golden.get("owen/values").toDoubleArray(), within(1e-10));
                    assertThat(one.baselineScores().orElseThrow())
                            .containsExactly(golden.get("owen/base").toDoubleArray(), within(1e-10));
                }
            }
        }
    }

    /** Trees that send a row down both branches, by their cover, where a column is absent: NaN. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Trees(
            Tensor left,
            double[] lefts,
            double[] rights,
            double[] features,
            double[] thresholds,
            double[] values,
            double[] covers) {
        static Trees of(Map<String, Tensor> golden) {
            return new Trees(
                    golden.get("trees/left"),
                    golden.get("trees/left").toDoubleArray(),
                    golden.get("trees/right").toDoubleArray(),
                    golden.get("trees/feature").toDoubleArray(),
                    golden.get("trees/threshold").toDoubleArray(),
                    golden.get("trees/value").toDoubleArray(),
                    golden.get("trees/cover").toDoubleArray());
        }

        double sum(double[] row) {
            int nodes = (int) left.shape().dim(1);
            double sum = 0;
            for (int root = 0; root < lefts.length; root += nodes) {
                sum += value(root, root, row);
            }
            return sum;
        }

        private double value(int root, int node, double[] row) {
            if (lefts[node] < 0) {
                return values[node];
            }
            int low = root + (int) lefts[node];
            int high = root + (int) rights[node];
            double column = row[(int) features[node]];
            if (Double.isNaN(column)) {
                return (covers[low] * value(root, low, row) + covers[high] * value(root, high, row)) / covers[node];
            }
            return value(root, column <= thresholds[node] ? low : high, row);
        }
    }

    @Test
    @DisplayName("Interactions of trees are those of SHAP's tree explainer")
    void interactions() throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> golden = NumpyFiles.readNpz(FILE, Tensors.ofJava());
            Trees trees = Trees.of(golden);
            Model model = Model.of(rows -> Arrays.stream(rows)
                    .map(row -> new double[] {trees.sum(row)})
                    .toArray(double[][]::new));
            Inputs inputs = Inputs.of(golden.get("trees/rows")).allowMissing();
            try (Explanation why = new ShapleyInteractions()
                    .baseline(Baseline.constant(Double.NaN))
                    .attribute(model, inputs)) {
                assertThat(why.attribution().toDoubleArray())
                        .containsExactly(golden.get("trees/interactions").toDoubleArray(), within(1e-6));
            }
        }
    }
}
