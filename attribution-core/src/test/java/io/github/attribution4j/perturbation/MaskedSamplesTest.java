// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.RowsContract;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Inputs under random masks, for references of one row and of a row for each example. */
class MaskedSamplesTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void a_range_has_as_many_rows_as_asked_for(long references) {
        Tensor image = ReferenceModels.normal(DataType.FLOAT64, 6, 2, 1, 4, 5);
        Tensor row = ReferenceModels.normal(DataType.FLOAT64, 7, 2, 3);
        try (Model model = Model.ofTensors(Tensors.ofJava(), inputs -> inputs.get(1))) {
            Evaluator evaluator = Evaluator.start(
                    new Rise(),
                    model,
                    Inputs.none().attribute("image", image).attribute("row", row),
                    Target.index(0),
                    Run.defaults().seed(3));
            RowsContract.check(new MaskedSamples(
                    evaluator,
                    List.of(
                            ReferenceModels.normal(DataType.FLOAT64, 8, references, 1, 4, 5),
                            ReferenceModels.normal(DataType.FLOAT64, 9, references, 3)),
                    new RandomMasks(
                            evaluator.run(),
                            List.of(
                                    RandomGrid.of(Shape.of(1, 4, 5), new long[] {1, 2, 2}),
                                    RandomGrid.of(Shape.of(3), new long[] {2})),
                            0.5),
                    new int[2],
                    new int[] {2, 2}));
        }
    }
}
