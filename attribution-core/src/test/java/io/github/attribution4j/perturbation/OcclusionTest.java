// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class OcclusionTest {
    private static final int EXAMPLES = 2;

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
            sum += Math.sin(i + 1) * row[i] + row[i] * row[(i * 7 + 3) % row.length];
        }
        return Math.tanh(sum / row.length);
    }

    private static Model model() {
        return Model.of(rows ->
                Arrays.stream(rows).map(row -> new double[] {score(row)}).toArray(double[][]::new));
    }

    static Stream<Arguments> geometries() {
        return Stream.of(
                Arguments.of(shape(6), shape(3), shape(2)),
                Arguments.of(shape(6), shape(3), shape(1)),
                Arguments.of(shape(7), shape(7), shape(9)),
                Arguments.of(shape(5), shape(1), shape(1)),
                Arguments.of(shape(5, 7), shape(2, 3), shape(1, 2)),
                Arguments.of(shape(5, 7), shape(5, 2), shape(1, 2)),
                Arguments.of(shape(3, 5, 4), shape(3, 2, 2), shape(3, 2, 1)),
                Arguments.of(shape(3, 5, 4), shape(2, 3, 4), shape(1, 3, 4)),
                Arguments.of(shape(2, 3, 4, 2), shape(1, 2, 3, 2), shape(1, 2, 2, 1)));
    }

    private static long[] shape(long... dims) {
        return dims;
    }

    @ParameterizedTest
    @MethodSource("geometries")
    @DisplayName("Windows are clipped at the edge and averaged by how many cover an element")
    void equalsLoops(long[] row, long[] window, long[] stride) {
        Shape shape = Shape.of(row).prepend(EXAMPLES);
        RandomStream random = RandomStream.of(row.length);
        double[] values = random(random, Math.toIntExact(shape.size()));
        double[] reference = random(random, values.length);
        Baseline baseline = Baseline.of(tensors.of(reference, shape));
        Occlusion method = new Occlusion(window).stride(stride).baseline(baseline);
        try (Explanation explanation = method.attribute(model(), Inputs.of(tensors.of(values, shape)))) {
            assertThat(explanation.attribution().shape()).isEqualTo(shape);
            int size = values.length / EXAMPLES;
            for (int e = 0; e < EXAMPLES; e++) {
                double[] x = Arrays.copyOfRange(values, e * size, (e + 1) * size);
                double[] b = Arrays.copyOfRange(reference, e * size, (e + 1) * size);
                double[] found =
                        Arrays.copyOfRange(explanation.attribution().toDoubleArray(), e * size, (e + 1) * size);
                assertThat(found).containsExactly(loops(x, b, row, window, stride), within(1e-14));
            }
        }
    }

    private static double[] random(RandomStream random, int length) {
        double[] values = new double[length];
        Arrays.setAll(values, i -> random.nextGaussian());
        return values;
    }

    /** Visits every window, and of each window every element, by its coordinates. */
    private static double[] loops(double[] x, double[] b, long[] row, long[] window, long[] stride) {
        long[] positions = new long[row.length];
        for (int axis = 0; axis < row.length; axis++) {
            positions[axis] = (long) Math.ceil((row[axis] - window[axis]) / (double) stride[axis]) + 1;
        }
        double[] sums = new double[x.length];
        double[] covers = new double[x.length];
        long count = Arrays.stream(positions).reduce(1, (p, q) -> p * q);
        for (long at = 0; at < count; at++) {
            long[] start = coordinates(at, positions);
            boolean[] inside = new boolean[x.length];
            double[] occluded = x.clone();
            for (int i = 0; i < x.length; i++) {
                long[] element = coordinates(i, row);
                inside[i] = true;
                for (int axis = 0; axis < row.length; axis++) {
                    long from = start[axis] * stride[axis];
                    inside[i] &= element[axis] >= from && element[axis] < from + window[axis];
                }
                occluded[i] = inside[i] ? b[i] : x[i];
            }
            for (int i = 0; i < x.length; i++) {
                sums[i] += inside[i] ? score(x) - score(occluded) : 0;
                covers[i] += inside[i] ? 1 : 0;
            }
        }
        for (int i = 0; i < x.length; i++) {
            sums[i] /= covers[i];
        }
        return sums;
    }

    private static long[] coordinates(long index, long[] dims) {
        long[] coordinates = new long[dims.length];
        for (int axis = dims.length - 1; axis >= 0; axis--) {
            coordinates[axis] = index % dims[axis];
            index /= dims[axis];
        }
        return coordinates;
    }

    @Test
    @DisplayName("Several inputs are occluded one at a time, each with its window")
    void severalInputs() {
        Model model = Model.ofTensors(
                tensors, inputs -> inputs.get(0).sum(1).mul(inputs.get(1).sum(1, 2)));
        Tensor a = tensors.of(new double[] {1, 2, 3}, 1, 3);
        Tensor b = tensors.of(new double[] {1, 2, 3, 4}, 1, 2, 2);
        Occlusion method = Occlusion.of(Shape.of(2), Shape.of(1, 2)).strides(Shape.of(2), Shape.of(1, 1));
        try (Explanation explanation = method.attribute(model, Inputs.of(a, b))) {
            assertThat(explanation.attributions().get(0).toDoubleArray()).containsExactly(30, 30, 30);
            assertThat(explanation.attributions().get(1).toDoubleArray()).containsExactly(18, 18, 42, 42);
            assertThat(explanation.counts().forwardRows()).isEqualTo(1 + 2 + 2);
        }
    }

    @Test
    @DisplayName("Windows and strides that do not fit are refused, all at once")
    void refusals() {
        Tensor image = tensors.of(new float[3 * 4 * 4], 1, 3, 4, 4);
        assertRefused(
                new Occlusion(3, 3),
                image,
                "occlusion: window (3, 3) and stride (1, 1) for input 'input0' of shape (1, 3, 4, 4); both need one "
                        + "number for each axis but that of the examples, 3");
        assertRefused(
                new Occlusion(0, 5, 2).stride(1, 1, 3),
                image,
                "occlusion: window (0, 5, 2) on axis 1 of input 'input0' of shape (1, 3, 4, 4): 0 must be 1 to 3; "
                        + "occlusion: window (0, 5, 2) on axis 2 of input 'input0' of shape (1, 3, 4, 4): 5 must be 1 "
                        + "to 4; occlusion: stride (1, 1, 3) on axis 3 of input 'input0' of shape (1, 3, 4, 4): 3 is "
                        + "more than the window's 2, so that elements between windows would never be occluded; stride "
                        + "must not exceed window");
        assertRefused(
                new Occlusion(3, 2, 2).stride(3, 2, 0),
                image,
                "occlusion: stride (3, 2, 0) on axis 3 of input 'input0' of shape (1, 3, 4, 4): 0 must be at least 1");
        assertRefused(
                Occlusion.of(Shape.of(3, 2, 2), Shape.of(1)),
                image,
                "occlusion: 2 windows and no strides for 1 attributed inputs; give a window for each, and a stride for "
                        + "each or none");
        assertThatThrownBy(() -> new Occlusion())
                .hasMessage("occlusion: no window given; give one, such as new Occlusion(3, 15, 15)");
    }

    private static void assertRefused(Occlusion method, Tensor input, String message) {
        assertThatThrownBy(() -> method.attribute(model(), Inputs.of(input), Target.output()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage(message);
    }

    @Test
    @DisplayName("Settings say window, stride and baseline")
    void settings() {
        assertThat(new Occlusion(3, 15, 15).settings()).hasToString("{window=3,15,15, stride=1, baseline=0.0}");
        assertThat(Occlusion.of(Shape.of(2), Shape.of(1, 2))
                        .strides(Shape.of(1), Shape.of(1, 2))
                        .settings())
                .hasToString("{window=2;1,2, stride=1;1,2, baseline=0.0}");
    }
}
