// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.RandomAccess;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The features of one example, in the order of inputs and elements or of a mask's groups. Each counts once, so their
 * contributions add up to what the explanation accounts for. Names are made on demand. Immutable.
 */
public final class Features extends AbstractList<Features.Feature> implements RandomAccess {
    private static final int LISTED = 3;

    private final Labels labels;
    private final int example;
    private final List<String> inputs;
    private final List<Shape> shapes;
    /** For each attribution, where its elements start among all. */
    private final int[] starts;
    /** For each group its members: the first few, and the last; null where each element is a feature. */
    private final int @Nullable [] @Nullable [] members;

    private final int[] sizes;
    private final double[] contributions;
    private final double[] errors;
    private final boolean ambiguous;
    private final List<int[]> numbers;

    private final @Nullable List<String> renamed;

    Features(Labels labels, int example, List<String> inputs, List<Tensor> attributions, List<Tensor> standardErrors) {
        this.labels = labels;
        this.renamed = null;
        this.example = example;
        this.inputs = inputs;
        this.shapes = attributions.stream().map(Tensor::shape).toList();
        this.starts = new int[shapes.size() + 1];
        for (int i = 0; i < shapes.size(); i++) {
            starts[i + 1] = Math.toIntExact(starts[i] + shapes.get(i).row().size());
        }
        this.ambiguous = labels.ambiguous();
        double[] values = rows(attributions);
        double[] deviations = standardErrors.isEmpty() ? new double[0] : rows(standardErrors);
        ElementGroups groups = labels.groups();
        if (groups == null) {
            members = null;
            sizes = new int[0];
            numbers = List.of();
            contributions = values;
            errors = deviations;
            return;
        }
        numbers = new ArrayList<>();
        int count = 0;
        for (int i = 0; i < shapes.size(); i++) {
            int[] own = groups.numbers(i, example, shapes.get(i).row());
            for (int number : own) {
                count = Math.max(count, number + 1);
            }
            numbers.add(own);
        }
        members = new int[count][];
        sizes = new int[count];
        contributions = new double[count];
        errors = new double[groups.shared() ? deviations.length == 0 ? 0 : count : 0];
        for (int i = 0; i < shapes.size(); i++) {
            int[] own = numbers.get(i);
            for (int e = 0; e < own.length; e++) {
                int group = own[e];
                int at = starts[i] + e;
                int[] some = members[group];
                if (some == null) {
                    some = new int[LISTED + 1];
                    members[group] = some;
                }
                if (sizes[group] < LISTED) {
                    some[sizes[group]] = at;
                }
                some[LISTED] = at;
                if (sizes[group] == 0 || !groups.shared()) {
                    contributions[group] += values[at];
                }
                if (sizes[group] == 0 && errors.length > 0) {
                    errors[group] = deviations[at];
                }
                sizes[group]++;
            }
        }
    }

    private Features(Features of, List<String> renamed) {
        labels = of.labels;
        this.renamed = List.copyOf(renamed);
        example = of.example;
        inputs = of.inputs;
        shapes = of.shapes;
        starts = of.starts;
        members = of.members;
        sizes = of.sizes;
        contributions = of.contributions;
        errors = of.errors;
        ambiguous = of.ambiguous;
        numbers = of.numbers;
    }

    /**
     * Returns these features with other names.
     *
     * @param names one for each feature; or, where elements are grouped, one for each element of all inputs, from which
     *     names of groups without a name are made
     * @throws IllegalArgumentException if their number is neither
     */
    public Features named(List<String> names) {
        if (names.size() != size() && names.size() != starts[shapes.size()]) {
            throw new IllegalArgumentException("names: " + names.size() + " given for " + size() + " features"
                    + (members == null ? "" : " made of " + starts[shapes.size()] + " elements")
                    + "; give one for each");
        }
        return new Features(this, names);
    }

    private double[] rows(List<Tensor> tensors) {
        double[] all = new double[starts[tensors.size()]];
        for (int i = 0; i < tensors.size(); i++) {
            try (Tensor row = tensors.get(i).rows(example, example + 1L)) {
                double[] own = row.toDoubleArray();
                System.arraycopy(own, 0, all, starts[i], own.length);
            }
        }
        return all;
    }

    /** Returns the number of features. */
    @Override
    public int size() {
        return contributions.length;
    }

    /** Returns a feature. */
    @Override
    public Feature get(int index) {
        return new Feature(name(index), values(index), value(index), contribution(index), standardError(index));
    }

    /** Returns the contribution of a feature. */
    public double contribution(int index) {
        return contributions[index];
    }

