// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.internal.RandomStream;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CoalitionSamplerTest {
    @ParameterizedTest
    @CsvSource({"6, 2, 4, 15", "6, 2, 11, 15", "6, 3, 3, 10", "6, 3, 8, 10", "5, 1, 5, 5", "7, 3, 17, 35"})
    @DisplayName("Every coalition of the size is drawn equally often, and none twice")
    void uniform(int groups, int size, int wanted, int population) {
        Map<BitSet, Integer> drawn = new HashMap<>();
        int runs = 4000;
        for (int seed = 0; seed < runs; seed++) {
            CoalitionSampler sampler = new CoalitionSampler(groups, size, RandomStream.of(seed, groups));
            List<BitSet> sample = Stream.generate(sampler::next).limit(wanted).toList();
            assertThat(sampler.population()).isEqualTo(population);
            assertThat(sample).hasSize(wanted).doesNotHaveDuplicates();
            for (BitSet coalition : sample) {
                assertThat(coalition.cardinality()).isEqualTo(size);
                assertThat(coalition.length()).isLessThanOrEqualTo(groups);
                drawn.merge(coalition, 1, Integer::sum);
            }
        }
        assertThat(drawn).hasSize(population);
        double share = wanted / (double) population;
        double deviation = Math.sqrt(share * (1 - share) * runs);
        assertThat(drawn.values())
                .allSatisfy(
                        count -> assertThat((double) count).isCloseTo(share * runs, within(4.5 * deviation + 1e-9)));
    }

    @Test
    @DisplayName("A design draws as many pairs as asked for, the same of each size until one is exhausted")
    void leverageAllocation() {
        LeverageDesign design = new LeverageDesign(10, false, size -> RandomStream.of(1, size));
        design.grow(121);
        assertThat(design.count()).isEqualTo(120);
        int[] sizes = new int[11];
        Map<BitSet, Integer> seen = new HashMap<>();
        for (int i = 0; i < design.count(); i++) {
            boolean[] kept = new boolean[10];
            design.fill(i, kept);
            BitSet coalition = new BitSet();
            for (int group = 0; group < 10; group++) {
                coalition.set(group, kept[group]);
            }
            assertThat(seen.put(coalition, i)).isNull();
            sizes[coalition.cardinality()]++;
        }
        assertThat(sizes).containsExactly(0, 10, 15, 14, 14, 14, 14, 14, 15, 10, 0);
    }
}
