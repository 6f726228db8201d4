// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.evaluation.Rows.Collected;
import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The one place that runs models. It validates requests, copies inputs to the model's device, repeats fixed inputs,
 * divides the rows of a method into micro-batches, makes smaller ones when memory runs out, checks the deadline,
 * reports progress, counts rows, checks results, and records provenance.
 *
 * <p>A method opens one at the start of {@code attribute}, inside a {@link TensorScope}, on the thread that computes:
 *
 * <pre>{@code
 * try (TensorScope scope = TensorScope.open()) {
 *     Evaluator evaluator = Evaluator.start(this, model, inputs, target, run);
 *     evaluator.gradients(rows, part -> ...);
 *     return Explanation.of(evaluator, attributions);
 * }
 * }</pre>
 */
@Experimental
public final class Evaluator {
    /**
     * Opens runs that an {@link Evaluator} goes back through, if they are not pullbacks of the model: runs of a copy
     * with rules, with references, or at a cut.
     */
    @FunctionalInterface
    public interface Source {
        /**
         * Runs rows forward so that the run can go back.
         *
         * @param rows inputs of a batch
         * @param from number of the first row among all rows
         * @param to number after the last row
         * @return the run, closed by the caller
         */
        BackwardRun open(Inputs rows, long from, long to);

        /**
         * Returns what goes back from the output.
         *
         * @param output the run's output
         * @param gradient the gradient of the target's score with respect to the output, which is returned unless
         *     overridden
         */
        default Tensor cotangent(Tensor output, Tensor gradient) {
            return gradient;
        }
    }

    /**
     * The results of a range of rows. Ranges come in order and without gaps, split as in {@link Rows#group()}.
     *
     * @param batch owns these tensors and those computed from them, and ends after the part is used;
     *     {@link TensorScope#keep} keeps tensors for longer
     * @param from first row, inclusive
     * @param to last row, exclusive
     * @param scores the target's score of each row
     * @param activations for each point of a cut its value, axis 0 counts the rows; empty if gradients are those
     *     of inputs
     * @param gradients for each point of the cut, or each attributed input, the gradient of the score, axis 0 counts
     *     the rows
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared, and gone with the batch
    public record Part(
            TensorScope batch, long from, long to, double[] scores, List<Tensor> activations, List<Tensor> gradients) {}

    private final Recipe recipe;
    private final Model model;
    private final Inputs inputs;
    private final Run run;
    private final Batches batches;
    private final Scoring scoring;

    private List<String> digests = List.of();

    private Evaluator(Recipe recipe, Model model, Inputs inputs, Target target, Run run) {
        this.recipe = recipe;
        this.model = model;
        this.inputs = inputs;
        this.batches = new Batches(recipe.name(), model, inputs, run);
        this.run = run.paidBy(batches::count);
        this.scoring = new Scoring(recipe, model, inputs, target, this.run, batches);
    }

    /**
     * Starts a computation: starts the run's clock, and makes all checks that need no run of the model.
     *
     * @param recipe the method, or anything else that is computed
     * @param checks additional checks, such as those of baselines and masks, reported together with the others
     * @throws InvalidRequestException listing all that is wrong
     */
    @SafeVarargs
    public static Evaluator start(
            Recipe recipe, Model model, Inputs inputs, Target target, Run run, Consumer<Problems>... checks) {
        Run started = run.started();
        Problems own = new Problems();
        for (Consumer<Problems> check : checks) {
            own.collect(() -> check.accept(own));
        }
        return start(recipe, model, inputs, target, started, own);
    }

    /**
     * Starts a computation for a method that has made its own checks before, to use what they returned.
     *
     * @param recipe the method, or anything else that is computed
     * @param own the problems that its checks found
     * @throws InvalidRequestException listing all that is wrong
     */
    public static Evaluator start(Recipe recipe, Model model, Inputs inputs, Target target, Run run, Problems own) {
        Run started = run.started();
        Problems problems = new Problems();
        problems.require(
                !inputs.attributed().isEmpty(),
                "inputs: none is attributed; mark one with Inputs.attribute(name, tensor)");
        List<String> digests = InputChecks.digests(recipe, inputs, run.isNested(), problems);
        if (recipe.need() == Need.GRADIENTS) {
            InputChecks.requireFloating(model, inputs, problems);
        }
        recipe.checkSettings(problems);
        problems.addAll(own);
        problems.throwIfAny();
        started.check(recipe.name(), 0, inputs.rows());
        Evaluator evaluator = new Evaluator(recipe, model, inputs.on(model.tensors()), target, started);
        evaluator.digests = digests;
        InputChecks.doubts(model, run.isNested()).forEach(evaluator::notice);
        return evaluator;
    }

    /** Returns the recipe. */
    public Recipe recipe() {
        return recipe;
    }

