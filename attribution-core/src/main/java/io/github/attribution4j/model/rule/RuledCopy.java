// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.rule;

import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.CutPoint;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnknownLayerException;
import io.github.attribution4j.model.UnsupportedModelException;
import java.util.List;

/**
 * A copy of a model that goes back by rules instead of the derivative: what {@link RuledModel#with} returns. It
 * computes the same values as its model. It is not a {@link Model}, because what comes back is not a gradient: a method
 * that takes gradients cannot be applied to it.
 *
 * <p>What goes back depends on the {@linkplain BackwardRule.Family family} of the rules:
 *
 * <ul>
 *   <li>{@link BackwardRule.Family#GUIDED}: a modified gradient. Not linear in what is sent; the other families are.
 *   <li>{@link BackwardRule.Family#COMPARISON}: multipliers (Shrikumar et al. 2017): Σ multiplier · (x − x′) = F(x) −
 *       F(x′). Inputs of runs have a {@linkplain Inputs#against reference} for each attributed input.
 *   <li>{@link BackwardRule.Family#RELEVANCE}: relevance itself. The relevance of the output is sent, and the relevance
 *       of the inputs, or of the values at the cut, comes back. It is not multiplied by the input.
 * </ul>
 *
 * <p><b>Refusals.</b> An operation without a rule in the {@link RuleSet} is refused when something must go back through
 * it: {@link #run}, or going back, throws {@link UnsupportedModelException} naming the operation and the remedy. All
 * other operations need no rule.
 *
 * <p>Thread-safe. It can be used until its model is closed, and is not closed itself.
 */
public interface RuledCopy {
    /** Returns the rules. */
    RuleSet rules();

    /** Returns the identity of the model, with the rules as one of its options. */
    Model.Identity identity();

    /**
     * Runs the model once and holds what the way back needs.
     *
     * @param inputs those of the model, at least one attributed and of a floating type unless this is {@linkplain #cut
     *     cut}; with references if, and only if, the rules compare
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
    RuledCopy cut(List<CutPoint> points);
}
