// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.RowsContract;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.internal.RowIndex;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows with groups replaced, for references of one row and of a row for each example. */
class CoalitionRowsTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void a_range_has_as_many_rows_as_asked_for(int examples) {
        Tensor first = ReferenceModels.normal(DataType.FLOAT64, 6, examples, 3);
        Tensor second = ReferenceModels.normal(DataType.FLOAT64, 7, examples, 2);
        Inputs inputs = Inputs.none().attribute("a", first).attribute("b", second);
        List<Tensor> background = List.of(
                ReferenceModels.normal(DataType.FLOAT64, 10, 4, 3), ReferenceModels.normal(DataType.FLOAT64, 11, 4, 2));
        for (long rows : new long[] {1, examples}) {
            List<Tensor> references = List.of(
                    ReferenceModels.normal(DataType.FLOAT64, 8, rows, 3),
                    ReferenceModels.normal(DataType.FLOAT64, 9, rows, 2));
            Groups groups =
                    FeatureMask.perElement().resolve(inputs, new Problems()).orElseThrow();
            RowIndex index = RowIndex.of(examples, example -> groups.count(example));
            RowsContract.check(new CoalitionRows(
                    inputs,
                    (input, of, local, samples) -> Rows.ofExamples(references.get(input), of),
                    groups,
                    index,
                    1,
                    (example, local, kept) -> kept[local] = true));
            Filling chosen =
                    (input, of, local, samples) -> background.get(input).select(0, samples);
            CoalitionRows one =
                    new CoalitionRows(inputs, chosen, groups, index, 4, (example, local, kept) -> kept[local] = true);
            RowsContract.check(one);
            // The samples of the background are made in blocks.
            CoalitionRows blocks = new CoalitionRows(
                    inputs,
                    new Background(background, 4, new double[] {0.1, 0.2, 0.3, 0.4}),
                    groups,
                    index,
                    4,
                    (example, local, kept) -> kept[local] = true);
            RowsContract.check(blocks);
            for (int input = 0; input < 2; input++) {
                assertThat(blocks.attributed(0, blocks.count()).get(input).toDoubleArray())
                        .containsExactly(
                                one.attributed(0, one.count()).get(input).toDoubleArray());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void a_row_of_groups_of_many_samples_is_the_same_in_any_range(int examples) {
        Tensor first = ReferenceModels.normal(DataType.FLOAT64, 6, examples, 3);
        Tensor second = ReferenceModels.normal(DataType.FLOAT64, 7, examples, 2);
        Inputs inputs = Inputs.none().attribute("a", first).attribute("b", second);
        List<Tensor> background = List.of(
                ReferenceModels.normal(DataType.FLOAT64, 10, 4, 3), ReferenceModels.normal(DataType.FLOAT64, 11, 4, 2));
        Groups groups = FeatureMask.perElement().resolve(inputs, new Problems()).orElseThrow();
        MixedRows rows =
                new MixedRows(background, groups, RowIndex.of(examples, example -> 6), (example, local, samples) -> {
                    for (int group = 0; group < 5; group++) {
                        samples[group] = (example + local + group) % 4;
                    }
                });
        RowsContract.check(rows);
        double[] one = background.get(1).toDoubleArray();
        // Groups 3 and 4 of row 1 are of samples 0 and 1.
        assertThat(rows.attributed(1, 2).get(1).toDoubleArray()).containsExactly(one[0], one[3]);
    }

    @Test
    void an_index_passes_over_examples_without_rows() {
        int[] counts = {0, 2, 0, 0, 3, 0};
        RowIndex index = RowIndex.of(6, example -> counts[example]);
        assertThat(index.count()).isEqualTo(5);
        int[] examples = new int[5];
        int[] local = new int[5];
        for (int row = 0; row < 5; row++) {
            examples[row] = index.example(row);
            local[row] = index.local(row);
        }
        assertThat(examples).containsExactly(1, 1, 4, 4, 4);
        assertThat(local).containsExactly(0, 1, 0, 1, 2);
        assertThat(index.start(6)).isEqualTo(5);
    }
}
