// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.onnx.internal.gradient.Rules;
import io.github.attribution4j.onnx.internal.session.Networks;
import io.github.attribution4j.onnx.internal.session.Networks.Network;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.DeepLiftShap;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/**
 * DeepLIFT adds up on thirty random networks that mix all operators that it has rules for: to 1e-3 of the difference of
 * the scores, in float32, by both rules and against several references at once.
 */
class DeepLiftNetworksTest {
    private static final int NETWORKS = 30;
    private static final double COMPLETE = 1e-3;

    /** What DeepLIFT refuses by name, or what passes whole numbers, which have no multipliers. */
    static final Pattern REFUSED = Pattern.compile("cum_prod_.*|scatter_.*_(max|min|mul)|grid_sample_(?!image).*"
            + "|max_of_bounds|reduce_prod_axes_given|top_k_places_read");

    private static final List<Network> ALL = Networks.of(NETWORKS, REFUSED, 20261130);
    private static double worst;

    @TestFactory
    Stream<DynamicTest> attributions_add_up() {
        return IntStream.range(0, NETWORKS)
                .boxed()
                .flatMap(i -> Stream.of(DeepLift.Rule.values())
                        .map(rule -> DynamicTest.dynamicTest(
                                "network " + i + ", " + rule, () -> check(ALL.get(i), i, rule))));
    }

    private static void check(Network network, int seed, DeepLift.Rule rule) {
        try (TensorScope scope = TensorScope.open();
                OnnxModel model = OnnxModel.load(network.bytes().array())) {
            Random random = new Random(seed);
            Inputs inputs = Inputs.of(drawn(random, 1));
            Target target = Target.index(seed % Networks.SCORES);
            Tensor reference = drawn(random, 1);
            judge(new DeepLift().baseline(Baseline.of(reference)).rule(rule).attribute(model, inputs, target));
            judge(new DeepLiftShap(Baseline.samples(drawn(random, 3)))
                    .rule(rule)
                    .attribute(model, inputs, target));
        }
    }

    private static void judge(Explanation explanation) {
        try (explanation) {
            double gap = Math.abs(explanation.completenessGap()[0]);
            double difference = Math.abs(
                    explanation.scores()[0] - explanation.baselineScores().orElseThrow()[0]);
            assertThat(difference)
                    .as("a score that does not change shows nothing")
                    .isGreaterThan(0.01);
            worst = Math.max(worst, gap / difference);
            assertThat(gap).isLessThanOrEqualTo(COMPLETE * difference);
        }
    }

    private static Tensor drawn(Random random, int rows) {
        double[] numbers =
                random.doubles((long) rows * Networks.WIDTH, -1.5, 1.5).toArray();
        return Tensors.ofJava().of(numbers, DataType.FLOAT32, Shape.of(rows, Networks.WIDTH));
    }

    /** Every operator with a rule is in one of the networks, unless it is refused. */
    @Test
    void all_operators_are_there() {
        Set<String> missing = new TreeSet<>(Rules.operators());
        ALL.forEach(network -> missing.removeAll(network.operators()));
        missing.removeIf(operator -> operator.matches(".*([Qq]uantize|QLinear|QGemm|Integer).*"));
        assertThat(missing).containsExactlyInAnyOrder("CumProd");
    }

    @AfterAll
    static void report(TestReporter reporter) {
        reporter.publishEntry("largest gap, of the difference", String.valueOf(worst));
    }
}
