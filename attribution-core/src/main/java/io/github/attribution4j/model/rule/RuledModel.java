// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.rule;

import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import java.util.Arrays;
import java.util.List;

/**
 * A {@link LayeredModel} whose operations can follow backward rules instead of their derivatives, which guided
 * backpropagation, DeepLIFT and layer-wise relevance propagation need. A {@link Copy} follows the rules; this
 * model itself is never changed. Heads and tails of its cuts admit rules too.
 *
 * <p>Contract tests: the testkit's {@code RuledContract}.
 */
public interface RuledModel extends LayeredModel {
    /**
     * Returns every operation of the program that returns floating-point tensors, in the order of the program. Heads
     * and tails return those of the whole program.
     *
     * @throws UnsupportedModelException if this model admits no rules, with the reason
     */
    List<Operation> operations();

    /**
     * Returns a copy that follows rules on its way back. It can be used until this model is closed. Equal rule sets
     * give the same native code, so a second call costs little.
     *
     * @param rules of one family
     * @throws UnsupportedModelException if this model admits no rules, with the reason
     */
    Copy with(RuleSet rules);

    @Override
    RuledCut cut(List<Cut.Point> points);

    @Override
    default RuledCut cut(Cut.Point point) {
        return cut(List.of(point));
    }

    @Override
    default RuledCut cut(String... addresses) {
        return cut(Arrays.stream(addresses).map(this::cutPoint).toList());
    }

    /**
     * A copy of a model that goes back by rules instead of the derivative: what {@link RuledModel#with} returns. It
     * computes the same values as its model. It is not a {@link Model}, because what comes back is not a gradient: a
     * method that takes gradients cannot be applied to it.
     *
     * <p>What goes back depends on the {@linkplain BackwardRule.Family family} of the rules:
     *
     * <ul>
     *   <li>{@link BackwardRule.Family#GUIDED}: a modified gradient. Not linear in what is sent; the other
     *       families are.
     *   <li>{@link BackwardRule.Family#COMPARISON}: multipliers (Shrikumar et al. 2017): Σ multiplier · (x − x′) = F(x)
     *       − F(x′). Inputs of runs have a {@linkplain Inputs#against reference} for each attributed input.
     *   <li>{@link BackwardRule.Family#RELEVANCE}: relevance itself. The relevance of the output is sent, and the
     *       relevance of the inputs, or of the values at the cut, comes back. It is not multiplied by the input.
     * </ul>
     *
     * <p><b>Refusals.</b> An operation without a rule in the {@link RuleSet} is refused when something must go back
     * through it: {@link #run}, or going back, throws {@link UnsupportedModelException} naming the operation and the
     * remedy. All other operations need no rule.
     *
     * <p>Thread-safe. It can be used until its model is closed, and is not closed itself.
     */
    interface Copy {
        /** Returns the rules. */
        RuleSet rules();

        /** Returns the identity of the model, with the rules as one of its options. */
        Model.Identity identity();

        /**
         * Runs the model once and holds what the way back needs.
         *
         * @param inputs those of the model, at least one attributed and of a floating type unless this is
         *     {@linkplain #cut cut}; with references if, and only if, the rules compare
         * @return the run, to be closed by the caller
         * @throws ModelException if the model refuses these inputs, references are missing or would not be used, an
         *     attributed input is of an integer type, or nothing can come back
         */
        BackwardRun run(Inputs inputs);

        /**
         * Returns this copy with other leaves: its runs take the same inputs and give the same output, and go back to
         * values inside the model, which are their {@link BackwardRun#activations()}. One forward run gives both.
         *
         * @param points at least one, all different, of which none depends on another
         * @throws UnknownLayerException naming the nearest known paths
         */
        Copy cut(List<Cut.Point> points);
    }

    /**
     * A {@link Cut} whose head and tail admit rules as the whole model does: {@code cut.tail().with(rules)} goes back
     * from the output to the values at the cut, {@code cut.head().with(rules)} from a value at the cut to the inputs.
     *
     * <p>If rules compare, the references of a tail are those of the activations, and what bypasses the cut is the same
     * in both runs. If the activations have no references, but the model's inputs had some when {@link #tailInputs} was
     * called, the references are those of the inputs, and what bypasses the cut is compared too.
     */
    interface RuledCut extends Cut {
        @Override
        RuledModel head(int number);

        @Override
        default RuledModel head() {
            point();
            return head(0);
        }

        @Override
        RuledModel tail();
    }
}
