// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A thousand examples of every golden model under a memory budget: what a row takes is that of one row, and calls are
 * as planned.
 */
@ExtendWith(LeakExtension.class)
class ManyExamplesTest {
    private static final int EXAMPLES = 1000;
    private static final int FITTING = 100;

    static Stream<String> models() {
        return GoldenData.entries().stream().map(GoldenData.Entry::name);
    }

    @ParameterizedTest
    @MethodSource("models")
    void calls_keep_to_the_budget_and_are_no_more_than_it_asks_for(String name) {
        try (TensorScope scope = TensorScope.open();
                GoldenModel<TorchScriptModel> golden = TorchGolden.load(GoldenData.entry(name))) {
            Inputs few = golden.inputs();
            Inputs many = few.select(
                    IntStream.range(0, EXAMPLES).mapToLong(i -> i % few.rows()).toArray());
            boolean gradients = few.attributed().stream()
                    .allMatch(tensor -> tensor.dataType().isFloating());
            long perRow = golden.model().bytesPerRow(few.select(0), gradients).orElseThrow();
            assertThat(golden.model().bytesPerRow(many, gradients)).hasValue(perRow);
            Run run = Run.defaults().memoryBudget(FITTING * perRow);
            Tensor output = golden.model().forward(few.select(0));
            Target target = Target.at(new long[output.shape().rank() - 1]);
            // Tokens have no gradient: all of an example is one feature.
            Attribution<? super TorchScriptModel> method =
                    gradients ? new Saliency() : new FeatureAblation().mask(whole(few));
            try (Explanation why = method.attribute(golden.model(), many, target, run)) {
                long rows = gradients ? EXAMPLES : 2L * EXAMPLES;
                assertThat(why.counts().largestBatch()).isEqualTo(FITTING);
                assertThat(why.counts().batches()).isEqualTo(rows / FITTING);
                assertThat(why.counts().forwardRows()).isEqualTo(rows);
                assertThat(why.counts().checkRows()).isLessThanOrEqualTo(2 * 3);
            }
        }
    }

    private static FeatureMask whole(Inputs inputs) {
        return FeatureMask.of(inputs.attributed().stream()
                .map(tensor -> Tensors.ofJava().zeros(tensor.shape().withRows(1), DataType.INT64))
                .toArray(Tensor[]::new));
    }
}
