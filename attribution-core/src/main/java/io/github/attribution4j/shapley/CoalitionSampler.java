// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.RandomStream;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Draws coalitions of a size uniformly. */
final class CoalitionSampler {
    private CoalitionSampler() {}

    /**
     * Draws distinct coalitions. Of two complements of half the groups each, only the one with group 0 can be drawn.
     *
     * @param groups M
     * @param size at most M/2
     * @param wanted how many, at most {@code population}
     * @param population how many there are
     */
    static List<BitSet> draw(int groups, int size, int wanted, double population, RandomGenerator random) {
        boolean middle = 2 * size == groups;
        int from = middle ? 1 : 0;
        int chosen = middle ? size - 1 : size;
        if (2.0 * wanted > population) {
            List<BitSet> every = enumerate(groups, chosen, from);
            List<BitSet> drawn = new ArrayList<>();
            int[] order = RandomStream.permutation(random, every.size());
            for (int i = 0; i < wanted; i++) {
                drawn.add(withFirst(every.get(order[i]), middle));
            }
            return drawn;
        }
        Set<BitSet> drawn = new LinkedHashSet<>();
        while (drawn.size() < wanted) {
            drawn.add(withFirst(subset(groups, chosen, from, random), middle));
        }
        return List.copyOf(drawn);
    }

    private static BitSet withFirst(BitSet coalition, boolean first) {
        if (first) {
            coalition.set(0);
        }
        return coalition;
    }

    /** Returns a uniform subset of {@code from} to {@code groups - 1} (Floyd). */
    static BitSet subset(int groups, int size, int from, RandomGenerator random) {
        BitSet subset = new BitSet(groups);
        for (int last = groups - size; last < groups; last++) {
            int group = from + random.nextInt(last - from + 1);
            subset.set(subset.get(group) ? last : group);
        }
        return subset;
    }

    /** Returns all subsets of a size of {@code from} to {@code groups - 1}, in lexicographic order. */
    private static List<BitSet> enumerate(int groups, int size, int from) {
        List<BitSet> every = new ArrayList<>();
        int[] chosen = new int[size];
        for (int i = 0; i < size; i++) {
            chosen[i] = from + i;
        }
        while (true) {
            BitSet subset = new BitSet(groups);
            for (int group : chosen) {
                subset.set(group);
            }
            every.add(subset);
            int i = size - 1;
            while (i >= 0 && chosen[i] == groups - size + i) {
                i--;
            }
            if (i < 0) {
                return every;
            }
            chosen[i]++;
            for (int j = i + 1; j < size; j++) {
                chosen[j] = chosen[j - 1] + 1;
            }
        }
    }
}
