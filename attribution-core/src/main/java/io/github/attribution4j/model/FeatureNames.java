// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Names of the positions on axes of an input: the columns of a table, the channels of a series, the tokens of texts.
 * Explanations, pictures, tables and messages use them. Immutable.
 *
 * <pre>{@code
 * FeatureNames.columns("age", "income", "colour");                  // of a table, shape (rows, 3)
 * FeatureNames.none().along(2, List.of("heart rate", "pressure"));  // of series, shape (rows, steps, 2)
 * FeatureNames.none().alongEach(1, tokens);                         // of texts, each with words of its own
 * }</pre>
 */
public final class FeatureNames {
    private static final FeatureNames NONE = new FeatureNames(new TreeMap<>(), Map.of());

    /** Axis → one list for all rows, or one for each row. */
    private final SortedMap<Integer, Along> axes;

    /** Name → the categories whose positions its elements hold. */
    private final Map<String, List<String>> categories;

    /**
     * The names along an axis.
     *
     * @param spans for each kind, for each of the lists, its spans
     */
    private record Along(boolean each, List<List<String>> lists, Map<String, List<List<Span>>> spans) {
        List<String> of(long row) {
            return lists.get(index(row));
        }

        int index(long row) {
            return each ? Math.toIntExact(row) : 0;
        }

        Along select(long[] rows) {
            Map<String, List<List<Span>>> selected = new TreeMap<>();
            spans.forEach((kind, each) -> selected.put(kind, selected(each, rows)));
            return new Along(true, selected(lists, rows), selected);
        }

        private static <T> List<T> selected(List<T> lists, long[] rows) {
            return Arrays.stream(rows)
                    .mapToObj(row -> lists.get(Math.toIntExact(row)))
                    .toList();
        }
    }

    /**
     * Consecutive positions that belong together, such as the tokens of a word.
     *
     * @param name what people call it
     * @param length number of positions, at least 1
     */
    public record Span(String name, int length) {
        /** Checks name and length. */
        public Span {
            if (name.isBlank() || length < 1) {
                throw new IllegalArgumentException(
                        "span '" + name + "' of " + length + " positions: it needs a name and at least one position");
            }
        }
    }

    private FeatureNames(SortedMap<Integer, Along> axes, Map<String, List<String>> categories) {
        this.axes = Collections.unmodifiableSortedMap(axes);
        this.categories = categories;
    }

    /** Returns no names: elements are named by input and position. */
    public static FeatureNames none() {
        return NONE;
    }

    /** Returns the names of the positions on the last axis: of a table's columns. */
    public static FeatureNames columns(String... names) {
        return NONE.along(-1, List.of(names));
    }

    /**
     * Returns these names, and those of the positions on another axis, the same in all rows.
     *
     * @param axis an axis after axis 0; negative ones count from the end
     * @param names one for each position, none blank, no two the same
     * @throws IllegalArgumentException if a name is blank or repeated
     */
    public FeatureNames along(int axis, List<String> names) {
        List<String> copy = checked(axis, names);
        Set<String> seen = new HashSet<>();
        for (String name : copy) {
            if (!seen.add(name)) {
                throw new IllegalArgumentException(
                        "feature names: two are '" + name + "'; names along an axis must differ");
            }
        }
        return with(axis, new Along(false, List.of(copy), Map.of()));
    }

    /**
     * Returns these names, and those of the positions on another axis in each row: the tokens of texts. Names may
     * repeat within a row. A row may have fewer names than the axis has positions: the rest is padding.
     *
     * @param axis an axis after axis 0; negative ones count from the end
     * @param perRow for each row its names, none blank
     * @throws IllegalArgumentException if one is blank, or there are none
     */
    public FeatureNames alongEach(int axis, List<List<String>> perRow) {
        if (perRow.isEmpty()) {
            throw new IllegalArgumentException("feature names: no rows given; give names for each row");
        }
        return with(
                axis,
                new Along(
                        true, perRow.stream().map(names -> checked(axis, names)).toList(), Map.of()));
    }

