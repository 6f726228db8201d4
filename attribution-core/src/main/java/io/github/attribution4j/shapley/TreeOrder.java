// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.mask.Hierarchy.Tree;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.random.RandomGenerator;

/** Random orders of groups in which no tree is interrupted. */
final class TreeOrder {
    private TreeOrder() {}

    /** Draws an order, each that keeps all trees together equally likely. Trees may be as deep as they have groups. */
    static int[] draw(Tree tree, RandomGenerator random) {
        int[] order = new int[tree.size()];
        int next = 0;
        Deque<Tree> waiting = new ArrayDeque<>(List.of(tree));
        while (!waiting.isEmpty()) {
            Tree first = waiting.pop();
            if (first.isGroup()) {
                order[next++] = first.group();
            } else {
                int[] drawn = RandomStream.permutation(random, first.children().size());
                for (int child = drawn.length - 1; child >= 0; child--) {
                    waiting.push(first.children().get(drawn[child]));
                }
            }
        }
        return order;
    }
}
