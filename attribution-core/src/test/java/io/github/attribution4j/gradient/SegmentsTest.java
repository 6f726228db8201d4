// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.RowsContract;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.SampleRange;
import io.github.attribution4j.internal.numeric.Noise;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Points on segments for every kind of baseline. */
class SegmentsTest {
    private final ReferenceModel model = ReferenceModels.residualCnn(DataType.FLOAT64, 5, 4);
    private final Tensor three = ReferenceModels.normal(DataType.FLOAT64, 6, 3, 2, 4, 4);

    @ParameterizedTest
    @EnumSource
    void a_range_has_as_many_rows_as_asked_for(Segments.Position position) {
        Evaluator evaluator = Evaluator.start(new Saliency(), model, Inputs.of(three), Target.index(0), Run.defaults());
        for (Baseline baseline :
                List.of(Baseline.zeros(), Baseline.of(three.rows(0, 1)), Baseline.of(three), Baseline.samples(three))) {
            for (Noise noise : List.of(Noise.of(0), Noise.of(0.1))) {
                for (GradientShap.Positions positions : GradientShap.Positions.values()) {
                    RowsContract.check(new Segments(
                            evaluator, baseline, noise, positions, SampleRange.of(new int[] {0, 2}, 3, 5), position));
                }
            }
        }
    }
}
