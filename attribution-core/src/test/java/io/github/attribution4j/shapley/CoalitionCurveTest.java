// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.internal.RandomStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CoalitionCurveTest {
    /** Returns all coalitions of fewer than 64 groups. */
    private static List<long[]> all(int groups) {
        List<long[]> sets = new ArrayList<>();
        for (long set = 0; set < 1L << groups; set++) {
            sets.add(new long[] {set});
        }
        return sets;
    }

    private static CoalitionCurve curve(int groups) {
        List<long[]> sets = all(groups);
        double[] values = new double[sets.size()];
        RandomStream random = RandomStream.of(groups);
        Arrays.setAll(values, i -> Long.bitCount(i) - groups / 2.0 + random.nextGaussian() / 3);
        return CoalitionCurve.likeliest(groups, sets, values);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 8, 9})
    @DisplayName("Shapley values of the kernel are those of the definition, and it changes sign with the complement")
    void shapley(int groups) {
        CoalitionCurve curve = curve(groups);
        List<long[]> sets = all(groups);
        long whole = (1L << groups) - 1;
        for (long set : new long[] {0, 1, whole, whole / 3, whole - 1}) {
            double[] scores = new double[sets.size()];
            for (int i = 0; i < scores.length; i++) {
                scores[i] = curve.kernel(sets.get(i), new long[] {set});
                assertThat(curve.kernel(new long[] {whole ^ i}, new long[] {set}))
                        .isCloseTo(-scores[i], within(1e-12));
            }
            double[] values = new double[groups];
            Arrays.fill(values, 7);
            curve.addShapley(new long[] {set}, 2, values);
            double[] expected = new Game(groups, scores).shapleyByCoalitions();
            for (int i = 0; i < groups; i++) {
                assertThat(values[i]).isCloseTo(7 + 2 * expected[i], within(1e-12));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 100, 300})
    @DisplayName("With many groups the integral is exact to rounding: attributions add up")
    void manyGroups(int groups) {
        RandomStream random = RandomStream.of(groups);
        List<long[]> sets = new ArrayList<>();
        double[] values = new double[50];
        for (int i = 0; i < values.length; i++) {
            long[] set = new long[(groups + 63) / 64];
            for (int group = 0; group < groups; group++) {
                set[group / 64] |= random.nextDouble() < 0.5 ? 1L << group : 0;
            }
            sets.add(set);
            values[i] = random.nextGaussian();
        }
        CoalitionCurve curve = CoalitionCurve.likeliest(groups, sets, values);
        long[] whole = new long[(groups + 63) / 64];
        for (int group = 0; group < groups; group++) {
            whole[group / 64] |= 1L << group;
        }
        double[] shapley = new double[groups];
        curve.addShapley(sets.get(0), 1, shapley);
        double sum = 2 * curve.kernel(whole, sets.get(0));
        assertThat(Arrays.stream(shapley).sum()).isCloseTo(sum, within(1e-9 * (1 + Math.abs(sum))));
    }
}
