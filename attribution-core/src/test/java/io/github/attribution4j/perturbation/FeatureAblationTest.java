// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class FeatureAblationTest {
    private final Tensors tensors = Tensors.ofJava();
    private TensorScope scope;

    @BeforeEach
    void openScope() {
        scope = TensorScope.open();
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    private static double score(double... row) {
        double sum = 0;
        for (int i = 0; i < row.length; i++) {
            sum += (i + 1) * row[i] + (i > 0 ? row[i] * row[i - 1] : 0);
        }
        return Math.tanh(sum / 10);
    }

    private static final Model MODEL = Model.of(rows -> {
        double[][] scores = new double[rows.length][2];
        for (int r = 0; r < rows.length; r++) {
            scores[r][1] = score(rows[r]);
        }
        return scores;
    });

    @Test
    @DisplayName("Every example's own groups and own baseline")
    void perExampleMaskAndBaseline() {
        double[][] x = {{1, 2, 3, 4}, {-1, 0.5, 2, 0.25}};
        double[][] b = {{0, 1, 0, 1}, {2, 2, 2, -2}};
        int[][] ids = {{0, 0, 1, 2}, {1, 0, 1, 0}};
        Baseline baseline = Baseline.of(tensors.of(new double[] {0, 1, 0, 1, 2, 2, 2, -2}, 2, 4));
        FeatureMask mask = FeatureMask.of(tensors.of(new long[] {0, 0, 1, 2, 1, 0, 1, 0}, 2, 4));
        Tensor input = tensors.of(new double[] {1, 2, 3, 4, -1, 0.5, 2, 0.25}, 2, 4);
        double[] wanted = new double[8];
        for (int e = 0; e < 2; e++) {
            for (int i = 0; i < 4; i++) {
                double[] without = x[e].clone();
                for (int j = 0; j < 4; j++) {
                    without[j] = ids[e][j] == ids[e][i] ? b[e][j] : x[e][j];
                }
                wanted[e * 4 + i] = score(x[e]) - score(without);
            }
        }
        try (Explanation explanation = new FeatureAblation()
                .baseline(baseline)
                .mask(mask)
                .attribute(MODEL, Inputs.of(input), Target.index(1))) {
            assertThat(explanation.attribution().toDoubleArray()).containsExactly(wanted, within(1e-15));
            assertThat(explanation.counts().forwardRows()).isEqualTo(2 + 3 + 2);
            assertThat(explanation.hasCompletenessGap()).isFalse();
            assertThat(explanation.standardErrors()).isEmpty();
        }
    }

    @Test
    @DisplayName("A group that spans inputs is ablated in all of them together")
    void groupsAcrossInputs() {
        Model product = Model.ofTensors(
                tensors, inputs -> inputs.get(0).mul(inputs.get(1)).sum(1));
        Inputs inputs = Inputs.of(tensors.of(new float[] {2, 3}, 1, 2), tensors.of(new float[] {5, 7}, 1, 2));
        FeatureMask mask = FeatureMask.ofIds(new long[] {0, 1}, new long[] {0, 2});
        try (Explanation explanation = new FeatureAblation()
                .baseline(Baseline.constant(1, 10))
                .mask(mask)
                .attribute(product, inputs, Target.output())) {
            double full = 2 * 5 + 3 * 7;
            assertThat(explanation.attributions().get(0).toDoubleArray())
                    .containsExactly(full - (1 * 10 + 3 * 7), full - (2 * 5 + 1 * 7));
            assertThat(explanation.attributions().get(1).toDoubleArray())
                    .containsExactly(full - (1 * 10 + 3 * 7), full - (2 * 5 + 3 * 10));
        }
    }

    @Test
    @DisplayName("Fixed inputs follow their example, and each example has its target")
    void fixedInputsAndTargets() {
        Model model = Model.ofTensors(tensors, inputs -> inputs.get(0).mul(inputs.get(1)));
        Inputs inputs = Inputs.none()
                .attribute("x", tensors.of(new float[] {1, 2, 3, 4}, 2, 2))
                .fixed("scale", tensors.of(new float[] {10, 10, 100, 100}, 2, 2));
        try (Explanation explanation = new FeatureAblation().attribute(model, inputs, Target.indexes(0, 1))) {
            assertThat(explanation.attribution().toDoubleArray()).containsExactly(10, 0, 0, 400);
        }
    }

    @Test
    @DisplayName("An image's cells stand for all channels, in the input's shape and type")
    void image() {
        Tensor image = tensors.of(new float[] {1, 2, 3, 4, 10, 20, 30, 40}, 1, 2, 2, 2);
        Model sum = Model.ofTensor(x -> x.sum(1, 2, 3));
        FeatureAblation method = new FeatureAblation().mask(FeatureMask.grid(2, 1));
        try (Explanation explanation = method.attribute(sum, Inputs.of(image))) {
            assertThat(explanation.attribution().shape()).isEqualTo(image.shape());
            assertThat(explanation.attribution().dataType()).isEqualTo(DataType.FLOAT32);
            assertThat(explanation.attribution().toFloatArray()).containsExactly(33, 33, 77, 77, 33, 33, 77, 77);
        }
    }

    @Test
    @DisplayName("Token ids are attributed in the floating type of the model's output")
    void tokenIds() {
        Tensor tokens = tensors.of(new long[] {5, 0, 7}, 1, 3);
        Model asDouble = Model.ofTensor(x -> x.to(DataType.FLOAT64).sum(1));
        Model asFloat = Model.ofTensor(x -> x.to(DataType.FLOAT32).sum(1));
        FeatureAblation method = new FeatureAblation().baseline(Baseline.constant(1));
        try (Explanation wide = method.attribute(asDouble, Inputs.of(tokens));
                Explanation narrow = method.attribute(asFloat, Inputs.of(tokens))) {
            assertThat(wide.attribution().dataType()).isEqualTo(DataType.FLOAT64);
            assertThat(wide.attribution().toDoubleArray()).containsExactly(4, -1, 6);
            assertThat(narrow.attribution().dataType()).isEqualTo(DataType.FLOAT32);
            assertThat(narrow.attribution().shape()).isEqualTo(Shape.of(1, 3));
        }
    }
}
