// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.DoubleFunction;
import java.util.stream.IntStream;

/**
 * The smallest amount of an attack that reaches the goal, for each example: a radius, a standard deviation, an angle.
 *
 * <pre>{@code
 * MinimalPerturbation.of(radius -> GradientAttack.pgd(radius), 0.01, 0.3, 0.01)
 *         .attack(model, images, Goal.away(labels));
 * }</pre>
 *
 * <p>Amounts are least + k · step, k = 0, 1, ..., up to and including most. {@link Search#LINEAR} tries them one after
 * the other, and so finds the smallest. {@link Search#BINARY}, the default, halves the range, and finds the same where
 * every amount above a successful one is successful; else an amount that reaches the goal where one step less does not.
 * Each example has its own search; those that ask for one amount are attacked together. Attacks draw the same random
 * numbers at every amount.
 *
 * <p>An example that has reached the goal already has the amount 0. One that reaches it at no amount has NaN and keeps
 * its inputs. {@link Attacked#amounts} has the amounts.
 *
 * <p><b>When it misleads.</b> It is an upper bound: a better attack may need less.
 *
 * <p><b>Cost.</b> That of the attack for each amount tried, at most ⌈log₂(amounts + 1)⌉ of them by {@code BINARY}; two
 * forward rows for each example besides.
 *
 * <p><b>Compared with Captum.</b> {@code MinParamPerturbation}. Captum searches once for a whole batch, until one of
 * its examples is wrong; leaves the largest amount out; adds up steps and their rounding, so that its amounts drift;
 * and divides ranges by floor division of floating numbers, which can lose a step. Its {@code correct_fn} is {@link
 * Goal#reachedWhen}, negated; its {@code num_attempts} are {@link RandomChange#attempts} and {@link
 * GradientAttack#restarts}; what it calls preprocessing belongs into the model.
 *
 * @param <M> what the attack needs of a model
 */
