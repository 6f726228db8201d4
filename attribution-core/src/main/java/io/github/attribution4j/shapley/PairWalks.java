// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.internal.numeric.Estimate;
import io.github.attribution4j.internal.numeric.Moments;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.ShapleyInteractions.Convention;

/**
 * Interactions of pairs from random orders. Two neighbors in an order, with the groups before them as the coalition,
 * give one unbiased estimate of the pair's interaction. Orders come in blocks in which each pair meets once: the
 * complete graph of the groups, divided into paths that visit every group (Walecki), its points named at random. Each
 * order is also walked backwards. The paths zigzag over a circle, so every coalition of a block is an arc of it.
 *
 * <p>Of an odd number of groups, one more that never matters makes it even.
 */
final class PairWalks implements CoalitionDesign {
    private static final long PURPOSE = 0x1A7E;
    /** From this many blocks on, their variance tells when to stop. */
    private static final int ENOUGH_BLOCKS = 10;

    private final int groups;
    /** The number of groups, or one more if that is odd. */
    private final int points;

    private final Convention convention;
    private final Run run;
    private final long key;
    private final CoalitionNumbers numbers = new CoalitionNumbers();
    private final long all;
    private final Moments moments;
    private int blocks;
    private int summed;

    PairWalks(int groups, Convention convention, Run run, long key) {
        this.convention = convention;
        this.groups = groups;
        this.points = groups + groups % 2;
        this.run = run;
        this.key = key;
        this.all = (1L << groups) - 1;
        this.moments = new Moments(groups * groups);
    }

    /** Returns how many evaluations a block may need: one for each arc, neither empty nor the whole circle. */
    static long cost(int groups) {
        long points = (long) groups + groups % 2;
        return points * (points - 1);
    }

    @Override
    public long enough() {
        return ENOUGH_BLOCKS * cost(groups);
    }

    @Override
    public void grow(long evaluations) {
        for (long wanted = evaluations / cost(groups); blocks < wanted; blocks++) {
            walk(blocks, (before, one, other, last) -> {
                meet(before | bit(one));
                meet(before | bit(other));
                meet(before | bit(one) | bit(other));
            });
        }
    }

    private void meet(long coalition) {
        if (coalition != 0 && coalition != all) {
            numbers.of(coalition);
        }
    }

    /** Returns the bit of a group; none for the one that never matters. */
    private long bit(int group) {
        return group < groups ? 1L << group : 0;
    }

    /** Takes two neighbors in an order, and the groups before them. */
    private interface Step {
        void neighbors(long before, int one, int other, boolean last);
    }

    private void walk(int block, Step step) {
        int[] names = RandomStream.permutation(run.random(PURPOSE, key, block), points);
        for (int path = 0; path < points / 2; path++) {
            int[] order = new int[points];
            for (int at = 0; at < points; at++) {
                int zigzag = at % 2 == 0 ? path - at / 2 : path + (at + 1) / 2;
                order[at] = names[Math.floorMod(zigzag, points)];
            }
            for (int way = 0; way < 2; way++) {
                long before = 0;
                for (int at = 0; at < points - 1; at++) {
                    int one = order[way == 0 ? at : points - 1 - at];
                    int other = order[way == 0 ? at + 1 : points - 2 - at];
                    step.neighbors(before, one, other, at == points - 2);
                    before |= bit(one);
                }
            }
        }
    }

    @Override
    public boolean isExhausted() {
        return false;
    }

    @Override
    public int count() {
        return numbers.count();
    }

    @Override
    public void fill(int coalition, boolean[] kept) {
        ExactShapley.fill(numbers.coalition(coalition), kept);
    }

    /** Returns the matrix, row-major. */
    @Override
    public Estimate estimate(double empty, double[] scores, double full) {
        for (; summed < blocks; summed++) {
            moments.add(block(summed, empty, scores, full));
        }
        return new Estimate(moments.mean(), moments.standardError(), blocks - 1.0);
    }

    private double[] block(int block, double empty, double[] scores, double full) {
        double[] matrix = new double[groups * groups];
        walk(block, (before, one, other, last) -> {
            double none = score(before, empty, scores, full);
            double first = score(before | bit(one), empty, scores, full);
            double both = score(before | bit(one) | bit(other), empty, scores, full);
            // An order and its reverse for each of points / 2 paths.
            if (one < groups) {
                matrix[one * groups + one] += (first - none) / points;
            }
            if (last && other < groups) {
                matrix[other * groups + other] += (both - first) / points;
            }
            if (one < groups && other < groups) {
                double second = score(before | bit(other), empty, scores, full);
                double index = (both - first - second + none) / 2;
                matrix[one * groups + other] += index;
                matrix[other * groups + one] += index;
            }
        });
        return convention.of(matrix, groups);
    }

    private double score(long coalition, double empty, double[] scores, double full) {
        return coalition == 0 ? empty : coalition == all ? full : scores[numbers.of(coalition)];
    }
}
