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
 * computes the values of its model, and it is no {@link Model}, since what comes back is no gradient: a method that
 * takes gradients cannot be asked of it.
 *
 * <p>What flows backwards depends on the {@linkplain BackwardRule.Family family} of the rules:
 *
 * <ul>
 *   <li>{@link BackwardRule.Family#GUIDED}: a modified gradient. Not linear in what is sent; the other families are.
 *   <li>{@link BackwardRule.Family#COMPARISON}: multipliers (Shrikumar et al. 2017): what Σ multiplier · (x − x′) sums
 *       to is F(x) − F(x′). Inputs of runs carry a {@linkplain Inputs#against reference} for each attributed input.
 *   <li>{@link BackwardRule.Family#RELEVANCE}: relevance itself. What is sent is the relevance of the output, and what
 *       comes back is the relevance of the inputs (or values at the cut), to be multiplied by nothing.
 * </ul>
 *
 * <p><b>Refusals.</b> An operation that has no rule ({@link RuleSet}) refuses when something has to pass it: {@link
 * #run}, or going back, throws {@link UnsupportedModelException} naming the operation and the remedy. An operation that
 * nothing has to pass needs no rule.
 *
 * <p>Thread-safe. It lives as long as its model and is not closed.
 */
public interface RuledCopy {
    /** Returns the rules. */
    RuleSet rules();

    /** Returns the identity of the model, with the rules among what was asked for. */
    Model.Identity identity();

    /**
     * Runs the model once and keeps what the way back needs.
     *
     * @param inputs those of the model, at least one attributed and of a floating type unless this is {@linkplain #cut
     *     cut}; with references if, and only if, the rules compare
     * @return the run, to be closed by the caller
     * @throws ModelException if the model refuses these inputs, references are missing or not compared with, an
     *     attributed input is of an integer type, or nothing can come back
     */
    BackwardRun run(Inputs inputs);

    /**
     * Returns this copy with other ends: its runs take the same inputs and give the same output, and go back to values
     * inside the model, which are their {@link BackwardRun#activations()}. One forward run serves both.
     *
     * @param points at least one, all different, of which none depends on another
     * @throws UnknownLayerException naming the nearest known paths
     */
    RuledCopy cut(List<CutPoint> points);
}
