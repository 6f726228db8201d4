// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.Copies.Change;
import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.internal.numeric.Noise;
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
import java.util.List;

/**
 * Changes inputs without looking at gradients: noise, or any function of the inputs. Of several attempts it keeps one
 * that reaches the goal, and among these the best score; a single one, 1 attempt unless set, is kept in any case.
 *
 * <p>What no small change at random does, an attack along gradients may still do: this is how a model behaves on noisy
 * inputs, not at the worst.
 *
 * <p><b>Cost.</b> For each example a forward row for each attempt, and one before.
 */
public final class RandomChange extends DescribedRecipe<RandomChange> implements Attack<Model> {
    /** A change with its name, and what is wrong with it for inputs. */
    private interface Named extends Change {
        default void check(Inputs inputs, Problems problems) {}
    }

    private record Added(String name, Noise noise) implements Named {
        static final long PURPOSE = 0x4A7D;

        @Override
        public Tensor of(Tensor rows, int input, long[] examples, long[] samples, Run run) {
            return noise.addTo(rows, input, examples, samples, run);
        }

        @Override
        public void check(Inputs inputs, Problems problems) {
            noise.check("change " + name, "the size of a change", inputs, problems);
        }

        @Override
        public String toString() {
            return name + ":" + noise;
        }
    }

    private record Given(String name, Change change) implements Named {
        @Override
        public Tensor of(Tensor rows, int input, long[] examples, long[] samples, Run run) {
            return change.of(rows, input, examples, samples, run);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static final Setting<Named> CHANGE = Setting.required(
            "change",
            Kind.of("uniform:RADIUS or normal:STDEV, one for each input: uniform:0.1,0.2", RandomChange::parse),
            "how inputs are changed");
    private static final Setting<Integer> ATTEMPTS =
            Setting.count("attempts", 1, 1, "changes of each example, the best of which counts");
    private static final Setting<Bounds> BOUNDS =
            Setting.of("bounds", Bounds.KIND, Bounds.none(), "least and largest value of an element");

    /** What the attack says of itself. */
    public static final Description<RandomChange> DESCRIPTION = Description.of(
            "random-change",
            Need.FORWARD,
            "changes made without gradients, the best of several attempts",
            RandomChange::new,
            CHANGE,
            ATTEMPTS,
            BOUNDS);

    private RandomChange(Settings<RandomChange> settings) {
        super(settings);
    }

    private static RandomChange of(Named change) {
        return DESCRIPTION.defaults().with(CHANGE, change).method();
    }

    private static Named added(String name, boolean uniform, double... scales) {
        return new Added(name, Noise.of(Added.PURPOSE, uniform, scales));
    }

    private static Named parse(String text) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? "" : text.substring(0, colon).strip();
        if (!name.equals("uniform") && !name.equals("normal")) {
            throw new IllegalArgumentException("must be uniform:RADIUS or normal:STDEV");
        }
        return added(name, name.equals("uniform"), Numbers.of(text.substring(colon + 1)));
    }

    /**
     * Adds independent numbers that are equally likely between −radius and radius.
     *
     * @param radius in the unit of the inputs, 0 or more: one for all attributed inputs, or one for each
     */
    public static RandomChange uniform(double... radius) {
        return of(added("uniform", true, radius));
    }

    /**
     * Adds independent normal numbers.
     *
     * @param stdev in the unit of the inputs, 0 or more: one for all attributed inputs, or one for each
     */
    public static RandomChange normal(double... stdev) {
        return of(added("normal", false, stdev));
    }

    /**
     * Changes inputs by a function, such as {@code Perturbation.uniform(0.1)::change}, a rotation, or a blur.
     *
     * @param name with everything that the function depends on, for provenance
     * @param change row by row; must depend on no row but its own
     */
    public static RandomChange of(String name, Change change) {
        return of(new Given(name, change));
    }

    /** Returns a copy that tries this many changes of each example; at least 1. */
    public RandomChange attempts(int count) {
        return with(ATTEMPTS, count);
    }

    /** Returns a copy that brings changed elements back within bounds; none unless set. */
    public RandomChange bounds(Bounds bounds) {
        return with(BOUNDS, bounds);
    }

    @Override
    public Attacked attack(Model model, Inputs inputs, Goal goal, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Problems problems = new Problems();
            problems.collect(() -> value(CHANGE).check(inputs, problems));
            problems.collect(() -> value(BOUNDS).check(inputs, problems));
            Target target = goal.target(inputs.rows(), problems);
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run, problems);
            int attempts = value(ATTEMPTS);
            evaluator.run().plan((1L + attempts) * evaluator.examples());
            double[] before = evaluator.scores();
            Attempts rows = new Attempts(evaluator);
            Tensor outputs = evaluator.outputs(rows);
            long[] examples = rows.examples(0, rows.count());
            double[] scores = evaluator.target().scores(outputs, examples);
            boolean[] reached = goal.decided(evaluator.outputs()).reached(outputs, examples, scores, before);
            long[] chosen = new long[evaluator.examples()];
            for (int example = 0; example < chosen.length; example++) {
                int best = example * attempts;
                for (int row = best + 1; row < (example + 1) * attempts; row++) {
                    boolean more = goal.rises() ? scores[row] > scores[best] : scores[row] < scores[best];
                    best = reached[row] == reached[best] ? more ? row : best : reached[row] ? row : best;
                }
                chosen[example] = best;
            }
            return Attacked.of(evaluator, inputs, goal, rows.of(chosen), outputs.select(0, chosen), new double[0]);
        }
    }

    /** Row r: attempt r % attempts at example r / attempts. */
    final class Attempts implements Rows {
        private final Evaluator evaluator;
        private final List<Tensor> inputs;
        private final long[] sources;

        Attempts(Evaluator evaluator) {
            this.evaluator = evaluator;
            this.inputs = evaluator.inputs().attributed();
            this.sources = evaluator.sources();
        }

        @Override
        public long count() {
            return (long) evaluator.examples() * value(ATTEMPTS);
        }

        @Override
        public long group() {
            return value(ATTEMPTS);
        }

        @Override
        public long example(long row) {
            return row / value(ATTEMPTS);
        }

        @Override
        public List<Tensor> attributed(long from, long to) {
            long[] numbers = new long[(int) (to - from)];
            for (int r = 0; r < numbers.length; r++) {
                numbers[r] = from + r;
            }
            return of(numbers);
        }

        List<Tensor> of(long[] numbers) {
            long[] examples = new long[numbers.length];
            long[] samples = new long[numbers.length];
            long[] origins = new long[numbers.length];
            for (int r = 0; r < numbers.length; r++) {
                examples[r] = example(numbers[r]);
                samples[r] = numbers[r] % value(ATTEMPTS);
                origins[r] = sources[(int) examples[r]];
            }
            List<Tensor> changed = new ArrayList<>();
            for (int i = 0; i < inputs.size(); i++) {
                Tensor rows = inputs.get(i).select(0, examples);
                changed.add(
                        value(BOUNDS).clamp(value(CHANGE).of(rows, i, examples, samples, evaluator.run()), i, origins));
            }
            return changed;
        }
    }
}
