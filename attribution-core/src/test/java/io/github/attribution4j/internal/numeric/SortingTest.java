// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SortingTest {
    private static int[] byComparison(double[] numbers) {
        return IntStream.range(0, numbers.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> numbers[i] + 0.0))
                .mapToInt(i -> i)
                .toArray();
    }

    @Test
    void the_order_is_that_of_a_stable_comparison() {
        SplittableRandom random = new SplittableRandom(1);
        for (int size : new int[] {0, 1, 2, 3, 17, 1000, 70_000}) {
            double[] numbers = random.doubles(size, -1e3, 1e3).toArray();
            assertThat(Sorting.ascending(numbers)).containsExactly(byComparison(numbers));
            double[] bits =
                    random.longs(size).mapToDouble(Double::longBitsToDouble).toArray();
            assertThat(Sorting.ascending(bits)).containsExactly(byComparison(bits));
            double[] ties = random.ints(size, -2, 3).mapToDouble(i -> i / 4f).toArray();
            assertThat(Sorting.ascending(ties)).containsExactly(byComparison(ties));
        }
    }

    @Test
    void parts_are_those_of_the_order() {
        SplittableRandom random = new SplittableRandom(2);
        for (int size : new int[] {1, 2, 17, 1000, 70_000}) {
            for (int ends : new int[] {0, 1, 2, 10, 100, 101, 1000}) {
                int[] ascending = random.ints(ends, 0, size + 1).sorted().toArray();
                double[] doubles = random.doubles(size, -1e3, 1e3).toArray();
                double[] floats = random.doubles(size, -1e3, 1e3)
                        .map(number -> (float) number)
                        .toArray();
                double[] alike = random.doubles(size, 1, 1.001)
                        .map(number -> (float) number)
                        .toArray();
                double[] ties =
                        random.ints(size, -2, 3).mapToDouble(i -> i / 4f).toArray();
                for (double[] numbers : List.of(doubles, floats, alike, ties)) {
                    assertThat(Sorting.parts(numbers, ascending)).containsExactly(byPlaces(numbers, ascending));
                }
            }
        }
        double[] special = {Double.NaN, 0.0, -0.0, Double.POSITIVE_INFINITY, -1, Double.NEGATIVE_INFINITY, 0.0};
        assertThat(Sorting.parts(special, 0, 2, 3, 3, 6, 7)).containsExactly(5, 2, 4, 4, 1, 1, 4);
    }

    private static int[] byPlaces(double[] numbers, int... ends) {
        int[] order = byComparison(numbers);
        int[] parts = new int[order.length];
        for (int place = 0; place < order.length; place++) {
            int at = place;
            parts[order[place]] =
                    (int) Arrays.stream(ends).filter(end -> end <= at).count();
        }
        return parts;
    }

    @Test
    void special_numbers_have_their_place() {
        double[] numbers = {
            Double.NaN,
            0.0,
            -0.0,
            Double.POSITIVE_INFINITY,
            -1,
            Double.MIN_VALUE,
            Double.NEGATIVE_INFINITY,
            -Double.MIN_VALUE,
            0.0,
            Double.MAX_VALUE
        };
        assertThat(Sorting.ascending(numbers)).containsExactly(6, 4, 7, 1, 2, 8, 5, 9, 3, 0);
    }
}