public final class MinimalPerturbation<M extends Model> extends DescribedRecipe<MinimalPerturbation<M>>
        implements Attack<M> {
    /** The order in which amounts are tried. */
    public enum Search {
        /** From the least up. */
        LINEAR,
        /** In the middle of the range that is left. */
        BINARY;

        private static final Kind<Search> KIND = Kind.choice(Search.class);

        /** Returns {@code linear} or {@code binary}. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** An attack for each amount, which provenance shows at the largest. */
    private record Family(DoubleFunction<? extends Attack<?>> attacks, double most) {
        Attack<?> largest() {
            return attacks.apply(most);
        }
    }

    private static final Setting<Family> ATTACK = Setting.required(
            "attack",
            Kind.<Family>of("name of an attack", name -> {
                        throw new IllegalArgumentException("a name is no attack for each amount; give a function");
                    })
                    .said(family -> family.largest().name())
                    .withParts(family -> family.largest().settings()),
            "what changes inputs by an amount; its settings at the largest are attack.NAME");
    private static final Setting<Double> LEAST = Setting.required("least", Kind.NUMBER, "smallest amount");
    private static final Setting<Double> MOST = Setting.required("most", Kind.NUMBER, "largest amount");
    private static final Setting<Double> STEP = Setting.required("step", Kind.NUMBER, "distance of two amounts");
    private static final Setting<Search> SEARCH =
            Setting.of("search", Search.KIND, Search.BINARY, "the order in which amounts are tried");

    private static final Description<MinimalPerturbation<Model>> DESCRIPTION = Description.of(
            "minimal-perturbation",
            Need.METHOD,
            "the smallest amount of an attack that reaches the goal",
            MinimalPerturbation::new,
            ATTACK,
            LEAST,
            MOST,
            STEP,
            SEARCH);

    /** Most amounts: a range with more has a step that is too small. */
    private static final int LARGEST_COUNT = 1 << 20;

    private MinimalPerturbation(Settings<MinimalPerturbation<M>> settings) {
        super(settings);
    }

    /**
     * Returns a search.
     *
     * @param attacks the attack of each amount
     * @param least smallest amount, above 0
     * @param most largest amount, at least {@code least}
     * @param step distance of two amounts, above 0
     */
    @SuppressWarnings("unchecked") // One description is for attacks of any need.
    public static <M extends Model> MinimalPerturbation<M> of(
            DoubleFunction<? extends Attack<M>> attacks, double least, double most, double step) {
        return (MinimalPerturbation<M>) (MinimalPerturbation<?>) DESCRIPTION
                .defaults()
                .with(ATTACK, new Family(attacks, most))
                .with(LEAST, least)
                .with(MOST, most)
                .with(STEP, step)
                .method();
    }

    /** Returns a copy that tries amounts in this order. */
    public MinimalPerturbation<M> search(Search search) {
        return with(SEARCH, search);
    }

    private int count() {
        // A range of 0.3 holds three steps of 0.1, whatever their rounding.
        return (int) Math.floor((value(MOST) - value(LEAST)) / value(STEP) + 1e-9) + 1;
    }

    private double amount(int index) {
        return Math.min(value(MOST), value(LEAST) + index * value(STEP));
    }

    private void check(Problems problems) {
        double least = value(LEAST);
        double most = value(MOST);
        double step = value(STEP);
        boolean ordered = least > 0 && least <= most && step > 0 && Double.isFinite(most);
        problems.require(
                ordered,
                "amounts from " + least + " to " + most + " in steps of " + step
                        + ": must be finite and above 0, the first at most the second");
        problems.require(
                !ordered || (most - least) / step < LARGEST_COUNT,
                "step " + step + ": makes more than " + LARGEST_COUNT + " amounts from " + least + " to " + most
                        + "; choose a larger one");
    }

    @Override
    public Attacked attack(M model, Inputs inputs, Goal goal, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Problems problems = new Problems();
            check(problems);
            Target target = goal.target(inputs.rows(), problems);
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run, problems);
            double[] before = evaluator.scores();
            Goal decided = goal.decided(evaluator.outputs());
            boolean[] reached = decided.reached(evaluator.outputs(), Attacked.each(before.length), before, before);
            Searches searches = new Searches(model, evaluator, decided, reached);
            searches.run();
            List<Tensor> changed = searches.changed();
            Tensor after = evaluator.outputs(evaluator.rowsOf(changed));
            return Attacked.of(evaluator, inputs, decided, changed, after, searches.amounts);
        }
    }

    /** The searches of all examples. */
    private final class Searches {
        private final M model;
        private final Evaluator evaluator;
        private final Goal goal;
        private final boolean[] done;
        /** The largest amount that failed, and the smallest that succeeded, by number. */
        private final int[] failed;

        private final int[] succeeded;
        private final double[] amounts;
        private final List<List<Tensor>> found = new ArrayList<>();

        Searches(M model, Evaluator evaluator, Goal goal, boolean[] reached) {
            this.model = model;
            this.evaluator = evaluator;
            this.goal = goal;
            done = reached.clone();
            failed = new int[done.length];
            succeeded = new int[done.length];
            amounts = new double[done.length];
            Arrays.fill(failed, -1);
            Arrays.fill(succeeded, count());
            List<Tensor> clean = evaluator.inputs().attributed();
            for (int example = 0; example < done.length; example++) {
                int row = example;
                found.add(clean.stream().map(input -> input.rows(row, row + 1)).toList());
                amounts[example] = done[example] ? 0 : Double.NaN;
            }
        }

        void run() {
            Map<Integer, List<Integer>> next = next();
            while (!next.isEmpty()) {
                next.forEach((number, examples) ->
                        attempt(number, examples.stream().mapToLong(i -> i).toArray()));
                next = next();
            }
        }

        /** Returns the numbers of amounts to be tried next, with the examples that ask for them. */
        private Map<Integer, List<Integer>> next() {
            Map<Integer, List<Integer>> next = new TreeMap<>();
            for (int example = 0; example < done.length; example++) {
                if (!done[example] && succeeded[example] - failed[example] > 1) {
                    int number = value(SEARCH) == Search.LINEAR
                            ? failed[example] + 1
                            : (failed[example] + succeeded[example]) >>> 1;
                    next.computeIfAbsent(number, any -> new ArrayList<>()).add(example);
                }
            }
            return next;
        }

        @SuppressWarnings("unchecked") // What is put in as ATTACK are attacks of M.
        private void attempt(int number, long[] examples) {
            Run run = evaluator.run();
            long[] keys = Arrays.stream(examples).map(run::exampleKey).toArray();
            Attack<M> attack = (Attack<M>) value(ATTACK).attacks().apply(amount(number));
            try (TensorScope inner = TensorScope.open();
                    Attacked attacked = attack.attack(
                            model,
                            evaluator.inputs().select(examples),
                            goal.forExamples(examples),
                            run.part(examples.length).exampleKeys(keys).nested())) {
                evaluator.count(attacked.counts());
                attacked.notices().forEach(evaluator::notice);
                boolean[] reached = attacked.reached();
                for (int i = 0; i < examples.length; i++) {
                    int example = (int) examples[i];
                    if (!reached[i]) {
                        failed[example] = number;
                        continue;
                    }
                    succeeded[example] = number;
                    amounts[example] = amount(number);
                    int row = i;
                    found.get(example).forEach(Tensor::close);
                    found.set(
                            example,
                            inner.keepAll(attacked.changed().stream()
                                    .map(input -> input.rows(row, row + 1))
                                    .toList()));
                }
            }
        }

        List<Tensor> changed() {
            return IntStream.range(0, found.get(0).size())
                    .mapToObj(input -> evaluator
                            .inputs()
                            .attributed()
                            .get(input)
                            .tensors()
                            .concat(found.stream().map(row -> row.get(input)).toList(), 0))
                    .toList();
        }
    }
}
