// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.evaluation.Rows.GroupMoments;
import io.github.attribution4j.internal.RowGroups;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GroupMomentsTest {
    private static final int GROUPS = 3;

    @ParameterizedTest
    @CsvSource({"1,1", "1,2", "6,1", "6,4", "6,5", "6,6", "6,12", "6,100", "7,3", "50,32", "50,49", "50,120"})
    void batches_areWholeGroupsOrLieWithinOne(int group, int wanted) {
        long total = (long) GROUPS * group;
        long calls = 0;
        for (long done = 0; done < total; calls++) {
            int size = RowGroups.next(wanted, group, done, total);
            assertThat(size).isPositive().isLessThanOrEqualTo(wanted);
            boolean whole = done % group == 0 && size % group == 0;
            assertThat(whole || done / group == (done + size - 1) / group).isTrue();
            done += size;
        }
        long perGroup = ((long) group + wanted - 1) / wanted;
        assertThat(calls).isLessThanOrEqualTo(GROUPS * perGroup);
    }

    @Test
    void aGroupTooLargeForABatch_isSplitEvenly() {
        assertThat(RowGroups.next(49, 50, 0, 100)).isEqualTo(25);
        assertThat(RowGroups.next(49, 50, 25, 100)).isEqualTo(25);
        assertThat(RowGroups.next(20, 50, 50, 100)).isEqualTo(17);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7, 8, 16, 100})
    void moments_areThoseOfTheirGroups_howeverTheRowsArrive(int wanted) {
        int group = 8;
        long before = Lifetime.count();
        try (TensorScope scope = TensorScope.open()) {
            Tensor all = ReferenceModels.normal(DataType.FLOAT64, 1, (long) GROUPS * group, 2, 3)
                    .add(100);
            GroupMoments moments = GroupMoments.ofSecondOrder(group);
            for (long done = 0; done < (long) GROUPS * group; ) {
                int size = RowGroups.next(wanted, group, done, (long) GROUPS * group);
                try (TensorScope batch = TensorScope.open()) {
                    moments.add(batch, done, done + size, List.of(all.rows(done, done + size)));
                }
                done += size;
            }
            double[] values = all.toDoubleArray();
            double[] sums = moments.sums().get(0).toDoubleArray();
            double[] means = moments.means().get(0).toDoubleArray();
            double[] variances = moments.variances().get(0).toDoubleArray();
            double[] errors = moments.standardErrors().get(0).toDoubleArray();
            assertThat(moments.means().get(0).shape().dims()).containsExactly(GROUPS, 2, 3);
            for (int g = 0; g < GROUPS; g++) {
                for (int k = 0; k < 6; k++) {
                    double sum = 0;
                    double squares = 0;
                    for (int r = 0; r < group; r++) {
                        sum += values[(g * group + r) * 6 + k];
                    }
                    for (int r = 0; r < group; r++) {
                        double away = values[(g * group + r) * 6 + k] - sum / group;
                        squares += away * away;
                    }
                    int at = g * 6 + k;
                    assertThat(sums[at]).isCloseTo(sum, within(1e-11));
                    assertThat(means[at]).isCloseTo(sum / group, within(1e-12));
                    assertThat(variances[at]).isCloseTo(squares / group, within(1e-12));
                    assertThat(errors[at]).isCloseTo(Math.sqrt(squares / (group - 1) / group), within(1e-12));
                }
            }
        }
        assertThat(Lifetime.count()).isEqualTo(before);
    }

    @Test
    void misuse_isRefused() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor rows = ReferenceModels.normal(DataType.FLOAT64, 1, 3, 2);
            assertThatThrownBy(() -> GroupMoments.ofFirstOrder(4).add(scope, 2, 5, List.of(rows)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("rows 2 to 5 are neither whole groups of 4 nor part of one");
            assertThatThrownBy(() -> GroupMoments.ofFirstOrder(4).variances())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("only sums were collected; use GroupMoments.ofSecondOrder");
            assertThat(GroupMoments.ofSecondOrder(1).standardErrors()).isEmpty();
        }
    }
}