    /** Returns the model. */
    public Model model() {
        return model;
    }

    /** Returns the inputs, on the model's device. */
    public Inputs inputs() {
        return inputs;
    }

    /** Returns the run, with its clock started. Rows counted in it count in this evaluation. */
    public Run run() {
        return run;
    }

    /** Returns the number of examples. */
    public int examples() {
        return Math.toIntExact(inputs.rows());
    }

    /** Returns the cost so far. */
    public Counts counts() {
        return batches.counts();
    }

    /** Adds the cost of another evaluation made for this one. */
    public void count(Counts elsewhere) {
        batches.count(elsewhere);
    }

    /** Adds cost and notices of another evaluation made for this one. */
    public void countAll(Evaluator elsewhere) {
        count(elsewhere.counts());
        elsewhere.notices().forEach(this::notice);
    }

    /**
     * Returns an evaluation that is a part of another one: nothing is checked, no progress is reported, and there is no
     * target. Add its {@link #counts} to the outer run.
     *
     * @param recipe the method, or anything else that is computed
     */
    public static Evaluator onBehalf(Recipe recipe, Model model, Inputs inputs, Run run) {
        return new Evaluator(recipe, model, inputs, Target.slice(), run.quiet());
    }

    /** Returns the model's output for each of some rows, owned by the current scope. */
    public Tensor outputs(Rows rows) {
        return batches.outputs(rows);
    }

    /**
     * Returns the notice about a large completeness gap, with the causes that the model reports; empty if no gap
     * is large.
     *
     * @param gap for each example
     * @param change of the score, for each example
     */
    public String largeGap(double[] gap, double[] change, List<Tensor> attributions) {
        return CompletenessNotice.of(gap, change, attributions, recipe.settings(), this::gradientLosses);
    }

    /** Adds a notice; equal ones are added once. */
    public void notice(String notice) {
        batches.notice(notice);
    }

    /** Where the model loses gradients, as far as it reports them. */
    public List<String> gradientLosses() {
        return model.gradientLosses();
    }

    /** Returns the notices. */
    public List<String> notices() {
        return batches.notices();
    }

    /**
     * Starts the evaluation of a part of the model, or of other rows, as a step of this one: with the same method and
     * run, without repeating checks, and without separate progress. Add its cost with {@link #countAll}.
     */
    public Evaluator step(Model part, Inputs partInputs, Target partTarget) {
        return new Evaluator(recipe, part, partInputs, partTarget, run.quiet());
    }

    /**
     * Returns rows of the tail of this model's cut: the activations for given rows of the inputs. They are computed, in
     * separate batches, when they are used.
     */
    public Rows through(Cut cut, Rows rows) {
        return new PushedRows(batches, cut, rows);
    }

    /**
     * Returns the model's output at the explained inputs, shape {@code (examples, ...)}, computed once; owned by this
     * evaluation.
     */
    public Tensor outputs() {
        return scoring.outputs();
    }

    /**
     * Returns the type of attributions of an input: that of the input if it is floating; else float64 if the output is
     * float64, and float32 if not.
     */
    public DataType attributionType(Tensor input) {
        boolean wide = !input.dataType().isFloating() && outputs().dataType() == DataType.FLOAT64;
        return input.dataType().isFloating() ? input.dataType() : wide ? DataType.FLOAT64 : DataType.FLOAT32;
    }

    /** Returns the target's score at each explained example, computed once. Decides the target. */
    public double[] scores() {
        return scoring.scores();
    }

    /** Returns the target after argmax is replaced by the classes found. */
    public Target target() {
        return scoring.target();
    }

    /** Returns the target's score of each row. */
    public double[] scores(Rows rows) {
        return scoring.scores(rows);
    }

    /**
     * Returns the target's score at each example's reference. If the explained inputs were not evaluated before, they
     * are evaluated in the same calls. A reference that is the same for all examples is evaluated once.
     *
     * @param references for each attributed input a tensor with a row for each example, or with one row for all
     */
    public double[] scoresAt(List<Tensor> references) {
        return scoring.at(references);
    }

    /**
     * Returns what {@link #scoresAt} returns, at no further cost if the runs of {@link #propagateAtInputs} compared
     * with the references and have their outputs.
     *
     * @param references that the runs compared with
     */
    public double[] scoresAtCompared(List<Tensor> references) {
        return scoring.atCompared(references);
    }

    /**
     * Takes the gradient of the target's score of each row, with respect to each attributed input.
     *
     * @param rows the rows
     * @param sink takes the gradients, in order
     * @throws io.github.attribution4j.model.UnsupportedModelException if the model cannot be differentiated
     */
    public void gradients(Rows rows, Consumer<Part> sink) {
        scoring.differentiate(rows, this::open, sink);
    }

