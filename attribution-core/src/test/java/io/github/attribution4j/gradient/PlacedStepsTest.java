// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.RowsContract;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Integrated gradients whose steps lie where the score bends, against their definitions written out in doubles. */
class PlacedStepsTest {
    private static final int EXAMPLES = 4;
    private static final int FEATURES = 4;
    private static final int[] TARGETS = {2, 0, 1, 2};
    private static final Tensors JAVA = Tensors.ofJava();

    private final TensorScope scope = TensorScope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    /** The steps that halving the worst interval of trapezoids needs, for one example. */
    private static Set<Double> halved(Perceptron net, double[] x, int target, double tolerance, int most) {
        TreeMap<Double, double[]> at = new TreeMap<>();
        double[] zeros = new double[x.length];
        for (double t : new double[] {0, 0.5, 1}) {
            at.put(t, here(net, zeros, x, target, t));
        }
        while (true) {
            double gap = 0;
            double worst = -1;
            double middle = 0;
            for (double left : at.headMap(1.0).keySet()) {
                double right = at.higherKey(left);
                double error = (right - left) * (at.get(left)[1] + at.get(right)[1]) / 2
                        - (at.get(right)[0] - at.get(left)[0]);
                gap += error;
                if (Math.abs(error) > worst) {
                    worst = Math.abs(error);
                    middle = (left + right) / 2;
                }
            }
            if (Math.abs(gap) <= tolerance * Math.abs(at.get(1.0)[0] - at.get(0.0)[0]) || at.size() == most) {
                return new TreeSet<>(at.keySet());
            }
            at.put(middle, here(net, zeros, x, target, middle));
        }
    }

    private static double[] here(Perceptron net, double[] start, double[] x, int target, double t) {
        double[] point = new double[x.length];
        Arrays.setAll(point, i -> start[i] + t * (x[i] - start[i]));
        double[] gradient = net.gradient(point, target);
        double slope = 0;
        for (int i = 0; i < x.length; i++) {
            slope += gradient[i] * (x[i] - start[i]);
        }
        return new double[] {net.score(point, target), slope};
    }

    private static double[] trapezoids(Set<Double> steps) {
        double[] weights = new double[steps.size()];
        Double[] positions = steps.toArray(Double[]::new);
        for (int k = 0; k + 1 < positions.length; k++) {
            weights[k] += (positions[k + 1] - positions[k]) / 2;
            weights[k + 1] += (positions[k + 1] - positions[k]) / 2;
        }
        return weights;
    }

