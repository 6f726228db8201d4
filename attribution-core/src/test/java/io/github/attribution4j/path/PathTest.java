// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PathTest {
    private final TensorScope scope = TensorScope.open();
    private final Tensor end = Tensors.ofJava().of(new double[] {4, 8, 6, 2, 0, 10}, 3, 2);
    private final Tensor one = Tensors.ofJava().of(new double[] {0, 4}, 1, 2);
    private final Tensor each = Tensors.ofJava().of(new double[] {0, 0, 2, 2, 4, 4}, 3, 2);

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void straight_goesFromStartToEnd_exampleByExample() {
        Path path = Path.straight(List.of(each), List.of(end));

        assertThat(path.at(1, 3, new double[] {0, 0.25, 1}).get(0).toDoubleArray())
                .containsExactly(2, 2, 3, 2, 6, 2, 4, 4, 3, 5.5, 0, 10);
        assertThat(path.derivative(1, 3, new double[] {0, 0.5}).get(0).toDoubleArray())
                .containsExactly(4, 0, 4, 0, -4, 6, -4, 6);
        assertThat(path.start()).containsExactly(each);
        assertThat(path.end()).containsExactly(end);
    }

    @Test
    void oneStart_servesAllExamples() {
        Path path = Path.straight(List.of(one), List.of(end));

        assertThat(path.at(0, 3, new double[] {0.5}).get(0).toDoubleArray()).containsExactly(2, 6, 3, 3, 0, 7);
        assertThat(path.at(0, 3, new double[] {0.5}).get(0).shape().dims()).containsExactly(3, 2);
    }

    @Test
    void rows_areThePositionsOfEachExample() {
        Rows rows = Path.straight(List.of(each), List.of(end)).rows(3, new double[] {0, 0.5, 1});

        assertThat(rows.count()).isEqualTo(9);
        assertThat(rows.group()).isEqualTo(3);
        assertThat(rows.example(5)).isEqualTo(1);
        double[] all = rows.attributed(0, 9).get(0).toDoubleArray();
        assertThat(all).startsWith(0, 0, 2, 4, 4, 8, 2, 2);
        assertThat(rows.attributed(3, 9).get(0).toDoubleArray()).containsExactly(part(all, 3, 9));
        assertThat(rows.attributed(4, 6).get(0).toDoubleArray()).containsExactly(part(all, 4, 6));
        assertThat(rows.attributed(7, 8).get(0).toDoubleArray()).containsExactly(part(all, 7, 8));
    }

    private static double[] part(double[] all, int from, int to) {
        return Arrays.copyOfRange(all, 2 * from, 2 * to);
    }

    @Test
    void endsThatDoNotFit_areRefused() {
        Tensor wide = Tensors.ofJava().of(new double[3], 1, 3);
        assertThatThrownBy(() -> Path.straight(List.of(wide), List.of(end)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "path: start of shape (1, 3) and end of shape (3, 2); the start has the end's rows, or one row"
                                + " for all");
        assertThatThrownBy(() -> Path.straight(List.of(), List.of(end)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("path: 0 tensors at the start and 1 at the end; give as many");
    }
}