    /**
     * Returns these names, and which positions of an axis belong together: the words and sentences of texts, the
     * seasons of a year. {@link io.github.attribution4j.mask.FeatureMask#spans} makes them groups.
     *
     * @param kind in the plural, such as {@code words}
     * @param axis an axis whose positions have names
     * @param perRow for each row its spans, in order; one list if the names are the same in all rows. Lengths add up to
     *     the number of names
     * @throws IllegalArgumentException if the axis has no names, or the lengths do not fit
     */
    public FeatureNames spans(String kind, int axis, List<List<Span>> perRow) {
        Along along = axes.get(axis);
        if (along == null || along.lists().size() != perRow.size()) {
            throw new IllegalArgumentException("feature names: " + kind + " are given for " + perRow.size()
                    + " rows of axis " + axis + ", and names for "
                    + (along == null ? 0 : along.lists().size()) + "; give as many");
        }
        for (int row = 0; row < perRow.size(); row++) {
            int length = perRow.get(row).stream().mapToInt(Span::length).sum();
            int named = along.lists().get(row).size();
            if (length != named) {
                throw new IllegalArgumentException("feature names: the " + kind + " of row " + row + " have " + length
                        + " positions of axis " + axis + ", and " + named + " have names; the two must be equal");
            }
        }
        Map<String, List<List<Span>>> spans = new TreeMap<>(along.spans());
        spans.put(kind, perRow.stream().map(List::copyOf).toList());
        return with(axis, new Along(along.each(), along.lists(), Collections.unmodifiableMap(spans)));
    }

