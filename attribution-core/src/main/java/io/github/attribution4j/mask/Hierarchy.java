// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.internal.numeric.Digests;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How the groups of a mask belong together in a tree: cells of an image in its halves, words in sentences, columns that
 * say nearly the same. {@link Coalitions#trees} makes a {@link Tree} of the groups of each example. Immutable and
 * thread-safe.
 *
 * <pre>{@code
 * Hierarchy.halves()                                              // by place: halves of halves
 * Hierarchy.of(FeatureMask.sentences())                           // groups within sentences
 * Hierarchy.of(FeatureMask.grid(2, 2), FeatureMask.grid(4, 4))    // cells within larger cells, from large to small
 * Hierarchy.correlation(Hierarchy.Linkage.AVERAGE, rows)          // columns that are correlated
 * Hierarchy.parse("((age, income), (height, weight))")            // by hand
 * }</pre>
 */
public final class Hierarchy {
    /** What the texts of a hierarchy are, for help. */
    public static final String TEXTS = "halves, flat, within:MASK>MASK>... from large to small, correlation:FILE or"
            + " correlation:complete:FILE of a background's rows, or a tree of names or numbers of groups, such as"
            + " ((age, income), (height, weight))";

    /** Hierarchies as values of a setting. */
    public static final Kind<Hierarchy> KIND = HierarchyText.KIND;

    /** Stands for the larger group of a group that lies in several. */
    private static final int PARTED = -2;

    private final String text;
    private final Maker maker;

    private Hierarchy(String text, Maker maker) {
        this.text = text;
        this.maker = maker;
    }

    /** Makes the tree of each example. */
    interface Maker {
        /** Returns the trees; none after adding what is wrong. */
        List<Tree> trees(Groups groups, Inputs inputs, Problems problems);

        /**
         * Makes the trees one by one, or one for all examples.
         *
         * @param alike whether all are the same
         * @param tree returns that of an example; none after adding what is wrong
         */
        static List<Tree> each(Inputs inputs, boolean alike, IntFunction<Optional<Tree>> tree) {
            int examples = Math.toIntExact(inputs.rows());
            List<Tree> trees = new ArrayList<>();
            for (int example = 0; example < (alike ? 1 : examples); example++) {
                Optional<Tree> made = tree.apply(example);
                if (made.isEmpty()) {
                    return List.of();
                }
                trees.add(made.get());
            }
            return alike ? Collections.nCopies(examples, trees.get(0)) : trees;
        }
    }

    /** Groups of elements in a tree: a single group, or smaller trees that belong together. Immutable. */
    public static final class Tree {
        private final int group;
        private final List<Tree> children;
        private final int size;

        private Tree(int group, List<Tree> children) {
            this.group = group;
            this.children = children;
            this.size = children.isEmpty()
                    ? 1
                    : children.stream().mapToInt(Tree::size).sum();
        }

        /** Returns a tree of one group. */
        public static Tree of(int group) {
            if (group < 0) {
                throw new IllegalArgumentException("group " + group + ": groups are numbered from 0");
            }
            return new Tree(group, List.of());
        }

        /**
         * Returns a tree of smaller ones; a single one is returned itself.
         *
         * @throws IllegalArgumentException if there are none, or a group is in two of them
         */
        public static Tree of(List<Tree> children) {
            if (children.isEmpty()) {
                throw new IllegalArgumentException("group tree: no children given; give at least one");
            }
            if (children.size() == 1) {
                return children.get(0);
            }
            Tree tree = new Tree(-1, List.copyOf(children));
            Set<Integer> seen = new HashSet<>();
            for (int one : tree.groups()) {
                if (!seen.add(one)) {
                    throw new IllegalArgumentException("group tree: group " + one + " occurs twice");
                }
            }
            return tree;
        }

        /** Joins trees that are known to differ. */
        static Tree join(List<Tree> children) {
            return children.size() == 1 ? children.get(0) : new Tree(-1, List.copyOf(children));
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
        public List<Tree> children() {
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
            List<Tree> waiting = new ArrayList<>(List.of(this));
            while (!waiting.isEmpty()) {
                Tree last = waiting.remove(waiting.size() - 1);
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
            return other instanceof Tree tree && group == tree.group && children.equals(tree.children);
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
                    : children.stream().map(Tree::toString).collect(Collectors.joining(", ", "(", ")"));
        }
    }

    /** How far apart two sets of columns are. */
    public enum Linkage {
        /** The mean over all pairs of columns. */
        AVERAGE,
        /** The largest over all pairs of columns. */
        COMPLETE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** All groups belong together at once; there is no order among them. */
    public static Hierarchy flat() {
        return new Hierarchy(
                "flat",
                (groups, inputs, problems) -> Maker.each(
                        inputs,
                        groups.areAlike(),
                        example -> Optional.of(Tree.join(IntStream.range(0, groups.count(example))
                                .mapToObj(Tree::of)
                                .toList()))));
    }

    /**
     * By place: groups are halved where they spread widest, by the means of their elements' positions, and the halves
     * again, until each is alone. A grid is halved along its lines. With several inputs those are apart first; a group
     * of several inputs belongs to the first.
     */
    public static Hierarchy halves() {
        return new Hierarchy(
                "halves",
                (groups, inputs, problems) -> Maker.each(
                        inputs, groups.areAlike(), example -> Optional.of(new Halves(groups, example).tree())));
    }

    /**
     * Groups within the groups of other masks.
     *
     * @param masks from large to small. Each must contain whole groups of the next, and the last one whole groups of
     *     the mask whose hierarchy this is
     */
    public static Hierarchy of(FeatureMask... masks) {
        if (masks.length == 0) {
            throw new IllegalArgumentException("hierarchy: no masks given; give at least one, or use flat");
        }
        List<FeatureMask> copy = List.of(masks);
        return new Hierarchy(
                copy.stream().map(FeatureMask::toString).collect(Collectors.joining(" > ", "within:", "")),
                (groups, inputs, problems) -> within(copy, groups, inputs, problems));
    }

    /**
     * By correlation: columns that say nearly the same are joined first. The distance of two columns is 1 − |r|, r
     * their correlation in a background; a column that does not vary has distance 1 to each. Groups of several columns
     * start as they are.
     *
     * @param linkage the distance of sets of columns
     * @param background for each attributed input rows of its shape, axis 0 counts samples; read now and not needed
     *     afterwards. At most 4096 elements in a row
     */
    public static Hierarchy correlation(Linkage linkage, Tensor... background) {
        Correlations correlations = Correlations.of(background);
        String digest = Arrays.stream(background)
                .map(tensor ->
                        tensor.shape() + " sha256:" + Digests.ofTensor(tensor).substring(0, 16))
                .collect(Collectors.joining(", "));
        return new Hierarchy(
                "correlation:" + linkage + ":" + digest,
                (groups, inputs, problems) -> Maker.each(
                        inputs,
                        groups.areAlike(),
                        example -> correlations.tree(linkage, groups, inputs, example, problems)));
    }

    /**
     * Reads a hierarchy: {@code halves}, {@code flat}, {@code within:grid(2, 2) > grid(4, 4)}, or a tree of names or
     * numbers of groups in parentheses. Groups that such a tree does not have are added to its root.
     *
     * @throws IllegalArgumentException if the text is none of these
     */
    public static Hierarchy parse(String text) {
        return HierarchyText.parse(text);
    }

    static Hierarchy named(String text, Maker maker) {
        return new Hierarchy(text, maker);
    }

    /** Returns the tree of each example; none after adding what is wrong. */
    List<Tree> trees(Groups groups, Inputs inputs, Problems problems) {
        return maker.trees(groups, inputs, problems);
    }

    private static List<Tree> within(List<FeatureMask> masks, Groups groups, Inputs inputs, Problems problems) {
        List<Groups> larger = new ArrayList<>();
        for (FeatureMask mask : masks) {
            Optional<Groups> resolved = mask.resolve(inputs, problems);
            if (resolved.isEmpty()) {
                return List.of();
            }
            larger.add(resolved.get());
        }
        boolean alike = groups.areAlike() && larger.stream().allMatch(Groups::areAlike);
        return Maker.each(inputs, alike, example -> {
            int[][] outside = new int[masks.size()][];
            for (int level = 0; level < outside.length; level++) {
                outside[level] = outside(groups, larger.get(level), example);
                int parted = Arrays.stream(outside[level]).boxed().toList().indexOf(PARTED);
                if (parted >= 0) {
                    problems.add("hierarchy: group " + parted + " of the mask lies in several groups of "
                            + masks.get(level) + "; a larger mask must contain whole groups");
                    return Optional.empty();
                }
                if (level > 0 && !isWithin(outside[level], outside[level - 1])) {
                    problems.add("hierarchy: " + masks.get(level - 1) + " parts groups of " + masks.get(level)
                            + "; a larger mask must contain whole groups of the next");
                    return Optional.empty();
                }
            }
            int[] all = IntStream.range(0, groups.count(example)).toArray();
            return Optional.of(nested(all, outside, 0));
        });
    }

    /** Returns whether groups in the same smaller one are always in the same larger one. */
    private static boolean isWithin(int[] smaller, int[] larger) {
        Map<Integer, Integer> outer = new HashMap<>();
        for (int group = 0; group < smaller.length; group++) {
            Integer before = outer.putIfAbsent(smaller[group], larger[group]);
            if (before != null && before != larger[group]) {
                return false;
            }
        }
        return true;
    }

    /** Returns for each group of an example the larger one that it lies in, or that it lies in several. */
    private static int[] outside(Groups groups, Groups larger, int example) {
        int[] outside = new int[groups.count(example)];
        Arrays.fill(outside, -1);
        for (int input = 0; input < groups.inputs(); input++) {
            long[] own = groups.numbers(input, example);
            long[] outer = larger.numbers(input, example);
            for (int element = 0; element < own.length; element++) {
                int group = (int) own[element];
                boolean same = outside[group] == -1 || outside[group] == outer[element];
                outside[group] = same ? (int) outer[element] : PARTED;
            }
        }
        return outside;
    }

    private static Tree nested(int[] groups, int[][] larger, int level) {
        if (level == larger.length) {
            return Tree.join(Arrays.stream(groups).mapToObj(Tree::of).toList());
        }
        Map<Integer, List<Integer>> parts = new LinkedHashMap<>();
        for (int group : groups) {
            parts.computeIfAbsent(larger[level][group], number -> new ArrayList<>())
                    .add(group);
        }
        return Tree.join(parts.values().stream()
                .map(part -> nested(part.stream().mapToInt(Integer::intValue).toArray(), larger, level + 1))
                .toList());
    }

    /** Returns the hierarchy in words; a background by its digest. */
    @Override
    public String toString() {
        return text;
    }
}
