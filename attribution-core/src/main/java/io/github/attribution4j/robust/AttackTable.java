// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.Provenance;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.status.Experimental;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleBinaryOperator;
import java.util.function.Function;

/** What an {@link AttackComparison} measured: for each attack and measure a value of each example. Immutable. */
@Experimental
public final class AttackTable {
    /** The name of the row of unchanged examples. */
    public static final String ORIGINAL = "original";

    static final List<String> USUAL = List.of("reached", "score", "linf", "l2");

    /**
     * A measure after all attempts of an attack.
     *
     * @param means the mean over the attempts, for each example
     * @param least the least of the attempts, for each example
     * @param largest the largest of the attempts, for each example
     */
    @SuppressWarnings("ArrayRecordComponent") // copied, never compared
    public record Values(double[] means, double[] least, double[] largest) {
        /** Copies the arrays. */
        public Values {
            means = means.clone();
            least = least.clone();
            largest = largest.clone();
        }

        /** Returns the means; a copy. */
        @Override
        public double[] means() {
            return means.clone();
        }

        /** Returns the least; a copy. */
        @Override
        public double[] least() {
            return least.clone();
        }

        /** Returns the largest; a copy. */
        @Override
        public double[] largest() {
            return largest.clone();
        }

        /** Returns the mean over examples and attempts. */
        public double mean() {
            return average(means);
        }

        /** Returns the mean over examples of the least attempt. */
        public double meanOfLeast() {
            return average(least);
        }

        /** Returns the mean over examples of the largest attempt. */
        public double meanOfLargest() {
            return average(largest);
        }

        private static double average(double[] values) {
            return Arrays.stream(values).average().orElse(Double.NaN);
        }

        private static Values of(List<double[]> attempts) {
            double[] first = attempts.get(0);
            double[] sums = fold(attempts, (a, b) -> a + b);
            double[] means =
                    Arrays.stream(sums).map(sum -> sum / attempts.size()).toArray();
            return new Values(
                    attempts.size() == 1 ? first : means, fold(attempts, Math::min), fold(attempts, Math::max));
        }

        private static double[] fold(List<double[]> attempts, DoubleBinaryOperator operator) {
            double[] result = attempts.get(0).clone();
            for (double[] attempt : attempts.subList(1, attempts.size())) {
                Arrays.setAll(result, i -> operator.applyAsDouble(result[i], attempt[i]));
            }
            return result;
        }

        private Values plus(Values more) {
            return new Values(joined(more, v -> v.means), joined(more, v -> v.least), joined(more, v -> v.largest));
        }

        private double[] joined(Values more, Function<Values, double[]> of) {
            double[] left = of.apply(this);
            double[] right = of.apply(more);
            double[] all = Arrays.copyOf(left, left.length + right.length);
            System.arraycopy(right, 0, all, left.length, right.length);
            return all;
        }
    }

    private final Map<String, Map<String, Values>> values;
    private final int examples;
    private final Counts counts;
    private final List<String> notices;
    private final List<Provenance> provenances;

    private AttackTable(
            Map<String, Map<String, Values>> values,
            int examples,
            Counts counts,
            List<String> notices,
            List<Provenance> provenances) {
        this.values = values;
        this.examples = examples;
        this.counts = counts;
        this.notices = List.copyOf(notices);
        this.provenances = List.copyOf(provenances);
    }

    /** Collects attempts. */
    static final class Draft {
        private final int examples;
        private final Map<String, Map<String, List<double[]>>> attempts = new LinkedHashMap<>();

        Draft(int examples) {
            this.examples = examples;
        }

        void add(String attack, Map<String, double[]> measured) {
            Map<String, List<double[]>> own = attempts.computeIfAbsent(attack, any -> new LinkedHashMap<>());
            measured.forEach((name, perExample) ->
                    own.computeIfAbsent(name, any -> new ArrayList<>()).add(perExample));
        }

        AttackTable of(Evaluator evaluator) {
            Map<String, Map<String, Values>> values = new LinkedHashMap<>();
            attempts.forEach((attack, measures) -> {
                Map<String, Values> own = new LinkedHashMap<>();
                measures.forEach((name, all) -> own.put(name, Values.of(all)));
                values.put(attack, Collections.unmodifiableMap(own));
            });
            AttackTable table = new AttackTable(
                    values, examples, evaluator.counts(), evaluator.notices(), List.of(Provenance.of(evaluator)));
            evaluator.run().finished(evaluator.recipe().name());
            return table;
        }
    }

    /** Returns the names of the attacks, {@value #ORIGINAL} first. */
    public List<String> attacks() {
        return List.copyOf(values.keySet());
    }

    /** Returns the names of the measures. */
    public List<String> measures() {
        return List.copyOf(values.values().iterator().next().keySet());
    }

    /**
     * Returns a measure after an attack.
     *
     * @throws IllegalArgumentException if there is none of these names
     */
    public Values of(String attack, String measure) {
        Map<String, Values> own = values.get(attack);
        Values found = own == null ? null : own.get(measure);
        if (found == null) {
            throw new IllegalArgumentException("attack '" + attack + "', measure '" + measure
                    + "': is not in the table of " + attacks() + " and " + measures());
        }
        return found;
    }

    /** Returns how many examples were attacked. */
    public int examples() {
        return examples;
    }

    /** Returns what all attacks cost. */
    public Counts counts() {
        return counts;
    }

    /** Returns the notices of all attacks. */
    public List<String> notices() {
        return notices;
    }

    /** Returns where the table comes from: one provenance for each set of examples that it has. */
    public List<Provenance> provenances() {
        return provenances;
    }

    /**
     * Returns the table of these examples and more, such as those of the next part of a data set.
     *
     * @throws IllegalArgumentException if the other table has other attacks or measures
     */
    public AttackTable plus(AttackTable more) {
        if (!attacks().equals(more.attacks()) || !measures().equals(more.measures())) {
            throw new IllegalArgumentException("table of " + more.attacks() + " and " + more.measures()
                    + ": does not fit that of " + attacks() + " and " + measures());
        }
        Map<String, Map<String, Values>> all = new LinkedHashMap<>();
        values.forEach((attack, own) -> {
            Map<String, Values> joined = new LinkedHashMap<>();
            own.forEach((name, one) -> joined.put(name, one.plus(more.of(attack, name))));
            all.put(attack, Collections.unmodifiableMap(joined));
        });
        Set<String> told = new LinkedHashSet<>(notices);
        told.addAll(more.notices);
        List<Provenance> sources = new ArrayList<>(provenances);
        sources.addAll(more.provenances);
        return new AttackTable(all, examples + more.examples, counts.plus(more.counts), new ArrayList<>(told), sources);
    }

    /** Returns the table as text: for each attack and measure the mean; in brackets the least and largest. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("attack");
        measures().forEach(name -> text.append('\t').append(name));
        values.forEach((attack, own) -> {
            text.append('\n').append(attack);
            own.values().forEach(one -> text.append('\t').append(cell(one)));
        });
        return text.toString();
    }

    private static String cell(Values one) {
        double low = one.meanOfLeast();
        double high = one.meanOfLargest();
        String mean = Numbers.brief(one.mean());
        return low == high ? mean : mean + " [" + Numbers.brief(low) + ", " + Numbers.brief(high) + "]";
    }
}
