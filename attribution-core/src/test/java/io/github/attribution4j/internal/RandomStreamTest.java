// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RandomStreamTest {
    @Test
    void the_same_key_gives_the_same_numbers_and_other_keys_others() {
        long[] first = longs(RandomStream.of(7, 1, 2));

        assertThat(longs(RandomStream.of(7, 1, 2))).isEqualTo(first);
        assertThat(longs(RandomStream.of(7, 2, 1))).isNotEqualTo(first);
        assertThat(longs(RandomStream.of(8, 1, 2))).isNotEqualTo(first);
        assertThat(longs(RandomStream.of(7, 1))).isNotEqualTo(first);
        assertThat(longs(RandomStream.of(7, 1, 2, 0))).isNotEqualTo(first);
    }

    @Test
    void numbers_are_the_same_on_every_machine() {
        // SplitMix64 is a fixed algorithm: these were computed by an independent Python implementation of the formulas.
        RandomStream random = RandomStream.of(0);

        assertThat(Long.toHexString(random.nextLong())).isEqualTo("a706dd2f4d197e6f");
        assertThat(Long.toHexString(random.nextLong())).isEqualTo("b382a305f4414f5e");
    }

    @Test
    void doubles_are_uniform_and_gaussians_normal() {
        RandomStream random = RandomStream.of(3);
        double[] uniform = IntStream.range(0, 100_000)
                .mapToDouble(i -> random.nextDouble())
                .toArray();
        double[] normal = IntStream.range(0, 100_000)
                .mapToDouble(i -> random.nextGaussian())
                .toArray();

        assertThat(Arrays.stream(uniform).boxed()).allMatch(value -> value >= 0 && value < 1);
        assertThat(mean(uniform)).isCloseTo(0.5, within(0.005));
        assertThat(variance(uniform)).isCloseTo(1 / 12.0, within(0.001));
        assertThat(mean(normal)).isCloseTo(0, within(0.015));
        assertThat(variance(normal)).isCloseTo(1, within(0.02));
        long beyondTwo = Arrays.stream(normal)
                .filter(value -> Math.abs(value) > 1.959964)
                .count();
        assertThat(beyondTwo / 100_000.0).isCloseTo(0.05, within(0.003));
    }

    @Test
    void integers_are_uniform() {
        RandomStream random = RandomStream.of(5);
        int[] counts = new int[6];
        for (int i = 0; i < 60_000; i++) {
            counts[random.nextInt(6)]++;
        }

        assertThat(Arrays.stream(counts).boxed()).allMatch(count -> Math.abs(count - 10_000) < 400);
        assertThatThrownBy(() -> random.nextInt(0)).hasMessage("bound 0: must be at least 1");
    }

    @Test
    void permutations_hold_every_number_once_and_every_order_is_as_likely() {
        int[] counts = new int[27];
        for (int i = 0; i < 6000; i++) {
            int[] order = RandomStream.permutation(RandomStream.of(1, i), 3);
            assertThat(Arrays.stream(order).sorted().toArray()).containsExactly(0, 1, 2);
            counts[order[0] * 9 + order[1] * 3 + order[2]]++;
        }

        assertThat(Arrays.stream(counts).filter(count -> count > 0).boxed())
                .hasSize(6)
                .allMatch(count -> Math.abs(count - 1000) < 150);
    }

    private static long[] longs(RandomStream random) {
        return IntStream.range(0, 8).mapToLong(i -> random.nextLong()).toArray();
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    private static double variance(double[] values) {
        double mean = mean(values);
        return Arrays.stream(values)
                .map(value -> (value - mean) * (value - mean))
                .average()
                .orElseThrow();
    }
}
