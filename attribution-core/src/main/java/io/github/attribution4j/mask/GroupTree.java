// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Groups of elements in a tree: a single group, or smaller trees that belong together. Immutable. */
public final class GroupTree {
    private final int group;
    private final List<GroupTree> children;
    private final int size;

    private GroupTree(int group, List<GroupTree> children) {
        this.group = group;
        this.children = children;
        this.size = children.isEmpty()
                ? 1
                : children.stream().mapToInt(GroupTree::size).sum();
    }

    /** Returns a tree of one group. */
    public static GroupTree of(int group) {
        if (group < 0) {
            throw new IllegalArgumentException("group " + group + ": groups are numbered from 0");
        }
        return new GroupTree(group, List.of());
    }

    /**
     * Returns a tree of smaller ones; a single one is returned itself.
     *
     * @throws IllegalArgumentException if there are none, or a group is in two of them
     */
    public static GroupTree of(List<GroupTree> children) {
        if (children.isEmpty()) {
            throw new IllegalArgumentException("group tree: no children given; give at least one");
        }
        if (children.size() == 1) {
            return children.get(0);
        }
        GroupTree tree = new GroupTree(-1, List.copyOf(children));
        Set<Integer> seen = new HashSet<>();
        for (int one : tree.groups()) {
            if (!seen.add(one)) {
                throw new IllegalArgumentException("group tree: group " + one + " occurs twice");
            }
        }
        return tree;
    }

    /** Joins trees that are known to differ. */
    static GroupTree join(List<GroupTree> children) {
        return children.size() == 1 ? children.get(0) : new GroupTree(-1, List.copyOf(children));
    }

    /** Returns whether this is a single group. */
    public boolean isGroup() {
        return children.isEmpty();
    }

    /**
     * Returns the number of the single group.
     *
     * @throws IllegalStateException if there are several
     */
    public int group() {
        if (!isGroup()) {
            throw new IllegalStateException("the tree has " + size + " groups; ask its children");
        }
        return group;
    }

    /** Returns the trees that belong together, at least two; none of a single group. */
    public List<GroupTree> children() {
        return children;
    }

    /** Returns the number of groups. */
    public int size() {
        return size;
    }

    /** Returns the numbers of all groups, in the order of the tree. */
    public int[] groups() {
        int[] groups = new int[size];
        int next = 0;
        List<GroupTree> waiting = new ArrayList<>(List.of(this));
        while (!waiting.isEmpty()) {
            GroupTree last = waiting.remove(waiting.size() - 1);
            if (last.isGroup()) {
                groups[next++] = last.group;
            }
            for (int child = last.children.size() - 1; child >= 0; child--) {
                waiting.add(last.children.get(child));
            }
        }
        return groups;
    }

    @Override
    public boolean equals(@org.jspecify.annotations.Nullable Object other) {
        return other instanceof GroupTree tree && group == tree.group && children.equals(tree.children);
    }

    @Override
    public int hashCode() {
        return 31 * children.hashCode() + group;
    }

    /** Returns the numbers of groups in nested parentheses, such as {@code ((0, 1), 2)}. */
    @Override
    public String toString() {
        return isGroup()
                ? Integer.toString(group)
                : children.stream().map(GroupTree::toString).collect(Collectors.joining(", ", "(", ")"));
    }
}
