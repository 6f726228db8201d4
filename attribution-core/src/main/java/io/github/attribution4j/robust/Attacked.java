// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Provenance;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What an attack did: the changed inputs, the scores before and after, whether the goal was reached, and what it cost.
 *
 * <p>It owns the changed inputs and the outputs; closing it closes them. Arrays returned are copies.
 */
@Experimental
public final class Attacked implements AutoCloseable {
    private final Inputs given;
    private final Goal goal;
    private final List<Tensor> changed;
    private final Tensor outputBefore;
    private final Tensor outputAfter;
    private final double[] before;
    private final double[] after;
    private final double[] amounts;
    private final Counts counts;
    private final Duration elapsed;
    private final List<String> notices;
    private final Provenance provenance;

    private Attacked(
            Evaluator evaluator, Inputs given, Goal goal, List<Tensor> changed, Tensor outputAfter, double[] amounts) {
        this.given = given;
        this.goal = goal.decided(evaluator.outputs());
        this.changed = changed.stream().map(Attacked::own).toList();
        this.outputBefore = own(evaluator.outputs());
        this.outputAfter = own(outputAfter);
        this.before = evaluator.scores();
        this.after = evaluator.target().scores(outputAfter, each(before.length));
        this.amounts = amounts;
        this.counts = evaluator.counts();
        this.elapsed = Duration.ofNanos(evaluator.run().elapsedNanos());
        this.notices = evaluator.notices();
        this.provenance = Provenance.of(evaluator);
        evaluator.run().finished(evaluator.recipe().name());
    }

    private static Tensor own(Tensor tensor) {
        return TensorScope.release(tensor.alias());
    }

    /**
     * Makes the result of an attack, and runs the model at the changed inputs for it: one forward row for each example.
     *
     * @param evaluator was started with the goal's {@linkplain Goal#target target}
     * @param given the inputs as the user gave them
     * @param changed the changed attributed inputs, axis 0 counts examples; copied
     */
    public static Attacked of(Evaluator evaluator, Inputs given, Goal goal, List<Tensor> changed) {
        return of(evaluator, given, goal, changed, evaluator.outputs(evaluator.rowsOf(changed)), new double[0]);
    }

    static Attacked of(
            Evaluator evaluator, Inputs given, Goal goal, List<Tensor> changed, Tensor after, double[] amounts) {
        return new Attacked(evaluator, given, goal, changed, after, amounts);
    }

    static long[] each(int examples) {
        long[] rows = new long[examples];
        Arrays.setAll(rows, row -> row);
        return rows;
    }

    /** Returns the name of the attack. */
    public String attack() {
        return provenance.method();
    }

    /** Returns the goal, with the classes decided that the model had before. */
    public Goal goal() {
        return goal;
    }

    /** Returns the changed attributed inputs in order, axis 0 counts examples. */
    public List<Tensor> changed() {
        return changed;
    }

    /** Returns the inputs of the request with the attributed ones changed. New tensors belong to the current scope. */
    public Inputs inputs() {
        return given.withAttributed(changed);
    }

    /** Returns the score of each example before: what the goal raises or lowers. */
    public double[] scoresBefore() {
        return before.clone();
    }

    /** Returns the score of each example after. */
    public double[] scores() {
        return after.clone();
    }

    /** Returns the model's output before, axis 0 counts examples. */
    public Tensor outputBefore() {
        return outputBefore;
    }

    /** Returns the model's output after, axis 0 counts examples. */
    public Tensor output() {
        return outputAfter;
    }

    /** Returns for each example whether the goal is reached. */
    public boolean[] reached() {
        return goal.reached(outputAfter, each(after.length), after, before);
    }

    /** Returns for each example whether the goal was reached before anything was changed. */
    public boolean[] reachedBefore() {
        return goal.reached(outputBefore, each(before.length), before, before);
    }

    /** Returns the share of the examples that have reached the goal. */
    public double rate() {
        boolean[] reached = reached();
        int count = 0;
        for (boolean one : reached) {
            count += one ? 1 : 0;
        }
        return (double) count / reached.length;
    }

    /** Returns the size of each example's change, over all attributed inputs together. */
    public double[] distances(Norm norm) {
        double[] distances = new double[after.length];
        try (TensorScope scope = TensorScope.open()) {
            List<double[]> changes = new ArrayList<>();
            List<Tensor> clean = given.attributed();
            for (int i = 0; i < changed.size(); i++) {
                Tensor there = changed.get(i);
                changes.add(there.sub(there.tensors().bring(clean.get(i))).toDoubleArray());
            }
            for (int example = 0; example < distances.length; example++) {
                double[] perInput = new double[changes.size()];
                for (int i = 0; i < perInput.length; i++) {
                    double[] all = changes.get(i);
                    int size = all.length / distances.length;
                    perInput[i] = norm.of(Arrays.copyOfRange(all, example * size, (example + 1) * size));
                }
                distances[example] = norm.of(perInput);
            }
        }
        return distances;
    }

    /**
     * Returns for each example the smallest amount at which the goal was reached, by a search for it: 0 if the goal was
     * reached before, and NaN if at no amount. Empty for other attacks.
     */
    public double[] amounts() {
        return amounts.clone();
    }

    /**
     * Explains the inputs before and after.
     *
     * @param model that was attacked
     * @param method explains both
     * @param target the score; {@code argmax} is the class before, in both explanations
     * @param run for each of the two
     */
    public <M extends Model> Explained explain(M model, Attribution<? super M> method, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Run started = run.started();
            Explanation first = method.attribute(model, given, target, started);
            try {
                Target decided = method.ownScore().isPresent() ? target : target.resolve(outputBefore);
                return new Explained(first, method.attribute(model, inputs(), decided, started));
            } catch (RuntimeException | Error e) {
                first.close();
                throw e;
            }
        }
    }

    /** Returns what the attack cost. */
    public Counts counts() {
        return counts;
    }

    /** Returns the wall time. */
    public Duration elapsed() {
        return elapsed;
    }

    /** Returns the notices. */
    public List<String> notices() {
        return notices;
    }

    /** Returns where the result comes from: the attack is its {@link Provenance#method}. */
    public Provenance provenance() {
        return provenance;
    }

    /** Closes the changed inputs and the outputs. Idempotent. */
    @Override
    public void close() {
        changed.forEach(Tensor::close);
        outputBefore.close();
        outputAfter.close();
    }

    /** Returns the attack, the goal, and how often it was reached. */
    @Override
    public String toString() {
        return attack() + " " + goal + ": reached in " + Math.round(rate() * after.length) + " of " + after.length
                + " examples";
    }

    /**
     * Two explanations of each example, owned by the caller.
     *
     * @param before of the inputs as given
     * @param after of the changed inputs, for the same score
     */
    public record Explained(Explanation before, Explanation after) implements AutoCloseable {
        /** Closes both. */
        @Override
        public void close() {
            before.close();
            after.close();
        }
    }
}
