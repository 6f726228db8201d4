// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.numeric.Estimate;
import io.github.attribution4j.mask.Hierarchy.Tree;
import java.util.List;
import java.util.Optional;

/**
 * The definition of the Owen value: every coalition that a tree of groups allows. A group joins after any of its
 * siblings, as a whole, and so do all trees around it.
 */
final class EveryContext implements CoalitionDesign {
    /** The groups whose coalitions fit into the bits of a long. */
    private static final int MOST_GROUPS = 64;
    /** Steps to count coalitions for each that is allowed; most are met several times. */
    private static final int STEPS = 16;

    private final Tree tree;
    private final CoalitionNumbers numbers = new CoalitionNumbers();
    private final long all;

    private EveryContext(Tree tree) {
        this.tree = tree;
        this.all = tree.size() == MOST_GROUPS ? -1 : (1L << tree.size()) - 1;
    }

    /**
     * Returns the design, if there are not more coalitions than allowed, x and the baseline apart.
     *
     * @param most the allowed number
     */
    static Optional<EveryContext> within(Tree tree, long most) {
        if (tree.size() > MOST_GROUPS || contexts(tree, 1) > (double) STEPS * most + tree.size()) {
            return Optional.empty();
        }
        EveryContext design = new EveryContext(tree);
        design.visit(tree, 0, 1, (group, context, weight) -> {
            design.meet(context);
            design.meet(context | 1L << group);
        });
        return design.count() <= most ? Optional.of(design) : Optional.empty();
    }

    /** Returns how often a group joins a coalition. */
    private static double contexts(Tree tree, double times) {
        double each = times * Math.pow(2, Math.max(0, tree.children().size() - 1));
        return tree.isGroup()
                ? times
                : tree.children().stream()
                        .mapToDouble(child -> contexts(child, each))
                        .sum();
    }

    private void meet(long coalition) {
        if (coalition != 0 && coalition != all) {
            numbers.of(coalition);
        }
    }

    /** Takes a group that joins a coalition. */
    private interface Visit {
        void joins(int group, long coalition, double weight);
    }

    /**
     * Lets each group of a tree join every coalition that it may join.
     *
     * @param outside the groups outside the tree that are there
     */
    private void visit(Tree node, long outside, double weight, Visit visit) {
        if (node.isGroup()) {
            visit.joins(node.group(), outside, weight);
            return;
        }
        List<Tree> children = node.children();
        int count = children.size();
        double[] weights = ExactShapley.weights(count);
        for (int without = 0; without < 1 << count; without++) {
            long there = outside;
            for (int rest = without; rest != 0; rest &= rest - 1) {
                there |= bits(children.get(Integer.numberOfTrailingZeros(rest)));
            }
            for (int child = 0; child < count; child++) {
                if ((without >> child & 1) == 0) {
                    visit(children.get(child), there, weight * weights[Integer.bitCount(without)], visit);
                }
            }
        }
    }

    private static long bits(Tree tree) {
        long bits = 0;
        for (int group : tree.groups()) {
            bits |= 1L << group;
        }
        return bits;
    }

    @Override
    public long enough() {
        return 0;
    }

    @Override
    public void grow(long evaluations) {}

    @Override
    public boolean isExhausted() {
        return true;
    }

    @Override
    public int count() {
        return numbers.count();
    }

    @Override
    public void fill(int coalition, boolean[] kept) {
        ExactShapley.fill(numbers.coalition(coalition), kept);
    }

    @Override
    public Estimate estimate(double empty, double[] scores, double full) {
        double[] values = new double[tree.size()];
        visit(
                tree,
                0,
                1,
                (group, coalition, weight) -> values[group] += weight
                        * (score(coalition | 1L << group, empty, scores, full)
                                - score(coalition, empty, scores, full)));
        return Estimate.exact(values);
    }

    private double score(long coalition, double empty, double[] scores, double full) {
        return coalition == 0 ? empty : coalition == all ? full : scores[numbers.of(coalition)];
    }
}