    /** Returns the standard error of a feature's contribution, NaN where the method gives none. */
    public double standardError(int index) {
        return errors.length == 0 ? Double.NaN : errors[index];
    }

    /** Returns the contributions of all features; a copy. */
    public double[] contributions() {
        return contributions.clone();
    }

    /** Returns the sum of all contributions. */
    public double sum() {
        double sum = 0;
        for (double contribution : contributions) {
            sum += contribution;
        }
        return sum;
    }

    /** Returns the name of a feature. */
    public String name(int index) {
        if (renamed != null && renamed.size() == size()) {
            return renamed.get(index);
        }
        if (members == null) {
            return element(index);
        }
        ElementGroups groups = labels.groups();
        String given =
                groups == null || groups.names().isEmpty() ? "" : groups.names().get(index);
        if (!given.isEmpty()) {
            return given;
        }
        int size = sizes[index];
        if (size == 1) {
            return element(member(index, 0));
        }
        StringBuilder listed = new StringBuilder("group " + index + ": ");
        if (size > LISTED) {
            return listed.append(element(member(index, 0)))
                    .append(" ... ")
                    .append(element(member(index, LISTED)))
                    .append(" (")
                    .append(size)
                    .append(')')
                    .toString();
        }
        for (int i = 0; i < size; i++) {
            listed.append(i == 0 ? "" : ", ").append(element(member(index, i)));
        }
        return listed.toString();
    }

    private int member(int group, int which) {
        int[] some = members == null ? null : members[group];
        return some == null ? 0 : some[which];
    }

    /** Returns whether the elements of any input are known. */
    public boolean hasValues() {
        return labels.values().stream().anyMatch(values -> values.length > 0);
    }

    /** Returns the elements of a feature, where they are known; else none. */
    public List<Double> values(int index) {
        if (!hasValues()) {
            return List.of();
        }
        List<Double> values = new ArrayList<>();
        for (int at : elements(index)) {
            int input = inputOf(at);
            double[] kept = labels.values().get(input);
            if (kept.length == 0) {
                return List.of();
            }
            int row = Math.toIntExact(shapes.get(input).row().size());
            values.add(kept[example * row + at - starts[input]]);
        }
        return values;
    }

    /** Returns the positions of a feature's elements, row-major and counted through all inputs. */
    public int[] elements(int index) {
        if (members == null) {
            return new int[] {index};
        }
        int[] found = new int[sizes[index]];
        int next = 0;
        for (int i = 0; i < numbers.size(); i++) {
            int[] own = numbers.get(i);
            for (int e = 0; e < own.length; e++) {
                if (own[e] == index) {
                    found[next++] = starts[i] + e;
                }
            }
        }
        return found;
    }

    /**
     * Returns a feature's elements in words: a number, or for a one-hot group the member that is not zero; empty
     * if unknown.
     */
    public String value(int index) {
        List<Double> values = values(index);
        if (values.size() == 1) {
            return brief(values.get(0));
        }
        if (values.isEmpty()) {
            return "";
        }
        long zeros = values.stream().filter(value -> value == 0).count();
        int one = values.indexOf(1.0);
        if (one >= 0 && zeros == values.size() - 1) {
            return member(element(elements(index)[one]), name(index));
        }
        return values.size() > LISTED
                ? ""
                : values.stream().map(Features::brief).toList().toString();
    }

    /** Returns the name of a one-hot column without that of its group. */
    private static String member(String column, String group) {
        boolean within = column.length() > group.length() + 1
                && column.startsWith(group)
                && "_=:. -".indexOf(column.charAt(group.length())) >= 0;
        return within ? column.substring(group.length() + 1).strip() : column;
    }

    /** NaN in an input means that the value is missing. */
    private static String brief(double value) {
        if (Double.isNaN(value)) {
            return "missing";
        }
        if (value == Math.rint(value) && Math.abs(value) < 1e9) {
            return Long.toString((long) value);
        }
        if (Double.isInfinite(value)) {
            return Double.toString(value);
        }
        BigDecimal rounded = new BigDecimal(value).round(new MathContext(4)).stripTrailingZeros();
        return Math.abs(value) < 1e-4 || Math.abs(value) >= 1e9 ? rounded.toString() : rounded.toPlainString();
    }

    private int indexOf(String input) {
        int index = inputs.indexOf(input);
        if (index < 0) {
            throw new IllegalArgumentException("input '" + input + "': the explanation has " + inputs);
        }
        return index;
    }

