// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The elements of one example by group.
 *
 * @param given the groups
 * @param names of the example's groups, or none
 * @param numbers for each input the group of each element
 * @param members for each group the first few of its elements, and the last
 * @param sizes for each group how many elements it has
 * @param contributions one for each group
 * @param errors of the contributions; none where they are not known
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record FeatureGroups(
        ElementGroups given,
        List<String> names,
        List<int[]> numbers,
        int[][] members,
        int[] sizes,
        double[] contributions,
        double[] errors) {
    /** The most members that a name lists. */
    static final int LISTED = 3;

    /**
     * Puts elements into their groups.
     *
     * @param starts for each input, where its elements start among all
     * @param values the attribution of each element
     * @param deviations their standard errors; none where they are not known
     */
    static FeatureGroups of(
            ElementGroups given, int example, List<Shape> shapes, int[] starts, double[] values, double[] deviations) {
        List<int[]> numbers = new ArrayList<>();
        int count = 0;
        for (int i = 0; i < shapes.size(); i++) {
            int[] own = given.numbers(i, example, shapes.get(i).row());
            for (int number : own) {
                count = Math.max(count, number + 1);
            }
            numbers.add(own);
        }
        boolean erring = given.shared() && deviations.length > 0;
        FeatureGroups groups = new FeatureGroups(
                given,
                given.names(example),
                numbers,
                new int[count][LISTED + 1],
                new int[count],
                new double[count],
                new double[erring ? count : 0]);
        for (int i = 0; i < shapes.size(); i++) {
            int[] own = numbers.get(i);
            for (int e = 0; e < own.length; e++) {
                int at = starts[i] + e;
                groups.add(own[e], at, values[at], erring ? deviations[at] : 0);
            }
        }
        return groups;
    }

    private void add(int group, int at, double value, double deviation) {
        int size = sizes[group]++;
        if (size < LISTED) {
            members[group][size] = at;
        }
        members[group][LISTED] = at;
        // Elements that share an attribution count once.
        if (size == 0 || !given.shared()) {
            contributions[group] += value;
        }
        if (size == 0 && errors.length > 0) {
            errors[group] = deviation;
        }
    }

    /** Returns the name of a group: the given one, or what its members are called. */
    String name(int group, IntFunction<String> element) {
        String name = group < names.size() ? names.get(group) : "";
        if (!name.isEmpty()) {
            return name;
        }
        int size = sizes[group];
        int[] some = members[group];
        if (size == 1) {
            return element.apply(some[0]);
        }
        StringBuilder listed = new StringBuilder("group " + group + ": ");
        if (size > LISTED) {
            return listed.append(element.apply(some[0]))
                    .append(" ... ")
                    .append(element.apply(some[LISTED]))
                    .append(" (")
                    .append(size)
                    .append(')')
                    .toString();
        }
        for (int i = 0; i < size; i++) {
            listed.append(i == 0 ? "" : ", ").append(element.apply(some[i]));
        }
        return listed.toString();
    }

    /** Returns the positions of a group's elements, counted through all inputs. */
    int[] elements(int group, int[] starts) {
        int[] found = new int[sizes[group]];
        int next = 0;
        for (int i = 0; i < numbers.size(); i++) {
            int[] own = numbers.get(i);
            for (int e = 0; e < own.length; e++) {
                if (own[e] == group) {
                    found[next++] = starts[i] + e;
                }
            }
        }
        return found;
    }
}