    /**
     * Takes the gradient at the explained inputs themselves, one row for each example, and with it {@link #scores()} at
     * no further cost.
     */
    public void gradientsAtInputs(Consumer<Part> sink) {
        scoring.differentiateAtInputs(this::open, sink);
    }

    /**
     * Returns for each attributed input the gradient of each example, as {@link #gradientsAtInputs(Consumer)} takes it.
     */
    public List<Tensor> gradientsAtInputs() {
        Collected gradients = new Collected();
        gradientsAtInputs(part -> gradients.add(part, part.gradients()));
        return gradients.joined();
    }

    /**
     * Takes, for each row of inputs, the values at a cut of the model and the gradient of the target's score with
     * respect to them: one forward run for each row, and a backward run that ends at the cut. Fixed inputs are those of
     * the row's example. Attributed inputs are those of the row, also where they bypass the cut.
     *
     * @param cut a cut of this evaluation's model
     * @param rows the rows, in the space of the model's inputs
     * @param sink takes activations and gradients, in order
     */
    public void layerGradients(Cut cut, Rows rows, Consumer<Part> sink) {
        scoring.differentiate(rows, at(cut), sink);
    }

    /**
     * Takes values and gradients at a cut for the explained inputs themselves, one row for each example, and with them
     * {@link #scores()} at no further cost.
     */
    public void layerGradientsAtInputs(Cut cut, Consumer<Part> sink) {
        scoring.differentiateAtInputs(at(cut), sink);
    }

    /**
     * Takes, for each row, what comes back from other runs than the model's: those of a copy of this evaluation's
     * model, which computes the same values. Each row counts as a forward and a backward row.
     *
     * @param source opens the runs of a batch
     * @param rows the rows, in the space of the model's inputs
     * @param sink takes in order what comes back, with activations if the runs have any
     */
    public void propagate(Source source, Rows rows, Consumer<Part> sink) {
        scoring.differentiate(rows, source, sink);
    }

    /**
     * Does the same as {@link #propagate} for the explained inputs, one row for each example, and gives
     * {@link #scores()} at no further cost.
     */
    public void propagateAtInputs(Source source, Consumer<Part> sink) {
        scoring.differentiateAtInputs(source, sink);
    }

    /**
     * Returns the values at a cut of the model for each row of inputs: one forward run for each row. A value that the
     * model computes once for all rows, such as the vectors of positions, is repeated for each.
     *
     * @return for each point of the cut a tensor, axis 0 counts the rows
     */
    public List<Tensor> activations(Cut cut, Rows rows) {
        return batches.activations(cut, rows);
    }

    /** Returns the values at a cut for the explained inputs, row = example. */
    public List<Tensor> activationsAtInputs(Cut cut) {
        return activations(cut, rowsOf(inputs.attributed()));
    }

    private static Source at(Cut cut) {
        return (rows, from, to) -> cut.pullback(rows);
    }

    private Pullback open(Inputs rows, long from, long to) {
        inputs.requireDifferentiable();
        return ((DifferentiableModel) model).pullback(rows);
    }

    /** Returns rows made of given tensors, row = example; tensors of one row are used for all examples. */
    public Rows rowsOf(List<Tensor> attributed) {
        return new TensorRows(attributed, inputs.rows());
    }

    /** Returns for each row of the inputs its example in the request. */
    public long[] sources() {
        long[] sources = new long[examples()];
        Arrays.setAll(sources, row -> inputs.source(row));
        return sources;
    }

    /** Returns names of the model's classes, if they were given with the target. */
    public List<String> classes() {
        return scoring.asked().classes();
    }

    /** Returns the explained score in words: one text for all examples, or one for each. */
    public List<String> words() {
        return target().words(classes());
    }

    /** Returns the digests of the inputs, in order; empty for a computation inside another. */
    public List<String> digests() {
        return digests;
    }

    /** Returns the recipe and the inputs in words. */
    @Override
    public String toString() {
        return "Evaluator[" + recipe.name() + ", " + inputs + "]";
    }

    /**
     * Name and settings of a computation that runs a model: a method, or anything else, such as a view of layers. The
     * evaluator uses nothing else of it. Messages and provenance name it.
     */
    public interface Recipe {
        /** Returns the name in lower case with hyphens, such as {@code integrated-gradients}. */
        String name();

        /** Returns every setting by name, in a fixed order, with values whose {@code toString} is complete. */
        Map<String, Object> settings();

        /**
         * Returns what is needed of a model. {@link Need#GRADIENTS} means gradients at the attributed inputs, which are
         * therefore checked to be finite and of a floating type.
         */
        Need need();

        /** Adds problems of single settings; none unless overridden. */
        default void checkSettings(Problems problems) {}
    }
}
