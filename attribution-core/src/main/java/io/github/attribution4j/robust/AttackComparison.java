// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Several attacks on the same examples, side by side.
 *
 * <pre>{@code
 * new AttackComparison<DifferentiableModel>()
 *         .with("fgsm", GradientAttack.fgsm(0.03))
 *         .with("noise", RandomChange.uniform(0.03), 5)
 *         .measure("second class", (example, output) -> output[1])
 *         .compare(model, images, Goal.away(labels), run);
 * }</pre>
 *
 * <p>Measures are taken of each example after each attack, and of the unchanged examples, which are the attack {@value
 * AttackTable#ORIGINAL}: {@code reached}, 1 where the goal is reached, else 0; {@code score}, that of the goal; {@code
 * linf} and {@code l2}, the sizes of the change; and those added. Attempts of an attack, each with random numbers of
 * its own, have a mean, a least and a largest value for each example. Attempt 0 is the attack as it would be alone.
 *
 * <p><b>Cost.</b> That of all attempts, and a forward row for each example.
 *
 * <p><b>Compared with Captum.</b> {@code AttackComparator}: its metric is {@link #measure}, its {@code summary} of
 * several batches is {@link AttackTable#plus}, in which each example counts the same; Captum counts each batch the
 * same, however small. What it calls preprocessing belongs into the model.
 *
 * @param <M> what the attacks need of a model
 */
@Experimental
public final class AttackComparison<M extends Model> implements Evaluator.Recipe {
    /** A measure of the model's output for an example. */
    @FunctionalInterface
    public interface Measure {
        /**
         * Returns it.
         *
         * @param example number of the example in the request
         * @param output its row of the model's output, row-major
         */
        double of(int example, double[] output);
    }

    private record Entry<M extends Model>(Attack<? super M> attack, int attempts) {
        @Override
        public String toString() {
            return attack + (attempts == 1 ? "" : ", " + attempts + " attempts");
        }
    }

    private static final long PURPOSE = 0xC034;

    private final Map<String, Entry<M>> attacks;
    private final Map<String, Measure> measures;

    /** Creates a comparison of no attacks. */
    public AttackComparison() {
        this(Map.of(), Map.of());
    }

    private AttackComparison(Map<String, Entry<M>> attacks, Map<String, Measure> measures) {
        this.attacks = attacks;
        this.measures = measures;
    }

    /** Returns a copy with one more attack, tried once. */
    public AttackComparison<M> with(String name, Attack<? super M> attack) {
        return with(name, attack, 1);
    }

    /**
     * Returns a copy with one more attack.
     *
     * @param name its own
     * @param attempts how often it is tried, at least 1; more than one for attacks that draw random numbers
     */
    public AttackComparison<M> with(String name, Attack<? super M> attack, int attempts) {
        if (attempts < 1) {
            throw new IllegalArgumentException("attempts " + attempts + " of " + name + ": must be at least 1");
        }
        return new AttackComparison<>(
                added("attack", attacks, List.of(AttackTable.ORIGINAL), name, new Entry<>(attack, attempts)), measures);
    }

    /** Returns a copy that takes one more measure, of this name. */
    public AttackComparison<M> measure(String name, Measure measure) {
        return new AttackComparison<>(attacks, added("measure", measures, AttackTable.USUAL, name, measure));
    }

    private static <T> Map<String, T> added(
            String what, Map<String, T> map, List<String> reserved, String name, T value) {
        if (name.isBlank() || map.containsKey(name) || reserved.contains(name)) {
            throw new IllegalArgumentException(
                    what + " '" + name + "': is blank or there already; give each a name of its own");
        }
        Map<String, T> all = new LinkedHashMap<>(map);
        all.put(name, value);
        return Collections.unmodifiableMap(all);
    }

    @Override
    public String name() {
        return "attack-comparison";
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>(attacks);
        settings.put("measures", List.copyOf(measures.keySet()));
        return settings;
    }

    @Override
    public Need need() {
        return Need.METHOD;
    }

    /**
     * Attacks, and takes the measures.
     *
     * @param model not changed
     * @param inputs not changed, not closed
     * @param run seed, batching, deadline, progress of all attacks together
     * @throws io.github.attribution4j.run.InvalidRequestException and others as {@link Attack#attack}
     */
    public AttackTable compare(M model, Inputs inputs, Goal goal, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Problems problems = new Problems();
            problems.require(!attacks.isEmpty(), "attacks: none given; add one with with(name, attack)");
            Target target = goal.target(inputs.rows(), problems);
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run, problems);
            int examples = evaluator.examples();
            long attempts = attacks.values().stream().mapToLong(Entry::attempts).sum();
            evaluator.run().plan((1 + attempts) * examples);
            double[] before = evaluator.scores();
            Goal decided = goal.decided(evaluator.outputs());
            AttackTable.Draft table = new AttackTable.Draft(examples);
            table.add(
                    AttackTable.ORIGINAL,
                    values(
                            evaluator.outputs(),
                            decided.reached(evaluator.outputs(), Attacked.each(examples), before, before),
                            before,
                            new double[examples],
                            new double[examples]));
            attacks.forEach((name, entry) -> {
                for (int attempt = 0; attempt < entry.attempts(); attempt++) {
                    Run own = attempt(evaluator, attempt);
                    try (TensorScope inner = TensorScope.open();
                            Attacked attacked = entry.attack().attack(model, evaluator.inputs(), decided, own)) {
                        evaluator.count(attacked.counts());
                        attacked.notices().forEach(evaluator::notice);
                        table.add(
                                name,
                                values(
                                        attacked.output(),
                                        attacked.reached(),
                                        attacked.scores(),
                                        attacked.distances(Norm.LINF),
                                        attacked.distances(Norm.L2)));
                    }
                }
            });
            return table.of(evaluator);
        }
    }

    private static Run attempt(Evaluator evaluator, int attempt) {
        Run run = evaluator.run();
        long[] keys = new long[evaluator.examples()];
        for (int example = 0; example < keys.length; example++) {
            long key = run.exampleKey(example);
            keys[example] = attempt == 0 ? key : RandomStream.hash(PURPOSE, key, attempt);
        }
        return run.part(keys.length).exampleKeys(keys).nested();
    }

    private Map<String, double[]> values(
            Tensor output, boolean[] reached, double[] scores, double[] largest, double[] lengths) {
        Map<String, double[]> values = new LinkedHashMap<>();
        double[] counted = new double[reached.length];
        for (int example = 0; example < reached.length; example++) {
            counted[example] = reached[example] ? 1 : 0;
        }
        List<double[]> usual = new ArrayList<>(List.of(counted, scores, largest, lengths));
        AttackTable.USUAL.forEach(name -> values.put(name, usual.remove(0)));
        if (!measures.isEmpty()) {
            double[][] rows = OwnClassTarget.rows(output);
            measures.forEach((name, measure) -> {
                double[] measured = new double[rows.length];
                for (int example = 0; example < rows.length; example++) {
                    measured[example] = measure.of(example, rows[example]);
                }
                values.put(name, measured);
            });
        }
        return values;
    }

    /** Returns the attacks and measures. */
    @Override
    public String toString() {
        return name() + " " + settings();
    }
}
