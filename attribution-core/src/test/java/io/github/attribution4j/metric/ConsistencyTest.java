// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConsistencyTest {
    private static final Model SIGN = Model.of(rows ->
            Arrays.stream(rows).map(row -> new double[] {0, row[0]}).toArray(double[][]::new));

    private static Judgement judge(Consistency metric, double[][] x, double[][] attributions) {
        try (TensorScope scope = TensorScope.open()) {
            double[] all = Arrays.stream(x).flatMapToDouble(Arrays::stream).toArray();
            return metric.judge(
                    SIGN,
                    Inputs.of(Tensors.ofJava().of(all, x.length, x[0].length)),
                    Target.index(1),
                    Given.of(attributions),
                    Run.defaults());
        }
    }

    @Test
    void the_score_is_the_share_of_others_with_the_same_explanation_and_class() {
        double[][] x = {{1, 0, 0}, {2, 0, 0}, {-1, 0, 0}, {3, 0, 0}, {-2, 0, 0}, {4, 0, 0}};
        double[][] attributions = {{5, 1, 0}, {9, -1, 0}, {3, 0, 1}, {0, -7, 1}, {1, 6, 0}, {0, -7, 2}};
        Judgement judged = judge(new Consistency().top(1), x, attributions);
        // Feature 0 up: examples 0, 1 of class 1, and 2 of class 0. Feature 1 down: 3 and 5. Feature 1 up: 4 alone.
        assertThat(judged.scores()).containsExactly(0.5, 0.5, 0, 1, Double.NaN, 1);
        assertThat(judged.notices()).anySatisfy(notice -> assertThat(notice).startsWith("1 of 6 examples are not"));
        assertThat(judged.mean()).isEqualTo(0.6);
        assertThat(judge(new Consistency().top(2), x, attributions).scores())
                .containsExactly(0, Double.NaN, Double.NaN, 1, 0, 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 9})
    void it_is_that_of_pairs_counted_one_by_one(int top) {
        Random random = new Random(top);
        double[][] x = new double[40][4];
        double[][] attributions = new double[40][4];
        for (int example = 0; example < 40; example++) {
            x[example][0] = random.nextGaussian();
            Arrays.setAll(attributions[example], i -> random.nextInt(5) - 2);
        }
        double[] scores = judge(new Consistency().top(top), x, attributions).scores();
        double[] wanted = new double[40];
        for (int example = 0; example < 40; example++) {
            int one = example;
            int[] others = IntStream.range(0, 40)
                    .filter(other ->
                            other != one && key(attributions[other], top).equals(key(attributions[one], top)))
                    .toArray();
            long agree = Arrays.stream(others)
                    .filter(other -> x[other][0] > 0 == x[one][0] > 0)
                    .count();
            wanted[example] = others.length == 0 ? Double.NaN : (double) agree / others.length;
        }
        assertThat(scores).containsExactly(wanted);
    }

    private static Set<String> key(double[] attributions, int top) {
        Set<String> key = new TreeSet<>();
        for (int i = 0; i < attributions.length; i++) {
            int before = 0;
            for (int j = 0; j < attributions.length; j++) {
                boolean larger = Math.abs(attributions[j]) > Math.abs(attributions[i]);
                before += larger || (j < i && Math.abs(attributions[j]) == Math.abs(attributions[i])) ? 1 : 0;
            }
            if (before < top) {
                key.add(i + (attributions[i] < 0 ? "-" : "+"));
            }
        }
        return key;
    }

    @Test
    void an_explanation_that_names_the_class_is_consistent_and_scale_does_not_count() {
        double[][] x = {{1, 2}, {-1, 2}, {5, 6}, {-2, 1}};
        double[][] right = {{1, 0}, {-1, 0}, {70, 1}, {-2, 1}};
        assertThat(judge(new Consistency().top(1), x, right).scores()).containsOnly(1);
        double[][] blind = {{1, 0}, {1, 0}, {1, 0}, {1, 0}};
        assertThat(judge(new Consistency().top(1), x, blind).mean()).isLessThan(0.5);
    }

    @Test
    void an_output_without_classes_is_refused() {
        Model one = Model.of(rows -> new double[rows.length][1]);
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(Tensors.ofJava().of(new double[4], 2, 2));
            assertThatThrownBy(() -> new Consistency()
                            .judge(
                                    one,
                                    inputs,
                                    Target.output(),
                                    Given.of(new double[2], new double[2]),
                                    Run.defaults()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("at least 2 classes, and the model's has shape (2, 1)");
        }
    }
}
