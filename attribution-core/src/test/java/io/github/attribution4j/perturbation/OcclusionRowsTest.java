// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.RowsContract;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows with windows replaced, for references of one row and of a row for each example. */
class OcclusionRowsTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void a_range_has_as_many_rows_as_asked_for(int examples) {
        Tensor first = ReferenceModels.normal(DataType.FLOAT64, 6, examples, 3);
        Tensor second = ReferenceModels.normal(DataType.FLOAT64, 7, examples, 2);
        Inputs inputs = Inputs.none().attribute("a", first).attribute("b", second);
        for (long rows : new long[] {1, examples}) {
            List<Tensor> references = List.of(
                    ReferenceModels.normal(DataType.FLOAT64, 8, rows, 3),
                    ReferenceModels.normal(DataType.FLOAT64, 9, rows, 2));
            List<Windows> windows = List.of(
                    Windows.of(Shape.of(3), Shape.of(2), Shape.of(1)),
                    Windows.of(Shape.of(2), Shape.of(1), Shape.of(1)));
            RowsContract.check(new OcclusionRows(inputs, references, windows));
        }
    }
}