    private int inputOf(int element) {
        int input = 0;
        while (element >= starts[input + 1]) {
            input++;
        }
        return input;
    }

    private String element(int at) {
        if (renamed != null && renamed.size() == starts[shapes.size()]) {
            return renamed.get(at);
        }
        int input = inputOf(at);
        FeatureNames names = labels.names().get(input);
        Shape shape = shapes.get(input);
        String name = names.element(inputs.get(input), shape, example, at - starts[input]);
        boolean unclear = names.isEmpty() ? inputs.size() > 1 && shape.rank() == 4 : ambiguous;
        return unclear ? inputs.get(input) + " " + name : name;
    }

    /**
     * Returns the features of one input: those that have an element in it.
     *
     * @throws IllegalArgumentException if there is no such input
     */
    public List<Feature> of(String input) {
        int wanted = indexOf(input);
        if (members == null) {
            return subList(starts[wanted], starts[wanted + 1]);
        }
        return Arrays.stream(places(input)).mapToObj(this::get).toList();
    }

    /**
     * Returns the numbers of the features of one input, ascending: those that have an element in it.
     *
     * @throws IllegalArgumentException if there is no such input
     */
    public int[] places(String input) {
        int wanted = indexOf(input);
        return members == null
                ? IntStream.range(starts[wanted], starts[wanted + 1]).toArray()
                : Arrays.stream(numbers.get(wanted)).distinct().sorted().toArray();
    }

    /** Returns the k features of the largest magnitude, largest first; ties keep their order. */
    public List<Feature> top(int k) {
        return chosen(k, index -> true);
    }

    /** Returns up to k features whose contributions are positive, largest first. */
    public List<Feature> up(int k) {
        return chosen(k, index -> contributions[index] > 0);
    }

    /** Returns up to k features whose contributions are negative, largest magnitude first. */
    public List<Feature> down(int k) {
        return chosen(k, index -> contributions[index] < 0);
    }

    private List<Feature> chosen(int k, IntPredicate which) {
        return Arrays.stream(ranked(k, which)).mapToObj(this::get).toList();
    }

    /**
     * Returns the numbers of the k features of the largest magnitude, largest first; ties keep their order. Takes time
     * proportional to the number of features, and makes no names.
     */
    public int[] ranked(int k) {
        return ranked(k, index -> true);
    }

    private int[] ranked(int k, IntPredicate which) {
        if (k < 0) {
            throw new IllegalArgumentException("k " + k + ": must not be negative");
        }
        PriorityQueue<Integer> best = new PriorityQueue<>((a, b) -> {
            int smaller = Double.compare(Math.abs(contributions[a]), Math.abs(contributions[b]));
            return smaller != 0 ? smaller : Integer.compare(b, a);
        });
        for (int i = 0; i < contributions.length && k > 0; i++) {
            boolean full = best.size() >= k;
            if (which.test(i) && (!full || Math.abs(contributions[i]) > Math.abs(contributions[best.element()]))) {
                if (full) {
                    best.remove();
                }
                best.add(i);
            }
        }
        int[] ranked = new int[best.size()];
        for (int i = ranked.length - 1; i >= 0; i--) {
            ranked[i] = best.remove();
        }
        return ranked;
    }

    /**
     * Returns contributions by name, in order; names that repeat, as words of a text do, get {@code (2)}, {@code (3)},
     * ...
     */
    public Map<String, Double> asMap() {
        Map<String, Double> map = new LinkedHashMap<>();
        Map<String, Integer> times = new LinkedHashMap<>();
        for (int i = 0; i < contributions.length; i++) {
            String name = name(i);
            int time = times.merge(name, 1, Integer::sum);
            String unique = name;
            while (map.putIfAbsent(unique, contributions[i]) != null) {
                unique = name + " (" + Math.max(2, time++) + ")";
            }
        }
        return map;
    }

    /**
     * One feature of an example and its contribution: an element of an input, or a group of elements.
     *
     * @param name its name; for a group without a name its number and members
     * @param values its elements, if features are named and rows are small; else none
     * @param value the elements in words: the number, or for a one-hot group the member that is not zero; may be empty
     * @param contribution the attribution; that of a group counts once
     * @param standardError of the contribution, NaN where the method gives none
     */
    public record Feature(String name, List<Double> values, String value, double contribution, double standardError) {
        /** Copies the values. */
        public Feature {
            values = List.copyOf(values);
        }

        /** Returns name and value, such as {@code income = 5200}. */
        public String label() {
            return value.isEmpty() ? name : name + " = " + value;
        }
    }
}