    @ParameterizedTest
    @CsvSource({"0.05, 1000", "0.01, 3", "1e-4, 1", "1e-3, 7"})
    void a_tolerance_halves_the_worst_interval_until_the_gap_is_small(double tolerance, int batchRows) {
        for (long seed = 1; seed <= 6; seed++) {
            Perceptron net = new Perceptron(seed, FEATURES, 9, 3);
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, seed, EXAMPLES, FEATURES)
                    .mul(3));
            double[] flat = inputs.tensor(0).toDoubleArray();
            try (Explanation why = new IntegratedGradients()
                    .tolerance(tolerance)
                    .steps(1000)
                    .attribute(
                            net.model,
                            inputs,
                            Target.indexes(2, 0, 1, 2),
                            Run.defaults().batchRows(batchRows))) {
                double[] actual = why.attribution().toDoubleArray();
                double[] taken = why.measures().get("steps");
                long rows = 0;
                for (int e = 0; e < EXAMPLES; e++) {
                    double[] x = Arrays.copyOfRange(flat, e * FEATURES, (e + 1) * FEATURES);
                    Set<Double> steps = halved(net, x, TARGETS[e], tolerance, 1000);
                    double[] expected = net.integrated(
                            new double[FEATURES],
                            x,
                            TARGETS[e],
                            steps.stream().mapToDouble(t -> t).toArray(),
                            trapezoids(steps));
                    assertThat(taken[e]).as("seed %d, example %d", seed, e).isEqualTo(steps.size());
                    assertThat(Arrays.copyOfRange(actual, e * FEATURES, (e + 1) * FEATURES))
                            .containsExactly(expected, within(1e-11));
                    double change = why.scores()[e] - why.baselineScores().orElseThrow()[e];
                    double gap = Math.abs(why.completenessGap()[e]);
                    assertThat(gap).isLessThanOrEqualTo(tolerance * Math.abs(change) + 1e-12);
                    assertThat(why.measures().get("error-estimate")[e]).isGreaterThanOrEqualTo(gap - 1e-12);
                    rows += steps.size();
                }
                assertThat(why.measures().get("tolerance-reached")).containsOnly(1);
                assertThat(why.counts().forwardRows()).isEqualTo(rows);
                assertThat(why.counts().backwardRows()).isEqualTo(rows);
                assertThat(why.notices()).isEmpty();
            }
        }
    }

    @Test
    void an_example_has_the_same_bits_whatever_is_explained_with_it() {
        Perceptron net = new Perceptron(3, FEATURES, 9, 3);
        Tensor all =
                ReferenceModels.normal(DataType.FLOAT64, 8, EXAMPLES, FEATURES).mul(3);
        IntegratedGradients method = new IntegratedGradients().tolerance(1e-3);
        try (Explanation together = method.attribute(net.model, Inputs.of(all), Target.argmax())) {
            for (int e = 0; e < EXAMPLES; e++) {
                try (Explanation alone = method.attribute(net.model, Inputs.of(all.rows(e, e + 1)), Target.argmax())) {
                    assertThat(alone.attribution().toDoubleArray())
                            .isEqualTo(together.attribution().rows(e, e + 1).toDoubleArray());
                    assertThat(alone.measures().get("steps")[0])
                            .isEqualTo(together.measures().get("steps")[e]);
                }
            }
        }
    }

    /** F(x) = max(0, x − 1/2) of the only element: its slope jumps. */
    private static DifferentiableModel hinge() {
        return DifferentiableModel.of(
                Model.ofTensor(x -> x.add(-0.5).clamp(0, Double.POSITIVE_INFINITY)),
                (inputs, cotangent) ->
                        List.of(cotangent.mul(inputs.tensor(0).gt(0.5).to(DataType.FLOAT64))));
    }

    @Test
    void a_limit_that_is_too_low_is_said() {
        Tensor x = JAVA.of(new double[] {0.25, 2.2, 3}, 3, 1);
        try (Explanation why =
                new IntegratedGradients().tolerance(1e-3).steps(5).attribute(hinge(), Inputs.of(x), Target.output())) {
            // The score of the first does not change: three steps show it. Of 0, 1.1, 2.2 the first interval is halved,
            // and then the first again: between 0.275 and 0.55 the trapezoid is 0.275 / 2, and the score gains 0.05.
            assertThat(why.measures().get("steps")).containsExactly(3, 5, 5);
            assertThat(why.measures().get("tolerance-reached")).containsExactly(1, 0, 0);
            assertThat(why.completenessGap()[1]).isCloseTo(0.275 / 2 - 0.05, within(1e-12));
            assertThat(why.notices())
                    .anySatisfy(notice -> assertThat(notice)
                            .startsWith("tolerance 0.001 was not reached for 2 of 3 examples within 5 steps: their gaps"
                                    + " are up to ")
                            .endsWith(" of the change of the score; allow more steps"));
        }
    }

    @Test
    void a_score_that_ends_where_it_began_never_has_a_small_gap_by_share() {
        // F(x) = (x − 1/2)² − 1/4 is 0 at 0 and at 1; trapezoids are exact for it, so their sum is 0 too.
        DifferentiableModel square = DifferentiableModel.of(
                Model.ofTensor(x -> x.add(-0.5).mul(x.add(-0.5)).add(-0.25)),
                (inputs, cotangent) ->
                        List.of(cotangent.mul(inputs.tensor(0).add(-0.5).mul(2))));
        Inputs one = Inputs.of(JAVA.full(Shape.of(1, 1), DataType.FLOAT64, 1));
        try (Explanation why = new IntegratedGradients().tolerance(0.01).attribute(square, one, Target.output())) {
            assertThat(why.measures().get("steps")).containsExactly(3);
            assertThat(why.attribution().toDoubleArray()).containsExactly(0);
        }
        // F(x) = |x − 0.3| − 0.3 at 0.6: its jump lies at the middle; at 0.6 + a little it does not.
        DifferentiableModel edge = DifferentiableModel.of(
                Model.ofTensor(x -> x.add(-0.3).abs().add(-0.3)),
                (inputs, cotangent) -> List.of(cotangent.mul(
                        inputs.tensor(0).gt(0.3).to(DataType.FLOAT64).mul(2).add(-1))));
        Inputs there = Inputs.of(JAVA.full(Shape.of(1, 1), DataType.FLOAT64, 0.6));
        try (Explanation why =
                new IntegratedGradients().tolerance(0.01).steps(4).attribute(edge, there, Target.output())) {
            assertThat(why.measures().get("tolerance-reached")).containsExactly(0);
            assertThat(why.notices()).anyMatch(notice -> notice.contains("where the score does not change at all"));
        }
    }

    @Test
    void it_works_at_a_layer_and_in_a_tunnel_and_as_a_sensitivity() {
        Perceptron net = new Perceptron(5, FEATURES, 9, 3);
        Inputs inputs = Inputs.of(
                ReferenceModels.normal(DataType.FLOAT64, 4, EXAMPLES, FEATURES).mul(3));
        IntegratedGradients method = new IntegratedGradients().tolerance(0.01);
        try (Explanation layer = method.at("fc1").attribute(net.model, inputs, Target.index(1));
                Explanation tunnel = NoiseTunnel.smoothGrad(method)
                        .samples(3)
                        .stdev(0.1)
                        .attribute(net.model, inputs, Target.index(1));
                Explanation plain = method.attribute(net.model, inputs, Target.index(1));
                Explanation sensitivity =
                        method.multiplyByInputs(false).attribute(net.model, inputs, Target.index(1))) {
            assertThat(layer.measures().get("tolerance-reached")).containsOnly(1);
            assertThat(Arrays.stream(tunnel.measures().get("steps"))).allMatch(steps -> steps >= 3);
            try (Tensor product = sensitivity.attribution().mul(inputs.tensor(0))) {
                assertThat(product.toDoubleArray())
                        .containsExactly(plain.attribution().toDoubleArray(), within(1e-12));
            }
            assertThat(sensitivity.hasCompletenessGap()).isFalse();
        }
    }

    /** Nodes and weights of one example by Bhat and Raychowdhury, with n steps divided by hand. */
    private static double[] nonUniform(Perceptron net, double[] x, int target, int steps, int intervals) {
        double[] zeros = new double[x.length];
        double[] wanted = new double[intervals];
        double total = 0;
        for (int i = 0; i < intervals; i++) {
            wanted[i] = Math.sqrt(Math.abs(here(net, zeros, x, target, (i + 1.0) / intervals)[0]
                    - here(net, zeros, x, target, (double) i / intervals)[0]));
            total += wanted[i];
        }
        int[] shares = new int[intervals];
        Map<Double, Integer> remainders = new TreeMap<>();
        int left = steps - intervals;
        for (int i = 0; i < intervals; i++) {
            double own = wanted[i] / total * (steps - intervals);
            shares[i] = 1 + (int) Math.floor(own);
            left -= (int) Math.floor(own);
            remainders.put(Math.floor(own) - own, i);
        }
        for (int i : remainders.values()) {
            if (left-- > 0) {
                shares[i]++;
            }
        }
        double[] attribution = new double[x.length];
        for (int i = 0; i < intervals; i++) {
            Quadrature.Rule rule = Quadrature.GAUSS_LEGENDRE.rule(shares[i]);
            int from = i;
            double[] nodes = Arrays.stream(rule.nodes())
                    .map(node -> (from + node) / intervals)
                    .toArray();
            double[] weights = Arrays.stream(rule.weights())
                    .map(weight -> weight / intervals)
                    .toArray();
            double[] part = net.integrated(zeros, x, target, nodes, weights);
            Arrays.setAll(attribution, k -> attribution[k] + part[k]);
        }
        return attribution;
    }

    @ParameterizedTest
    @CsvSource({"12, 4, 1000", "8, 2, 3", "7, 5, 1", "5, 5, 4"})
    void non_uniform_steps_follow_the_change_of_the_score(int steps, int intervals, int batchRows) {
        for (long seed = 1; seed <= 6; seed++) {
            Perceptron net = new Perceptron(seed, FEATURES, 9, 3);
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, seed, EXAMPLES, FEATURES)
                    .mul(3));
            double[] flat = inputs.tensor(0).toDoubleArray();
            try (Explanation why = new IntegratedGradients()
                    .nonUniform(intervals)
                    .steps(steps)
                    .attribute(
                            net.model,
                            inputs,
                            Target.indexes(2, 0, 1, 2),
                            Run.defaults().batchRows(batchRows))) {
                double[] actual = why.attribution().toDoubleArray();
                for (int e = 0; e < EXAMPLES; e++) {
                    double[] x = Arrays.copyOfRange(flat, e * FEATURES, (e + 1) * FEATURES);
                    assertThat(Arrays.copyOfRange(actual, e * FEATURES, (e + 1) * FEATURES))
                            .as("seed %d, example %d", seed, e)
                            .containsExactly(nonUniform(net, x, TARGETS[e], steps, intervals), within(1e-11));
                }
                assertThat(why.counts().backwardRows()).isEqualTo((long) EXAMPLES * steps);
                // Borders inside, the inputs, and the baseline, which is one for all.
                assertThat(why.counts().forwardRows())
                        .isEqualTo((long) EXAMPLES * (steps + intervals - 1) + EXAMPLES + 1);
            }
        }
    }

    @Test
    void a_score_that_does_not_change_gets_even_steps() {
        DifferentiableModel flat = DifferentiableModel.of(
                Model.ofTensor(x -> x.mul(0).sum(1)),
                (inputs, cotangent) -> List.of(inputs.tensor(0).mul(0)));
        try (Explanation why = new IntegratedGradients()
                .nonUniform(3)
                .steps(7)
                .attribute(flat, Inputs.of(JAVA.full(Shape.of(2, 2), DataType.FLOAT64, 1)), Target.output())) {
            assertThat(why.attribution().toDoubleArray()).containsOnly(0);
        }
    }

    @Test
    void points_are_those_of_the_path() {
        Tensor ends = ReferenceModels.normal(DataType.FLOAT64, 6, 3, 2, 2);
        Path path = Path.straight(List.of(ends.rows(0, 1)), List.of(ends));
        long[] examples = {2, 0, 0, 1};
        double[] positions = {0.5, 0, 1, 0.25};
        RowsContract.check(path.rows(examples, positions, 1));
        RowsContract.check(path.rows(examples, positions, 2));
        double[] points = path.points(examples, positions).get(0).toDoubleArray();
        for (int r = 0; r < examples.length; r++) {
            assertThat(Arrays.copyOfRange(points, 4 * r, 4 * r + 4))
                    .isEqualTo(path.at(examples[r], examples[r] + 1, new double[] {positions[r]})
                            .get(0)
                            .toDoubleArray());
        }
        assertThatThrownBy(() -> path.rows(examples, positions, 3))
                .hasMessage("path: 4 examples and 4 positions in groups of 3; give as many of both, in whole groups");
        assertThat(path.rows(examples, positions, 2)).hasToString("PointRows[4 points]");
    }

    @Test
    void refusals_name_the_settings() {
        refused(new IntegratedGradients().tolerance(-1), "tolerance -1.0: must be 0 or more, such as 0.01");
        refused(new IntegratedGradients().tolerance(Double.NaN), "tolerance NaN: must be 0 or more, such as 0.01");
        refused(new IntegratedGradients().tolerance(0.1).steps(2), "steps 2: must be at least 3 with a tolerance");
        refused(
                new IntegratedGradients().tolerance(0.1).quadrature(Quadrature.TRAPEZOID),
                "quadrature trapezoid: a tolerance sums trapezoids between steps that it places by itself; leave one of"
                        + " them out");
        refused(
                new IntegratedGradients().tolerance(0.1).nonUniform(4),
                "spacing non-uniform:4: a tolerance places steps by itself; leave one of them out");
        refused(
                new IntegratedGradients()
                        .nonUniform(4)
                        .steps(7)
                        .quadrature(Quadrature.TRAPEZOID)
                        .baseline(Baseline.zeros()),
                "steps 7: must be at least 8 with spacing non-uniform:4 and quadrature trapezoid");
        assertThatThrownBy(() -> new IntegratedGradients().nonUniform(0)).hasMessage("intervals 0: must be at least 1");
    }

    private static void refused(IntegratedGradients method, String message) {
        Perceptron net = new Perceptron(1, FEATURES, 7, 3);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, EXAMPLES, FEATURES));
        assertThatThrownBy(() -> method.attribute(net.model, inputs, Target.index(0)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage(message);
    }
}
