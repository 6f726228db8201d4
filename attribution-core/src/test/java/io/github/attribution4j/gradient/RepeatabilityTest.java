// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What is bit-equal on a backend whose rows do not influence each other to the bit: the answer for an example, whatever
 * other examples there are, and whatever the batch, as long as it holds the rows of one example.
 */
class RepeatabilityTest {
    private static final int GROUP = 20;

    private final TensorScope scope = TensorScope.open();
    private final ReferenceModel model = ReferenceModels.mlp(DataType.FLOAT32, 3, Activation.TANH, 4, 8, 3);
    private final Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 1, 7, 4));

    @AfterEach
    void close() {
        scope.close();
    }

    static List<Attribution<DifferentiableModel>> methods() {
        IntegratedGradients ig = new IntegratedGradients().steps(GROUP);
        return List.of(
                new Saliency(),
                new InputXGradient(),
                ig,
                new GradientShap().samples(GROUP).stdev(0.3).baseline(Baseline.normal(0, 1)),
                NoiseTunnel.smoothGrad(ig).samples(GROUP),
                NoiseTunnel.varGrad(new Saliency()).samples(GROUP));
    }

    private ByteBuffer bits(Attribution<DifferentiableModel> method, Inputs explained, Run run) {
        try (Explanation explanation = method.attribute(model, explained, Target.argmax(), run)) {
            return explanation.attribution().toByteBuffer();
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void batchesThatHoldAnExamplesRows_giveTheSameBits(Attribution<DifferentiableModel> method) {
        ByteBuffer expected = bits(method, inputs, Run.defaults());

        for (Run.Batching batching : List.of(
                Run.Batching.rows(GROUP),
                Run.Batching.rows(33),
                Run.Batching.rows(60),
                Run.Batching.rows(5000),
                Run.Batching.memory(1 << 20))) {
            assertThat(bits(method, inputs, Run.defaults().batching(batching)))
                    .as(batching.toString())
                    .isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void anExample_hasTheSameBits_aloneAndAmongOthers(Attribution<DifferentiableModel> method) {
        for (int rows : new int[] {7, 5000}) {
            Run run = Run.defaults().batchRows(rows);
            ByteBuffer together = bits(method, inputs, run);
            int width = together.remaining() / 7;
            for (int i = 0; i < 7; i++) {
                ByteBuffer alone = bits(method, inputs.select(i), run.exampleKeys(i));
                assertThat(alone).isEqualTo(together.slice(i * width, width));
            }
        }
    }

    @Test
    void growingBatches_agreeToRounding() {
        IntegratedGradients method = new IntegratedGradients();
        try (Explanation steady = method.attribute(model, inputs, Target.index(0), Run.defaults());
                Explanation auto = method.attribute(
                        model, inputs, Target.index(0), Run.defaults().batching(Run.Batching.auto()))) {
            double[] expected = steady.attribution().toDoubleArray();
            double[] actual = auto.attribution().toDoubleArray();
            for (int i = 0; i < expected.length; i++) {
                assertThat(Math.abs(actual[i] - expected[i])).isLessThan(1e-6);
            }
            assertThat(auto.counts().largestBatch()).isGreaterThan(1);
        }
    }

    @Test
    void costs_areAsDocumented() {
        assertThat(counts(new Saliency(), 1000)).isEqualTo(new Counts(7, 7, 1, 7));
        assertThat(counts(new InputXGradient(), 2)).isEqualTo(new Counts(7, 7, 4, 2));
        // 7 inputs and one baseline in one call; 7 · 20 steps.
        IntegratedGradients ig = new IntegratedGradients().steps(GROUP);
        assertThat(counts(ig, 1000)).isEqualTo(new Counts(8 + 140, 140, 2, 140));
        // Baseline rows are those of the inputs in number; of each 20 steps two calls of 10.
        IntegratedGradients blurred = new IntegratedGradients()
                .steps(GROUP)
                .baseline(Baseline.of(ReferenceModels.normal(DataType.FLOAT32, 2, 7, 4)));
        assertThat(counts(blurred, 19)).isEqualTo(new Counts(14 + 140, 140, 1 + 14, 14));
        GradientShap shap = new GradientShap().samples(5).stdev(1).baseline(Baseline.normal(0, 1));
        assertThat(counts(shap, 1000)).isEqualTo(new Counts(7 + 35 + 35 + 35, 35, 4, 35));
        assertThat(counts(NoiseTunnel.smoothGrad(ig).samples(3), 1000))
                .isEqualTo(new Counts(7 + 3 * 7 + 1 + 3 * 140, 3 * 140, 1 + 2, 420));
    }

    private Counts counts(Attribution<DifferentiableModel> method, int batchRows) {
        Run run = Run.defaults().batchRows(batchRows);
        try (Explanation explanation = method.attribute(model, inputs, Target.index(0), run)) {
            Counts counts = explanation.counts();
            return new Counts(counts.forwardRows(), counts.backwardRows(), counts.batches(), counts.largestBatch());
        }
    }
}
