// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.internal.numeric.Estimate;
import io.github.attribution4j.internal.numeric.Moments;
import io.github.attribution4j.run.Run;
import java.util.Arrays;
import java.util.function.IntFunction;

/**
 * Walks of one example from the baseline to the input, one group at a time, in random orders; and the coalitions met on
 * the way, which are the rows to evaluate. A coalition met again is not evaluated again, as long as groups fit into the
 * bits of a long; with more groups than that, walks hardly meet.
 *
 * <p>Walks come in blocks, which are independent of each other: of one walk; of it and its reverse; and, stratified, of
 * these and the walk (and its reverse) that starts in the middle of the order and ends before it, so that each group
 * has one place in each half.
 */
final class Walks implements CoalitionDesign {
    private static final long PURPOSE = 0x5417;
    private static final int BITS = 63;
    /** From this many blocks on, their variance tells when to stop. */
    private static final int ENOUGH_BLOCKS = 20;
    /** The most groups of which all coalitions are looked for. */
    private static final int MOST_COUNTED = 24;

    private final int groups;
    private final boolean antithetic;
    private final int starts;
    private final boolean completing;
    private final IntFunction<int[]> orders;
    private final CoalitionNumbers numbers = new CoalitionNumbers();
    private final Moments gains;
    private int[] rows = {};
    private int blocks;
    private int summed;
    private int rankedWalk = -1;
    private int[] ranks = new int[0];

    /**
     * Creates walks; none yet.
     *
     * @param groups number of groups
     * @param antithetic whether every second walk is the one before, backwards
     * @param stratified whether each order is walked from its middle, too
     * @param completing whether values are computed exactly once walks have met every coalition
     * @param run gives the random numbers
     * @param key of the example
     */
    Walks(int groups, boolean antithetic, boolean stratified, boolean completing, Run run, long key) {
        this(
                groups,
                antithetic,
                stratified,
                completing,
                block -> RandomStream.permutation(run.random(PURPOSE, key, block), groups));
    }

    private Walks(int groups, boolean antithetic, boolean stratified, boolean completing, IntFunction<int[]> orders) {
        this.groups = groups;
        this.antithetic = antithetic;
        this.starts = stratified ? 2 : 1;
        this.completing = completing;
        this.orders = orders;
        this.gains = new Moments(groups);
    }

    /**
     * Returns antithetic walks along given orders.
     *
     * @param orders returns a random order of the groups, the same each time, for the number of a pair of walks
     */
    static Walks along(int groups, IntFunction<int[]> orders) {
        return new Walks(groups, true, false, false, orders);
    }

    /** Returns the number of walks in a block. */
    static int block(boolean antithetic, boolean stratified) {
        return (antithetic ? 2 : 1) * (stratified ? 2 : 1);
    }

    private int block() {
        return block(antithetic, starts == 2);
    }

    private int steps() {
        return groups - 1;
    }

    @Override
    public long enough() {
        return (long) ENOUGH_BLOCKS * block() * steps();
    }

    @Override
    public void grow(long evaluations) {
        if (groups == 1) {
            return;
        }
        int wanted = Math.toIntExact(evaluations / ((long) block() * steps()));
        if (groups > BITS) {
            blocks = Math.max(blocks, wanted);
            return;
        }
        rows = Arrays.copyOf(rows, Math.max(rows.length, Math.multiplyExact(wanted, block() * steps())));
        for (; blocks < wanted; blocks++) {
            for (int walk = blocks * block(); walk < (blocks + 1) * block(); walk++) {
                int[] order = order(walk);
                long coalition = 0;
                for (int step = 0; step < steps(); step++) {
                    coalition |= 1L << order[step];
                    rows[walk * steps() + step] = numbers.of(coalition);
                }
            }
        }
    }

    @Override
    public boolean isExhausted() {
        return groups == 1 || (completing && groups <= MOST_COUNTED && numbers.count() == (1 << groups) - 2);
    }

    @Override
    public int count() {
        return groups <= BITS ? numbers.count() : Math.multiplyExact(blocks, block() * steps());
    }

    @Override
    public void fill(int row, boolean[] kept) {
        if (groups <= BITS) {
            ExactShapley.fill(numbers.coalition(row), kept);
            return;
        }
        int walk = row / steps();
        if (walk != rankedWalk) {
            int[] order = order(walk);
            ranks = new int[groups];
            for (int step = 0; step < groups; step++) {
                ranks[order[step]] = step;
            }
            rankedWalk = walk;
        }
        int step = row % steps();
        for (int group = 0; group < groups; group++) {
            kept[group] = ranks[group] <= step;
        }
    }

    private int[] order(int walk) {
        int[] drawn = orders.apply(walk / block());
        int directions = antithetic ? 2 : 1;
        int within = walk % block();
        int start = within / directions * groups / starts;
        boolean backwards = within % directions == 1;
        int[] order = new int[groups];
        for (int step = 0; step < groups; step++) {
            order[backwards ? groups - 1 - step : step] = drawn[(start + step) % groups];
        }
        return order;
    }

    @Override
    public Estimate estimate(double empty, double[] scores, double full) {
        if (groups == 1) {
            return Estimate.single(full - empty);
        }
        if (isExhausted()) {
            double[] values = new double[(1 << groups) - 1];
            values[0] = empty;
            for (int number = 0; number < numbers.count(); number++) {
                values[(int) numbers.coalition(number)] = scores[number];
            }
            return Estimate.exact(ExactShapley.values(groups, values, full));
        }
        double[] sums = new double[groups];
        for (; summed < blocks; summed++) {
            Arrays.fill(sums, 0);
            for (int walk = summed * block(); walk < (summed + 1) * block(); walk++) {
                add(walk, empty, scores, full, sums);
            }
            gains.add(sums);
        }
        return new Estimate(gains.mean(), gains.standardError(), blocks - 1.0);
    }

    /** Adds what each group gains on a walk, as a part of its block. */
    private void add(int walk, double empty, double[] scores, double full, double[] sums) {
        int[] order = order(walk);
        double before = empty;
        for (int step = 0; step < groups; step++) {
            int row = walk * steps() + step;
            double after = step == steps() ? full : scores[groups <= BITS ? rows[row] : row];
            sums[order[step]] += (after - before) / block();
            before = after;
        }
    }
}
