// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Draws distinct coalitions of a size, one after the other, each uniform among those that are left. Of two complements
 * of half the groups each, only the one with group 0 can be drawn.
 */
final class CoalitionSampler {
    private final int groups;
    private final int chosen;
    private final boolean middle;
    private final double population;
    private final RandomGenerator random;
    private int drawn;
    /** Numbers of coalitions that changed places in a shuffle of all (Fisher and Yates), where all can be numbered. */
    private final Map<Integer, Integer> moved = new HashMap<>();
    /** What was drawn, where there are too many to number them. */
    private final Set<BitSet> seen = new HashSet<>();

    /**
     * Creates a sampler.
     *
     * @param groups M
     * @param size at most M/2
     */
    CoalitionSampler(int groups, int size, RandomGenerator random) {
        this.groups = groups;
        this.middle = 2 * size == groups;
        this.chosen = middle ? size - 1 : size;
        this.random = random;
        double choices = 1;
        for (int i = 0; i < chosen; i++) {
            choices = Math.rint(choices * (ground() - i) / (i + 1));
        }
        this.population = choices;
    }

    /** Returns the number of groups that are drawn from. */
    private int ground() {
        return middle ? groups - 1 : groups;
    }

    /** Returns how many coalitions there are. */
    double population() {
        return population;
    }

    /** Returns the next coalition; there must be one left. */
    BitSet next() {
        BitSet coalition = population <= Integer.MAX_VALUE ? numbered(nextNumber()) : unseen();
        drawn++;
        if (middle) {
            coalition.set(0);
        }
        return coalition;
    }

    private int nextNumber() {
        int at = drawn + random.nextInt((int) population - drawn);
        int number = moved.getOrDefault(at, at);
        moved.put(at, moved.getOrDefault(drawn, drawn));
        moved.remove(drawn);
        return number;
    }

    /** Returns the subset of a number in lexicographic order. */
    private BitSet numbered(int number) {
        BitSet subset = new BitSet(groups);
        long rest = number;
        long choices = (long) population;
        int wanted = chosen;
        int first = groups - ground();
        for (int group = first; wanted > 0; group++) {
            int left = groups - group;
            long with = choices * wanted / left;
            if (rest < with) {
                subset.set(group);
                choices = with;
                wanted--;
            } else {
                rest -= with;
                choices -= with;
            }
        }
        return subset;
    }

    private BitSet unseen() {
        BitSet subset;
        do {
            subset = subset(groups, chosen, groups - ground(), random);
        } while (!seen.add(subset));
        return (BitSet) subset.clone();
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
}
