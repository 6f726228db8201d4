// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.run.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Coalitions that keep each group with probability 1/2, and replace the others by the baseline. */
final class CoalitionNeighbors implements Neighbors {
    private static final long PURPOSE = 0x11E;

    private final Coalitions coalitions;
    private final RandomCoalitions[] drawn;

    /**
     * Draws them.
     *
     * @param samples how many for each example
     */
    CoalitionNeighbors(Coalitions coalitions, int samples) {
        this.coalitions = coalitions;
        Run run = coalitions.evaluator().run();
        drawn = new RandomCoalitions[coalitions.evaluator().examples()];
        for (int example = 0; example < drawn.length; example++) {
            RandomGenerator random = run.random(PURPOSE, run.exampleKey(example));
            drawn[example] = new RandomCoalitions(coalitions.groups(example), samples, random);
        }
    }

    @Override
    public double[][] scores() {
        return coalitions.scores(example -> drawn[example].count(), this::keep);
    }

    @Override
    public void keep(int example, int sample, boolean[] kept) {
        drawn[example].fill(sample, kept);
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
            weights[row] *= row == 0 ? 1 + drawn[example].full() : drawn[example].times(row - 1);
        }
        return weights;
    }

    @Override
    public Outcome outcome(double[][] values) {
        return coalitions.outcome(values);
    }

    /** Coalitions, each distinct one once, with how often it was drawn. */
    private static final class RandomCoalitions {
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
}
