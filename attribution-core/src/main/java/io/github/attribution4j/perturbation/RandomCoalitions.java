// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Coalitions that keep each group with probability 1/2, each distinct one once, with how often it was drawn. */
final class RandomCoalitions {
    private final List<BitSet> distinct;
    private final List<Integer> times;
    private final int full;

    /**
     * Draws coalitions, group after group.
     *
     * @param groups M
     * @param samples how many
     */
    RandomCoalitions(int groups, int samples, RandomGenerator random) {
        Map<BitSet, Integer> drawn = new LinkedHashMap<>();
        for (int i = 0; i < samples; i++) {
            BitSet coalition = new BitSet(groups);
            for (int group = 0; group < groups; group++) {
                coalition.set(group, random.nextDouble() < 0.5);
            }
            drawn.merge(coalition, 1, Integer::sum);
        }
        BitSet all = new BitSet(groups);
        all.set(0, groups);
        Integer whole = drawn.remove(all);
        full = whole == null ? 0 : whole;
        distinct = new ArrayList<>(drawn.keySet());
        times = new ArrayList<>(drawn.values());
    }

    /** Returns how many distinct coalitions there are, without that of all groups. */
    int count() {
        return distinct.size();
    }

    /** Fills in a coalition; {@code kept} is {@code false} everywhere before. */
    void fill(int coalition, boolean[] kept) {
        distinct.get(coalition).stream().forEach(group -> kept[group] = true);
    }

    /** Returns how often a coalition was drawn. */
    int times(int coalition) {
        return times.get(coalition);
    }

    /** Returns how often the coalition of all groups was drawn. */
    int full() {
        return full;
    }
}
