// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.djl.golden.TorchGolden;
import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.propagation.Rules;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * With ε = 0 at layers with weights and the derivative everywhere else, relevance is gradient times input, to rounding:
 * an oracle for every operation of every archive, which no rule of the literature is, but all pass through the same
 * text.
 */
class RelevanceZooTest {
    private static final RuleSet PLAIN = RuleSet.of(Operation.Selector.kind(Operation.Kind.WEIGHTED), Rules.epsilon(0))
            .rule(Operation.Selector.kind(Operation.Kind.MAX_POOLING), Rules.pass())
            .rule(Operation.Selector.kind(Operation.Kind.SOFTMAX), Rules.softmaxTaylor())
            .otherwise(Rules.gradient());

    private static final List<String> REFUSED = Collections.synchronizedList(new ArrayList<>());
    private static final AtomicInteger equal = new AtomicInteger();

    @TestFactory
    Stream<DynamicTest> isGradientTimesInput() {
        String only = System.getProperty("attribution.zoo.only", "");
        return ZooArchive.of(GoldenData.zoo()).stream()
                .filter(archive -> archive.file().startsWith(only))
                .map(archive -> DynamicTest.dynamicTest(archive.file(), () -> compare(archive)));
    }

    private static void compare(ZooArchive archive) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(archive.path(), TorchGolden.options())) {
            Inputs inputs = archive.inputs(archive.arrays(), model.tensors());
            List<double[]> gradients;
            List<double[]> relevance;
            try {
                gradients = back(model::pullback, inputs, false);
            } catch (ModelException e) {
                // Several outputs, nothing but integers, quantized layers: no gradient either.
                return;
            }
            try {
                relevance = back(model.with(PLAIN)::run, inputs, true);
            } catch (UnsupportedModelException e) {
                assertThat(e.getMessage())
                        .containsAnyOf("recurrent layer", "no single tensor", "no operation of this model");
                REFUSED.add(archive.file() + ": " + e.getMessage());
                return;
            }
            for (int i = 0; i < gradients.size(); i++) {
                double[] x = inputs.attributed().get(i).toDoubleArray();
                double largest = 0;
                double worst = 0;
                for (int j = 0; j < x.length; j++) {
                    double expected = x[j] * gradients.get(i)[j];
                    largest = Math.max(largest, Math.abs(expected));
                    worst = Math.max(worst, Math.abs(relevance.get(i)[j] - expected));
                }
                assertThat(worst).as("input %s, largest %s", i, largest).isLessThanOrEqualTo(2e-4 * largest);
            }
            equal.incrementAndGet();
        }
    }

    /** With weights of the output of different sizes and signs; for relevance, each times the output. */
    private static List<double[]> back(Function<Inputs, ? extends BackwardRun> runs, Inputs inputs, boolean relevance) {
        try (TensorScope scope = TensorScope.open();
                BackwardRun run = runs.apply(inputs)) {
            Tensor output = run.output();
            double[] values = output.toDoubleArray();
            float[] weights = new float[values.length];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (float) (Math.cos(1.3 * i) * (relevance ? values[i] : 1));
            }
            Tensor cotangent = output.tensors().of(weights, output.shape()).to(output.dataType());
            return run.back(cotangent).stream().map(Tensor::toDoubleArray).toList();
        }
    }

    @AfterAll
    static void mostArchivesAreCompared() {
        if (System.getProperty("attribution.zoo.only", "").isEmpty()) {
            assertThat(equal.get()).as("compared; refused: %s", REFUSED).isGreaterThanOrEqualTo(75);
        }
    }
}
