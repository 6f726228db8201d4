// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.RowsContract;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pairs of examples and references for every kind of baseline. */
class PairedRowsTest {
    private static final Tensor THREE = ReferenceModels.normal(DataType.FLOAT64, 7, 3, 2, 4, 4);
    private final ReferenceModel model = ReferenceModels.residualCnn(DataType.FLOAT64, 5, 4);
    private final Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 6, 3, 2, 4, 4));

    static Stream<Baseline> baselines() {
        return Stream.concat(
                single(), Stream.of(Baseline.samples(THREE), Baseline.uniform(0, 1), Baseline.normal(0, 1)));
    }

    static Stream<Baseline> single() {
        return Stream.of(
                Baseline.zeros(),
                Baseline.constant(0.3),
                Baseline.of(THREE),
                Baseline.of(THREE.rows(1, 2)),
                Baseline.mean(THREE),
                Baseline.blurred(1));
    }

    @ParameterizedTest
    @MethodSource("baselines")
    void a_range_has_as_many_rows_as_asked_for(Baseline baseline) {
        Evaluator evaluator = Evaluator.start(new Saliency(), model, inputs, Target.index(0), Run.defaults());
        PairedRows pairs = PairedRows.of(evaluator, baseline, 2);
        RowsContract.check(pairs);
        RowsContract.check(pairs.references());
    }

    /** With one reference the mean over references is DeepLIFT itself. */
    @ParameterizedTest
    @MethodSource("single")
    void one_reference_and_several_examples_are_explained(Baseline baseline) {
        for (String layer : List.of("", "pool1")) {
            try (Explanation lift = (layer.isEmpty()
                                    ? new DeepLift().baseline(baseline)
                                    : new DeepLift().baseline(baseline).at(layer))
                            .attribute(model, inputs, Target.index(1));
                    Explanation shap = (layer.isEmpty()
                                    ? new DeepLiftShap(baseline)
                                    : new DeepLiftShap(baseline).at(layer))
                            .attribute(model, inputs, Target.index(1))) {
                assertThat(shap.attribution().toDoubleArray())
                        .containsExactly(lift.attribution().toDoubleArray(), within(1e-13));
                assertThat(shap.completenessGap()).containsExactly(new double[3], within(1e-12));
            }
        }
    }
}
