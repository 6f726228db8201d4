// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.internal.numeric.Rounds;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.run.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Coalitions that keep each group with probability 1/2, and replace the others by the baseline. */
final class CoalitionNeighbors implements Neighbors {
    private static final long PURPOSE = 0x11E;

    private final Coalitions coalitions;
    private final List<RandomCoalitions> drawn = new ArrayList<>();

    /**
     * Starts with none.
     *
     * @param most how many are drawn of each example at most; a coalition that is drawn again counts again
     */
    CoalitionNeighbors(Coalitions coalitions, long most) {
        this.coalitions = coalitions;
        Run run = coalitions.evaluator().run();
        for (int example = 0; example < coalitions.evaluator().examples(); example++) {
            RandomGenerator random = run.random(PURPOSE, run.exampleKey(example));
            drawn.add(new RandomCoalitions(coalitions.groups(example), most, random));
        }
    }

    @Override
    public List<RandomCoalitions> samples() {
        return drawn;
    }

    @Override
    public double[][] scores(int[] first, int[] end) {
        return coalitions.scores(
                example -> end[example] - first[example],
                (example, sample, kept) -> keep(example, first[example] + sample, kept));
    }

    @Override
    public void keep(int example, int sample, boolean[] kept) {
        drawn.get(example).fill(sample, kept);
    }

    @Override
    public double[] weights(int example, boolean[][] kept, Lime.Kernel kernel) {
        double[] weights = new double[kept.length];
        int samples = kernel.byElements() ? coalitions.samples() : 1;
        double[][] products = kernel.byElements() ? coalitions.products(example) : new double[0][];
        int[] replaced = new int[coalitions.groups(example)];
        for (int sample = 0; sample < samples; sample++) {
            Arrays.fill(replaced, sample);
            for (int row = 0; row < kept.length; row++) {
                Distances distances =
                        kernel.byElements() ? Distances.of(kept[row], replaced, products) : Distances.UNKNOWN;
                weights[row] +=
                        kernel.weight(kept[row], distances) * (kernel.byElements() ? coalitions.weight(sample) : 1);
            }
        }
        for (int row = 0; row < kept.length; row++) {
            weights[row] *= (row == 0 && !drawn.get(example).isExhausted() ? 1 : 0) + times(example, row);
        }
        return weights;
    }

    @Override
    public int times(int example, int row) {
        RandomCoalitions of = drawn.get(example);
        return of.isExhausted() ? 1 : row == 0 ? of.full : of.times(row - 1);
    }

    @Override
    public boolean[] fixed(int example) {
        return new boolean[coalitions.groups(example)];
    }

    @Override
    public Outcome outcome(double[][] values) {
        return coalitions.outcome(values);
    }

    /** Coalitions, each distinct one once, with how often it was drawn. That of all groups is counted apart. */
    private static final class RandomCoalitions implements Rounds.Growing {
        private final int groups;
        private final long most;
        private final RandomGenerator random;
        private final Map<BitSet, Integer> numbers = new HashMap<>();
        private final List<BitSet> distinct = new ArrayList<>();
        private int[] times = new int[16];
        private long draws;
        private int full;

        /**
         * Starts with none.
         *
         * @param groups M
         * @param most how many draws at most, if that ends them; {@link Long#MAX_VALUE} if evaluations do
         */
        RandomCoalitions(int groups, long most, RandomGenerator random) {
            this.groups = groups;
            this.most = most;
            this.random = random;
        }

        @Override
        public long enough() {
            return Neighbors.enough(groups);
        }

        /** Draws coalitions, group after group. */
        @Override
        public void grow(long evaluations) {
            while (distinct.size() < evaluations && draws < most && !isExhausted()) {
                BitSet coalition = new BitSet(groups);
                for (int group = 0; group < groups; group++) {
                    coalition.set(group, random.nextDouble() < 0.5);
                }
                draws++;
                if (coalition.cardinality() == groups) {
                    full++;
                } else {
                    count(coalition);
                }
            }
        }

        private void count(BitSet coalition) {
            int next = distinct.size();
            int number = numbers.computeIfAbsent(coalition, key -> next);
            if (number == next) {
                distinct.add(coalition);
                times = next == times.length ? Arrays.copyOf(times, 2 * next) : times;
            }
            times[number]++;
        }

        /** Returns whether every coalition is there, so that each counts alike; never if draws are limited. */
        @Override
        public boolean isExhausted() {
            return most == Long.MAX_VALUE && groups < Integer.SIZE - 1 && distinct.size() == (1 << groups) - 1;
        }

        @Override
        public int count() {
            return distinct.size();
        }

        /** Fills in a coalition; {@code kept} is {@code false} everywhere before. */
        void fill(int coalition, boolean[] kept) {
            distinct.get(coalition).stream().forEach(group -> kept[group] = true);
        }

        /** Returns how often a coalition was drawn. */
        int times(int coalition) {
            return times[coalition];
        }
    }
}
