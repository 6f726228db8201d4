// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What the attributions of many examples have in common: for each feature count, mean, mean magnitude, variance,
 * smallest and largest, over all examples and for each class.
 *
 * <pre>{@code
 * SummaryStatistics statistics = new SummaryStatistics();
 * for (Inputs batch : batches) {
 *     try (Explanation why = method.attribute(model, batch, target)) {
 *         statistics.add(why);
 *     }
 * }
 * List<SummaryStatistics.Feature> important = statistics.ranked();
 * }</pre>
 *
 * <p>One pass over the examples, none of which is kept: memory is six numbers for each feature and group, whatever
 * the number of examples. Means and variances are updated by differences from the mean (Welford, 1962) and merged by
 * the formula of Chan, Golub and LeVeque (1983), so that a large mean does not hide a small variance. Parts may be
 * summed up side by side and {@link #merge merged}: the result agrees to rounding in any order, and exactly for counts,
 * smallest and largest.
 *
 * <p>Captum's {@code Summarizer} and {@code ClassSummarizer} hold the same statistics of tensors without names; their
 * {@code Var(order=1)} is {@link Feature#variance}, and they have no mean magnitude.
 *
 * <p>Not thread-safe; give each thread one of its own. Serializable, so that parts of a cluster can send theirs to be
 * merged; for nothing that is kept, since the form changes with the library.
 */
@SuppressWarnings("serial") // The lists and maps here are serializable; javac from 18 on asks it of the interfaces.
public final class SummaryStatistics implements Serializable {
    private static final long serialVersionUID = 1L;

    private List<String> names;
    private final Map<String, SummaryStatistics> groups = new LinkedHashMap<>();
    private long examples;
    private long[] counts = new long[0];
    private double[] means = new double[0];
    private double[] squares = new double[0];
    private double[] magnitudes = new double[0];
    private double[] smallest = new double[0];
    private double[] largest = new double[0];

    /** Creates statistics without examples. The first explanation says which features there are. */
    public SummaryStatistics() {
        names = List.of();
    }

    /**
     * Creates statistics without examples.
     *
     * @param features names, one for each
     * @throws IllegalArgumentException if there are none
     */
    public SummaryStatistics(List<String> features) {
        if (features.isEmpty()) {
            throw new IllegalArgumentException("features: none; give the name of each");
        }
        names = List.copyOf(features);
        allocate();
    }

    private void allocate() {
        int size = names.size();
        counts = new long[size];
        means = new double[size];
        squares = new double[size];
        magnitudes = new double[size];
        smallest = new double[size];
        largest = new double[size];
        Arrays.fill(smallest, Double.POSITIVE_INFINITY);
        Arrays.fill(largest, Double.NEGATIVE_INFINITY);
    }

    /**
     * Adds the attributions of all examples, each in the group of its target in words ({@link Explanation#target}).
     *
     * @param explanation read, not closed
     * @throws IllegalArgumentException if its features are not those of the examples before
     */
    public void add(Explanation explanation) {
        int size = explanation.scores().length;
        for (int example = 0; example < size; example++) {
            Features features = explanation.features(example);
            List<String> own =
                    IntStream.range(0, features.size()).mapToObj(features::name).toList();
            add(own, features.contributions(), explanation.target(example));
        }
    }

    private void add(List<String> own, double[] values, String group) {
        if (names.isEmpty()) {
            names = own;
            allocate();
        }
        if (!names.equals(own)) {
            throw new IllegalArgumentException("explanation: its features " + brief(own)
                    + " are not those of the examples before, " + brief(names)
                    + "; sum up examples that have the same features in the same order");
        }
        add(values, group);
    }

    private static String brief(List<String> names) {
        return names.size() <= 4 ? names.toString() : names.subList(0, 4) + " and " + (names.size() - 4) + " more";
    }

    /**
     * Adds one example, in no group.
     *
     * @param values one for each feature; NaN where it is missing, which counts nowhere
     * @throws IllegalArgumentException if their number is not that of the features, or one is infinite
     */
    public void add(double[] values) {
        if (values.length != names.size() || values.length == 0) {
            throw new IllegalArgumentException(
                    "values: " + values.length + " for " + names.size() + " features; give one for each");
        }
        for (int i = 0; i < values.length; i++) {
            if (Double.isInfinite(values[i])) {
                throw new IllegalArgumentException("values[" + i + "]: " + values[i] + " of feature '" + names.get(i)
                        + "'; values must be finite, or NaN where they are missing");
            }
        }
        examples++;
        for (int i = 0; i < values.length; i++) {
            double value = values[i];
            if (!Double.isNaN(value)) {
                long count = ++counts[i];
                double before = value - means[i];
                means[i] += before / count;
                squares[i] += before * (value - means[i]);
                magnitudes[i] += (Math.abs(value) - magnitudes[i]) / count;
                smallest[i] = Math.min(smallest[i], value);
                largest[i] = Math.max(largest[i], value);
            }
        }
    }

    /**
     * Adds one example.
     *
     * @param values one for each feature; NaN where it is missing, which counts nowhere
     * @param group the example's class, or cohort
     * @throws IllegalArgumentException if their number is not that of the features, or one is infinite
     */
    public void add(double[] values, String group) {
        Objects.requireNonNull(group, "group: null; leave it out if there is none");
        add(values);
        groups.computeIfAbsent(group, name -> new SummaryStatistics(names)).add(values);
    }

    /**
     * Adds all examples of others, and of their groups. Groups that are new here follow those that are not.
     *
     * @param other not changed
     * @throws IllegalArgumentException if its features differ
     */
    public void merge(SummaryStatistics other) {
        if (other.names.isEmpty()) {
            return;
        }
        if (names.isEmpty()) {
            names = other.names;
            allocate();
        }
        if (!names.equals(other.names)) {
            throw new IllegalArgumentException("other: its features " + brief(other.names) + " are not " + brief(names)
                    + "; merge statistics of the same features in the same order");
        }
        // A copy of the other's groups, so that an object can be merged with itself.
        Map<String, SummaryStatistics> added = new LinkedHashMap<>(other.groups);
        for (int i = 0; i < counts.length; i++) {
            mergeFeature(other, i);
        }
        examples += other.examples;
        added.forEach((name, group) -> groups.computeIfAbsent(name, absent -> new SummaryStatistics(names))
                .merge(group));
    }

    private void mergeFeature(SummaryStatistics other, int i) {
        if (other.counts[i] == 0) {
            return;
        }
        long count = counts[i] + other.counts[i];
        double share = (double) other.counts[i] / count;
        double apart = other.means[i] - means[i];
        squares[i] += other.squares[i] + apart * apart * share * counts[i];
        means[i] += apart * share;
        magnitudes[i] += (other.magnitudes[i] - magnitudes[i]) * share;
        smallest[i] = Math.min(smallest[i], other.smallest[i]);
        largest[i] = Math.max(largest[i], other.largest[i]);
        counts[i] = count;
    }

    /** Returns how many examples there are. */
    public long examples() {
        return examples;
    }

    /** Returns the names of the features; none before the first explanation. */
    public List<String> names() {
        return names;
    }

    /** Returns the statistics of all features, in their order. */
    public List<Feature> features() {
        List<Feature> features = new ArrayList<>();
        for (int i = 0; i < counts.length; i++) {
            boolean none = counts[i] == 0;
            features.add(new Feature(
                    i,
                    names.get(i),
                    counts[i],
                    none ? Double.NaN : means[i],
                    none ? Double.NaN : magnitudes[i],
                    counts[i] < 2 ? Double.NaN : squares[i] / (counts[i] - 1),
                    none ? Double.NaN : smallest[i],
                    none ? Double.NaN : largest[i]));
        }
        return features;
    }

    /** Returns the statistics of all features, the largest mean magnitude first; ties keep their order. */
    public List<Feature> ranked() {
        List<Feature> ranked = new ArrayList<>(features());
        ranked.sort(Comparator.comparingDouble(
                (Feature feature) -> feature.count() == 0 ? Double.POSITIVE_INFINITY : -feature.meanMagnitude()));
        return ranked;
    }

    /** Returns the names of the groups, in the order of their first examples. */
    public List<String> groups() {
        return List.copyOf(groups.keySet());
    }

    /**
     * Returns the statistics of one group; they grow with this object.
     *
     * @throws IllegalArgumentException if there is no such group
     */
    public SummaryStatistics group(String name) {
        @Nullable SummaryStatistics group = groups.get(name);
        if (group == null) {
            throw new IllegalArgumentException("group '" + name + "': no example is in it; there are "
                    + Collections.unmodifiableSet(groups.keySet()));
        }
        return group;
    }

    /** Returns the numbers of examples, features and groups. */
    @Override
    public String toString() {
        return "SummaryStatistics[" + examples + " examples, " + names.size() + " features, " + groups.size()
                + " groups]";
    }

    /**
     * The statistics of one feature. All but {@code index}, {@code name} and {@code count} are NaN without any value.
     *
     * @param index its place among the features
     * @param name its name
     * @param count how many examples have a value of it
     * @param mean of the values
     * @param meanMagnitude mean of the absolute values, by which features are called important
     * @param variance sum of the squared differences from the mean, divided by {@code count} − 1; NaN for fewer than 2
     * @param min the smallest
     * @param max the largest
     */
    public record Feature(
            int index,
            String name,
            long count,
            double mean,
            double meanMagnitude,
            double variance,
            double min,
            double max) {
        /** Returns the square root of the variance. */
        public double standardDeviation() {
            return Math.sqrt(variance);
        }
    }
}
