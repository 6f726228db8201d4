// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.mask.Hierarchy.Tree;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Halves the groups of an example by their places, again and again. */
final class Halves {
    /** Places that differ by less are the same: means of positions are rounded. */
    private static final double SAME = 1e-9;

    /** For each group the input that it is in, and the mean position of its elements along each axis. */
    private final double[][] places;

    Halves(Groups groups, int example) {
        places = groups.places(example);
    }

    Tree tree() {
        List<Integer> all = new ArrayList<>();
        for (int group = 0; group < places.length; group++) {
            all.add(group);
        }
        return tree(all);
    }

    private Tree tree(List<Integer> groups) {
        if (groups.size() == 1) {
            return Tree.of(groups.get(0));
        }
        int axis = widest(groups);
        if (axis == 0) {
            return Tree.join(groups.stream()
                    .map(group -> places[group][0])
                    .distinct()
                    .map(input -> tree(groups.stream()
                            .filter(group -> places[group][0] == input)
                            .toList()))
                    .toList());
        }
        List<Integer> sorted = groups.stream()
                .sorted(Comparator.comparingDouble(group -> place(group, axis)))
                .toList();
        int half = half(sorted, axis);
        return Tree.join(List.of(tree(sorted.subList(0, half)), tree(sorted.subList(half, sorted.size()))));
    }

    private double place(int group, int axis) {
        return Math.rint(places[group][axis] / SAME) * SAME;
    }

    /** Returns the axis along which groups spread widest; 0, the inputs, if they are in several. */
    private int widest(List<Integer> groups) {
        int axes = groups.stream().mapToInt(group -> places[group].length).max().orElseThrow();
        double[] extents = new double[axes];
        for (int axis = 0; axis < axes; axis++) {
            int at = axis;
            double[] all = groups.stream()
                    .filter(group -> at < places[group].length)
                    .mapToDouble(group -> place(group, at))
                    .sorted()
                    .toArray();
            extents[axis] = all[all.length - 1] - all[0];
        }
        if (extents[0] > 0 || axes == 1) {
            return extents[0] > 0 ? 0 : 1;
        }
        int widest = 1;
        for (int axis = 2; axis < axes; axis++) {
            widest = extents[axis] > extents[widest] ? axis : widest;
        }
        return widest;
    }

    /** Returns where to cut: as near to the middle as possible without parting groups at the same place. */
    private int half(List<Integer> sorted, int axis) {
        int middle = sorted.size() / 2;
        int[] nearest = new int[sorted.size() - 1];
        Arrays.setAll(nearest, i -> i + 1);
        return Arrays.stream(nearest)
                .filter(cut -> place(sorted.get(cut), axis) > place(sorted.get(cut - 1), axis))
                .boxed()
                .min(Comparator.comparingInt(cut -> Math.abs(cut - middle)))
                .orElse(middle);
    }
}
