// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.Features.Feature;
import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
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
    private static final String NONE = "none";

    private final Labels labels;
    private final int example;
    private final List<String> inputs;
    private final List<Shape> shapes;
    /** For each attribution, where its elements start among all. */
    private final int[] starts;
    /** Null where each element is a feature. */
    private final @Nullable FeatureGroups groups;

    private final double[] contributions;
    private final double[] errors;
    private final boolean ambiguous;
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
        ElementGroups given = labels.groups();
        groups = given == null ? null : FeatureGroups.of(given, example, shapes, starts, values, deviations);
        contributions = groups == null ? values : groups.contributions();
        errors = groups == null ? deviations : groups.errors();
    }

    private Features(Features of, List<String> renamed) {
        labels = of.labels;
        this.renamed = List.copyOf(renamed);
        example = of.example;
        inputs = of.inputs;
        shapes = of.shapes;
        starts = of.starts;
        groups = of.groups;
        contributions = of.contributions;
        errors = of.errors;
        ambiguous = of.ambiguous;
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
                    + (groups == null ? "" : " made of " + starts[shapes.size()] + " elements")
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
        return new Feature(
                name(index), values(index), value(index), condition(index), contribution(index), standardError(index));
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
        return groups == null ? element(index) : groups.name(index, this::element);
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
        return groups == null ? new int[] {index} : groups.elements(index, starts);
    }

    /**
     * Returns a feature's elements in words: a number, its category where it is the position of one, or for a one-hot
     * group the member that is not zero, {@code none} if all are; empty if unknown.
     */
    public String value(int index) {
        List<Double> values = values(index);
        if (values.size() == 1) {
            return category(index).orElseGet(() -> Numbers.brief(values.get(0)));
        }
        if (values.isEmpty()) {
            return "";
        }
        long zeros = values.stream().filter(value -> value == 0).count();
        int one = values.indexOf(1.0);
        if (one >= 0 && zeros == values.size() - 1) {
            return member(element(elements(index)[one]), name(index));
        }
        if (zeros == values.size() && isOneHot(index)) {
            return NONE;
        }
        return values.size() > FeatureGroups.LISTED
                ? ""
                : values.stream().map(Numbers::brief).toList().toString();
    }

    /**
     * Returns the condition on a feature that its contribution is of, such as {@code 12.5 < age ≤ 30}, where a method
     * explains conditions; else empty. Each example has conditions of its own. Features with other names have none.
     */
    public String condition(int index) {
        return labels.conditions().isEmpty() || renamed != null
                ? ""
                : labels.conditions().get(example).get(index);
    }

    /** Returns what a contribution is of: the condition on the feature, or its name where there is none. */
    public String subject(int index) {
        String condition = condition(index);
        return condition.isEmpty() ? name(index) : condition;
    }

    /**
     * Returns a feature's elements in words, as {@link #value} does, but a single number with all its digits, so that
     * it can be a number again.
     */
    public String exactValue(int index) {
        List<Double> values = values(index);
        return values.size() == 1 && category(index).isEmpty() ? String.valueOf(values.get(0)) : value(index);
    }

    /** Returns the category of a feature whose only element is the position of one; see {@link FeatureNames}. */
    public Optional<String> category(int index) {
        List<Double> values = values(index);
        if (values.size() != 1) {
            return Optional.empty();
        }
        int at = elements(index)[0];
        return labels.names().get(inputOf(at)).category(named(at), values.get(0));
    }

    /** Returns the name of a one-hot column without that of its group. */
    private static String member(String column, String group) {
        return isMember(column, group) ? column.substring(group.length() + 1).strip() : column;
    }

    private static boolean isMember(String column, String group) {
        return column.length() > group.length() + 1
                && column.startsWith(group)
                && "_=:. -".indexOf(column.charAt(group.length())) >= 0;
    }

    /** Returns whether the elements of a group are called as its categories are. */
    private boolean isOneHot(int index) {
        String group = name(index);
        return Arrays.stream(elements(index)).allMatch(at -> isMember(element(at), group));
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

    /** Returns the name of an element within its input. */
    private String named(int at) {
        int input = inputOf(at);
        return labels.names().get(input).element(inputs.get(input), shapes.get(input), example, at - starts[input]);
    }

    private String element(int at) {
        if (renamed != null && renamed.size() == starts[shapes.size()]) {
            return renamed.get(at);
        }
        int input = inputOf(at);
        FeatureNames names = labels.names().get(input);
        Shape shape = shapes.get(input);
        String name = named(at);
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
        if (groups == null) {
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
        return groups == null
                ? IntStream.range(starts[wanted], starts[wanted + 1]).toArray()
                : Arrays.stream(groups.numbers().get(wanted))
                        .distinct()
                        .sorted()
                        .toArray();
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
     * @param condition on the feature, that the contribution is of; empty where there is none
     * @param contribution the attribution; that of a group counts once
     * @param standardError of the contribution, NaN where the method gives none
     */
    public record Feature(
            String name,
            List<Double> values,
            String value,
            String condition,
            double contribution,
            double standardError) {
        /** Copies the values. */
        public Feature {
            values = List.copyOf(values);
        }

        /** Returns the condition, or name and value, such as {@code income = 5200}. */
        public String label() {
            String valued = value.isEmpty() ? name : name + " = " + value;
            return condition.isEmpty() ? valued : condition;
        }
    }

    /**
     * Reason codes: the features that raised and lowered a score most.
     *
     * @param target what the score is of, in words
     * @param score the score
     * @param up the features with the largest positive contributions, largest first
     * @param down the features with the most negative contributions, largest magnitude first
     * @param complete whether contributions add up to a difference of scores, so that they are amounts of the score
     */
    public record Reasons(String target, double score, List<Feature> up, List<Feature> down, boolean complete) {
        /** Copies the lists. */
        public Reasons {
            up = List.copyOf(up);
            down = List.copyOf(down);
        }

        /**
         * Returns a sentence for each feature, those that raised the score first:
         * {@code income = 5200 raised the score of 'granted' by 0.42.} Where contributions are not amounts of the
         * score, such as gradients: {@code income = 5200 has attribution +0.42 for the score of 'granted'.}
         */
        public List<String> sentences() {
            List<String> sentences = new ArrayList<>();
            up.forEach(feature -> sentences.add(sentence(feature)));
            down.forEach(feature -> sentences.add(sentence(feature)));
            return sentences;
        }

        private String sentence(Feature feature) {
            double contribution = feature.contribution();
            String error = Double.isNaN(feature.standardError()) || feature.standardError() == 0
                    ? ""
                    : " (standard error " + number(feature.standardError()) + ")";
            String amount = number(Math.abs(contribution));
            String sign = contribution < 0 ? "-" : "+";
            return feature.label()
                    + (complete
                            ? (contribution < 0 ? " lowered " : " raised ") + scored() + " by " + amount + error
                            : " has attribution " + sign + amount + error + " for " + scored())
                    + ".";
        }

        private String scored() {
            if (target.equals("output")) {
                return "the output";
            }
            return target.startsWith("index ")
                    ? "output " + target.substring("index ".length())
                    : "the score of " + target;
        }

        private static String number(double value) {
            return String.format(Locale.ROOT, "%.3g", value);
        }
    }
}