    private static List<String> checked(int axis, List<String> names) {
        if (axis == 0) {
            throw new IllegalArgumentException("feature names: axis 0 counts examples; name another axis");
        }
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            if (name == null || name.isBlank()) {
                throw new IllegalArgumentException("feature names: number " + i + " is blank; give each a name");
            }
        }
        return List.copyOf(names);
    }

    private FeatureNames with(int axis, Along along) {
        SortedMap<Integer, Along> changed = new TreeMap<>(axes);
        changed.put(axis, along);
        return new FeatureNames(changed, categories);
    }

    /**
     * Returns these names, in which the elements of one are positions of categories, from 0: explanations then show
     * the category in place of its number.
     *
     * @param name a name along an axis
     * @param words of the categories
     */
    public FeatureNames categories(String name, List<String> words) {
        Map<String, List<String>> changed = new TreeMap<>(categories);
        changed.put(name, List.copyOf(words));
        return new FeatureNames(axes, Collections.unmodifiableMap(changed));
    }

    /** Returns the categories whose positions the elements of names hold. */
    public Map<String, List<String>> categories() {
        return categories;
    }

    /** Returns the category at a position, where the elements of a name are such. */
    public Optional<String> category(String name, double position) {
        List<String> words = categories.getOrDefault(name, List.of());
        int index = (int) position;
        return index == position && index >= 0 && index < words.size()
                ? Optional.of(words.get(index))
                : Optional.empty();
    }

    /** Returns whether there are no names. */
    public boolean isEmpty() {
        return axes.isEmpty();
    }

    /** Returns the axes whose positions have names, ascending. */
    public Set<Integer> axes() {
        return axes.keySet();
    }

    /** Returns whether the names along an axis are given for each row. */
    public boolean isEach(int axis) {
        Along along = axes.get(axis);
        return along != null && along.each();
    }

    /** Returns the names along an axis in a row; none if the axis has no names. */
    public List<String> along(int axis, long row) {
        Along along = axes.get(axis);
        return along == null ? List.of() : along.of(row);
    }

    /** Returns the kinds of spans along an axis, such as {@code words}; none if it has none. */
    public Set<String> spanKinds(int axis) {
        Along along = axes.get(axis);
        return along == null ? Set.of() : along.spans().keySet();
    }

    /** Returns the spans of a kind along an axis in a row; none if there are none. */
    public List<Span> spans(String kind, int axis, long row) {
        Along along = axes.get(axis);
        List<List<Span>> spans = along == null ? null : along.spans().get(kind);
        return along == null || spans == null ? List.of() : spans.get(along.index(row));
    }

    /**
     * Checks that the names fit an input, and returns them with axes counted from the start.
     *
     * @param input the name of the input
     * @param shape its shape
     * @throws IllegalArgumentException naming the axis whose extent differs from the number of names
     */
    public FeatureNames fitting(String input, Shape shape) {
        if (axes.isEmpty()) {
            return this;
        }
        SortedMap<Integer, Along> counted = new TreeMap<>();
        axes.forEach((axis, along) -> {
            int rank = shape.rank();
            int fromStart = axis < 0 ? axis + rank : axis;
            String where = "input '" + input + "' of shape " + shape;
            if (fromStart < 1 || fromStart >= rank) {
                throw new IllegalArgumentException(
                        where + ": feature names are given for axis " + axis + "; it has axes 1 to " + (rank - 1));
            }
            if (along.each() && along.lists().size() != shape.dim(0)) {
                throw new IllegalArgumentException(where + ": feature names are given for "
                        + along.lists().size() + " rows; give them for each of the " + shape.dim(0));
            }
            for (List<String> names : along.lists()) {
                boolean fits =
                        along.each() ? names.size() <= shape.dim(fromStart) : names.size() == shape.dim(fromStart);
                if (!fits) {
                    throw new IllegalArgumentException(
                            where + ": " + names.size() + " feature names are given for axis " + fromStart
                                    + ", which has extent " + shape.dim(fromStart) + "; give one for each position");
                }
            }
            if (counted.put(fromStart, along) != null) {
                throw new IllegalArgumentException(where + ": axis " + fromStart + " is given feature names twice");
            }
        });
        return new FeatureNames(counted, categories);
    }

    /** Returns the names along one axis alone. */
    public FeatureNames only(int axis) {
        Along along = axes.get(axis);
        return along == null ? NONE : new FeatureNames(new TreeMap<>(Map.of(axis, along)), categories);
    }

    /** Returns the names of the rows chosen, in that order. */
    public FeatureNames select(long... rows) {
        if (axes.values().stream().noneMatch(Along::each)) {
            return this;
        }
        SortedMap<Integer, Along> selected = new TreeMap<>();
        axes.forEach((axis, along) -> selected.put(axis, along.each() ? along.select(rows) : along));
        return new FeatureNames(selected, categories);
    }

    /**
     * Returns the name of an element: the names of its positions, then the numbers of positions without a name. Without
     * any names: {@code row 3 column 7} of an image, else {@code input[3, 7]}.
     *
     * @param input the name of the input
     * @param shape of the input
     * @param row the example
     * @param index of the element within its row, row-major
     */
    public String element(String input, Shape shape, long row, long index) {
        long[] at = new long[shape.rank() - 1];
        long rest = index;
        for (int axis = at.length - 1; axis >= 0; axis--) {
            at[axis] = rest % shape.dim(axis + 1);
            rest /= shape.dim(axis + 1);
        }
        List<String> named = new ArrayList<>();
        List<Long> unnamed = new ArrayList<>();
        for (int axis = 0; axis < at.length; axis++) {
            List<String> names = axes.isEmpty() ? List.of() : along(axis + 1, row);
            if (at[axis] < names.size()) {
                named.add(names.get((int) at[axis]));
            } else {
                unnamed.add(at[axis]);
            }
        }
        if (!named.isEmpty()) {
            return String.join(" ", named) + (unnamed.isEmpty() ? "" : " " + unnamed);
        }
        if (at.length == 3) {
            return (shape.dim(1) == 1 ? "" : "channel " + at[0] + " ") + "row " + at[1] + " column " + at[2];
        }
        return input + (at.length == 0 ? "" : Arrays.toString(at));
    }

    @Override
    public boolean equals(@org.jspecify.annotations.Nullable Object other) {
        return other instanceof FeatureNames names && axes.equals(names.axes) && categories.equals(names.categories);
    }

    @Override
    public int hashCode() {
        return Objects.hash(axes, categories);
    }

    /** Returns the axes that have names. */
    @Override
    public String toString() {
        return axes.isEmpty() ? "no feature names" : "feature names along axes " + axes.keySet();
    }
}
