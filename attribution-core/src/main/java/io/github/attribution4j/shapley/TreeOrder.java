// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.mask.GroupTree;
import java.util.random.RandomGenerator;

/** Random orders of groups in which no tree is interrupted. */
final class TreeOrder {
    private final RandomGenerator random;
    private final int[] order;
    private int next;

    private TreeOrder(int groups, RandomGenerator random) {
        this.random = random;
        this.order = new int[groups];
    }

    /** Draws an order, each that keeps all trees together equally likely. */
    static int[] draw(GroupTree tree, RandomGenerator random) {
        TreeOrder drawn = new TreeOrder(tree.size(), random);
        drawn.add(tree);
        return drawn.order;
    }

    private void add(GroupTree tree) {
        if (tree.isGroup()) {
            order[next++] = tree.group();
            return;
        }
        for (int child : RandomStream.permutation(random, tree.children().size())) {
            add(tree.children().get(child));
        }
    }
}
